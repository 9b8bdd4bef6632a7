package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// opening is an account opened at a node for a person, under an id of its own.
func opening(n *storetest.Node, person int, id string) *ledger.AccountOpenV1 {
	number := storetest.IDNumber(person)
	return &ledger.AccountOpenV1{Account: n.ID() + "-" + id, Type: account.Person, Name: "王芳", Number: number, Division: n.Division(), Shown: "居民身份证",
		CodeHash: account.HashCode(account.Person, number, "CODE-"+id), ExpiresAt: n.County.Clock.Now().Add(account.CodeLife).UnixMilli()}
}

func visitor(n *storetest.Node, id string) identity.Actor {
	return identity.Actor{Staff: id, Name: "申请人", Role: identity.Applicant, Node: n.ID()}
}

const somePassword = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"

// Two offices that cannot see each other open an account for one person. The
// county keeps the first one's id and takes the second code for it; every node
// says the same; the code works once, and passwords stay at the county.
func TestAccountOpenedTwice(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	worker, clerk := village.Actor(identity.VillageWorker), townNode.Actor(identity.TownshipClerk)
	village.MustDo(worker, opening(village, 1, "a"))
	townNode.MustDo(clerk, opening(townNode, 1, "b"))
	townNode.Push(hub) // the township's reaches the county first
	c.Settle()
	known, err := hub.AccountOf(ctx, account.Person, storetest.IDNumber(1))
	if err != nil || known.ID != townNode.ID()+"-b" || known.Home != here {
		t.Fatalf("%+v %v", known, err)
	}
	for _, n := range []*storetest.Node{townNode} {
		same, err := n.AccountOf(ctx, account.Person, storetest.IDNumber(1))
		if err != nil || same.ID != known.ID || same.CodeHash != known.CodeHash {
			t.Errorf("at %s: %+v %v", n.ID(), same, err)
		}
	}
	activate := func(code string) error {
		_, err := hub.Do(visitor(hub, known.ID), &ledger.AccountActivateV1{Account: known.ID, CodeHash: account.HashCode(account.Person, known.Number, code), PasswordHash: somePassword}, storetest.About{Scope: storetest.Code})
		return err
	}
	wantRefused(t, "the code of before", activate("CODE-b"), "code_wrong")
	if err := activate("CODE-x"); err == nil {
		t.Error("a code that nobody made out works")
	}
	if err := activate("CODE-a"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "the code again", activate("CODE-a"), "code_wrong")
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode} {
		if dump := storetest.Dump(t, n.Store); strings.Contains(dump, "account.activate") || strings.Contains(dump, known.ID+"\",\"code_hash") && strings.Contains(dump, "aGFzaA") {
			t.Errorf("%s has the password", n.ID())
		}
	}
	// A code ends.
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, "县民政局"), opening(hub, 2, "c"))
	two, err := hub.AccountOf(ctx, account.Person, storetest.IDNumber(2))
	if err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(account.CodeLife + time.Minute)
	_, err = hub.Do(visitor(hub, two.ID), &ledger.AccountActivateV1{Account: two.ID, CodeHash: two.CodeHash, PasswordHash: somePassword}, storetest.About{})
	wantRefused(t, "a code that has ended", err, "code_wrong")
}

// What an applicant may not record is refused by the ledger, whoever let it
// through.
func TestApplicantRights(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	activated := func(person int, id string) *account.Account {
		hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, "县民政局"), opening(hub, person, id))
		k, err := hub.AccountOf(ctx, account.Person, storetest.IDNumber(person))
		if err != nil {
			t.Fatal(err)
		}
		hub.MustDo(visitor(hub, k.ID), &ledger.AccountActivateV1{Account: k.ID, CodeHash: k.CodeHash, PasswordHash: somePassword})
		if k, err = hub.Account(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
		return k
	}
	one, two := activated(1, "a"), activated(2, "b")
	item := c.Item(birth)
	online := func(who *account.Account) *ledger.CaseSubmitV1 {
		b := hub.Submission(birth)
		b.Division, b.Steps = here, casework.PlanOnline(&item)
		b.Online = ledger.Online{Account: who.ID}
		b.Applicant = ledger.Applicant{Type: account.Person, Name: who.Name, IDNumber: who.Number}
		for i := range b.Form {
			if b.Form[i].Key == catalog.KeyIDNumber {
				b.Form[i].Value = who.Number
			}
		}
		counter, err := hub.LastCounter(ctx, hub.Number(1)[:22])
		if err != nil {
			t.Fatal(err)
		}
		b.Number = hub.Number(counter + 1)
		return b
	}
	send := func(actor identity.Actor, b *ledger.CaseSubmitV1, id string) error {
		_, err := hub.Do(actor, b, storetest.About{ID: id, Case: id, Scope: b.Division})
		return err
	}
	if err := send(visitor(hub, one.ID), online(one), "case-1"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "for another's account", send(visitor(hub, one.ID), online(two), "case-2"), "not_authorised")
	wantRefused(t, "by an account that is none", send(visitor(hub, "nobody"), online(one), "case-3"), "account_unknown")
	wantRefused(t, "by staff in an applicant's place", send(hub.DepartmentActor(identity.DepartmentWindow, "县卫生健康局"), online(one), "case-4"), "not_authorised")
	otherName := online(one)
	otherName.Applicant.Name = "李强"
	wantRefused(t, "under another name", send(visitor(hub, one.ID), otherName, "case-5"), "applicant_name")
	otherSteps := online(one)
	otherSteps.Steps = casework.Plan(&item, "county")
	if err := send(visitor(hub, one.ID), otherSteps, "case-6"); err == nil {
		t.Error("another way than the item's")
	}
	beside := storetest.About{Case: "case-1", Scope: here}
	// The withdrawal comes last: once it is asked for, nothing else is taken up.
	for _, of := range []struct {
		name string
		body ledger.Body
	}{
		{"supplement", &ledger.CaseSupplementV1{Form: []catalog.FieldValue{{Key: "phone", Value: "13800000000"}}}},
		{"comment", &ledger.CaseCommentV1{Text: "您好"}},
		{"consent", &ledger.CaseConsentV1{Service: ledger.ServiceElectronic}},
		{"open", &ledger.CaseOpenedV1{Document: "receipt_slip", Hash: strings.Repeat("ab", 32)}},
		{"withdraw", &ledger.CaseWithdrawV1{Reason: "不要了"}},
	} {
		name, body := of.name, of.body
		_, err := hub.Do(visitor(hub, two.ID), body, beside)
		wantRefused(t, name+" on another's case", err, "case_unknown")
		if _, err := hub.Do(visitor(hub, one.ID), body, beside); err != nil {
			t.Errorf("%s on one's own: %v", name, err)
		}
		_, err = village.Do(visitor(village, one.ID), body, beside)
		if err == nil {
			t.Errorf("%s: a village speaks for applicants", name)
		}
	}
	// What they may say before something is decided against them is theirs alone too;
	// on their own it is for the rule to take or refuse.
	for want, body := range map[string]ledger.Body{"hearing_untold": &ledger.HearingAskV1{Party: one.Name}, "proposal_unknown": &ledger.ResultStateV1{Proposal: "p", Text: "有异议"}} {
		_, err := hub.Do(visitor(hub, two.ID), body, beside)
		wantRefused(t, want+" on another's case", err, "case_unknown")
		_, err = hub.Do(visitor(hub, one.ID), body, beside)
		wantRefused(t, want+" on one's own", err, want)
		_, err = village.Do(visitor(village, one.ID), body, beside)
		wantRefused(t, want+" at a village", err, "not_authorised")
	}
	for name, body := range map[string]ledger.Body{
		"proposing": &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCancel, Ground: ledger.GroundWish, Reason: "不要了"}, "deciding": &ledger.ResultDecideV1{Proposal: "p", Reasons: "x"},
	} {
		_, err := hub.Do(visitor(hub, one.ID), body, beside)
		wantRefused(t, name+" by an applicant", err, "not_authorised")
	}
	c.Settle()
	held := village.MustCase("case-1")
	for name, body := range map[string]ledger.Body{"accept": &ledger.CaseAcceptV1{}, "reveal": &ledger.CaseRevealV1{What: []string{ledger.RevealCase}}} {
		_, err := hub.Do(visitor(hub, one.ID), body, storetest.About{Case: held.ID, Scope: here, Prev: map[bool]string{true: held.Head}[name == "accept"]})
		wantRefused(t, name+" by an applicant", err, "not_authorised")
	}
	for name, body := range map[string]ledger.Body{
		"password": &ledger.AccountPasswordV1{Account: two.ID, PasswordHash: somePassword}, "one-time codes": &ledger.AccountTOTPV1{Account: two.ID}, "step": &ledger.AccountStepV1{Account: two.ID, Step: 5},
		"closing": &ledger.AccountDisableV1{Account: one.ID, Disabled: true, Reason: "不要了"}, "opening": opening(hub, 3, "z"),
	} {
		_, err := hub.Do(visitor(hub, one.ID), body, storetest.About{})
		wantRefused(t, name+" of another's", err, "not_authorised")
	}
	if _, err := hub.Do(visitor(hub, one.ID), &ledger.AccountStepV1{Account: one.ID, Step: 9}, storetest.About{}); err != nil {
		t.Error(err)
	}
	_, err := hub.Do(visitor(hub, one.ID), &ledger.AccountStepV1{Account: one.ID, Step: 9}, storetest.About{})
	wantRefused(t, "a one-time code again", err, "totp_used")
	hub.MustDo(c.Operator(), &ledger.AccountDisableV1{Account: one.ID, Disabled: true, Reason: "本人申请"})
	wantRefused(t, "by an account that is closed", send(visitor(hub, one.ID), online(one), "case-9"), "account_disabled")
}
