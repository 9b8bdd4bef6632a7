package federation_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

const unnamedDays = 3

// uploaded puts a file on a node that nothing names.
func uploaded(t *testing.T, n *federationtest.Node, text string) catalog.AttachmentRef {
	t.Helper()
	info, err := n.Blobs.Put(t.Context(), bytes.NewReader([]byte("%PDF-1.7\n"+text)))
	if err != nil {
		t.Fatal(err)
	}
	return catalog.AttachmentRef{Hash: info.Hash, Name: "扫描件.pdf", Size: info.Size, Type: "application/pdf"}
}

// handsIn hands a case in that names a file.
func handsIn(t *testing.T, f *federationtest.Federation, n *federationtest.Node, paper catalog.AttachmentRef) error {
	t.Helper()
	b := f.Submission(n, "TB-MZJ-004")
	b.Materials[0].Form, b.Materials[0].Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{paper}
	_, err := f.TryDo(n, f.Worker(n, f.Item("TB-MZJ-004")), "", b)
	return err
}

// lies tells whether a node has a file, without the node noticing.
func lies(t *testing.T, n *federationtest.Node, hash string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(n.Dir(), "attachments", "objects", hash[:2], hash))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}

func aDay(t *testing.T, f *federationtest.Federation, nodes ...*federationtest.Node) {
	t.Helper()
	f.Advance(25 * time.Hour)
	for _, n := range nodes {
		if err := n.LookForUnnamed(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnnamedUploads: days go by at a village whose line comes and goes, which is
// killed and started, while files are uploaded, handed in early, late or never,
// named in hand-ins that are refused, and asked after. No file that was named is
// ever missing, and what nobody named goes at last.
func TestUnnamedUploads(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{UnnamedDays: unnamedDays})
	village, township := f.Village(0), f.Township(0)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	type file struct {
		catalog.AttachmentRef
		text  string
		named bool
	}
	var files []*file
	cut := false
	for day := range 16 {
		for range 3 {
			x := &file{text: fmt.Sprintf("%d %d", day, len(files))}
			x.AttachmentRef = uploaded(t, village, x.text)
			files = append(files, x)
		}
		for _, x := range files {
			if x.named || r.IntN(12) > 0 {
				continue
			}
			switch err := handsIn(t, f, village, x.AttachmentRef); {
			case err == nil:
				x.named = true
			case isRefused(err, "paper_removed") && !lies(t, village, x.Hash):
				uploaded(t, village, x.text) // again, as the words say
				if err := handsIn(t, f, village, x.AttachmentRef); err != nil {
					t.Fatal(err)
				}
				x.named = true
			default:
				t.Fatal(err)
			}
		}
		switch r.IntN(6) {
		case 0:
			f.Kill(village)
			f.Restart(village)
		case 1:
			if cut = !cut; cut {
				f.Cut(village.ID, "*")
			} else {
				f.Heal(village.ID, "*")
			}
		}
		aDay(t, f, village, township)
		for _, x := range files {
			if x.named && !lies(t, village, x.Hash) {
				t.Fatalf("day %d: %s was named and is not here", day, x.Hash)
			}
		}
	}
	for range unnamedDays + 8 {
		aDay(t, f, village, township)
	}
	f.HealAll()
	f.Settle()
	for _, x := range files {
		if lies(t, village, x.Hash) != x.named {
			t.Errorf("%s: named %v, here %v", x.Hash, x.named, !x.named)
		}
		if x.named {
			hasPaper(t, f, f.Hub(), x.Hash)
		}
	}
	if n, bytes := village.UnnamedRemoved(); n == 0 || bytes == 0 {
		t.Error("nothing was counted")
	}
}

// TestRefusedHandInKeepsItsFiles: a hand-in that the county refuses has no case, and
// its files may be all that there is of the papers.
func TestRefusedHandInKeepsItsFiles(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{UnnamedDays: unnamedDays})
	village := f.Village(0)
	f.Cut(village.ID, "*")
	paper := uploaded(t, village, "旧版事项")
	b := f.Submission(village, "TB-MZJ-004")
	b.Materials[0].Form, b.Materials[0].Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{paper}
	worker := f.Worker(village, f.Item("TB-MZJ-004"))
	f.Do(f.Hub(), f.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "已离职"})
	f.Advance(5 * time.Minute)
	if _, err := f.TryDo(village, worker, "", b); err != nil {
		t.Fatal(err)
	}
	f.Heal(village.ID, "*")
	f.Settle()
	if len(f.Attention(village)) == 0 {
		t.Fatal("it was not refused")
	}
	hasPaper(t, f, f.Hub(), paper.Hash)
	for range unnamedDays + 8 {
		aDay(t, f, village, f.Hub())
	}
	if !lies(t, village, paper.Hash) || !lies(t, f.Hub(), paper.Hash) {
		t.Error("the file of a refused hand-in was removed")
	}
}

// TestDoubtKeepsUploads: a hub keeps what staff uploaded, for it may be handed in at
// another one; it removes what applicants uploaded by themselves.
func TestDoubtKeepsUploads(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{UnnamedDays: unnamedDays})
	hub := f.Hub()
	staffs, own, both := uploaded(t, hub, "窗口"), uploaded(t, hub, "自助"), uploaded(t, hub, "自助和窗口")
	for _, x := range []catalog.AttachmentRef{own, both} {
		if err := hub.Store.KeepUpload(t.Context(), "account", x.Hash, x.Size, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := hub.Blobs.Keep(both.Hash); err != nil {
		t.Fatal(err)
	}
	for range unnamedDays + 8 {
		aDay(t, f, hub)
	}
	if !lies(t, hub, staffs.Hash) || lies(t, hub, own.Hash) || !lies(t, hub, both.Hash) {
		t.Errorf("here: of staff %v, of an applicant %v, of both %v", lies(t, hub, staffs.Hash), lies(t, hub, own.Hash), lies(t, hub, both.Hash))
	}
}

// TestRestoredRemovesNothing: what named a file may have been lost with the disk.
func TestRestoredRemovesNothing(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{UnnamedDays: unnamedDays})
	village := f.Village(0)
	f.Settle()
	paper := uploaded(t, village, "备份之后")
	backup := backupOf(t, village)
	f.Kill(village)
	putBack(t, village, backup)
	f.Restart(village)
	f.Succeeded(village)
	for range unnamedDays + 8 {
		aDay(t, f, village)
	}
	if !lies(t, village, paper.Hash) {
		t.Error("a node that was restored removed a file")
	}
}

func isRefused(err error, code string) bool {
	var no *store.Refused
	return errors.As(err, &no) && no.Code == code
}
