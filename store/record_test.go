package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/onfile"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const couple = "夫妻双方居民身份证" // the shared paper of the registration of a birth

// consented records somebody's consent at a node.
func consented(n *storetest.Node, actor identity.Actor, at storetest.About, person int, id string) {
	n.MustDo(actor, &ledger.RecordConsentV1{Consent: id, Type: account.Person, Number: storetest.IDNumber(person), Name: "王芳", Division: at.Scope,
		Purposes: []string{ledger.ConsentPapers}, Until: calendar.DateOf(n.County.Clock.Now()).AddDays(700), Shown: "居民身份证"}, at)
}

// of is somebody's hand-in, with a scan of the shared paper.
func of(person int, paper ...catalog.SubmittedMaterial) func(*ledger.CaseSubmitV1) {
	return func(b *ledger.CaseSubmitV1) {
		b.Applicant = ledger.Applicant{Type: account.Person, Name: "王芳", IDNumber: storetest.IDNumber(person), Phone: "13800000000"}
		for i := range b.Form {
			if b.Form[i].Key == catalog.KeyIDNumber {
				b.Form[i].Value = storetest.IDNumber(person)
			}
		}
		b.Materials = slices.DeleteFunc(b.Materials, func(m catalog.SubmittedMaterial) bool { return m.Name == couple })
		b.Materials = append(b.Materials, paper...)
	}
}

func brought(file catalog.AttachmentRef, until calendar.Date) catalog.SubmittedMaterial {
	return catalog.SubmittedMaterial{Name: couple, Form: catalog.SubmittedCopy, Copies: 1, Attachments: []catalog.AttachmentRef{file}, ValidUntil: until}
}

func onFile(id string, file catalog.AttachmentRef) catalog.SubmittedMaterial {
	return catalog.SubmittedMaterial{Name: couple, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{file},
		OnFile: catalog.OnFile{Case: id, Brought: id, Material: couple}}
}

// A village without a line takes somebody's consent, has their paper stand for the
// next case and uploads nothing; the county takes both. Each thing that makes it
// wrong is refused by its code, at the desk and by the county.
func TestPaperOnFile(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	worker := village.Actor(identity.VillageWorker)
	file := storetest.Attachment("both cards")
	until := calendar.DateOf(c.Clock.Now()).AddDays(100)
	first := village.Submit(birth, of(1, brought(file, until)))

	try := func(what, want string, person int, m catalog.SubmittedMaterial) {
		t.Helper()
		_, err := village.TrySubmit(birth, of(person, m))
		wantRefused(t, what, err, want)
	}
	try("without consent", "consent_missing", 1, onFile(first.ID, file))
	consented(village, worker, storetest.About{Scope: here}, 1, "consent-1")
	try("before anybody looked at it", "paper_unchecked", 1, onFile(first.ID, file))
	village.MustStep(first.ID, &ledger.CaseAcceptV1{})
	c.Clock.Advance(time.Hour)
	second := village.Submit(birth, of(1, onFile(first.ID, file)))
	try("another's", "paper_of_another", 2, onFile(first.ID, file))
	try("not there", "paper_unknown", 1, onFile("nothing", file))
	try("other content", "paper_content", 1, onFile(first.ID, storetest.Attachment("x")))
	try("what was on file itself", "paper_unknown", 1, onFile(second.ID, file))
	if n, _, err := village.OutstandingCount(ctx); err != nil || n != 1 {
		t.Errorf("%d files to send, %v: the paper on file goes up once", n, err)
	}
	c.Settle()
	if got := hub.MustCase(second.ID); len(got.Materials) == 0 || got.Materials[len(got.Materials)-1].OnFile.Case != first.ID {
		t.Fatalf("%+v", got.Materials)
	}
	// The file is at the county for both when it is for the first.
	hub.MustDo(identity.Actor{Staff: hub.ID(), Name: hub.ID(), Role: identity.System, Node: hub.ID()}, &ledger.AttachmentConfirmV1{Hash: file.Hash, Size: file.Size, Hubs: []string{hub.ID()}}, storetest.About{Case: first.ID, Scope: here})
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		files, err := n.AttachmentsOf(ctx, second.ID)
		if err != nil || len(files) != 1 || !files[0].Confirmed {
			t.Errorf("%s: %+v %v", n.ID(), files, err)
		}
		recounted(t, n)
	}
	rows, err := hub.Statistics(ctx, store.StatisticsFilter{})
	if err != nil || len(rows) != 1 || rows[0].Reused != 1 || rows[0].Papers <= 1 {
		t.Errorf("%+v %v", rows, err)
	}

	// It runs out by what the paper says.
	c.Clock.Set(until.AddDays(1).Midnight().Add(10 * time.Hour))
	try("run out", "paper_expired", 1, onFile(first.ID, file))
	if _, err := village.TrySubmit(birth, of(1, brought(file, until))); err == nil {
		t.Error("a paper that has run out was taken in")
	}
}

// A withdrawal at the county ends the use at once. A village that has not heard of
// it takes the hand-in, which the county refuses and leaves to be corrected; what
// was used before stays.
func TestWithdrawalReachesTheVillage(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	worker := village.Actor(identity.VillageWorker)
	window := hub.DepartmentActor(identity.DepartmentWindow, "县卫生健康局")
	file := storetest.Attachment("both cards")
	first := village.Submit(birth, of(1, brought(file, calendar.Date{})))
	village.MustStep(first.ID, &ledger.CaseAcceptV1{})
	consented(village, worker, storetest.About{Scope: here}, 1, "consent-1")
	c.Clock.Advance(time.Minute)
	before := village.Submit(birth, of(1, onFile(first.ID, file)))
	c.Settle()
	c.Clock.Advance(time.Minute)
	hub.MustDo(window, &ledger.RecordWithdrawV1{Consent: "consent-1", Reason: "本人要求"}, storetest.About{Scope: here})
	c.Clock.Advance(time.Minute)
	after := village.Submit(birth, of(1, onFile(first.ID, file)))
	results := village.Push(hub)
	if len(results) != 1 || results[0].Code != "consent_withdrawn" {
		t.Fatalf("%+v", results)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		if _, err := n.Case(ctx, after.ID); err == nil {
			t.Errorf("%s has the case that was refused", n.ID())
		}
		if _, err := n.Case(ctx, before.ID); err != nil {
			t.Errorf("%s: %v", n.ID(), err)
		}
		consents, err := n.Consents(ctx, account.Person, storetest.IDNumber(1))
		if err != nil || len(consents) != 1 || consents[0].WithdrawnMS == 0 || consents[0].WithdrawnBy.Staff != window.Staff {
			t.Errorf("%s: %+v %v", n.ID(), consents, err)
		}
		recounted(t, n)
	}
	_, err := village.TrySubmit(birth, of(1, onFile(first.ID, file)))
	wantRefused(t, "once it has heard", err, "consent_withdrawn")
	_, err = village.Do(worker, &ledger.RecordWithdrawV1{Consent: "consent-1"}, storetest.About{Scope: here})
	wantRefused(t, "withdrawn twice", err, "consent_withdrawn")
}

// A paper that was put right by a supplement, or declared void, is used no more.
func TestPaperPutRight(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	worker := village.Actor(identity.VillageWorker)
	file, newer := storetest.Attachment("both cards"), storetest.Attachment("new cards")
	first := village.Submit(birth, of(1, brought(file, calendar.Date{})))
	consented(village, worker, storetest.About{Scope: here}, 1, "consent-1")
	supplement, err := village.Step(first.ID, &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{brought(newer, calendar.Date{})}})
	if err != nil {
		t.Fatal(err)
	}
	village.MustStep(first.ID, &ledger.CaseAcceptV1{Supplements: []string{supplement.ID}})
	c.Clock.Advance(time.Minute)
	_, err = village.TrySubmit(birth, of(1, onFile(first.ID, file)))
	wantRefused(t, "the one before", err, "paper_replaced")
	good := onFile(first.ID, newer)
	good.OnFile.Brought = supplement.ID
	village.Submit(birth, of(1, good))
	void := &ledger.PaperVoidV1{Brought: supplement.ID, Material: couple, Reason: "证件已换发"}
	_, err = village.Do(worker, &ledger.PaperVoidV1{Brought: "nothing", Material: couple, Reason: "x"}, storetest.About{Case: first.ID, Scope: here})
	wantRefused(t, "of a paper that is not there", err, "paper_unknown")
	village.MustDo(worker, void, storetest.About{Case: first.ID, Scope: here})
	c.Clock.Advance(time.Minute)
	_, err = village.TrySubmit(birth, of(1, good))
	wantRefused(t, "declared void", err, "paper_void")
	c.Settle()
	papers, err := hub.PapersOnFile(ctx, hub.MustCase(first.ID))
	if err != nil || len(papers) != 2 || papers[1].VoidWhy != void.Reason || papers[0].ReplacedMS == 0 {
		t.Errorf("%+v %v", papers, err)
	}
	// A supplement brings papers; what is on file is named at hand-in.
	_, err = village.Step(first.ID, &ledger.CaseSupplementV1{Materials: []catalog.SubmittedMaterial{good}})
	if err == nil {
		t.Error("a paper on file was brought by a supplement")
	}
}

// Who may take a consent and look: each for its own area; and a consent that the
// county refuses is taken back, with what was withdrawn of it.
func TestConsentReach(t *testing.T) {
	c := storetest.NewCounty(t)
	village, next, hub := c.Village(here), c.Village("330523110201"), c.Hub()
	worker := village.Actor(identity.VillageWorker)
	body := func(id string) *ledger.RecordConsentV1 {
		return &ledger.RecordConsentV1{Consent: id, Type: account.Person, Number: storetest.IDNumber(1), Name: "王芳", Division: here,
			Purposes: []string{ledger.ConsentPapers}, Until: calendar.DateOf(c.Clock.Now()).AddDays(7), Shown: "居民身份证"}
	}
	_, err := next.Do(next.Actor(identity.VillageWorker), body("a"), storetest.About{Scope: here})
	if err == nil {
		t.Error("another village takes it")
	}
	unseen := body("b")
	unseen.Shown = ""
	_, err = village.Do(worker, unseen, storetest.About{Scope: here})
	wantRefused(t, "nothing shown", err, "shown_missing")
	forever := body("c")
	forever.Until = forever.Until.AddDays(3000)
	_, err = village.Do(worker, forever, storetest.About{Scope: here})
	wantRefused(t, "for ever", err, "consent_term")
	_, err = village.Do(worker, &ledger.RecordLookV1{Consent: "none", For: birth}, storetest.About{Scope: here})
	wantRefused(t, "a look without consent", err, "consent_unknown")
	village.MustDo(worker, body("d"), storetest.About{Scope: here})
	village.MustDo(worker, &ledger.RecordLookV1{Consent: "d", For: birth}, storetest.About{Scope: here})
	c.Settle()
	looks, err := hub.RecordLooks(ctx, account.Person, storetest.IDNumber(1), 10)
	if err != nil || len(looks) != 1 || looks[0].Actor.Staff != worker.Staff {
		t.Errorf("%+v %v", looks, err)
	}
	if _, err := hub.Do(hub.DepartmentActor(identity.DepartmentWindow, "县市场监督管理局"), &ledger.RecordLookV1{Consent: "d", For: birth}, storetest.About{Scope: here}); err == nil {
		t.Error("a window looks for another department's item")
	}
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	village.MustDo(worker, body("e"), storetest.About{Scope: here})
	village.MustDo(worker, &ledger.RecordWithdrawV1{Consent: "d"}, storetest.About{Scope: here})
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		all, err := n.Consents(ctx, account.Person, storetest.IDNumber(1))
		if err != nil || len(all) != 1 || all[0].ID != "d" || all[0].WithdrawnMS != 0 {
			t.Errorf("%s: %+v %v", n.ID(), all, err)
		}
		if _, err := onfile.Agreed(all, "王芳", ledger.ConsentPapers, c.Clock.UnixMilli()); err != nil {
			t.Errorf("%s: %v", n.ID(), err)
		}
	}
}
