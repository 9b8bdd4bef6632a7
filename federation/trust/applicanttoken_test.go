package trust

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
)

// accounts is a directory that knows one account.
type accounts struct {
	*directory
	state ApplicantState
}

func (a *accounts) Applicant(id string) (ApplicantState, bool) { return a.state, id == "a-1" }

// A token of one kind is worth nothing to the verifier of the other, also when
// it is altered to look like the other and signed anew by a hub.
func TestApplicantAndStaffTokensDoNotMix(t *testing.T) {
	r, now := newRealm(t), testNow
	known := &accounts{directory: r.directory, state: ApplicantState{Active: true, Epoch: 5}}
	staffToken := r.mustIssue(t, node.County)
	applicantToken, _, err := r.issuer("county-1").IssueApplicant("a-1", "session-a", 5, now)
	if err != nil {
		t.Fatal(err)
	}
	staff, applicants := r.verifier, NewApplicantVerifier(r.county.Trust, known)
	if _, err := staff.Verify(staffToken, now); err != nil {
		t.Fatalf("staff's own: %v", err)
	}
	if c, err := applicants.Verify(applicantToken, now); err != nil || c.Account != "a-1" {
		t.Fatalf("applicant's own: %v", err)
	}
	if _, err := staff.Verify(applicantToken, now); err == nil {
		t.Error("an applicant's token passed as staff's")
	}
	if _, err := applicants.Verify(staffToken, now); err == nil {
		t.Error("a staff token passed as an applicant's")
	}
	for name, change := range map[string]func(){
		"closed":      func() { known.state = ApplicantState{Active: false, Epoch: 5} },
		"changed":     func() { known.state = ApplicantState{Active: true, Epoch: 6} },
		"session end": func() { r.directory.ended["session-a"] = true },
	} {
		known.state = ApplicantState{Active: true, Epoch: 5}
		change()
		if _, err := applicants.Verify(applicantToken, now); err == nil {
			t.Errorf("%s: the token still holds", name)
		}
		delete(r.directory.ended, "session-a")
	}
	known.state = ApplicantState{Active: true, Epoch: 5}
	delete(r.directory.ended, "session-a")
	for name, at := range map[string]time.Time{"over": now.Add(TokenLife), "before": now.Add(-2 * time.Minute)} {
		if _, err := applicants.Verify(applicantToken, at); err == nil {
			t.Errorf("%s: the token holds", name)
		}
	}
	for i := range len(applicantToken) {
		if applicantToken[i] == '.' {
			continue
		}
		other := "A"
		if applicantToken[i] == 'A' {
			other = "B"
		}
		if _, err := applicants.Verify(applicantToken[:i]+other+applicantToken[i+1:], now); err == nil {
			t.Fatalf("a token changed at %d holds", i)
		}
	}
	if _, _, err := r.issuer("village-1").IssueApplicant("a-1", "s", 5, now); err == nil {
		t.Error("a village speaks for applicants")
	}
	if strings.Contains(applicantToken, "王") {
		t.Error("the token names somebody")
	}
}

// The vectors of RFC 6238 appendix B (SHA-1), in six digits.
func TestTOTPVectors(t *testing.T) {
	secret := totpBase.EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		step, err := CheckTOTP(secret, code, 0, time.Unix(at, 0))
		if err != nil || step != at/30 {
			t.Errorf("at %d: step %d, %v", at, step, err)
		}
		if _, err := CheckTOTP(secret, code, step, time.Unix(at, 0)); err == nil {
			t.Errorf("at %d: a code works twice", at)
		}
		if _, err := CheckTOTP(secret, code, 0, time.Unix(at+61, 0)); err == nil {
			t.Errorf("at %d: a code is good two steps later", at)
		}
	}
	for _, bad := range []string{"", "12345", "28708２", "1234567"} {
		if _, err := CheckTOTP(secret, bad, 0, time.Unix(59, 0)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := CheckTOTP("not base32!", "287082", 0, time.Unix(59, 0)); err == nil {
		t.Error("a secret that is none is taken")
	}
}

func TestSeal(t *testing.T) {
	h := mustHasher(t, PasswordParams{MemoryKiB: 8 << 10, Iterations: 1, Threads: 1, AtOnce: 2})
	secret := NewTOTPSecret()
	seal, err := h.Seal(t.Context(), "qing-shan-lv-shui-26", secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Unseal(t.Context(), "qing-shan-lv-shui-26", seal); err != nil || got != secret {
		t.Errorf("%q %v", got, err)
	}
	if _, err := h.Unseal(t.Context(), "qing-shan-lv-shui-27", seal); err == nil {
		t.Error("another password opens it")
	}
	for i := range seal {
		broken := append([]byte{}, seal...)
		broken[i] ^= 1
		if _, err := h.Unseal(t.Context(), "qing-shan-lv-shui-26", broken); err == nil {
			t.Errorf("changed at %d it opens", i)
		}
	}
}
