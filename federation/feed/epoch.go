package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/fault"
)

// PathRecoveries is where a node tells which recoveries its ledger knows of.
const PathRecoveries = "/federation/v1/recoveries"

const (
	// maxRecoveries bounds what an upstream may tell: nobody restores a county a
	// hundred times.
	maxRecoveries  = 100
	maxRecoverBody = 1 << 20
)

// errNewEpoch ends a connection after this node went back with its county: it
// begins anew from there.
var errNewEpoch = errors.New("feed: this node went back with the county's ledger and begins there anew")

func (s *Server) serveRecoveries(w http.ResponseWriter, r *http.Request) error {
	all, err := s.st.Recoveries(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if all == nil {
		all = []ledger.CountyRecoveryV1{}
	}
	return json.NewEncoder(w).Encode(all)
}

// epoch compares the upstream's epoch of the ledger with this node's. An older
// one has a ledger that does not count any more; a newer one is followed once
// the county's word for it is here and holds.
func (c *connection) epoch(ctx context.Context, theirs int64) error {
	own, err := c.f.st.Epoch(ctx)
	switch {
	case err != nil:
		return ErrStorage.Because(err)
	case theirs == own.At:
		return nil
	case theirs < own.At:
		return ErrOldEpoch.Becausef("%s is in epoch %d, this node in %d", c.up.Name, theirs, own.At)
	}
	went, err := c.f.goBack(ctx, c.up)
	if err != nil {
		return err
	}
	if !went {
		return ErrMalformed.Becausef("%s is in an epoch of the ledger that it cannot tell the county's word for", c.up.Name)
	}
	return errNewEpoch
}

// goBack asks an upstream for the recoveries this node does not know, and
// follows them. went is false when there are none.
//
// What the county declares is taken on the word of its root key, with two
// limits: what it keeps must be what this node has seen up to there, both by
// the checkpoints it kept and by its own copy of the last record. What it
// drops stays here as evidence.
func (f *Follower) goBack(ctx context.Context, up Upstream) (went bool, err error) {
	told, err := f.askRecoveries(ctx, up)
	if err != nil {
		return false, err
	}
	own, err := f.st.Epoch(ctx)
	if err != nil {
		return false, ErrStorage.Because(err)
	}
	var newest, least *ledger.CountyRecoveryV1
	for i := range told {
		r := &told[i]
		if r.Recovery.At <= own.At {
			continue
		}
		if err := f.vouched(ctx, up, r); err != nil {
			return false, err
		}
		if newest == nil || r.Recovery.At > newest.Recovery.At {
			newest = r
		}
		if least == nil || r.Recovery.Kept < least.Recovery.Kept {
			least = r
		}
	}
	if newest == nil {
		return false, nil
	}
	if err := f.stands(ctx, up, least); err != nil {
		return false, err
	}
	kept := least.Recovery.Kept
	before, _ := f.st.Cursor(ctx)
	if err := f.keepFormer(ctx, up, newest, kept); err != nil {
		return false, err
	}
	fault.Point("feed.goback.kept")
	if err := f.st.GoBack(ctx, newest.Recovery, kept); err != nil {
		return false, ErrStorage.Because(err)
	}
	f.witness.restart(least.Recovery)
	f.setback.end()
	f.mu.Lock()
	clear(f.blocked)
	f.mu.Unlock()
	if f.o.NewEpoch != nil {
		f.o.NewEpoch()
	}
	f.o.Logger.Warn("the county declared that its ledger went back; this node went back with it", "epoch", newest.Recovery.At, "kept", kept, "had", before, "told by", up.Name)
	return true, nil
}

// vouched checks a root's signature, by newer keys of the county if need be.
func (f *Follower) vouched(ctx context.Context, up Upstream, r *ledger.CountyRecoveryV1) error {
	err := f.o.Trust().VerifyRecovery(*r)
	if errors.Is(err, trust.ErrSignature) && f.witness.keys.renew(ctx, up.Name) == nil {
		err = f.o.Trust().VerifyRecovery(*r)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, trust.ErrWrongCounty):
		return ErrWrongCounty.Because(err)
	case errors.Is(err, trust.ErrSignature):
		return ErrSignature.Because(err)
	}
	return ErrMalformed.Because(err)
}

// stands checks what a recovery keeps against what this node has seen up to
// there.
func (f *Follower) stands(ctx context.Context, up Upstream, r *ledger.CountyRecoveryV1) error {
	kept := treeOf(r.Recovery)
	size, note, err := f.st.CheckpointWithin(ctx, r.Recovery.Kept)
	if err != nil {
		return ErrStorage.Because(err)
	}
	if newest := f.witness.newest(); newest.Tree.N > int64(size) && newest.Tree.N <= kept.Tree.N {
		size, note = uint64(newest.Tree.N), f.witness.newestNote()
	}
	county := append(countyOf(f.o.Upstreams), up)
	if seen, err := f.o.Trust().OpenCheckpoint([]byte(note)); size > 0 && err == nil {
		proof, err := f.continues(ctx, county, seen.Tree, kept.Tree)
		if err != nil {
			return err
		}
		if err := trust.CheckConsistency(seen, kept, proof); err != nil {
			return f.contradicts(ctx, up, r, note, proof, "", err)
		}
	}
	last, err := f.st.LastRecord(ctx, r.Recovery.Kept)
	if err != nil {
		return ErrStorage.Because(err)
	}
	if last == 0 {
		return nil
	}
	record, err := f.st.RecordAt(ctx, last)
	if err != nil {
		return ErrStorage.Because(err)
	}
	proof, err := fetchInclusion(ctx, county, last, r.Recovery.Kept)
	if err != nil {
		return err
	}
	if err := trust.CheckInclusion(kept, int64(last), ledger.LeafHash(record), proof); err != nil {
		return f.contradicts(ctx, up, r, "", proof, string(record), err)
	}
	return nil
}

func (f *Follower) continues(ctx context.Context, ups []Upstream, from, to tlog.Tree) (tlog.TreeProof, error) {
	if from.N == to.N {
		return nil, nil
	}
	return fetchProof(ctx, ups, PathConsistency, url.Values{"from": {strconv.FormatInt(from.N, 10)}, "to": {strconv.FormatInt(to.N, 10)}})
}

// contradicts keeps what proves that a recovery keeps something else than what
// this node has seen.
func (f *Follower) contradicts(ctx context.Context, up Upstream, r *ledger.CountyRecoveryV1, note string, proof []tlog.Hash, record string, why error) error {
	fault := ErrRewritten.Becausef("recovery of %d: %w", r.Recovery.At, why)
	f.block(up.Name, fault)
	shown, err := json.Marshal(r)
	if err != nil {
		return errors.Join(fault, err)
	}
	e := Evidence{Upstream: up.Name, SeenAt: f.o.Clock.Now().UnixMilli(), Kept: note, Shown: string(shown), Proof: proof, Record: record, Error: why.Error()}
	return errors.Join(fault, keepEvidence(ctx, f.st, fmt.Sprint("recovery.", r.Recovery.At), e))
}

// keepFormer keeps, before this node goes back, what proves what there was: the
// county's own checkpoints, and its word that they do not count any more.
func (f *Follower) keepFormer(ctx context.Context, up Upstream, r *ledger.CountyRecoveryV1, kept uint64) error {
	if err := f.witness.keep(ctx); err != nil {
		return err
	}
	shown, err := json.Marshal(r)
	if err != nil {
		return err
	}
	e := Evidence{Upstream: up.Name, SeenAt: f.o.Clock.Now().UnixMilli(), Kept: f.witness.newestNote(), Shown: string(shown), Error: r.Recovery.Reason}
	if err := keepEvidence(ctx, f.st, fmt.Sprint("recovery.", r.Recovery.At), e); err != nil {
		return ErrStorage.Because(err)
	}
	if err := f.st.RetireCheckpoints(ctx, r.Recovery.At, kept); err != nil {
		return ErrStorage.Because(err)
	}
	return nil
}

func (f *Follower) askRecoveries(ctx context.Context, up Upstream) ([]ledger.CountyRecoveryV1, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	resp, err := get(ctx, http.MethodGet, up, PathRecoveries, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRecoverBody))
	if err != nil {
		return nil, ErrUnreachable.Because(err)
	}
	var all []ledger.CountyRecoveryV1
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, ErrMalformed.Becausef("recoveries: %w", err)
	}
	if len(all) > maxRecoveries {
		return nil, ErrMalformed.Becausef("%d recoveries", len(all))
	}
	return all, nil
}

// treeOf is the ledger that a recovery keeps, as a checkpoint.
func treeOf(r ledger.Recovery) trust.Checkpoint {
	cp := trust.Checkpoint{County: r.County, Tree: tlog.Tree{N: int64(r.Kept)}, At: r.At}
	copy(cp.Tree.Hash[:], r.Root)
	return cp
}

// restart has what a recovery keeps for the newest that was seen.
func (w *witness) restart(r ledger.Recovery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.note, w.kept, w.links = treeOf(r), "", 0, nil
	w.keptAt, w.unprovedSince, w.askedProof = time.Time{}, time.Time{}, time.Time{}
}
