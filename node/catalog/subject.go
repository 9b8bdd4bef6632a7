package catalog

import "slices"

// Serves reports whether a person (SubjectNatural) or an organisation (SubjectLegal)
// may apply for an item. One for organisations that does not ask for the number of one
// founds it: a person may apply for that as well.
func (item *Item) Serves(who Subject) bool {
	switch item.Subject {
	case SubjectNatural:
		return who == SubjectNatural
	case SubjectLegal:
		return who == SubjectLegal || !slices.ContainsFunc(item.Form, func(f Field) bool { return f.Key == KeyUSCC })
	}
	return true
}

// Subject is who may apply for all of what is laid out together; empty where one item
// serves persons alone and another organisations alone.
func (j *Joint) Subject() Subject {
	persons, organisations := true, true
	for _, item := range j.Items {
		m := j.Member(item.Code)
		persons, organisations = persons && m.Serves(SubjectNatural), organisations && m.Serves(SubjectLegal)
	}
	switch {
	case persons && organisations:
		return SubjectBoth
	case persons:
		return SubjectNatural
	case organisations:
		return SubjectLegal
	}
	return ""
}

// Serves reports whether who is among those that a subject names; SubjectNatural and
// SubjectLegal are one kind of applicant each.
func (s Subject) Serves(who Subject) bool { return s == SubjectBoth || s == who && s != "" }
