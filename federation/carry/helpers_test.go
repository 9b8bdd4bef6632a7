package carry

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

const (
	townshipCode = division.Code("330523110")
	villageCode  = division.Code("330523110200")
	otherCode    = division.Code("330523110201")
)

// world is a county of real stores whose only line is a stick.
type world struct {
	*storetest.County
	t     testing.TB
	keys  *trust.CountyKeys
	blobs map[string]*blob.Store
}

func newWorld(t testing.TB, options ...storetest.Option) *world {
	t.Helper()
	w := &world{t: t, keys: countyKeys(t, 1), blobs: map[string]*blob.Store{}}
	w.County = storetest.NewCounty(t, append(options, storetest.WithTrust(signer{w.keys}))...)
	return w
}

func countyKeys(t testing.TB, seed uint64) *trust.CountyKeys {
	t.Helper()
	k, err := countyKeysOf(seed)
	must(t, err)
	return k
}

func countyKeysOf(seed uint64) (*trust.CountyKeys, error) {
	return trust.GenerateCounty(randomness(seed), storetest.Code, storetest.Beginning.AddDate(0, -2, 0))
}

func randomness(seed uint64) io.Reader {
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	return rand.NewChaCha8(s)
}

// signer gives a storetest county real keys.
type signer struct{ keys *trust.CountyKeys }

func (s signer) Bundle() json.RawMessage {
	b, err := json.Marshal(s.keys.Chain()[0])
	if err != nil {
		panic(err)
	}
	return b
}

func (s signer) SignCredential(c identity.Credential) []byte {
	signed, err := s.keys.SignCredential(c)
	if err != nil {
		panic(err)
	}
	return signed.Sig
}

// node is a storetest node with what carrying needs.
func (w *world) node(n *storetest.Node) *Node {
	w.t.Helper()
	if w.blobs[n.ID()] == nil {
		b, err := blob.Open(filepath.Join(w.t.TempDir(), "attachments"), blob.Options{Key: storetest.Key})
		must(w.t, err)
		w.blobs[n.ID()] = b
	}
	return w.nodeWith(n, w.blobs[n.ID()])
}

func (w *world) nodeWith(n *storetest.Node, b *blob.Store) *Node {
	signed, err := w.keys.SignCredential(n.Credential)
	must(w.t, err)
	return &Node{Store: n.Store, Blobs: b, Credential: signed, Key: n.Key, Trust: w.keys.Trust, Now: w.Clock.Now, CountyKey: w.countyKey(n),
		Take: func(_ context.Context, _ trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
			raws := make([][]byte, len(entries))
			for i, e := range entries {
				raws[i] = n.Raw(e)
			}
			return n.Take(raws...), nil
		},
		Fresh: func(context.Context) error { return nil },
		Checkpoint: func(ctx context.Context, after uint64) (Checkpoint, error) {
			if n.ID() != storetest.HubID {
				_, note, err := n.LastCheckpoint(ctx)
				return Checkpoint{Note: note}, err
			}
			head, err := n.Head(ctx)
			must(w.t, err)
			tree, err := n.Tree(ctx, head)
			must(w.t, err)
			note, err := w.keys.SignCheckpoint(tree, w.Clock.UnixMilli())
			must(w.t, err)
			c := Checkpoint{Note: string(note), From: after}
			if after > 0 {
				c.Proof, err = n.ProveTree(ctx, head, after)
			}
			return c, err
		},
	}
}

func (w *world) countyKey(n *storetest.Node) func() ed25519.PrivateKey {
	if n.ID() != storetest.HubID {
		return nil
	}
	return w.keys.OpeningKey
}

// exportSealed makes a bundle as it goes onto a stick.
func (w *world) exportSealed(from *storetest.Node, o Options) ([]byte, Summary) {
	w.t.Helper()
	var b bytes.Buffer
	s, err := w.node(from).Export(context.Background(), &b, o)
	must(w.t, err)
	if s.Bytes != int64(b.Len()) {
		w.t.Fatalf("summary says %d bytes, written were %d", s.Bytes, b.Len())
	}
	return b.Bytes(), s
}

// export makes a bundle and takes the seal off, so that tests can tamper with
// what is within.
func (w *world) export(from *storetest.Node, o Options) ([]byte, Summary) {
	w.t.Helper()
	file, s := w.exportSealed(from, o)
	_, content, err := seal.Open(bytes.NewReader(file), nil, w.keys.OpeningKey(), storetest.NodeKey(o.For))
	must(w.t, err)
	plain, err := io.ReadAll(content)
	must(w.t, err)
	return plain, s
}

// sealFor seals what is to come to a node, whoever made it.
func sealFor(t testing.TB, key ed25519.PrivateKey, bundle []byte) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w, err := seal.Create(&b, seal.Header{Kind: seal.Bundle, County: storetest.Code, From: "somebody", MadeAt: 1}, key.Public().(ed25519.PublicKey))
	must(t, err)
	_, err = w.Write(bundle)
	must(t, err)
	must(t, w.Close())
	return &b
}

func (w *world) take(at *storetest.Node, bundle []byte) Summary {
	w.t.Helper()
	s, err := w.node(at).Import(context.Background(), sealFor(w.t, at.Key, bundle))
	must(w.t, err)
	return s
}

// refuses fails unless the bundle is refused with this fault and the node's
// state is what it was.
func (w *world) refuses(at *storetest.Node, bundle []byte, want *Fault) {
	w.t.Helper()
	w.refusesFile(at, sealFor(w.t, at.Key, bundle), want)
}

func (w *world) refusesFile(at *storetest.Node, file io.Reader, want *Fault) {
	w.t.Helper()
	before := storetest.Dump(w.t, at.Store)
	_, err := w.node(at).Import(context.Background(), file)
	if !errors.Is(err, want) {
		w.t.Fatalf("import gave %v, want %s", err, want.Code)
	}
	if storetest.Dump(w.t, at.Store) != before {
		w.t.Fatalf("a refused bundle (%s) changed the state", want.Code)
	}
}

// scan is a PDF of a size.
func scan(size int, seed uint64) []byte {
	b := make([]byte, size)
	var s [32]byte
	binary.LittleEndian.PutUint64(s[:], seed)
	rand.NewChaCha8(s).Read(b)
	copy(b, "%PDF-1.7\n")
	return b
}

func (w *world) keep(at *storetest.Node, content []byte) catalog.AttachmentRef {
	w.t.Helper()
	w.node(at)
	info, err := w.blobs[at.ID()].Put(context.Background(), bytes.NewReader(content))
	must(w.t, err)
	return catalog.AttachmentRef{Hash: info.Hash, Name: "扫描件.pdf", Size: info.Size, Type: info.Type}
}

// withScan makes a submission name this attachment only.
func withScan(ref catalog.AttachmentRef) func(*ledger.CaseSubmitV1) {
	return func(b *ledger.CaseSubmitV1) {
		for i := range b.Materials {
			b.Materials[i].Attachments = []catalog.AttachmentRef{ref}
		}
	}
}

// forge makes a bundle of given parts, signed by whoever, right in form.
func forge(t testing.TB, h *Header, key ed25519.PrivateKey, lines [][]byte, files ...[]byte) []byte {
	t.Helper()
	var body, out bytes.Buffer
	lw := &lineWriter{w: &body}
	for _, l := range lines {
		must(t, lw.add(l))
	}
	must(t, lw.flush())
	w := newWriter(&out)
	b, err := json.Marshal(h)
	must(t, err)
	head := binary.BigEndian.AppendUint16([]byte(magic), format)
	_, err = w.Write(append(binary.BigEndian.AppendUint32(head, uint32(len(b))), b...))
	must(t, err)
	_, err = w.Write(body.Bytes())
	must(t, err)
	for _, f := range files {
		sum := sha256.Sum256(f)
		must(t, w.attachment(hex.EncodeToString(sum[:]), int64(len(f)), bytes.NewReader(f)))
	}
	must(t, w.end(key))
	return out.Bytes()
}

// opened takes a bundle apart.
type opened struct {
	h     *Header
	lines [][]byte
	files [][]byte
}

func (o *opened) header(h *Header) error { o.h = h; return nil }
func (o *opened) line(b []byte) error    { o.lines = append(o.lines, bytes.Clone(b)); return nil }
func (o *opened) attachment(_ string, _ int64, r io.Reader) error {
	var b bytes.Buffer
	_, err := b.ReadFrom(r)
	o.files = append(o.files, b.Bytes())
	return err
}

func mustOpen(t testing.TB, bundle []byte) *opened {
	t.Helper()
	o := new(opened)
	_, err := read(bytes.NewReader(bundle), Limits{}.withDefaults(), o)
	must(t, err)
	return o
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr(n uint64) *uint64 { return &n }
