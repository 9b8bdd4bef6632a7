package store_test

import (
	"testing"

	volumes "github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// volumeOf is what the volume of a case holds at a node.
func volumeOf(t *testing.T, n *storetest.Node, id string) *ledger.CaseArchiveV1 {
	t.Helper()
	entries, err := n.Standing(ctx, id)
	must(t, err)
	pieces, err := volumes.Pieces(entries, func(k ledger.Kind) string { return string(k) })
	must(t, err)
	return &ledger.CaseArchiveV1{Volume: volumes.Volume(n.MustCase(id)), Pieces: pieces}
}

// A case that a township decided is archived there, once nothing is open: not
// while its papers are at the village, nor at another office; and again when
// something has come since. Every node has the same volumes.
func TestArchiveAcrossTiers(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	id, about := issued(t, c, "")
	clerk := townNode.Actor(identity.TownshipClerk)
	due := func(n *storetest.Node, want int) {
		t.Helper()
		rows, err := n.Archives(ctx, storetest.Code, "", true, 10)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d to be archived, want %d (%v)", n.ID(), len(rows), want, err)
		}
	}
	due(hub, 1)
	_, err := village.Do(village.Actor(identity.VillageWorker), volumeOf(t, village, id), about)
	wantRefused(t, "by a village", err, "not_authorised")
	duties, err := townNode.ArchiveDuties(ctx, townNode.MustCase(id))
	must(t, err)
	if len(duties) == 0 || duties[0].Code != "papers_elsewhere" {
		t.Fatalf("%+v", duties)
	}
	_, err = townNode.Do(clerk, volumeOf(t, townNode, id), about)
	wantRefused(t, "with papers elsewhere", err, "archive_duties")
	over := handOver(t, village, townNode, id, "J1")
	sent, err := village.Do(village.Actor(identity.VillageWorker), over, about)
	must(t, err)
	c.Settle()
	_, err = townNode.Do(clerk, volumeOf(t, townNode, id), about)
	wantRefused(t, "with papers on the way", err, "archive_duties")
	_, err = townNode.Do(clerk, receive(townNode, sent.ID, over.Papers, false), about)
	must(t, err)
	c.Settle()
	files, err := hub.AttachmentsOf(ctx, id)
	must(t, err)
	for _, f := range files {
		hub.MustDo(hub.System(), &ledger.AttachmentConfirmV1{Hash: f.Hash, Size: f.Size, Hubs: []string{hub.ID()}}, about)
	}
	c.Settle()
	volume := volumeOf(t, townNode, id)
	_, err = townNode.Do(clerk, volume, about)
	must(t, err)
	_, err = townNode.Do(clerk, volume, about)
	wantRefused(t, "archived twice", err, "archived_already")
	c.Settle()
	due(hub, 0)
	for _, n := range []*storetest.Node{village, townNode, hub} {
		x, err := n.ArchiveOf(ctx, id)
		if err != nil || x.Volume != volume.Volume || x.AtMS == 0 {
			t.Errorf("%s: %+v, %v", n.ID(), x, err)
		}
	}
	if a, b := storetest.Dump(t, townNode.Store, "archives"), storetest.Dump(t, hub.Store, "archives"); a != b {
		t.Errorf("the township:\n%s\nthe hub:\n%s", a, b)
	}
	_, err = townNode.Do(clerk, &ledger.ResultReissueV1{Result: "1", Number: "S-2", Reason: "遗失"}, about)
	must(t, err)
	_, err = townNode.Do(clerk, volumeOf(t, townNode, id), about)
	must(t, err)
	c.Settle()
	kept, err := hub.Archives(ctx, town, "", false, 10)
	if err != nil || len(kept) != 1 || kept[0].Case.ID != id {
		t.Errorf("%+v, %v", kept, err)
	}
	if _, err := hub.ArchiveOf(ctx, "nowhere"); err != store.ErrNotFound {
		t.Errorf("%v", err)
	}
}
