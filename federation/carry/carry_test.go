package carry

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A village without any line: what it does goes up on a stick, the county's
// word comes down on one.
func TestThereAndBack(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	paper := scan(700_000, 1)
	opened := village.Submit("TB-MZJ-004", withScan(w.keep(village, paper)))
	village.Submit("TB-MZJ-004", withScan(w.keep(village, paper)))

	bundle, made := w.export(village, Options{})
	if made.Entries != 2 || made.Attachments != 1 || made.Personal != 2 || made.AttachmentBytes != 700_000 {
		t.Fatalf("exported %+v", made)
	}
	got := w.take(hub, bundle)
	if got.Entries != 2 || got.Known != 0 || got.Refused != 0 || got.Attachments != 1 || got.From != village.ID() {
		t.Fatalf("taken in %+v", got)
	}
	if zh, en := got.Receipt(); !strings.Contains(zh, "条目 2 条") || !strings.Contains(en, "2 entries") {
		t.Errorf("receipt %q %q", zh, en)
	}
	before, err := hub.StateHash(context.Background())
	must(t, err)
	if again := w.take(hub, bundle); again.Entries != 0 || again.Known != 2 || again.Attachments != 0 || again.AttachmentsKnown != 1 {
		t.Errorf("taken in twice: %+v", again)
	}
	if after, _ := hub.StateHash(context.Background()); after != before {
		t.Error("taking a bundle in twice changed the county")
	}

	down, made := w.export(hub, Options{For: village.ID()})
	cursor, err := village.Cursor(context.Background())
	must(t, err)
	if made.After != cursor { // the village's own bundle told
		t.Errorf("the answer begins after %d, the village has %d", made.After, cursor)
	}
	if got := w.take(village, down); got.Entries != 2 || got.UpTo != made.UpTo {
		t.Fatalf("followed %+v", got)
	}
	out, err := village.OutboxStats(context.Background())
	must(t, err)
	if out.Length != 0 {
		t.Errorf("%d entries are not confirmed", out.Length)
	}
	if size, _, err := village.LastCheckpoint(context.Background()); err != nil || size == 0 {
		t.Errorf("checkpoint of size %d kept, %v", size, err)
	}
	before = storetest.Dump(t, village.Store)
	if again := w.take(village, down); again.Entries != 0 || again.Known != 2 {
		t.Errorf("followed twice: %+v", again)
	}
	if storetest.Dump(t, village.Store) != before {
		t.Error("following twice changed the village")
	}
	if c := village.MustCase(opened.ID); c.Head != hub.MustCase(opened.ID).Head {
		t.Error("the two do not agree")
	}
}

// Village to township to county: the township passes on what it took in.
func TestThroughTheTownship(t *testing.T) {
	w := newWorld(t)
	hub, township, village := w.Hub(), w.Township(townshipCode), w.Village(villageCode)
	township.Pull(hub)
	village.Submit("TB-MZJ-004", withScan(w.keep(village, scan(1000, 1))))
	up, _ := w.export(village, Options{})
	if got := w.take(township, up); got.Entries != 1 || got.Attachments != 1 {
		t.Fatalf("township took %+v", got)
	}
	township.Submit("TB-MZJ-004", withScan(w.keep(township, scan(1000, 2))))
	both, made := w.export(township, Options{})
	if len(made.Origins) != 2 || made.Attachments != 2 {
		t.Fatalf("township exported %+v", made)
	}
	if got := w.take(hub, both); got.Entries != 2 || got.Attachments != 2 || got.Known != 0 {
		t.Fatalf("hub took %+v", got)
	}
	if got := w.take(hub, up); got.Known != 1 || got.Entries != 0 { // an old one is harmless
		t.Fatalf("hub took the village's own %+v", got)
	}
	down, _ := w.export(hub, Options{For: township.ID()})
	w.take(township, down)
	served, _ := w.export(township, Options{For: village.ID()})
	if got := w.take(village, served); got.Entries == 0 {
		t.Fatalf("village followed %+v", got)
	}
	if out, _ := village.OutboxStats(context.Background()); out.Length != 0 {
		t.Errorf("%d entries are not confirmed", out.Length)
	}
}

func TestSince(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004")
	first, made := w.export(village, Options{})
	village.Submit("TB-MZJ-004")
	second, rest := w.export(village, Options{Since: made.Mark, WithoutAttachments: true})
	if rest.Entries != 1 || rest.Origins[0].First != 2 {
		t.Fatalf("since %d: %+v", made.Mark, rest)
	}
	w.refuses(hub, second, ErrGap)
	w.take(hub, first)
	if got := w.take(hub, second); got.Entries != 1 {
		t.Fatalf("second bundle: %+v", got)
	}
	empty, made := w.export(village, Options{Since: rest.Mark, WithoutAttachments: true})
	if got := w.take(hub, empty); made.Entries != 0 || got.Entries+got.Known != 0 {
		t.Errorf("an empty bundle: %+v %+v", made, got)
	}
}

func TestWhoMayTakeAndBring(t *testing.T) {
	w := newWorld(t)
	hub, village, other, township := w.Hub(), w.Village(villageCode), w.Village(otherCode), w.Township(townshipCode)
	elsewhere := w.Township("330523111")
	township.Pull(hub)
	village.Pull(hub)
	village.Submit("TB-MZJ-004")
	up, _ := w.export(village, Options{})
	down, _ := w.export(hub, Options{For: village.ID(), After: ptr(0), Full: true})
	fromTownship, _ := w.export(township, Options{})

	w.refuses(village, up, ErrNotForMe)
	w.refuses(other, up, ErrNotAllowed)
	w.refuses(elsewhere, up, ErrNotAllowed)
	w.refuses(other, down, ErrNotForMe)
	w.refuses(hub, down, ErrNotForMe)
	w.refuses(village, fromTownship, ErrNotAllowed)
	for name, o := range map[string]struct {
		at   *storetest.Node
		to   string
		want *Fault
	}{
		"sideways": {township, elsewhere.ID(), ErrUnknownNode}, "across": {hub, hub.ID(), ErrNotAllowed},
		"unknown": {hub, "village-9", ErrUnknownNode}, "the county up": {hub, "", ErrNotAllowed},
	} {
		if _, err := w.node(o.at).Export(context.Background(), new(bytes.Buffer), Options{For: o.to}); !errors.Is(err, o.want) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// A village signs, rightly, a bundle with what is not its own to bring.
	o := mustOpen(t, down)
	forged := *o.h
	forged.From, forged.To = w.node(other).Credential, village.ID()
	w.refuses(village, forge(t, &forged, other.Key, o.lines), ErrNotAllowed)
	o = mustOpen(t, up)
	forged = *o.h
	forged.From = w.node(other).Credential
	w.refuses(hub, forge(t, &forged, other.Key, o.lines), ErrNotAllowed)
	w.refuses(hub, forge(t, o.h, other.Key, o.lines), ErrSignature)

	stranger := countyKeys(t, 2)
	signed, err := stranger.SignCredential(village.Credential)
	must(t, err)
	forged = *o.h
	forged.From = signed
	w.refuses(hub, forge(t, &forged, village.Key, o.lines), ErrSignature)
	forged = *o.h
	forged.County = "330524"
	w.refuses(hub, forge(t, &forged, village.Key, o.lines), ErrWrongCounty)
}

func TestTimesAndVersions(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004")
	up, _ := w.export(village, Options{})
	o := mustOpen(t, up)
	h := *o.h
	h.MadeAt = w.Clock.Now().Add(clockTolerance + time.Minute).UnixMilli()
	w.refuses(hub, forge(t, &h, village.Key, o.lines), ErrFuture)
	h = *o.h
	h.Level = ledger.Level + 1
	w.refuses(hub, forge(t, &h, village.Key, o.lines), ErrNewer)

	newer := bytes.Clone(up)
	newer[len(magic)+1] = format + 1
	w.refuses(hub, newer, ErrNewer)

	unknown := bytes.Replace(o.lines[0], []byte(`"kind":"case.submit"`), []byte(`"kind":"case.future"`), 1)
	w.refuses(hub, forge(t, o.h, village.Key, [][]byte{unknown}), ErrNewer)

	w.Clock.Advance(24 * 300 * time.Hour) // an old one is as good as it was
	if got := w.take(hub, up); got.Entries != 1 {
		t.Fatalf("an old bundle: %+v", got)
	}
	w.Clock.Advance(6 * 365 * 24 * time.Hour) // the county's own credential has ended
	down := mustOpen(t, func() []byte { b, _ := w.export(hub, Options{For: village.ID()}); return b }())
	h = *down.h
	h.MadeAt = storetest.Beginning.UnixMilli()
	w.refuses(village, forge(t, &h, hub.Key, down.lines), ErrSignature)
}

func TestTamperedEntries(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	for range 3 {
		village.Submit("TB-MZJ-004")
	}
	up, _ := w.export(village, Options{})
	o := mustOpen(t, up)
	change := func(f func(h *Header, l [][]byte) [][]byte) []byte {
		h := *o.h
		lines := append([][]byte{}, o.lines...)
		return forge(t, &h, village.Key, f(&h, lines))
	}
	for name, row := range map[string]struct {
		bundle []byte
		want   *Fault
	}{
		"changed entry": {change(func(_ *Header, l [][]byte) [][]byte {
			l[1] = bytes.Replace(l[1], []byte("王芳"), []byte("王方"), 1)
			return l
		}), ErrSignature},
		"dropped entry": {change(func(_ *Header, l [][]byte) [][]byte { return [][]byte{l[0], l[2]} }), ErrDamaged},
		"dropped and announced so": {change(func(h *Header, l [][]byte) [][]byte {
			h.Entries, h.Origins = 2, []Range{{village.ID(), 1, 2}}
			return [][]byte{l[0], l[2]}
		}), ErrDamaged},
		"swapped":    {change(func(_ *Header, l [][]byte) [][]byte { return [][]byte{l[1], l[0], l[2]} }), ErrDamaged},
		"twice":      {change(func(_ *Header, l [][]byte) [][]byte { return append(l, l[2]) }), ErrDamaged},
		"no entry":   {change(func(_ *Header, l [][]byte) [][]byte { l[2] = []byte(`{"a":1}`); return l }), ErrDamaged},
		"not JSON":   {change(func(_ *Header, l [][]byte) [][]byte { l[2] = []byte("\xff"); return l }), ErrDamaged},
		"cut off":    {up[:len(up)-1], ErrTruncated},
		"one more":   {append(bytes.Clone(up), 0), ErrDamaged},
		"empty":      {nil, ErrNotBundle},
		"other file": {scan(3000, 1), ErrNotBundle},
		"some magic": {[]byte(magic[:3]), ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) { w.refuses(hub, row.bundle, row.want) })
	}
}

func TestDownIsChecked(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004")
	w.take(hub, func() []byte { b, _ := w.export(village, Options{}); return b }())
	w.Clock.Advance(time.Minute)
	c := hub.Submit("TB-MZJ-004")
	down, _ := w.export(hub, Options{For: village.ID(), After: ptr(0), Full: true})
	o := mustOpen(t, down)
	head, err := hub.Head(context.Background())
	must(t, err)

	forgedEntry := append([][]byte{}, o.lines...)
	for i, l := range forgedEntry {
		if bytes.Contains(l, []byte(c.ID)) {
			forgedEntry[i] = bytes.Replace(l, []byte("王芳"), []byte("王方"), 1)
		}
	}
	w.refuses(village, forge(t, o.h, hub.Key, forgedEntry), ErrSignature)
	w.refuses(village, forge(t, o.h, hub.Key, append([][]byte{o.lines[1], o.lines[0]}, o.lines[2:]...)), ErrDamaged)

	h := *o.h
	h.After = head + 5
	h.UpTo, h.Entries = head+9, 0
	w.refuses(village, forge(t, &h, hub.Key, nil), ErrGap)
	h = *o.h
	h.Note = strings.Replace(h.Note, "at ", "at 1", 1)
	w.refuses(village, forge(t, &h, hub.Key, o.lines), ErrSignature)
	h = *o.h
	h.Attachments, h.AttachmentBytes = 1, 1000
	w.refuses(village, forge(t, &h, hub.Key, o.lines, scan(1000, 1)), ErrDamaged)

	// A ledger of other records, well signed: the county has two histories.
	w.take(village, down)
	other := newWorld(t)
	for range 40 {
		other.Hub().Submit("TB-MZJ-004")
	}
	tree, err := other.Hub().Tree(context.Background(), head)
	must(t, err)
	note, err := w.keys.SignCheckpoint(tree, w.Clock.UnixMilli())
	must(t, err)
	h = *o.h
	h.Note = string(note)
	w.refuses(village, forge(t, &h, hub.Key, o.lines), ErrRewritten)
}

// A bundle proves that the county's ledger goes on from what the village had
// seen, because the village's own bundle told what that was.
func TestCheckpointIsProven(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	for i := range 3 {
		village.Submit("TB-MZJ-004")
		up, _ := w.export(village, Options{})
		w.take(hub, up)
		w.Clock.Advance(time.Minute)
		down, made := w.export(hub, Options{For: village.ID()})
		if o := mustOpen(t, down); i > 0 && o.h.ProofFrom == 0 {
			t.Fatalf("round %d: no proof", i)
		}
		w.take(village, down)
		size, _, err := village.LastCheckpoint(context.Background())
		must(t, err)
		if size != made.UpTo {
			t.Fatalf("round %d: checkpoint of %d kept, want %d", i, size, made.UpTo)
		}
	}
}

// The county's rules judge each entry of a node that was cast out: what it
// did before counts, what it did after is recorded as refused.
func TestRevokedNode(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004")
	w.Clock.Advance(time.Hour)
	hub.MustDo(w.Operator(), &ledger.NodeRevokeV1{Node: village.ID(), At: w.Clock.UnixMilli(), Reason: "电脑失窃"})
	w.Clock.Advance(time.Hour)
	village.Submit("TB-MZJ-004")
	up, _ := w.export(village, Options{})
	got := w.take(hub, up)
	if got.Entries != 2 || got.Refused != 1 || len(got.Refusals) != 1 || got.Refusals[0].Code != "node_revoked" {
		t.Fatalf("taken in %+v", got)
	}
	if _, err := w.node(hub).Export(context.Background(), new(bytes.Buffer), Options{For: village.ID()}); !errors.Is(err, ErrRevoked) {
		t.Errorf("a bundle for it: %v", err)
	}
}

func TestForkedOrigin(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	old := village.Entry(1, village.Actor("village_worker"), village.Submission("TB-MZJ-004"), storetest.About{Scope: villageCode, Case: "x"})
	w.Propose(village.Raw(old))
	village.Submit("TB-MZJ-004")
	up, _ := w.export(village, Options{})
	got := w.take(hub, up)
	if got.Entries != 0 || got.Refused != 1 || got.Refusals[0].Code != string(store.Forked) || got.Refusals[0].Kept {
		t.Fatalf("taken in %+v", got)
	}
	if _, forked, _ := hub.LastSeq(context.Background(), village.ID()); !forked {
		t.Error("the origin is not stopped")
	}
}

func TestRestoredFollowerNeedsFull(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004")
	w.take(hub, func() []byte { b, _ := w.export(village, Options{}); return b }())
	// The same node with an empty disk, which has followed nothing.
	fresh := newWorldNode(t, village)
	bundle, _ := w.export(hub, Options{For: village.ID(), After: ptr(0)})
	n := w.nodeWith(village, w.blobs[village.ID()])
	n.Store = fresh
	if _, err := n.Import(context.Background(), sealFor(t, village.Key, bundle)); !errors.Is(err, ErrLostOwn) {
		t.Fatalf("without its own entries: %v", err)
	}
	full, _ := w.export(hub, Options{For: village.ID(), After: ptr(0), Full: true})
	got, err := n.Import(context.Background(), sealFor(t, village.Key, full))
	must(t, err)
	if last, _, _ := fresh.LastSeq(context.Background(), village.ID()); last != 1 || got.Unverified != 0 {
		t.Errorf("own entries up to %d, %+v", last, got)
	}
}

func newWorldNode(t testing.TB, n *storetest.Node) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{Key: storetest.Key, Dir: t.TempDir(), Self: n.Store.Self()})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestAttachments(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	paper := scan(pieceBytes+1, 1)
	village.Submit("TB-MZJ-004", withScan(w.keep(village, paper)))
	village.Submit("TB-MZJ-004", withScan(storetest.Attachment("not on this disk")))
	up, made := w.export(village, Options{})
	if made.Attachments != 1 || made.AttachmentsMissing != 1 {
		t.Fatalf("exported %+v", made)
	}
	o := mustOpen(t, up)
	if len(o.files) != 1 || !bytes.Equal(o.files[0], paper) {
		t.Fatal("the attachment did not survive")
	}
	// One that no entry names is not stored.
	h := *o.h
	stray := scan(5000, 9)
	h.Attachments, h.AttachmentBytes = 2, int64(len(paper)+len(stray))
	got := w.take(hub, forge(t, &h, village.Key, o.lines, paper, stray))
	if got.Attachments != 1 || got.AttachmentsRefused != 1 {
		t.Fatalf("taken in %+v", got)
	}
	if all, _ := w.blobs[hub.ID()].List("", 10); len(all) != 1 {
		t.Errorf("%d attachments are stored", len(all))
	}
	// What is no paper at all refuses the bundle.
	h.AttachmentBytes = int64(len(paper)) + 100
	w.refuses(hub, forge(t, &h, village.Key, o.lines, paper, bytes.Repeat([]byte("MZ"), 50)), ErrDamaged)
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	for range 3 {
		village.Submit("TB-MZJ-004", withScan(w.keep(village, scan(50_000, 1))))
	}
	up, _ := w.export(village, Options{})
	for name, l := range map[string]Limits{
		"bytes": {Bytes: int64(len(up)) - 1}, "entries": {Entries: 2}, "entry bytes": {EntryBytes: 1000}, "attachment": {AttachmentBytes: 49_999},
	} {
		n := w.node(hub)
		n.Limits = l
		before := storetest.Dump(t, hub.Store)
		if _, err := n.Import(context.Background(), sealFor(t, hub.Key, up)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if storetest.Dump(t, hub.Store) != before {
			t.Errorf("%s: something was applied", name)
		}
	}
	n := w.node(hub)
	n.Limits = Limits{Bytes: int64(len(up)), Entries: 3, AttachmentBytes: 50_000}
	if _, err := n.Import(context.Background(), sealFor(t, hub.Key, up)); err != nil {
		t.Errorf("exactly at the limits: %v", err)
	}
}

// A failing intake keeps what it took, and the same bundle finishes it.
func TestIntakeFails(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004", withScan(w.keep(village, scan(1000, 1))))
	up, _ := w.export(village, Options{})
	n := w.node(hub)
	take := n.Take
	n.Take = func(context.Context, trust.Peer, []ledger.Entry) ([]store.Result, error) {
		return nil, errors.New("no leader")
	}
	before := storetest.Dump(t, hub.Store)
	if _, err := n.Import(context.Background(), sealFor(t, hub.Key, up)); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("%v", err)
	}
	if storetest.Dump(t, hub.Store) != before {
		t.Error("something was applied")
	}
	n.Take = take
	n.Fresh = func(context.Context) error { return errors.New("no leader") }
	if got, err := n.Import(context.Background(), sealFor(t, hub.Key, up)); !errors.Is(err, ErrUnavailable) || got.Entries != 1 {
		t.Fatalf("%v %+v", err, got)
	}
	if got := w.take(hub, up); got.Known != 1 || got.Attachments != 1 {
		t.Errorf("afterwards %+v", got)
	}
}
