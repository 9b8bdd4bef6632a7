package account

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
)

func day(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Who may act for a firm: the persons it named, while their authority lasts
// (handbook: Agent).
func TestActsFor(t *testing.T) {
	last, after := day(t, "2026-12-31"), day(t, "2027-01-01")
	firm := &Account{ID: "f", Type: Organisation, Number: "91330599MA000TB146", Agents: []Agent{{Name: "王芳", Number: "330599200103152464", Authority: "授权委托书", Until: last}}}
	agent := &Account{ID: "p", Type: Person, Number: "330599200103152464"}
	other := &Account{ID: "q", Type: Person, Number: "33059919850412005X"}
	closed := *agent
	closed.Disabled = true
	shut := *firm
	shut.Disabled = true
	for name, row := range map[string]struct {
		who, whom *Account
		on        calendar.Date
		want      bool
	}{
		"oneself": {other, other, last, true}, "agent": {agent, firm, last, true}, "authority over": {agent, firm, after, false},
		"not named": {other, firm, last, false}, "a person for a person": {agent, other, last, false}, "the firm for its agent": {firm, agent, last, false},
		"closed agent": {&closed, firm, last, false}, "closed firm": {agent, &shut, last, false},
	} {
		if got := row.who.ActsFor(row.whom, row.on); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var random [CodeBytes]byte
		copy(random[:], rapid.SliceOfN(rapid.Byte(), CodeBytes, CodeBytes).Draw(t, "random"))
		code := NewCode(random)
		if len(code) != 14 || strings.ContainsAny(code, "ILOU") || code[4] != '-' || code[9] != '-' {
			t.Fatalf("%q", code)
		}
		hash := HashCode(Person, "1", code)
		for _, same := range []string{strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + code + " ", strings.ReplaceAll(code, "0", "O"), strings.ReplaceAll(code, "1", "l")} {
			if HashCode(Person, "1", same) != hash {
				t.Fatalf("%q is not %q", same, code)
			}
		}
		if HashCode(Person, "2", code) == hash || HashCode(Organisation, "1", code) == hash {
			t.Fatal("the code of one number is good for another")
		}
	})
}
