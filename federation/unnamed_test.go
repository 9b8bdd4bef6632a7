package federation_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
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

// aDay lets a day pass, at whose end nodes that have a line have heard each other,
// and looks are made.
func aDay(t *testing.T, f *federationtest.Federation, nodes ...*federationtest.Node) {
	t.Helper()
	f.Advance(25 * time.Hour)
	for _, n := range nodes {
		if f.Reaches(n) {
			heardBelow(t, f, n)
			f.Eventually(n.ID+" to have all", func() bool { return n.AllIsHere(t.Context()) })
		}
	}
	look(t, nodes...)
}

// heardBelow waits until a node has heard those below it that have a line.
func heardBelow(t *testing.T, f *federationtest.Federation, n *federationtest.Node) {
	t.Helper()
	now := n.Clock.Now().UnixMilli()
	for _, b := range f.Nodes() {
		if b == n || b.Tier() == n.Tier() || !n.Division.Contains(b.Division) || !f.Reaches(b) {
			continue
		}
		f.Eventually(n.ID+" to hear "+b.ID, func() bool {
			reports, err := n.Reports(t.Context())
			return err == nil && slices.ContainsFunc(reports, func(p store.PeerReport) bool { return p.Node == b.ID && p.SeenAt > now })
		})
	}
}

func look(t *testing.T, nodes ...*federationtest.Node) {
	t.Helper()
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
	f.HealAll()
	f.Settle()
	for range unnamedDays + 8 {
		aDay(t, f, village, township)
	}
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

// namesBelow hands in at a node what belongs to a place below it, naming a file.
func namesBelow(t *testing.T, f *federationtest.Federation, at *federationtest.Node, division division.Code, paper catalog.AttachmentRef) error {
	t.Helper()
	b := f.Submission(at, "TB-MZJ-004")
	b.Division = division
	b.Materials[0].Form, b.Materials[0].Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{paper}
	_, err := f.TryDo(at, f.Worker(at, f.Item("TB-MZJ-004")), "", b)
	return err
}

// TestLineThatWasDownKeepsUploads: a file lies at a village whose line is cut, and is
// handed in at its township, which has no line either. When the village's is back it
// hears of that before it removes anything; and days without a line count for no file.
func TestLineThatWasDownKeepsUploads(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{UnnamedDays: unnamedDays})
	village, township := f.Village(0), f.Township(0)
	f.Settle()
	named, never := uploaded(t, village, "在乡镇提交"), uploaded(t, village, "无人提交")
	aDay(t, f, village)
	f.Cut(village.ID, "*")
	f.Cut(township.ID, "*")
	if err := namesBelow(t, f, township, village.Division, named); err != nil {
		t.Fatal(err)
	}
	for range unnamedDays + 8 {
		f.Advance(25 * time.Hour)
		look(t, village)
	}
	f.Heal(village.ID, "*")
	hears(t, f, village)
	for range unnamedDays + 8 {
		f.Advance(25 * time.Hour)
		look(t, village) // the township has what the county has not
	}
	if !lies(t, village, named.Hash) || !lies(t, village, never.Hash) {
		t.Fatal("removed with the line down, or something on its way")
	}
	f.HealAll()
	f.Settle()
	for day := range unnamedDays + 8 {
		aDay(t, f, village)
		if day < unnamedDays-1 && !lies(t, village, never.Hash) {
			t.Fatalf("removed %d days after the line was back", day+1)
		}
	}
	if !lies(t, village, named.Hash) || lies(t, village, never.Hash) {
		t.Errorf("here: named %v, never named %v", lies(t, village, named.Hash), lies(t, village, never.Hash))
	}
	hasPaper(t, f, f.Hub(), named.Hash)
}

// TestUploadsAtHubs: what was uploaded at a hub goes like anywhere else, but not while
// a node below may have named it and is still to send that, or another hub is away.
func TestUploadsAtHubs(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{UnnamedDays: unnamedDays})
	hub, village := f.Hub(), f.Village(0)
	second := f.Join("county-2")
	f.Settle()
	unnamed, below, other := uploaded(t, hub, "无人提交"), uploaded(t, hub, "在村提交"), uploaded(t, hub, "在另一台提交")
	f.Cut(village.ID, "*")
	if err := handsIn(t, f, village, below); err != nil {
		t.Fatal(err)
	}
	for range unnamedDays + 8 {
		aDay(t, f, hub)
	}
	if !lies(t, hub, unnamed.Hash) || !lies(t, hub, below.Hash) || !lies(t, hub, other.Hash) {
		t.Fatal("removed while a village may have named it")
	}
	if err := namesBelow(t, f, second, village.Division, other); err != nil {
		t.Fatal(err)
	}
	f.HealAll()
	f.Settle()
	for range unnamedDays + 15 {
		aDay(t, f, hub)
	}
	if lies(t, hub, unnamed.Hash) || !lies(t, hub, below.Hash) || !lies(t, hub, other.Hash) {
		t.Errorf("here: unnamed %v, named below %v, at another hub %v", lies(t, hub, unnamed.Hash), lies(t, hub, below.Hash), lies(t, hub, other.Hash))
	}

	// The other hub does not name what is gone, unless somebody uploaded it again.
	if err := namesBelow(t, f, second, village.Division, unnamed); !isRefused(err, "paper_removed") {
		t.Errorf("named: %v", err)
	}
	uploaded(t, hub, "无人提交")
	if err := namesBelow(t, f, second, village.Division, unnamed); err != nil {
		t.Error(err)
	}
	hasPaper(t, f, second, unnamed.Hash)
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
