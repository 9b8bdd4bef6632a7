package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// slip reports whether two numbers are as one person's is, mistyped: a digit, with
// the check digits that follow from it.
func slip(a, b string) bool {
	n := 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return len(a) == len(b) && n > 0 && n <= 3
}

func owned(t *testing.T, n *storetest.Node, person int) []string {
	t.Helper()
	k, err := n.AccountOf(ctx, account.Person, storetest.IDNumber(person))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := n.CasesOwnedBy(ctx, k, 0, "", 20)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	return ids
}

// A number that was mistyped at a desk and is another person's does not show that
// person the case; the correction brings it to its applicant, at every node, and
// one that the county refuses takes it back.
func TestMistypedNumber(t *testing.T) {
	c := storetest.NewCounty(t)
	village, township, hub := c.Village(here), c.Township(town), c.Hub()
	worker := village.Actor(identity.VillageWorker)
	for person, name := range map[int]string{1: "王芳", 2: "李强"} {
		o := opening(village, person, name)
		o.Name = name
		village.MustDo(worker, o)
	}
	// 王芳's number was typed as 李强's.
	mistyped := village.Submit(birth, func(b *ledger.CaseSubmitV1) {
		b.Applicant = ledger.Applicant{Type: account.Person, Name: "王芳", IDNumber: storetest.IDNumber(2), Phone: "13800000000"}
		for i, v := range b.Form {
			if v.Key == "id_number" {
				b.Form[i].Value = storetest.IDNumber(2)
			}
		}
	})
	c.Settle()
	for _, person := range []int{1, 2} {
		if got := owned(t, hub, person); len(got) != 0 {
			t.Fatalf("person %d sees %v of a number without the name", person, got)
		}
	}
	right := &ledger.CaseCorrectV1{Name: "王芳", IDNumber: storetest.IDNumber(1), Shown: "居民身份证", Reason: "证件号码录错一位"}
	wrong := *right
	wrong.IDNumber = storetest.IDNumber(1)[:17] + "?"
	holder := c.Node(hub.MustCase(mistyped.ID).Holder)
	if _, err := holder.Step(mistyped.ID, &wrong); err == nil {
		t.Error("a number that is none was taken")
	}
	if other := township; other.Division() != holder.Division() {
		_, err := other.Step(mistyped.ID, right)
		wantRefused(t, "by whoever does not hold it", err, "not_holder")
	}
	next := holder.MustStep(mistyped.ID, right)
	c.Settle()
	if next.Applicant.IDNumber != storetest.IDNumber(1) {
		t.Errorf("%+v", next.Applicant)
	}
	for _, v := range next.Form {
		if v.Value == storetest.IDNumber(2) {
			t.Errorf("the form still says %s", v.Key)
		}
	}
	if got := owned(t, hub, 1); len(got) != 1 || got[0] != mistyped.ID {
		t.Errorf("its applicant sees %v", got)
	}
	if got := owned(t, hub, 2); len(got) != 0 {
		t.Errorf("the other person sees %v", got)
	}
	_, err := holder.Step(mistyped.ID, right)
	wantRefused(t, "again", err, "applicant_unchanged")
	for _, n := range []*storetest.Node{village, township, hub} {
		recounted(t, n)
	}
}

// A case that has ended can be corrected too: it may lie in another's account.
func TestCorrectAfterTheEnd(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	opened := hub.Submit("TB-SCJG-010")
	for now := hub.MustCase(opened.ID); now.Status != casework.Closed; now = hub.MustCase(opened.ID) {
		hub.Advance(opened.ID)
	}
	number := ""
	for n := 0; !slip(opened.Applicant.IDNumber, number); n++ {
		number = storetest.USCC(n)
	}
	right := &ledger.CaseCorrectV1{Name: opened.Applicant.Name, IDNumber: number, Shown: "营业执照", Reason: "录错"}
	_, err := hub.Step(opened.ID, right)
	wantRefused(t, "before what was issued is put right", err, "result_first")
	proposed, err := hub.Step(opened.ID, &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "号码录入有误",
		Replacement: ledger.IssuedDocument{Name: hub.MustCase(opened.ID).Documents[0].Name, Number: "S-2"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = hub.Step(opened.ID, right)
	wantRefused(t, "by one person", err, "result_first")
	if _, err := hub.Step(opened.ID, &ledger.ResultDecideV1{Proposal: proposed.ID, Agreed: true, Reasons: "属实"}); err != nil {
		t.Fatal(err)
	}
	_, err = hub.Step(opened.ID, &ledger.CaseCorrectV1{Name: "另一家公司", IDNumber: storetest.USCC(7), Shown: "营业执照", Reason: "录错"})
	wantRefused(t, "into another firm", err, "applicant_other")
	if now := hub.MustStep(opened.ID, right); now.Applicant.IDNumber != number || now.Status != casework.Closed {
		t.Errorf("%+v", now)
	}
	recounted(t, hub)
}

// A correction that the county refuses is taken back where it was made.
func TestCorrectionRefused(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	opened := village.Submit(birth)
	c.Settle()
	worker := village.Actor(identity.VillageWorker)
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	number := storetest.IDNumber(9)
	village.MustStep(opened.ID, &ledger.CaseCorrectV1{Name: "王芳", IDNumber: number, Shown: "居民身份证", Reason: "录错"})
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		if got := n.MustCase(opened.ID).Applicant; got != opened.Applicant {
			t.Errorf("%s: %+v", n.ID(), got)
		}
		recounted(t, n)
	}
}
