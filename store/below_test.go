package store_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func TestSavedHereThenConfirmed(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(welfare)
	stored := func(want string, index bool) {
		t.Helper()
		e, err := village.Store.Entry(ctx, opened.ID)
		if err != nil || e.Stored != want || (e.Index > 0) != index || e.Status != ledger.Applied {
			t.Errorf("%+v, %v; want stored %q", e, err, want)
		}
	}
	stored("", false)
	village.Push(townNode)
	stored("township", false)
	if got := townNode.MustCase(opened.ID); got.Number != opened.Number {
		t.Errorf("at the township: %+v", got)
	}
	village.Push(townNode) // nothing is left for the township
	village.Push(c.Hub())
	stored("county", false)
	townNode.Push(c.Hub())
	village.Reopen()
	stored("county", false)
	village.Pull(c.Hub())
	stored("", true)
	townNode.Pull(c.Hub())
	noOutbox(t, village)
	noOutbox(t, townNode)
	if counts, err := c.Hub().Count(ctx, village.ID()); err != nil || counts.HandedIn != 1 || counts.Confirmed != 1 || counts.Duplicated != 0 {
		t.Errorf("%+v, %v", counts, err)
	}
}

// A step that the county refuses is taken back below, with what was built on
// it; the case goes on from where it stands.
func TestRefusedStepIsTakenBack(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	opened := village.Submit(welfare)
	c.Settle()
	worker := village.Actor(identity.VillageWorker)
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	village.Advance(opened.ID) // it has not heard
	if got := storetest.Codes(village.Push(townNode)); got != "recorded applied" {
		t.Fatal(got)
	}
	townNode.Advance(opened.ID)
	if got := townNode.MustCase(opened.ID); got.Step != 2 {
		t.Fatalf("%+v", got)
	}
	if got := storetest.Codes(townNode.Push(c.Hub())); got != "recorded refused not_authorised, recorded refused previous_refused" {
		t.Fatal(got)
	}
	townNode.Pull(c.Hub())
	village.Pull(townNode)
	for _, n := range []*storetest.Node{village, townNode, c.Hub()} {
		if got := n.MustCase(opened.ID); got.Head != opened.Head || got.Step != 0 || got.Holder != here || got.AcceptedBy != nil {
			t.Errorf("at %s: %+v", n.ID(), got)
		}
		noOutbox(t, n)
		list, err := n.AttentionList(ctx, n.Division(), false)
		want := 2
		if n == village {
			want = 1 // the township's step is the township's affair
		}
		if err != nil || len(list) != want {
			t.Errorf("%s has to attend to %+v, %v", n.ID(), list, err)
		}
	}
	_, err := village.Step(opened.ID, &ledger.CaseAcceptV1{})
	wantRefused(t, "the same person again", err, "not_authorised")
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: false, Reason: "复职"})
	c.Clock.Advance(2 * time.Minute)
	c.Settle()
	village.Advance(opened.ID)
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, c.Hub()} {
		if got := n.MustCase(opened.ID); got.Step != 1 || got.Status != casework.Accepted {
			t.Errorf("done again, at %s: %+v", n.ID(), got)
		}
	}
}

// The moment between the county's two words: the first refuses a step, the
// second, on the step built upon it, has not come yet.
func TestWhatIsBuiltOnARefusedStepIsHeld(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	opened := village.Submit(birth)
	c.Settle()
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: village.Actor(identity.VillageWorker).Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	village.Advance(opened.ID)
	c.Clock.Advance(time.Minute)
	second := village.Submit(birth)
	village.Advance(second.ID)
	raws := outbox(t, village)
	if got := storetest.Codes(c.Propose(raws[:2]...)); got != "recorded refused not_authorised, recorded refused not_authorised" {
		t.Fatal(got)
	}
	village.Pull(c.Hub())
	if _, err := village.Case(ctx, second.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the case of a refused submission is still there: %v", err)
	}
	left := outbox(t, village)
	if len(left) != 1 {
		t.Fatalf("%d entries are left to send", len(left))
	}
	var e ledger.Entry
	must(t, json.Unmarshal(left[0], &e))
	if got, err := village.Store.Entry(ctx, e.ID); err != nil || got.Status != "held" || got.Code != "previous_refused" {
		t.Errorf("what was built on it: %+v, %v", got, err)
	}
	c.Settle()
	noOutbox(t, village)
	for _, id := range []string{second.ID} {
		if _, err := village.Case(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%v", err)
		}
		if files, err := village.AttachmentsOf(ctx, id); err != nil || len(files) != 0 {
			t.Errorf("attachments of a refused case: %v, %v", files, err)
		}
	}
}

func TestAttentionIsResolvedWhereItArose(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	c.ApproveItem(c.Item(welfare), 2)
	opened := village.Submit(welfare)
	b := village.Submission(welfare)
	b.Number, b.ItemVersion = village.Number(77), 9
	bad := village.Entry(2, village.Actor(identity.VillageWorker), b, storetest.About{ID: "bad", Case: "bad", Scope: here})
	c.Propose(outbox(t, village)[0], village.Raw(bad))
	village.PullFull(c.Hub())
	resolve := &ledger.AttentionResolveV1{Entry: "bad", Note: "已重新提交", ReplacedBy: opened.ID}
	village.MustDo(village.Actor(identity.VillageWorker), resolve)
	open := func(n *storetest.Node) int {
		list, err := n.AttentionList(ctx, n.Division(), false)
		must(t, err)
		return len(list)
	}
	if open(village) != 0 || open(c.Hub()) != 1 {
		t.Errorf("open: %d at the village, %d at the county", open(village), open(c.Hub()))
	}
	c.Settle()
	list, err := c.Hub().AttentionList(ctx, storetest.Code, true)
	if err != nil || open(c.Hub()) != 0 || len(list) != 1 || list[0].Note != resolve.Note || list[0].ReplacedBy != opened.ID || list[0].Case != "bad" {
		t.Errorf("%+v, %v", list, err)
	}
}

// What is resolved already is told by whom and when, and is not recorded again;
// two who did not know of each other are both in the ledger.
func TestAttentionIsResolvedOnce(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	lost, other := refuse(c, village), refuse(c, village)
	c.Settle()
	worker := village.Actor(identity.VillageWorker)
	resolve := func(n *storetest.Node, actor identity.Actor, entry string) error {
		_, err := n.Do(actor, &ledger.AttentionResolveV1{Entry: entry, Note: "电话告知"}, storetest.About{})
		return err
	}
	must(t, resolve(village, worker, lost.ID))
	seq, _, err := village.LastSeq(ctx, village.ID())
	must(t, err)
	for range 2 {
		err := resolve(village, worker, lost.ID)
		if codeOf(err) != "resolved_already" || !strings.Contains(err.Error(), worker.Name) || !strings.Contains(err.Error(), "2026-11-23 09:") || !strings.Contains(err.Error(), "电话告知") {
			t.Errorf("a second time: %v", err)
		}
	}
	if again, _, err := village.LastSeq(ctx, village.ID()); err != nil || again != seq {
		t.Errorf("the second time was recorded: %d after %d, %v", again, seq, err)
	}
	must(t, resolve(village, worker, other.ID))
	must(t, resolve(c.Hub(), c.Operator(), other.ID)) // the village's word is not there yet
	c.Settle()
	if list, err := c.Hub().AttentionList(ctx, storetest.Code, false); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := resolve(c.Hub(), c.Operator(), lost.ID); codeOf(err) != "resolved_already" {
		t.Errorf("again at the county: %v", err)
	}
}

// What this node said last stands until the county has spoken on it, whatever
// the county says about it in between.
func TestPendingWordStands(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	worker := village.Actor(identity.VillageWorker)
	password := func(hash string) {
		village.MustDo(worker, &ledger.StaffPasswordV1{Staff: worker.Staff, PasswordHash: hash})
	}
	want := func(n *storetest.Node, hash string) {
		t.Helper()
		s, err := n.Staff(ctx, worker.Staff)
		if err != nil || s.PasswordHash != hash {
			t.Errorf("%s: %+v, %v, want %s", n.ID(), s, err, hash)
		}
	}
	password("first")
	password("second")
	c.Propose(outbox(t, village)[0])
	village.Pull(c.Hub())
	want(village, "second")
	want(c.Hub(), "first")
	// A reset at the county comes between the two.
	c.Hub().MustDo(c.Operator(), &ledger.StaffPasswordV1{Staff: worker.Staff, PasswordHash: "reset", MustChange: true})
	village.Pull(c.Hub())
	want(village, "second")
	c.Settle()
	want(village, "second")
	want(c.Hub(), "second")
}

// A password or a window that the county refuses goes back to what it was.
func TestRefusedWordIsUndone(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	worker := village.Actor(identity.VillageWorker)
	overlay := func(window string) *ledger.OverlaySetV1 {
		return &ledger.OverlaySetV1{Overlay: catalog.Overlay{Item: welfare, Office: here, Window: window}}
	}
	village.MustDo(worker, &ledger.StaffPasswordV1{Staff: worker.Staff, PasswordHash: "good"})
	village.MustDo(worker, overlay("1 号窗口"))
	c.Settle()
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	village.MustDo(worker, &ledger.StaffPasswordV1{Staff: worker.Staff, PasswordHash: "bad"})
	village.MustDo(worker, overlay("2 号窗口"))
	if got := storetest.Codes(village.Push(c.Hub())); got != "recorded refused not_authorised, recorded refused not_authorised" {
		t.Fatal(got)
	}
	village.Pull(c.Hub())
	for _, table := range []string{"staff", "overlays"} {
		if got := lines(t, village.Store, table); len(got) != 1 || !contains(lines(t, c.Hub().Store, table), got[0]) {
			t.Errorf("%s at the village: %s", table, got)
		}
	}
}

// A disk restored from an old copy: its node gives a number away again. The
// county's ledger stands; what was lost of it comes back; what was recorded
// since asks to be done again, and the node stops recording.
func TestRestoredFromAnOldCopy(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	kept := village.Submit(welfare)
	backup := filepath.Join(t.TempDir(), "village.db")
	_, err := village.Backup(ctx, backup)
	must(t, err)
	lost := village.Submit(chronic)
	c.Settle()
	must(t, village.Restore(ctx, backup))
	again := village.Submit(birth)
	if again.Number != lost.Number {
		t.Fatalf("the copy remembers what it cannot: %s", again.Number)
	}
	page, err := c.Hub().Feed(ctx, village.Follower(), 0, 1<<20)
	must(t, err)
	if err := village.FollowPage(page); !errors.Is(err, store.ErrConfirmsUnknown) {
		t.Fatalf("confirmed what it does not have: %v", err)
	}
	village.PullFull(c.Hub())
	for _, opened := range []*casework.Case{kept, lost} {
		if got := village.MustCase(opened.ID); got.Number != opened.Number || got.Head != opened.Head {
			t.Errorf("%+v", got)
		}
	}
	if _, err := village.Case(ctx, again.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the case that took its number: %v", err)
	}
	list, err := village.AttentionList(ctx, here, false)
	if err != nil || len(list) != 2 {
		t.Errorf("attention: %+v, %v", list, err)
	}
	_, err = village.TrySubmit(welfare)
	wantRefused(t, "recording goes on", err, "forked_origin")
	noOutbox(t, village)
	must(t, village.Check(ctx))
	// A township that had taken the rival entry is not stopped by it either.
	townNode.Pull(c.Hub())
	if got := townNode.MustCase(lost.ID); got.Number != lost.Number {
		t.Errorf("%+v", got)
	}
}

func TestTownshipOutlivesARestoredVillage(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	backup := filepath.Join(t.TempDir(), "village.db")
	_, err := village.Backup(ctx, backup)
	must(t, err)
	lost := village.Submit(chronic)
	village.Push(c.Hub())
	must(t, village.Restore(ctx, backup))
	rival := village.Submit(birth)
	village.Push(townNode)
	if got := storetest.Codes(townNode.Push(c.Hub())); got != "forked" {
		t.Fatal(got)
	}
	townNode.Pull(c.Hub())
	if got := townNode.MustCase(lost.ID); got.Number != lost.Number {
		t.Errorf("%+v", got)
	}
	if _, err := townNode.Case(ctx, rival.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
	noOutbox(t, townNode)
	if _, forked, err := townNode.LastSeq(ctx, village.ID()); err != nil || !forked {
		t.Errorf("the village counts as sound: %v", err)
	}
}

// The attachments of a case are those of its entries; those of one that was
// refused stay, for this disk may hold the only copy.
func TestAttachmentsFollowTheirEntries(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	scan := storetest.Attachment("scan")
	opened := village.Submit(welfare, func(b *ledger.CaseSubmitV1) {
		b.Materials[0].Form, b.Materials[0].Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{scan}
	})
	c.Settle()
	hub := c.Hub()
	if n, bytes, err := hub.OutstandingCount(ctx); err != nil || n != 1 || bytes != scan.Size {
		t.Errorf("%d outstanding of %d bytes, %v", n, bytes, err)
	}
	hub.MustDo(identity.Actor{Staff: hub.ID(), Role: identity.System, Node: hub.ID()}, &ledger.AttachmentConfirmV1{Hash: scan.Hash, Size: scan.Size, Hubs: []string{hub.ID()}},
		storetest.About{Case: opened.ID, Scope: here})
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		files, err := n.AttachmentsOf(ctx, opened.ID)
		if err != nil || len(files) != 1 || !files[0].Confirmed || files[0].Name != scan.Name || files[0].Entry != opened.ID {
			t.Errorf("at %s: %+v, %v", n.ID(), files, err)
		}
	}
	for !village.MustCase(opened.ID).Status.Ended() && village.MustCase(opened.ID).Holder != here || village.MustCase(opened.ID).Step == 0 {
		c.Node(village.MustCase(opened.ID).Holder).Advance(opened.ID)
		c.Settle()
	}
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: village.Actor(identity.VillageWorker).Staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	village.MustStep(opened.ID, &ledger.CaseDeliverV1{Recipient: "王芳", Method: "direct", Proof: []catalog.AttachmentRef{storetest.Attachment("receipt")}})
	if files, err := village.AttachmentsOf(ctx, opened.ID); err != nil || len(files) != 2 {
		t.Errorf("%+v, %v", files, err)
	}
	c.Settle()
	if files, err := village.AttachmentsOf(ctx, opened.ID); err != nil || len(files) != 2 {
		t.Errorf("after the delivery was refused: %+v, %v", files, err)
	}
}

func TestStampMustFitItsDraft(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	worker := village.Actor(identity.VillageWorker)
	for what, change := range map[string]func(*ledger.Entry){
		"id": func(e *ledger.Entry) { e.ID = "other" }, "origin": func(e *ledger.Entry) { e.Origin = "other" }, "seq": func(e *ledger.Entry) { e.Seq++ },
	} {
		_, err := village.Record(ctx, store.Draft{ID: "id-1", Stamp: func(seq uint64, _ func(string) (int, error)) (ledger.Entry, error) {
			e := village.Entry(seq, worker, &ledger.OverlaySetV1{Overlay: catalog.Overlay{Item: welfare, Office: here}}, storetest.About{ID: "id-1", Scope: here, Subtree: true})
			change(&e)
			return e, nil
		}})
		if !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	boom := errors.New("no clock")
	if _, err := village.Record(ctx, store.Draft{ID: "x", Stamp: func(uint64, func(string) (int, error)) (ledger.Entry, error) { return ledger.Entry{}, boom }}); !errors.Is(err, boom) {
		t.Error(err)
	}
	if village.Failed() != nil {
		t.Error("the node stopped")
	}
}

func contains(lines []string, line string) bool {
	for _, l := range lines {
		if l == line {
			return true
		}
	}
	return false
}
