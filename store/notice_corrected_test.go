package store_test

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store/storetest"
)

// Whoever's name or number a desk corrects is told, by the number that they gave: with
// the case's number, the step and what to do, and nobody's name.
func TestCorrectionIsTold(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	channels(t, hub, notice.SMS)
	opened := village.Submit("TB-MZJ-004", func(b *ledger.CaseSubmitV1) { b.Applicant.Phone = "13800000000" })
	was := opened.Applicant
	village.MustStep(opened.ID, &ledger.CaseCorrectV1{Name: was.Name + "明", IDNumber: was.IDNumber, Shown: "身份证", Reason: "姓名少录一字"})
	if n := len(noticesOf(t, village, opened.ID)); n != 0 {
		t.Fatalf("%d told before the county has it", n)
	}
	sent := outbox(t, village)
	c.Settle()
	hub.Take(sent...)
	list := noticesOf(t, hub, opened.ID)
	if got := kindsOf(list); !slices.Equal(got, []notice.Kind{"corrected"}) {
		t.Fatalf("told of %v", got)
	}
	if r, err := hub.Recipient(ctx, &list[0]); err != nil || r.Address(notice.SMS) != "13800000000" {
		t.Errorf("it goes to %+v (%v)", r, err)
	}
	if got := kindsOf(noticesOf(t, village, opened.ID)); !slices.Equal(got, []notice.Kind{"corrected"}) {
		t.Errorf("the village has %v", got)
	}
}

// Where the number is corrected, whoever it was handed in for with an account of their
// own is reached there, as long as the name is theirs; a stranger whose number was
// mistyped is told nothing.
func TestCorrectionReachesWhoItWasFor(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	channels(t, hub, notice.Mail)
	window := hub.DepartmentActor(identity.DepartmentWindow, "县民政局")
	hub.MustDo(window, opening(hub, 1, "a"))
	one, err := hub.AccountOf(ctx, account.Person, storetest.IDNumber(1))
	must(t, err)
	hub.MustDo(visitor(hub, one.ID), &ledger.AccountActivateV1{Account: one.ID, CodeHash: one.CodeHash, PasswordHash: somePassword})
	hub.MustDo(visitor(hub, one.ID), &ledger.AccountContactV1{Account: one.ID, Email: "one@example.cn", Language: "zh"}, storetest.About{Scope: storetest.Code})
	hub.MustDo(visitor(hub, one.ID), &ledger.AccountConfirmV1{Account: one.ID, Email: "one@example.cn"}, storetest.About{Scope: storetest.Code})
	for name, reached := range map[string]string{one.Name: "one@example.cn", "赵六": ""} {
		opened := village.Submit(birth, func(b *ledger.CaseSubmitV1) {
			b.Applicant = ledger.Applicant{Type: account.Person, Name: name, IDNumber: one.Number}
			for i, v := range b.Form {
				if v.Key == catalog.KeyIDNumber {
					b.Form[i].Value = one.Number
				}
			}
		})
		village.MustStep(opened.ID, &ledger.CaseCorrectV1{Name: name, IDNumber: storetest.IDNumber(2), Shown: "身份证", Reason: "号码录错"})
		c.Settle()
		list := noticesOf(t, hub, opened.ID)
		if len(list) != 1 {
			t.Fatalf("told of %v", kindsOf(list))
		}
		if r, err := hub.Recipient(ctx, &list[0]); err != nil || r.Address(notice.Mail) != reached {
			t.Errorf("handed in for %s: it goes to %+v (%v), want %q", name, r, err, reached)
		}
	}
}
