package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// A case for another person takes a proof of authority (handbook: Agent; art. 32 no.
// 4): a scan, or that whoever took the case in saw the original. Without either it is
// missing like any paper: nothing is taken in without it but what is said to lack
// papers, the one notice has to name it, and it is never left for later.
func TestAgentNeedsProof(t *testing.T) {
	agent := ledger.Agent{Name: "李四", IDNumber: "330599200103152464", Authority: "授权委托书"}
	seen := agent
	seen.Seen = true
	unnamed := seen
	unnamed.Authority = ""
	scan := []catalog.AttachmentRef{{Hash: strings64("a"), Name: "委托书.jpg", Size: 1, Type: "image/jpeg"}}
	for name, row := range map[string]struct {
		agent   ledger.Agent
		scans   []catalog.AttachmentRef
		lacking bool
		want    string
		lacks   bool
	}{
		"nothing":              {agent, nil, false, "incomplete", false},
		"seen":                 {seen, nil, false, "", false},
		"scanned":              {agent, scan, false, "", false},
		"nobody acts":          {ledger.Agent{}, nil, false, "", false},
		"nothing, said so":     {agent, nil, true, "", true},
		"seen what, is unsaid": {unnamed, nil, true, "", true},
		"seen, other lacking":  {seen, nil, true, "", false},
	} {
		e, b, item := submission(t, county)
		b.Agent, b.Authority, b.Lacking = row.agent, row.scans, row.lacking
		c, err := Open(e, b, item, Place{Division: county, Ordinal: 1}, catalog.DefaultLimits())
		if code(err) != row.want {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c != nil && slices.Contains(c.Lacking, AuthorityPaper) != row.lacks {
			t.Errorf("%s: lacks %q", name, c.Lacking)
		}
	}
	e, b, item := submission(t, county)
	b.Agent, b.Lacking = agent, true
	c, err := Open(e, b, item, Place{Division: county, Ordinal: 1}, catalog.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	now := func() *ledger.Entry { return &ledger.Entry{ID: "e1", Prev: c.Head, OccurredAt: opened} }
	act := func(body ledger.Body) (*Case, error) { return Apply(c, item, now(), body, Place{Division: c.Holder}) }
	if _, err := act(&ledger.CaseAcceptV1{}); code(err) != "papers_lacking" {
		t.Errorf("accepted without the proof: %v", err)
	}
	later := []ledger.ToleratedMaterial{{Material: AuthorityPaper, Before: dayOf(now()).AddDays(3)}}
	if _, err := act(&ledger.CaseAcceptV1{Tolerated: later}); code(err) != "not_tolerable" {
		t.Errorf("left for later: %v", err)
	}
	other := ledger.SupplementPoint{Material: item.Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新扫描"}
	if _, err := act(&ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{other}}); code(err) != "papers_left_out" {
		t.Errorf("left out of the one notice: %v", err)
	}
	proof := ledger.SupplementPoint{Material: AuthorityPaper, Problem: ledger.ProblemMissing, How: "请提交授权委托书原件"}
	told, err := act(&ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{proof}})
	if err != nil || told.Status != Supplementing {
		t.Fatalf("%v", err)
	}
	brought := &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: AuthorityPaper, Form: catalog.SubmittedOriginal, Copies: 1}}}
	if err := CheckSupplement(Asks(item, c.Agent), now(), brought, catalog.DefaultLimits()); err != nil {
		t.Errorf("brought: %v", err)
	}
	if err := CheckSupplement(Asks(item, ledger.Agent{}), now(), brought, catalog.DefaultLimits()); code(err) != "incomplete" {
		t.Errorf("brought where nobody acts: %v", err)
	}
	c = told
	if got, err := act(&ledger.CaseAcceptV1{Supplements: []string{"e9"}}); err != nil || got.AcceptedMS == 0 {
		t.Errorf("with the proof: %v", err)
	}
	if err := CheckPoints(Asks(item, ledger.Agent{}), []ledger.SupplementPoint{proof}); code(err) != "not_required" {
		t.Errorf("asked for where nobody acts: %v", err)
	}
	if len(Asks(item, agent).Materials) != len(item.Materials)+1 {
		t.Error("the item was changed, or nothing is asked for")
	}
}

// From home nobody looks at an original.
func TestOriginalIsNotSeenFromHome(t *testing.T) {
	b := &ledger.CaseSubmitV1{Agent: ledger.Agent{Name: "李四", Authority: "授权委托书", Seen: true}, Online: ledger.Online{Account: "a"}}
	if f := checkAuthority(b, catalog.DefaultLimits()); len(f) != 1 || f[0].Path != "agent.seen" {
		t.Errorf("%+v", f)
	}
}

func strings64(s string) string {
	for len(s) < 64 {
		s += s
	}
	return s
}

func TestProofAmong(t *testing.T) {
	papers := []catalog.SubmittedMaterial{{Name: "身份证"}, {Name: AuthorityPaper}}
	if proof, rest := ProofAmong(papers, ledger.Agent{}); proof != nil || len(rest) != 2 {
		t.Errorf("%v %v", proof, rest)
	}
	if proof, rest := ProofAmong(papers, ledger.Agent{Name: "李四"}); len(proof) != 1 || len(rest) != 1 || rest[0].Name != "身份证" {
		t.Errorf("%v %v", proof, rest)
	}
}

// Section 4: the one notice of what is missing is for before acceptance; after it the
// window can ask for nothing more, not even with a reason, so that what section 5 has a
// card for (a second notice) can only be the one of before.
//
// Rules: 4.1, 4.2.
func TestNothingIsAskedForAfterAcceptance(t *testing.T) {
	c := mustOpen(t, county)
	item := mustItem(t, c.Item)
	for i := range c.Steps {
		if c.Steps[i].Verb == ledger.VerbAccept {
			c.Step, c.Holder = i, county
		}
	}
	c.Status, c.AcceptedMS = Accepted, opened // sent back to the window
	point := ledger.SupplementPoint{Material: item.Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新扫描"}
	for _, again := range []string{"", "又发现问题"} {
		e := &ledger.Entry{ID: "e1", Prev: c.Head, OccurredAt: opened}
		if _, err := Apply(c, item, e, &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{point}, Again: again}, Place{Division: county}); code(err) != "accepted" {
			t.Errorf("again %q: %v", again, err)
		}
	}
}
