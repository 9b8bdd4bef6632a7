package federation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A worker who was disabled at the county while the village's line was down
// goes on unknowingly. What they handed in is refused, kept, shown at both
// ends, and handed in again by somebody with the right.
func TestRefusedForWantOfAuthority(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	worker := f.Worker(village, f.Item("TB-MZJ-004"))
	second := identity.Actor{Staff: "s-second-worker", Name: "职员", Role: identity.VillageWorker}
	f.Do(hub, f.Operator(), &ledger.StaffAddV1{Staff: second.Staff, Login: second.Staff, Name: second.Name, Division: village.Division,
		Roles: []identity.Role{identity.VillageWorker}, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$YQ$YQ"})
	f.CaughtUp()

	f.Cut(village.ID, "*")
	before := f.Submit(village, "TB-MZJ-004")
	f.Advance(5 * time.Minute)
	f.Do(hub, f.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "已离职"})
	f.Advance(5 * time.Minute)
	after := f.Submit(village, "TB-MZJ-004")
	f.Act(village, after.ID, ledger.VerbAccept)

	f.Heal(village.ID, "*")
	f.Settle()
	if c := f.Case(hub, before.ID); c.Status != casework.HandedIn {
		t.Errorf("what was handed in with the right is %s", c.Status)
	}
	for _, n := range f.Nodes() {
		if _, err := n.Store.Case(t.Context(), after.ID); err == nil {
			t.Errorf("%s has a case that was handed in without the right", n.ID)
		}
		found := ""
		for _, a := range f.Attention(n) {
			if a.Entry == after.ID {
				found = a.Code
				if !strings.Contains(a.Reason, "权限") {
					t.Errorf("the reason at %s is %q", n.ID, a.Reason)
				}
			}
		}
		if found != "not_authorised" {
			t.Errorf("%s shows %q for the refused submission: %+v", n.ID, found, f.Attention(n))
		}
	}

	b := f.Submission(village, "TB-MZJ-004")
	b.Corrects = after.ID
	r, err := f.TryDo(village, second, "", b)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range f.Attention(village) {
		if _, err := f.TryDo(village, second, "", &ledger.AttentionResolveV1{Entry: a.Entry, Note: "由在岗人员重新提交", ReplacedBy: r.ID}); err != nil {
			t.Fatal(err)
		}
	}
	f.Settle()
	for _, n := range []*federationtest.Node{village, town, hub} {
		if left := f.Attention(n); len(left) != 0 {
			t.Errorf("left at %s: %+v", n.ID, left)
		}
		if c := f.Case(n, r.ID); c.Corrects != after.ID {
			t.Errorf("at %s the new case corrects %q", n.ID, c.Corrects)
		}
	}
}

// Clocks that are off, by minutes or by more than an hour: what is recorded is marked,
// both ends are warned, and nothing is refused.
func TestClockSkew(t *testing.T) {
	for _, off := range []time.Duration{5 * time.Minute, 65 * time.Minute} {
		t.Run(off.String(), func(t *testing.T) { clocksOff(t, off) })
	}
}

func clocksOff(t *testing.T, off time.Duration) {
	f := federationtest.New(t, federationtest.Config{Villages: nil})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Advance(2 * off) // past the enrolment, by any of the clocks
	village.Clock.Skew(off)
	town.Clock.Skew(-off)
	for _, n := range []*federationtest.Node{town, village} {
		f.Restart(n) // it measures anew
		f.Eventually("a warning at "+n.ID, func() bool {
			r, err := n.Report(t.Context())
			return err == nil && r.SkewWarn
		})
	}
	f.Eventually("the county to see both", func() bool { return len(skewed(t, hub)) == 2 })

	c := f.Submit(village, "TB-MZJ-004")
	f.Act(village, c.ID, ledger.VerbAccept)
	f.Waits(town, c.ID, ledger.VerbPreReview)
	f.Act(town, c.ID, ledger.VerbPreReview)
	f.Waits(hub, c.ID, ledger.VerbDecide)
	f.Act(hub, c.ID, ledger.VerbDecide)
	f.Act(hub, c.ID, ledger.VerbIssue)
	f.Waits(village, c.ID, ledger.VerbDeliver)
	f.Act(village, c.ID, ledger.VerbDeliver)
	f.Settle()

	timeline, err := hub.Store.Timeline(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var steps []ledger.Kind
	for _, e := range timeline {
		if e.Prev != "" || e.ID == c.ID {
			steps = append(steps, e.Kind)
		}
	}
	if want := []ledger.Kind{ledger.CaseSubmit, ledger.CaseAccept, ledger.CaseReview, ledger.CaseDecide, ledger.CaseIssue, ledger.CaseDeliver}; !slices.Equal(steps, want) {
		t.Errorf("the clocks put the steps into the order %v", steps)
	}
	for _, e := range timeline {
		want := time.Duration(0)
		switch e.Origin {
		case village.ID:
			want = off
		case town.ID:
			want = -off
		}
		if e.Kind == ledger.AttachmentConfirm {
			continue
		}
		if off := time.Duration(e.SkewMS)*time.Millisecond - want; off.Abs() > 30*time.Second {
			t.Errorf("%s of %s is marked %d ms", e.Kind, e.Origin, e.SkewMS)
		}
		if e.Status != ledger.Applied {
			t.Errorf("%s of %s is %s: %s", e.Kind, e.Origin, e.Status, e.Reason)
		}
	}
	if c := f.Case(hub, c.ID); !contains(c.Flags, casework.FlagClockSkew) {
		t.Errorf("the case is flagged %v", c.Flags)
	}
	for _, n := range f.Nodes() {
		if list := f.Attention(n); len(list) != 0 {
			t.Errorf("attention at %s: %+v", n.ID, list)
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// skewed are the nodes whose last report to a node warns of their clocks.
func skewed(t *testing.T, n *federationtest.Node) []string {
	t.Helper()
	reports, err := n.Reports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range reports {
		if strings.Contains(string(r.Report), `"skew_warn":true`) {
			all = append(all, r.Node)
		}
	}
	return all
}

// What a township did without the right is taken back where it was seen
// provisionally, when the county refuses it.
func TestProvisionalTakenBack(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	c := f.Submit(village, "TB-XZRZ-005")
	for step, _ := c.Current(); step.Tier == village.Tier(); step, _ = c.Current() {
		c = f.Act(village, c.ID, step.Verb)
	}
	f.Waits(town, c.ID, ledger.VerbDecide)
	f.Settle()
	f.Cut("*", hub.ID)
	leader := f.Whose(town, c, ledger.VerbDecide)
	f.Do(hub, f.Operator(), &ledger.StaffDisableV1{Staff: leader.Staff, Disabled: true, Reason: "已调离"})
	f.Advance(5 * time.Minute)
	decided := f.Act(town, c.ID, ledger.VerbDecide)
	f.Has(village, c.ID, "the decision", func(got *casework.Case) bool { return got.Head == decided.Head })

	f.Heal("*", "*")
	f.Settle()
	for _, n := range f.Nodes() {
		if got := f.Case(n, c.ID); got.Head != c.Head || got.Status != c.Status {
			t.Errorf("at %s the case is %s at %s, want %s at %s", n.ID, got.Status, got.Head, c.Status, c.Head)
		}
		list := f.Attention(n)
		if n == village { // the township's matter, not the village's
			if v, err := n.Store.Entry(t.Context(), decided.Head); err != nil || v.Status != ledger.Refused || len(list) != 0 {
				t.Errorf("the village holds it as %+v, %v; attention %+v", v, err, list)
			}
			continue
		}
		if len(list) != 1 || list[0].Entry != decided.Head || list[0].Code != "not_authorised" {
			t.Errorf("attention at %s: %+v", n.ID, list)
		}
	}
}
