package store_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

const (
	archiveVillage = "330523110200"
	archiveTown    = "330523110"
)

// archiveWorld is a village with a case, an attachment and keys.
func archiveWorld(t *testing.T) (*storetest.County, *storetest.Node, *blob.Store) {
	t.Helper()
	c := storetest.NewCounty(t)
	v := c.Village(archiveVillage)
	v.Submit("TB-MZJ-004")
	c.Settle()
	b, err := blob.Open(filepath.Join(v.Dir(), "attachments"), blob.Options{Key: storetest.Key})
	mustArchive(t, err)
	_, err = b.Put(context.Background(), strings.NewReader("%PDF-1.7\n"+strings.Repeat("扫描", 5000)))
	mustArchive(t, err)
	mustArchive(t, os.MkdirAll(filepath.Join(v.Dir(), "keys"), 0o700))
	mustArchive(t, os.WriteFile(filepath.Join(v.Dir(), "keys", "node-keys.json"), []byte("secret"), 0o600))
	mustArchive(t, os.WriteFile(filepath.Join(v.Dir(), "membership.json"), []byte("{}"), 0o600))
	return c, v, b
}

func mustArchive(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func archive(t *testing.T, n *storetest.Node, b *blob.Store, keys bool) ([]byte, *store.Manifest) {
	t.Helper()
	var buf bytes.Buffer
	m, err := n.ExportArchive(context.Background(), &buf, store.ArchiveOptions{MadeAt: n.County.Clock.UnixMilli(), Blobs: b, IncludeKeys: keys})
	mustArchive(t, err)
	return buf.Bytes(), m
}

func openAt(t *testing.T, dir string, self store.Self) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Dir: dir, Key: storetest.Key, Self: self, Limits: catalog.DefaultLimits()})
	mustArchive(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestArchiveIntoEmptyDirectory(t *testing.T) {
	c, v, b := archiveWorld(t)
	data, made := archive(t, v, b, false)
	if made.HasKeys() || len(made.Attachments) != 1 || made.LastSeq != 1 || made.Node != v.ID() || made.MadeAt != c.Clock.UnixMilli() || made.Cursor == 0 {
		t.Fatalf("manifest %+v", made)
	}
	if m, err := store.VerifyArchive(context.Background(), bytes.NewReader(data)); err != nil || m.State != made.State {
		t.Fatalf("verify: %v", err)
	}
	if bytes.Contains(data, []byte("secret")) {
		t.Error("keys are in an archive without keys")
	}
	dir := filepath.Join(t.TempDir(), "new")
	_, err := store.RestoreArchive(context.Background(), dir, storetest.Key, bytes.NewReader(data))
	mustArchive(t, err)
	s := openAt(t, dir, v.Self())
	for _, n := range []string{"entries", "cases", "outbox", "attachments", "origins"} {
		if storetest.Dump(t, s, n) != storetest.Dump(t, v.Store, n) {
			t.Errorf("%s differs", n)
		}
	}
	back, err := blob.Open(filepath.Join(dir, "attachments"), blob.Options{Key: storetest.Key})
	mustArchive(t, err)
	if err := back.Verify(context.Background(), made.Attachments[0].SHA256); err != nil {
		t.Error(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "restore-*"))
	if _, err := os.Stat(filepath.Join(dir, "keys")); !errors.Is(err, os.ErrNotExist) || len(left) > 0 {
		t.Errorf("keys %v, left behind %v", err, left)
	}
	if left, _ := filepath.Glob(filepath.Join(v.Dir(), "archive-*")); len(left) > 0 {
		t.Errorf("the export left %v", left)
	}
}

func TestArchiveWithKeys(t *testing.T) {
	_, v, b := archiveWorld(t)
	path := filepath.Join(t.TempDir(), "backup.tar.zst")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	mustArchive(t, err)
	m, err := v.ExportArchive(context.Background(), f, store.ArchiveOptions{MadeAt: 1, Blobs: b, IncludeKeys: true})
	mustArchive(t, errors.Join(err, f.Close()))
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 || !m.HasKeys() || len(m.Keys) != 2 {
		t.Fatalf("mode %v, keys %v", info.Mode(), m.Keys)
	}
	data, err := os.ReadFile(path)
	mustArchive(t, err)
	dir := t.TempDir()
	_, err = store.RestoreArchive(context.Background(), dir, storetest.Key, bytes.NewReader(data))
	mustArchive(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "keys", "node-keys.json"))
	info, _ := os.Stat(filepath.Join(dir, "keys", "node-keys.json"))
	if err != nil || string(got) != "secret" || info.Mode().Perm() != 0o600 {
		t.Errorf("keys %q %v", got, err)
	}
	mustArchive(t, os.WriteFile(filepath.Join(dir, "keys", "node-keys.json"), []byte("newer"), 0o600))
	if _, err := store.RestoreArchive(context.Background(), dir, storetest.Key, bytes.NewReader(data)); !errors.Is(err, store.ErrOtherKeys) {
		t.Errorf("over other keys: %v", err)
	}
}

func TestRestoreArchiveRefuses(t *testing.T) {
	c, v, b := archiveWorld(t)
	data, _ := archive(t, v, b, false)
	ctx := context.Background()
	if _, err := store.RestoreArchive(ctx, v.Dir(), storetest.Key, bytes.NewReader(data)); !errors.Is(err, store.ErrRunning) {
		t.Errorf("running: %v", err)
	}
	if r, err := v.TrySubmit("TB-MZJ-004"); err != nil || r.Status != store.Recorded {
		t.Errorf("the running node was disturbed: %v", err)
	}
	other := c.Village("330523110201")
	dir, self := other.Dir(), other.Self()
	before := storetest.Dump(t, other.Store)
	mustArchive(t, other.Store.Close())
	if _, err := store.RestoreArchive(ctx, dir, storetest.Key, bytes.NewReader(data)); !errors.Is(err, store.ErrOtherNode) {
		t.Errorf("foreign: %v", err)
	}
	if storetest.Dump(t, openAt(t, dir, self)) != before {
		t.Error("a refused restore changed the state")
	}
	home := t.TempDir()
	mustArchive(t, os.WriteFile(filepath.Join(home, "letter.txt"), []byte("x"), 0o600))
	if _, err := store.RestoreArchive(ctx, home, storetest.Key, bytes.NewReader(data)); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("somebody's folder: %v", err)
	}
	broken := t.TempDir()
	mustArchive(t, os.WriteFile(filepath.Join(broken, "state.db"), bytes.Repeat([]byte("x"), 8192), 0o600))
	if _, err := store.RestoreArchive(ctx, broken, storetest.Key, bytes.NewReader(data)); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("unreadable: %v", err)
	}
}

func TestDamagedArchive(t *testing.T) {
	_, v, b := archiveWorld(t)
	data, _ := archive(t, v, b, false)
	ctx := context.Background()
	whole, err := store.VerifyArchive(ctx, bytes.NewReader(data))
	mustArchive(t, err)
	dir := t.TempDir()
	// A few bits of the compression say nothing about the content; all the
	// content is hashed, and what passes is what was written.
	check := func(name string, bad []byte) {
		t.Helper()
		if m, err := store.VerifyArchive(ctx, bytes.NewReader(bad)); err == nil && (name != "a flipped bit" || !reflect.DeepEqual(m, whole)) {
			t.Errorf("%s passes", name)
		}
	}
	for at := 0; at < len(data); at += max(len(data)/300, 1) {
		bad := bytes.Clone(data)
		bad[at] ^= 1 << (at % 8)
		check("a flipped bit", bad)
		check("a cut archive", data[:at])
	}
	check("a longer archive", append(bytes.Clone(data), data...))
	bad := data
	for at := len(data) / 2; bytes.Equal(bad, data); at++ {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1
		if _, err := store.VerifyArchive(ctx, bytes.NewReader(flipped)); err != nil {
			bad = flipped
		}
	}
	if _, err := store.RestoreArchive(ctx, dir, storetest.Key, bytes.NewReader(bad)); !errors.Is(err, store.ErrArchiveDamaged) {
		t.Errorf("damaged: %v", err)
	}
	if _, err := store.RestoreArchive(ctx, dir, storetest.Key, strings.NewReader("not an archive at all")); !errors.Is(err, store.ErrArchiveMalformed) {
		t.Errorf("other file: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("refused archives left %v", left)
	}
}

// A village put back to an older copy of itself records nothing more in its own
// name. Its machine goes on as another node, whose numbers are its own; what the
// one before did and nobody knew of is taken in when it turns up.
func TestRestoredNodeIsSucceeded(t *testing.T) {
	c, v, b := archiveWorld(t)
	ctx := context.Background()
	data, _ := archive(t, v, b, false)
	c.Clock.Advance(time.Hour)
	lost := v.Submit("TB-MZJ-004")
	c.Settle()
	onAStick := v.Submit("TB-MZJ-004")
	stick, err := v.Store.Entry(ctx, onAStick.ID)
	mustArchive(t, err)
	mustArchive(t, v.Store.Close())
	for _, name := range []string{"state.db", "state.db-wal", "state.db-shm"} {
		if err := os.Remove(filepath.Join(v.Dir(), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	_, err = store.RestoreArchive(ctx, v.Dir(), storetest.Key, bytes.NewReader(data))
	mustArchive(t, err)
	v.Reopen()

	refused := func(when string) {
		t.Helper()
		var no *store.Refused
		if _, err := v.TrySubmit("TB-MZJ-004"); !errors.As(err, &no) || no.Code != "restored" {
			t.Fatalf("recorded %s: %v", when, err)
		}
	}
	refused("after a restore")
	seq, _, err := c.Hub().LastSeq(ctx, v.ID())
	mustArchive(t, err)
	if through, err := v.OwnThrough(ctx, seq); through || err != nil {
		t.Fatalf("it has its own entries through %d: %v", seq, err)
	}
	system := identity.Actor{Staff: storetest.HubID, Role: identity.System, Node: storetest.HubID}
	was := v.Credential
	next := was
	next.Node, next.Ordinal = was.Node+"-again", was.Ordinal+1
	for _, bad := range []struct {
		code string
		make func(*ledger.NodeEnrolV1)
	}{
		{"node_unknown", func(b *ledger.NodeEnrolV1) { b.Succeeds = "village-330523110299-1" }},
		{"credential_other", func(b *ledger.NodeEnrolV1) {
			b.Credential.SignKey = storetest.NodeKey("another").Public().(ed25519.PublicKey)
		}},
		{"node_exists", func(b *ledger.NodeEnrolV1) { b.Credential.Ordinal = was.Ordinal }},
		{"token_needed", func(b *ledger.NodeEnrolV1) { b.Succeeds = "" }},
	} {
		body := ledger.NodeEnrolV1{Credential: next, Root: []byte("of the county"), Name: "村站", Succeeds: was.Node}
		bad.make(&body)
		if _, err := c.Hub().Do(system, &body, storetest.About{}); codeOf(err) != bad.code {
			t.Errorf("%s: %v", bad.code, err)
		}
	}
	c.Hub().MustDo(system, &ledger.NodeEnrolV1{Credential: next, Root: []byte("of the county"), Name: "村站", Succeeds: was.Node})
	for {
		after, err := v.Cursor(ctx)
		mustArchive(t, err)
		f := v.Follower()
		f.Full = true
		page, err := c.Hub().Feed(ctx, f, after, 1<<20)
		mustArchive(t, err)
		mustArchive(t, v.FollowPage(page))
		if page.UpTo == page.Head {
			break
		}
	}
	if through, err := v.OwnThrough(ctx, seq); !through || err != nil {
		t.Fatalf("its own entries did not come: %v", err)
	}
	refused("with all that the county has")
	mustArchive(t, v.Succeed(ctx, next.Node))
	refused("before it is another node")
	v.Reopen()
	refused("by a start as the node that it was")
	v.Credential, v.Key = next, storetest.NodeKey(was.Node)
	v.Reopen()
	if restored, _ := v.Restored(ctx); restored {
		t.Error("still marked")
	}
	if v.MustCase(lost.ID).Number != lost.Number {
		t.Error("the lost case did not come back")
	}
	v.Actor(identity.VillageWorker) // taken on at the county, who then hears of it
	c.Settle()
	again := v.Submit("TB-MZJ-004")
	if again.Number == lost.Number || again.Number == onAStick.Number {
		t.Error("a case number was given twice")
	}
	c.Settle()
	raw, err := stick.Canonical()
	mustArchive(t, err)
	if r := c.Propose(raw); r[0].Outcome != ledger.Applied {
		t.Errorf("what was on a stick: %+v", r)
	}
	c.Settle()
	for _, id := range []string{lost.ID, onAStick.ID, again.ID} {
		if e, err := v.Store.Entry(ctx, id); err != nil || e.Index == 0 || e.Status != ledger.Applied {
			t.Errorf("%s: %+v %v", id, e, err)
		}
	}
	for _, id := range []string{was.Node, next.Node} {
		if _, forked, _ := c.Hub().LastSeq(ctx, id); forked {
			t.Errorf("%s forked", id)
		}
	}
	// Whoever casts the machine out casts out what it was before, too.
	c.Hub().MustDo(c.Operator(), &ledger.NodeRevokeV1{Node: next.Node, At: c.Clock.UnixMilli(), Reason: "失窃"})
	if n, err := c.Hub().Node(ctx, was.Node); err != nil || n.RevokedAt == 0 || n.SucceededBy != next.Node {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestTownshipAndCountyArchives(t *testing.T) {
	c := storetest.NewCounty(t)
	town := c.Township(archiveTown)
	for _, n := range []*storetest.Node{town, c.Hub()} {
		data, made := archive(t, n, nil, false)
		dir := t.TempDir()
		_, err := store.RestoreArchive(context.Background(), dir, storetest.Key, bytes.NewReader(data))
		mustArchive(t, err)
		s := openAt(t, dir, n.Self())
		want, err := n.StateHash(context.Background())
		mustArchive(t, err)
		if got, err := s.StateHash(context.Background()); err != nil || got != want || s.Applied() != made.Applied {
			t.Errorf("%s: state %s, want %s, applied %d of %d", n.ID(), got, want, s.Applied(), made.Applied)
		}
		if restored, _ := s.Restored(context.Background()); restored != (n == town) {
			t.Errorf("%s: restored %v", n.ID(), restored)
		}
	}
}

func FuzzVerifyArchive(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	empty, err := store.Open(context.Background(), store.Options{Dir: f.TempDir(), Key: storetest.Key, Self: store.Self{Node: storetest.HubID, Tier: node.County, Division: storetest.Code, Ordinal: 1}})
	if err != nil {
		f.Fatal(err)
	}
	defer empty.Close()
	var buf bytes.Buffer
	if _, err := empty.ExportArchive(context.Background(), &buf, store.ArchiveOptions{MadeAt: 1}); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := store.VerifyArchive(context.Background(), bytes.NewReader(data))
		if (m == nil) == (err == nil) {
			t.Fatalf("%v and %v", m, err)
		}
	})
}
