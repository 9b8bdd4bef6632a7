package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// refuse has a village hand something in whose clerk had been disabled without
// the village knowing, and takes the clerk on again once the county refused it.
func refuse(c *storetest.County, village *storetest.Node, change ...func(*ledger.CaseSubmitV1)) *casework.Case {
	staff := village.Actor(identity.VillageWorker).Staff
	c.Settle()
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(2 * time.Minute)
	lost := village.Submit(welfare, change...)
	c.Clock.Advance(2 * time.Minute)
	c.Settle()
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: staff, Reason: "复职"})
	c.Clock.Advance(2 * time.Minute)
	c.Settle()
	return lost
}

func withScan(scan catalog.AttachmentRef) func(*ledger.CaseSubmitV1) {
	return func(b *ledger.CaseSubmitV1) {
		b.Materials[0].Form, b.Materials[0].Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{scan}
	}
}

// What the county refused is there in full at both ends, under its id and under
// the number on the receipt.
func TestRefusedHandInStaysReadable(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	lost := refuse(c, village)
	stands := village.Submit(welfare)
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		for _, key := range []string{lost.ID, lost.Number} {
			got, err := n.SetAside(ctx, key)
			if err != nil || len(got) != 1 {
				t.Fatalf("at %s by %s: %d found, %v", n.ID(), key, len(got), err)
			}
			a, shown := got[0], got[0].Case()
			if a.Code != "not_authorised" || a.Reason == "" || a.Index == 0 || a.Actor.Staff == "" || a.OccurredAt != lost.HandedInMS || a.Readers != here {
				t.Errorf("at %s: %+v", n.ID(), a)
			}
			if shown.Status != casework.Refused || shown.ID != lost.ID || shown.Number != lost.Number || shown.Applicant != lost.Applicant ||
				len(shown.Form) != len(lost.Form) || len(shown.Materials) != len(lost.Materials) || !shown.Status.Ended() {
				t.Errorf("at %s: %+v", n.ID(), shown)
			}
		}
		if got, err := n.SetAside(ctx, stands.ID); err != nil || len(got) != 0 {
			t.Errorf("at %s a case that stands is set aside: %+v, %v", n.ID(), got, err)
		}
		for _, row := range []struct {
			f    store.CaseFilter
			want int
		}{
			{store.CaseFilter{}, 1}, {store.CaseFilter{Within: town}, 1}, {store.CaseFilter{Within: next}, 0},
			{store.CaseFilter{Statuses: []casework.Status{casework.Refused}}, 1}, {store.CaseFilter{Statuses: []casework.Status{casework.HandedIn}}, 0},
			{store.CaseFilter{Number: lost.Number[:20]}, 1}, {store.CaseFilter{Number: "9"}, 0}, {store.CaseFilter{Department: lost.Department, Item: welfare}, 1},
			{store.CaseFilter{Department: "县公安局"}, 0}, {store.CaseFilter{Holder: here}, 0}, {store.CaseFilter{BeforeMS: lost.HandedInMS, BeforeID: lost.ID}, 0},
		} {
			if got, err := n.AllSetAside(ctx, row.f); err != nil || len(got) != row.want {
				t.Errorf("at %s, %+v: %d, %v", n.ID(), row.f, len(got), err)
			}
		}
	}
	if got, err := c.Village(next).SetAside(ctx, lost.ID); err != nil || len(got) != 0 {
		t.Errorf("another village has it: %+v, %v", got, err)
	}
}

// The township shows what it holds back, and the desk keeps its case until the
// county has spoken.
func TestHeldHandInIsReadable(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode := c.Village(here), c.Township(town)
	c.Settle()
	scan := storetest.Attachment("scan")
	c.Hub().MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: village.Actor(identity.VillageWorker).Staff, Disabled: true, Reason: "离职"})
	townNode.Pull(c.Hub())
	c.Clock.Advance(2 * time.Minute)
	doubted := village.Submit(welfare, withScan(scan))
	townNode.Take(outbox(t, village)...)
	got, err := townNode.SetAside(ctx, doubted.Number)
	if err != nil || len(got) != 1 || got[0].Case().Status != casework.Held || got[0].Code != "not_authorised" {
		t.Fatalf("%+v, %v", got, err)
	}
	if files, err := townNode.AttachmentsOf(ctx, doubted.ID); err != nil || len(files) != 1 {
		t.Errorf("the township will not take its files: %+v, %v", files, err)
	}
	if n, err := townNode.UnconfirmedAttachments(ctx, 10); err != nil || len(n) != 1 {
		t.Errorf("nor send them on: %+v, %v", n, err)
	}
}

// The scans of a refused hand-in are wanted at the county until they are there,
// and the entry that says they are reaches those who sent them.
func TestScansOfARefusedHandInComeUp(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	scan := storetest.Attachment("scan")
	lost := refuse(c, village, withScan(scan))
	for _, n := range []*storetest.Node{village, hub} {
		files, err := n.AttachmentsOf(ctx, lost.ID)
		if err != nil || len(files) != 1 || files[0].Hash != scan.Hash || files[0].Scope != here || files[0].Confirmed {
			t.Errorf("at %s: %+v, %v", n.ID(), files, err)
		}
		if count, bytes, err := n.OutstandingCount(ctx); err != nil || count != 1 || bytes != scan.Size {
			t.Errorf("at %s %d outstanding of %d bytes, %v", n.ID(), count, bytes, err)
		}
	}
	confirm := &ledger.AttachmentConfirmV1{Hash: scan.Hash, Size: scan.Size, Hubs: []string{hub.ID()}}
	scope, _, err := hub.ScopeOf(ctx, lost.ID, confirm)
	if err != nil || scope != here {
		t.Fatalf("scope %q, %v", scope, err)
	}
	hub.MustDo(identity.Actor{Staff: hub.ID(), Role: identity.System, Node: hub.ID()}, confirm, storetest.About{Case: lost.ID, Scope: scope})
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		if count, _, err := n.OutstandingCount(ctx); err != nil || count != 0 {
			t.Errorf("at %s %d outstanding, %v", n.ID(), count, err)
		}
	}
}

func corrects(id string) func(*ledger.CaseSubmitV1) {
	return func(b *ledger.CaseSubmitV1) { b.Corrects = id }
}

func codeOf(err error) string {
	var no *store.Refused
	if errors.As(err, &no) {
		return no.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// A correction settles what asked for attention, at both ends, by itself; and
// only once.
func TestCorrectionSettles(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	lost := refuse(c, village)
	made := village.Submit(welfare, corrects(lost.ID))
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		a, err := n.AttentionFor(ctx, lost.ID)
		if err != nil || a.ReplacedBy != made.ID || a.ResolvedBy == "" || a.Note == "" {
			t.Errorf("at %s: %+v, %v", n.ID(), a, err)
		}
		if got, err := n.SetAside(ctx, lost.ID); err != nil || len(got) != 1 || got[0].CorrectedBy != made.ID {
			t.Errorf("at %s: %+v, %v", n.ID(), got, err)
		}
		if list, err := n.AttentionList(ctx, n.Division(), false); err != nil || len(list) != 0 {
			t.Errorf("at %s open: %+v, %v", n.ID(), list, err)
		}
	}
	_, err := village.TrySubmit(welfare, corrects(lost.ID))
	var no *store.Refused
	if n, _ := casework.ParseNumber(made.Number); !errors.As(err, &no) || no.Code != "corrected_already" || !strings.Contains(no.ZH, n.String()) {
		t.Errorf("corrected twice: %v", err)
	}
	if _, err := c.Village(next).TrySubmit(welfare, corrects(lost.ID)); codeOf(err) != "corrects_unknown" {
		t.Errorf("by another village: %v", err)
	}
	if _, err := village.TrySubmit(welfare, corrects(made.ID)); codeOf(err) != "corrects_standing" {
		t.Errorf("of one that stands: %v", err)
	}
	if _, err := village.TrySubmit(welfare, corrects("nothing")); codeOf(err) != "corrects_unknown" {
		t.Errorf("of nothing: %v", err)
	}
}

// Two offices correct the same one while neither hears of the other: the county
// takes the first, and what the second thought it had settled is put right.
func TestCorrectedAtTwoPlaces(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	lost := refuse(c, village)
	second := village.Submit(welfare, corrects(lost.ID))
	first := townNode.Submit(welfare, corrects(lost.ID), storetest.Matter(here))
	if got := storetest.Codes(townNode.Push(hub)); got != "recorded applied" {
		t.Fatal(got)
	}
	if got := storetest.Codes(village.Push(hub)); got != "recorded refused corrected_already" {
		t.Fatal(got)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		a, err := n.AttentionFor(ctx, lost.ID)
		if err != nil || a.ReplacedBy != first.ID {
			t.Errorf("at %s: %+v, %v", n.ID(), a, err)
		}
		list, err := n.AttentionList(ctx, n.Division(), false)
		if err != nil || len(list) != 1 || list[0].Entry != second.ID {
			t.Errorf("at %s: %+v, %v", n.ID(), list, err)
		}
	}
}

// A correction that is refused itself settles nothing, and the next one settles
// all that came before it.
func TestCorrectionRefusedItself(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	lost := refuse(c, village)
	again := refuse(c, village, corrects(lost.ID))
	for _, n := range []*storetest.Node{village, hub} {
		if list, err := n.AttentionList(ctx, n.Division(), false); err != nil || len(list) != 2 {
			t.Errorf("at %s: %+v, %v", n.ID(), list, err)
		}
	}
	made := village.Submit(welfare, corrects(again.ID))
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		for _, id := range []string{lost.ID, again.ID} {
			if a, err := n.AttentionFor(ctx, id); err != nil || a.ReplacedBy != made.ID {
				t.Errorf("%s at %s: %+v, %v", id, n.ID(), a, err)
			}
		}
	}
	if _, err := village.TrySubmit(welfare, corrects(lost.ID)); codeOf(err) != "corrected_already" {
		t.Errorf("the first one once more: %v", err)
	}
}

// Whoever corrects or settles what, wherever, in whatever order the others hear
// of it: in the end all know the same of each refused hand-in, and none was
// corrected twice.
func TestCorrectionsConverge(t *testing.T) {
	checkRuns(t, func(r run) {
		c := storetest.NewCounty(r)
		village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
		nodes := []*storetest.Node{village, townNode, hub}
		var lost []string
		for range rapid.IntRange(1, 2).Draw(r.T, "refused") {
			lost = append(lost, refuse(c, village).ID)
		}
		var made []string
		for range rapid.IntRange(2, 12).Draw(r.T, "steps") {
			n := rapid.SampledFrom(nodes).Draw(r.T, "node")
			c.Clock.Advance(time.Second)
			about := rapid.SampledFrom(lost).Draw(r.T, "about")
			switch rapid.IntRange(0, 4).Draw(r.T, "step") {
			case 0, 1:
				if res, err := n.TrySubmit(welfare, corrects(about), storetest.Matter(here)); err == nil {
					made = append(made, res.ID)
				} else if codeOf(err) != "corrected_already" {
					r.Fatalf("at %s: %v", n.ID(), err)
				}
			case 2:
				b := &ledger.AttentionResolveV1{Entry: about, Note: fmt.Sprint(len(made))}
				if len(made) > 0 && rapid.Bool().Draw(r.T, "replaced") {
					b.ReplacedBy = rapid.SampledFrom(made).Draw(r.T, "by")
				}
				actor := c.Operator()
				if n == village {
					actor = village.Actor(identity.VillageWorker)
				} else {
					n = hub
				}
				if _, err := n.Do(actor, b, storetest.About{}); err != nil && !strings.HasPrefix(codeOf(err), "replacement_") && codeOf(err) != "corrected_already" && codeOf(err) != "resolved_already" {
					r.Fatalf("at %s: %v", n.ID(), err)
				}
			case 3:
				if n != hub {
					n.Push(hub)
				}
			case 4:
				if n != hub {
					n.Pull(hub)
				}
			}
		}
		c.Settle()
		c.Settle()
		for _, id := range lost {
			want, err := hub.AttentionFor(ctx, id)
			if err != nil {
				r.Fatalf("%v", err)
			}
			standing := 0
			for _, m := range made {
				if made, err := hub.Case(ctx, m); err == nil && made.Corrects == id {
					standing++
				}
			}
			if standing > 1 {
				r.Fatalf("%s was corrected %d times", id, standing)
			}
			aside, err := hub.SetAside(ctx, id)
			if err != nil || len(aside) != 1 || (aside[0].CorrectedBy != "") != (standing == 1) {
				r.Fatalf("%s: %d standing, %+v, %v", id, standing, aside, err)
			}
			for _, n := range nodes {
				got, err := n.AttentionFor(ctx, id)
				if err != nil || *got != *want {
					r.Fatalf("at %s: %+v, %v\nat the county: %+v", n.ID(), got, err, want)
				}
				if here, err := n.SetAside(ctx, id); err != nil || len(here) != 1 || here[0].CorrectedBy != aside[0].CorrectedBy {
					r.Fatalf("at %s: %+v, %v", n.ID(), here, err)
				}
			}
		}
	})
}

// What is said to replace a refused hand-in must be a hand-in that stands.
func TestResolvedByWhatStands(t *testing.T) {
	c := storetest.NewCounty(t)
	village, other := c.Village(here), c.Village(next)
	lost := refuse(c, village)
	worse := refuse(c, village)
	made := village.Submit(welfare)
	elsewhere := other.Submit(welfare)
	comment, err := village.Step(made.ID, &ledger.CaseCommentV1{Text: "x"})
	must(t, err)
	c.Settle()
	worker := village.Actor(identity.VillageWorker)
	by := func(n *storetest.Node, actor identity.Actor, id string) error {
		_, err := n.Do(actor, &ledger.AttentionResolveV1{Entry: lost.ID, Note: "x", ReplacedBy: id}, storetest.About{})
		return err
	}
	for id, want := range map[string]string{"nothing": "replacement_unknown", lost.ID: "replacement_unknown", comment.ID: "replacement_unknown", worse.ID: "replacement_refused", elsewhere.ID: "replacement_unknown"} {
		if got := codeOf(by(village, worker, id)); got != want {
			t.Errorf("replaced by %s: %q, want %s", id, got, want)
		}
	}
	if got := codeOf(by(c.Hub(), c.Operator(), elsewhere.ID)); got != "replacement_elsewhere" {
		t.Errorf("replaced by another village's: %q", got)
	}
	must(t, by(village, worker, made.ID))
	c.Settle()
	if a, err := c.Hub().AttentionFor(ctx, lost.ID); err != nil || a.ReplacedBy != made.ID {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := village.TrySubmit(welfare, corrects(lost.ID)); codeOf(err) != "corrected_already" {
		t.Errorf("corrected although replaced: %v", err)
	}
}

// An item is taken in at villages and townships only, and what a village took in
// was refused. The county's desk for it hands it in again for the applicant, and
// every node makes the same case of it; nothing else of that item is taken in
// there.
func TestCorrectedAboveWhereItIsTakenIn(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	item := c.Item(welfare)
	item.AcceptTiers = []node.Tier{node.Township, node.Village}
	c.ApproveItem(item, 2)
	c.Publish(2, catalog.EditionItem{Code: welfare, Version: 2})
	other := c.Item("TB-XZRZ-005")
	c.Settle()
	second := func(b *ledger.CaseSubmitV1) { b.ItemVersion = 2 }
	lost := refuse(c, village, second)
	elsewhere := func(b *ledger.CaseSubmitV1) { b.Division = here }
	if _, err := hub.TrySubmit(welfare, second, elsewhere); codeOf(err) != "tier_not_accepting" {
		t.Errorf("handed in at the county: %v", err)
	}
	staff := village.Actor(identity.VillageWorker).Staff
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: staff, Disabled: true, Reason: "离职"})
	c.Clock.Advance(time.Minute)
	unlike := village.Submit(other.Code)
	c.Clock.Advance(time.Minute)
	c.Settle()
	if _, err := hub.TrySubmit(welfare, second, elsewhere, corrects(unlike.ID)); codeOf(err) != "tier_not_accepting" {
		t.Errorf("in the place of another matter: %v", err)
	}
	again := hub.Submit(welfare, second, elsewhere, corrects(lost.ID))
	if _, err := hub.TrySubmit(welfare, second, elsewhere, corrects(lost.ID)); codeOf(err) != "corrected_already" {
		t.Errorf("twice: %v", err)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, townNode, hub} {
		if got := n.MustCase(again.ID); got.Status != again.Status || got.Holder != again.Holder || got.Corrects != lost.ID {
			t.Errorf("at %s: %+v", n.ID(), got)
		}
		if a, err := n.AttentionFor(ctx, lost.ID); err != nil || a.ReplacedBy != again.ID {
			t.Errorf("at %s: %+v, %v", n.ID(), a, err)
		}
	}
}
