package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

// verdict is what the oracle found when all was well again: all lists are
// empty, or something is broken.
type verdict struct {
	Acknowledged, Refused, Unknown int
	Files, Proofs                  int

	Unsettled  []string
	Lost       []string
	Duplicated []string
	Invented   []string
	Diverged   []string
}

func (v *verdict) bad() bool {
	return len(v.Unsettled)+len(v.Lost)+len(v.Duplicated)+len(v.Invented)+len(v.Diverged) > 0
}

func (v *verdict) String() string {
	s := fmt.Sprintf("acknowledged %d, refused %d, unknown %d; files %d, proofs %d; lost %d, duplicated %d, invented %d, diverged %d",
		v.Acknowledged, v.Refused, v.Unknown, v.Files, v.Proofs, len(v.Lost), len(v.Duplicated), len(v.Invented), len(v.Diverged))
	for _, list := range [][]string{v.Unsettled, v.Lost, v.Duplicated, v.Invented, v.Diverged} {
		for i, line := range list {
			if i == 5 {
				s += fmt.Sprintf("\n  and %d more", len(list)-i)
				break
			}
			s += "\n  " + line
		}
	}
	return s
}

// found is an entry with a mark in a node's database.
type found struct {
	id, kind, origin, status string
	idx                      uint64
}

// judge lets the county settle, asks for proofs, stops it and holds every
// node's disk against what the oracle wrote down.
func judge(ctx context.Context, c *county, o *oracle, within time.Duration) (*verdict, error) {
	v := &verdict{}
	for _, r := range o.requests() {
		switch r.Outcome {
		case ok:
			v.Acknowledged++
		case refused:
			v.Refused++
		default:
			v.Unknown++
		}
	}
	if err := settle(ctx, c, within); err != nil {
		v.Unsettled = append(v.Unsettled, err.Error())
	} else if err := prove(ctx, c, o, v); err != nil {
		v.Lost = append(v.Lost, err.Error())
	}
	if err := stopLevel(ctx, c, within); err != nil {
		return v, err
	}
	byNode := map[string]map[string][]found{}
	for _, m := range c.nodes {
		entries, err := readMarks(m)
		if err != nil {
			return v, fmt.Errorf("%s: %w", m.ID, err)
		}
		byNode[m.ID] = entries
	}
	held := map[string]int{}
	for _, m := range c.nodes {
		compare(c, m, byNode, o, v)
		if err := inspectNode(ctx, c, m, o, v, held); err != nil {
			return v, fmt.Errorf("%s: %w", m.ID, err)
		}
	}
	// A paper is safe at the county when most hubs have it; the others fetch
	// it by and by.
	for _, r := range o.requests() {
		for _, hash := range r.Files {
			if r.Outcome == ok && held[hash] <= len(c.of("county"))/2 {
				v.Lost = append(v.Lost, fmt.Sprintf("%s: paper %s is at %d hubs", r.Mark, hash, held[hash]))
			}
		}
	}
	return v, hashes(ctx, c, v)
}

// forked is the code of a node that is out of use, for what it recorded is not
// what the county has of it.
const forked = "forked_origin"

// refuses is the verdict where a node does not come back because it, or the
// county, sees that its disk lost what it must have.
func refuses(err error) (*verdict, error) {
	if errors.Is(err, loopback.ErrEnded) || loopback.IsRefused(err, forked) {
		return &verdict{Unsettled: []string{err.Error()}}, nil
	}
	return nil, err
}

// settle waits until every node has passed on what it had and the hubs are at
// the same place.
func settle(ctx context.Context, c *county, within time.Duration) error {
	for _, m := range c.nodes {
		if m.Tier == "county" {
			continue
		}
		p := newPerson(m.url(), workerAt(m))
		err := await(ctx, m.ID+" to settle", within, func(ctx context.Context) error {
			var r client.SyncReport
			if err := p.Get(ctx, "/api/v1/sync", &r); err != nil {
				return err
			}
			if r.Self.OutboxEntries != 0 || r.Self.AttachmentsOutstanding != 0 {
				return fmt.Errorf("%d entries and %d files left", r.Self.OutboxEntries, r.Self.AttachmentsOutstanding)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return await(ctx, "the hubs to be level", within, func(ctx context.Context) error {
		heads, err := hubHeads(ctx, c)
		if err != nil {
			return err
		}
		for _, m := range c.nodes {
			if m.Tier == "county" {
				continue
			}
			var r client.SyncReport
			if err := newOnce(m, workerAt(m)).Get(ctx, "/api/v1/sync", &r); err != nil {
				return err
			}
			heads = append(heads, r.Self.Cursor)
		}
		return level(heads)
	})
}

// stopLevel stops every node, the hubs at the same place where they can be: what
// the county records by itself, as that an applicant was told, may come while
// they end one after the other, and one that ended first has it not yet. Hubs
// that do not come level again are left for the verdict.
func stopLevel(ctx context.Context, c *county, within time.Duration) error {
	for range 5 {
		c.stop()
		var heads []uint64
		for _, m := range c.of("county") {
			head, err := headOf(ctx, m)
			if err != nil {
				return fmt.Errorf("%s: %w", m.ID, err)
			}
			heads = append(heads, head)
		}
		if slices.Min(heads) == slices.Max(heads) {
			return nil
		}
		if err := c.startThese(ctx, c.of("county")); err != nil {
			return err
		}
		err := await(ctx, "the hubs to be level again", within, func(ctx context.Context) error {
			heads, err := hubHeads(ctx, c)
			if err != nil {
				return err
			}
			return level(heads)
		})
		if err != nil {
			break
		}
	}
	c.stop()
	return nil
}

// headOf reads how far a stopped node's ledger reaches.
func headOf(ctx context.Context, m *member) (uint64, error) {
	s, err := openStore(ctx, m)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return s.Head(ctx)
}

// hubHeads are how far the hubs' ledgers reach.
func hubHeads(ctx context.Context, c *county) (heads []int64, err error) {
	for _, m := range c.of("county") {
		var n client.Reconciliation
		if err := newOnce(m, "admin").Get(ctx, "/api/v1/reconcile", &n); err != nil {
			return nil, err
		}
		heads = append(heads, n.Index)
	}
	return heads, nil
}

// level fails while heads are not the same.
func level(heads []int64) error {
	if slices.Min(heads) != slices.Max(heads) {
		return fmt.Errorf("they are at %v", heads)
	}
	return nil
}

// onces are persons that settle asks with, kept so that each logs in once.
var onces = map[string]*person{}

func newOnce(m *member, login string) *person {
	key := m.url() + m.dir + login
	if onces[key] == nil {
		onces[key] = newPerson(m.url(), login)
	}
	return onces[key]
}

// prove asks the county for proofs that what it acknowledged is in the ledger
// whose checkpoint it signed, and checks them.
func prove(ctx context.Context, c *county, o *oracle, v *verdict) error {
	admin := newPerson(c.hub().url(), "admin")
	marked, err := readMarks(c.hub())
	if err != nil {
		return err
	}
	all := o.requests()
	step := max(len(all)/60, 1)
	for i := 0; i < len(all); i += step {
		r := all[i]
		if r.Outcome != ok || len(marked[r.Mark]) == 0 {
			continue // one that is missing is counted by compare
		}
		index := marked[r.Mark][0].idx
		var check client.Checkpoint
		var proof client.InclusionProof
		err := await(ctx, fmt.Sprintf("a checkpoint over %d", index), time.Minute, func(ctx context.Context) error {
			if err := admin.Get(ctx, "/api/v1/ledger/checkpoint", &check); err != nil {
				return err
			}
			if err := admin.Get(ctx, fmt.Sprintf("/api/v1/ledger/proof?index=%d", index), &proof); err != nil {
				return err
			}
			if check.Size != proof.Size {
				return fmt.Errorf("proof for %d, checkpoint of %d", proof.Size, check.Size)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := checkProof(&check, &proof); err != nil {
			return fmt.Errorf("%s at %d: %w", r.Mark, index, err)
		}
		v.Proofs++
	}
	return nil
}

func checkProof(check *client.Checkpoint, p *client.InclusionProof) error {
	root, err := tlog.ParseHash(check.Root)
	if err != nil {
		return err
	}
	leaf, err := tlog.ParseHash(p.Leaf)
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, h := range p.Hashes {
		hash, err := tlog.ParseHash(h)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	return tlog.CheckRecord(path, p.Size, root, p.Index-1, leaf)
}

// readMarks reads the entries with marks out of a node's database.
func readMarks(m *member) (map[string][]found, error) {
	k, err := storageKey(m)
	if err != nil {
		return nil, err
	}
	db, err := storetest.Connect(k, filepath.Join(m.data(), "state.db"), "mode=ro&_busy_timeout=5000")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT id, kind, origin, status, coalesce(idx, 0), entry FROM entries WHERE case_id <> '' ORDER BY n`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]found{}
	for rows.Next() {
		var f found
		var entry string
		if err := rows.Scan(&f.id, &f.kind, &f.origin, &f.status, &f.idx, &entry); err != nil {
			return nil, err
		}
		if mark := marks.FindString(entry); mark != "" {
			all[mark] = append(all[mark], f)
		}
	}
	return all, rows.Err()
}

// compare holds one node's entries against the oracle, and against the others'.
func compare(c *county, m *member, byNode map[string]map[string][]found, o *oracle, v *verdict) {
	mine := byNode[m.ID]
	asked := map[string]bool{}
	for _, r := range o.requests() {
		asked[r.Mark] = true
		have := mine[r.Mark]
		if !concerned(m) && len(have) == 0 {
			continue
		}
		at := fmt.Sprintf("%s (%s, asked at %s, %s) at %s", r.Mark, r.Kind, r.Node, r.Outcome, m.ID)
		switch {
		case len(have) > 1:
			v.Duplicated = append(v.Duplicated, fmt.Sprintf("%s: %+v", at, have))
		case (r.Outcome == refused || !concerned(m)) && len(have) > 0:
			v.Invented = append(v.Invented, fmt.Sprintf("%s: %+v", at, have))
		case r.Outcome == ok && len(have) == 0:
			v.Lost = append(v.Lost, at)
		case r.Outcome == ok && (have[0].id != r.Entry || have[0].status != string(ledger.Applied) || have[0].idx == 0):
			v.Lost = append(v.Lost, fmt.Sprintf("%s: %+v, acknowledged as %s", at, have[0], r.Entry))
		}
		there := byNode[r.Node][r.Mark]
		if r.Outcome == unknown && len(have) != len(there) {
			v.Diverged = append(v.Diverged, fmt.Sprintf("%s: %+v here, %+v there", at, have, there))
		}
		if len(have) == 1 && len(there) == 1 && have[0] != there[0] {
			v.Diverged = append(v.Diverged, fmt.Sprintf("%s: %+v here, %+v there", at, have[0], there[0]))
		}
	}
	for mark, have := range mine {
		if !asked[mark] {
			v.Invented = append(v.Invented, fmt.Sprintf("%s at %s: %+v", mark, m.ID, have))
		}
	}
}

// concerned says whether a node must have what is handed in: all of it belongs
// to one village, and no other may see it.
func concerned(m *member) bool { return m.Tier != "village" || m.Division == villageCode }

// inspectNode looks at a stopped node's store: that it is whole, that the
// cases have the numbers that were said, that the papers are what they were.
// held counts the hubs that have a paper.
func inspectNode(ctx context.Context, c *county, m *member, o *oracle, v *verdict, held map[string]int) error {
	s, err := openStore(ctx, m)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Check(ctx); err != nil {
		v.Diverged = append(v.Diverged, fmt.Sprintf("%s: %v", m.ID, err))
	}
	k, err := storageKey(m)
	if err != nil {
		return err
	}
	blobs, err := blob.Open(filepath.Join(m.data(), "attachments"), blob.Options{MaxBytes: blob.DefaultMaxBytes, Key: k})
	if err != nil {
		return err
	}
	for _, r := range o.requests() {
		if r.Outcome != ok || r.Kind != "case.submit" || !concerned(m) {
			continue
		}
		is, err := s.Case(ctx, r.Entry)
		if errors.Is(err, store.ErrNotFound) {
			v.Lost = append(v.Lost, fmt.Sprintf("%s: case %s at %s", r.Mark, r.Entry, m.ID))
			continue
		}
		if err != nil {
			return err
		}
		if compact(is.Number) != compact(r.Number) {
			v.Diverged = append(v.Diverged, fmt.Sprintf("%s: number %s at %s, told %s", r.Mark, is.Number, m.ID, r.Number))
		}
		for _, hash := range r.Files {
			switch err := blobs.Verify(ctx, hash); {
			case err == nil && m.Tier == "county":
				held[hash]++
				v.Files++
			case err == nil:
				v.Files++
			case m.ID == r.Node || !errors.Is(err, blob.ErrNotFound):
				v.Lost = append(v.Lost, fmt.Sprintf("%s: paper %s at %s: %v", r.Mark, hash, m.ID, err))
			}
		}
	}
	return nil
}

func compact(number string) string { return strings.ReplaceAll(number, "-", "") }

// openStore opens a node's store as what the node is by now: one that was
// restored went on under a new id.
func openStore(ctx context.Context, m *member) (*store.Store, error) {
	is, err := federation.LoadMembership(m.data())
	if err != nil {
		return nil, err
	}
	k, err := storageKey(m)
	if err != nil {
		return nil, err
	}
	cred := is.Credential.Credential
	return store.Open(ctx, store.Options{Dir: m.data(), Key: k, Limits: catalog.DefaultLimits(),
		Self: store.Self{Node: cred.Node, Tier: cred.Tier, Division: cred.Division, Ordinal: cred.Ordinal}})
}

// storageKey is the key that a node's data is sealed with.
func storageKey(m *member) (*atrest.Key, error) {
	data, err := os.ReadFile(m.data() + ".key")
	if err != nil {
		return nil, err
	}
	keys, err := atrest.ParseKeys(data, nil)
	return keys.Key, err
}

// hashes compares the hubs' whole state, and makes the county's tree anew out
// of its records.
func hashes(ctx context.Context, c *county, v *verdict) error {
	var first string
	for _, m := range c.of("county") {
		s, err := openStore(ctx, m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.ID, err)
		}
		defer s.Close()
		hash, err := s.StateHash(ctx)
		if err != nil {
			return err
		}
		head, err := s.Head(ctx)
		if err != nil {
			return err
		}
		if err := sameTree(ctx, s, head); err != nil {
			v.Diverged = append(v.Diverged, fmt.Sprintf("%s: %v", m.ID, err))
		}
		state := fmt.Sprintf("head %d hash %s", head, hash)
		if first == "" {
			first = state
		}
		if state != first {
			v.Diverged = append(v.Diverged, fmt.Sprintf("%s: %s, %s: %s", c.hub().ID, first, m.ID, state))
		}
	}
	return nil
}

// sameTree computes the Merkle tree of a ledger from its records alone.
func sameTree(ctx context.Context, s *store.Store, head uint64) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	for n := uint64(1); n <= head; n++ {
		record, err := s.RecordAt(ctx, n)
		if err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		hashes, err := tlog.StoredHashesForRecordHash(int64(n-1), ledger.LeafHash(record), reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(head), reader)
	if err != nil {
		return err
	}
	tree, err := s.Tree(ctx, head)
	if err != nil {
		return err
	}
	if tree.Hash != root {
		return fmt.Errorf("the tree of %d records is %s, its records make %s", head, tree.Hash, root)
	}
	return nil
}

// sound fails the test unless the verdict is clean and speaks of something.
func sound(t *testing.T, v *verdict) {
	t.Helper()
	if v.bad() || v.Acknowledged == 0 || v.Proofs == 0 {
		t.Errorf("%s", v)
	}
}
