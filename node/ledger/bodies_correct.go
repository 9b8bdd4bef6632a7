package ledger

// The bodies in this file are frozen: a change is a new version.

// CaseCorrectV1 puts right whom a case is for: a name or a number that was
// mistyped at hand-in, as the document that was shown again says. The case leaves
// the account of whoever the number belonged to, and comes into that of its
// applicant.
type CaseCorrectV1 struct {
	Name     string `json:"name"`
	IDNumber string `json:"id_number"`
	// Shown is the document that was looked at, Reason what was wrong and how it
	// came out.
	Shown  string `json:"shown"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *CaseCorrectV1) Check() error {
	return first(required("name", b.Name, maxName), required("id_number", b.IDNumber, maxName), required("shown", b.Shown, maxName), required("reason", b.Reason, maxText))
}
