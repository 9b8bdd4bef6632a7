package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// A county whose ledger went back says so with a recovery, which its operator
// declares and its root key signs. The nodes below go back with it (package
// feed, store.GoBack): what they handed in they send again. What had been done
// at the hubs nobody sends again, but the nodes that had seen it show it to the
// county, which lists it. An operator has such an entry recorded again as it
// was, in the order of the former ledger: it is judged by the rules of always,
// so what does not fit any more is refused and has to be done anew. Nothing of
// it is recorded by itself: of two changes to a person's rights a node may have
// seen only the first.

const (
	lostPath = "/federation/v1/lost"
	// lostBatch and maxLostBody bound one message of lost records.
	lostBatch   = 100
	maxLostBody = 8 << 20
	lostPause   = 5 * time.Second
	// lostPage is how many of them are read at once.
	lostPage = 1000
	// laterPause is after how long what the county cannot judge yet is shown again.
	laterPause = 10 * time.Second
)

// lostAnswer is what the county says to lost records.
type lostAnswer struct {
	// Later are the entries of hubs that the county does not know yet: these were
	// enrolled after the backup, which is itself among what was lost.
	Later []string `json:"later,omitempty"`
}

// DeclareRecovery has the county's root key sign, and the ledger say, that the
// ledger went back to what this county kept when it was restored or left alone.
func (n *Node) DeclareRecovery(ctx context.Context, actor identity.Actor, reason string) (ledger.Recovery, error) {
	if n.county == nil {
		return ledger.Recovery{}, errCountyOnly
	}
	kept, went, err := n.Store.WentBack(ctx)
	if err != nil {
		return ledger.Recovery{}, err
	}
	if !went {
		return ledger.Recovery{}, &store.Refused{Code: "nothing_recovered", ZH: "账本没有经过恢复，无需声明：先在停止的县中心进程上运行 tongban restore --lone",
			EN: "the ledger was not restored, so there is nothing to declare: that takes tongban restore --lone at a stopped hub first"}
	}
	tree, err := n.Store.Tree(ctx, kept)
	if err != nil {
		return ledger.Recovery{}, err
	}
	before, err := n.Store.Epoch(ctx)
	if err != nil {
		return ledger.Recovery{}, err
	}
	r := ledger.Recovery{County: n.self.County(), At: max(n.now().UnixMilli(), before.At+1), Kept: kept, Root: tree.Hash[:], Reason: reason}
	signed, err := n.county.now().SignRecovery(r)
	if err != nil {
		return ledger.Recovery{}, err
	}
	if _, err := n.Record(ctx, Action{Actor: actor, Kind: ledger.CountyRecovery, Body: &signed}); err != nil {
		return ledger.Recovery{}, err
	}
	if err := n.tellKeys(ctx, actor); err != nil {
		n.log.Warn("the ledger does not tell of the county's newest keys; the next rotation has it do so", "error", err)
	}
	n.log.Warn("the county declared that its ledger went back", "kept", kept, "epoch", r.At, "by", actor.Staff)
	return r, nil
}

// newEpoch has everything sent again that the county may have lost.
func (n *Node) newEpoch() {
	n.sender.Kick()
	n.courier.Afresh()
}

var errCountyOnly = &store.Refused{Code: "county_only", ZH: "请在县中心节点上操作", EN: "this is done at a hub of the county"}

// Again is what came of having a lost entry recorded again.
type Again struct {
	ID string
	store.Result
}

// RecordAgain proposes lost entries as they were, in the order of the former
// ledger and together, so that nothing that needs them gets in between; no ids
// means all that are missing still. One that is refused stays listed, and the
// others go on.
func (n *Node) RecordAgain(ctx context.Context, actor identity.Actor, ids []string) ([]Again, error) {
	if n.hub == nil {
		return nil, errCountyOnly
	}
	var all []Again
	for after, more := (store.LostPlace{}), true; more; {
		var page []store.LostRecord
		var err error
		if page, more, err = n.Store.LostRecords(ctx, after, lostPage); err != nil {
			return all, err
		}
		if len(page) > 0 {
			after = page[len(page)-1].Place()
		}
		done, err := n.recordPageAgain(ctx, actor, page, ids)
		if all = append(all, done...); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (n *Node) recordPageAgain(ctx context.Context, actor identity.Actor, lost []store.LostRecord, ids []string) (all []Again, err error) {
	var raws [][]byte
	for i := range lost {
		l := &lost[i]
		asked := slices.Contains(ids, l.Was.ID)
		switch {
		case len(ids) > 0 && !asked, l.Resolved && (l.Again || !asked):
			continue
		case l.Why != "":
			if why := store.UnlistedWhy(l.Why); asked {
				all = append(all, Again{l.Was.ID, store.Result{ID: l.Was.ID, Status: store.Rejected, Code: why.Code, ZH: why.ZH, EN: why.EN}})
			}
			continue
		}
		raw, err := json.Marshal(&l.Was)
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
		all = append(all, Again{ID: l.Was.ID})
	}
	results, err := n.commitAll(ctx, raws, false)
	if err != nil {
		return nil, err
	}
	for i := range all {
		a := &all[i]
		if a.Status == store.Rejected {
			continue
		}
		a.Result, results = results[0], results[1:]
		if a.Status == store.Rejected {
			continue
		}
		if _, err := n.Record(ctx, Action{Actor: actor, Kind: ledger.AttentionResolve, Key: "again " + a.ID,
			Body: &ledger.AttentionResolveV1{Entry: a.ID, Note: "账本恢复后按原样重记 (recorded again as it was)"}}); err != nil && !resolvedBefore(err) {
			return all, err
		}
	}
	return all, nil
}

// resolvedBefore: an operator had put the entry aside by a remark, and has it
// recorded all the same.
func resolvedBefore(err error) bool {
	var no *store.Refused
	return errors.As(err, &no) && no.Code == "resolved_already"
}

// tellLost shows the county what this node holds of the former ledger's records
// that were made at the hubs, until a hub has taken it.
func (n *Node) tellLost(ctx context.Context) {
	for {
		changed := n.Store.Changed()
		err := n.tellLostNow(ctx)
		later := false
		if err == nil {
			later, err = n.Store.LostForLater(ctx)
		}
		if err == nil && later {
			select {
			case <-ctx.Done():
				return
			case <-n.after(laterPause):
			}
			if err = n.Store.LostIsLater(ctx); err == nil {
				continue
			}
		}
		if err == nil {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				continue
			}
		}
		n.log.Info("the county was not shown what it lost", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-n.after(lostPause):
		}
	}
}

func (n *Node) tellLostNow(ctx context.Context) error {
	for limit := lostBatch; ; {
		lost, err := n.Store.UntoldLost(ctx, limit)
		if err != nil || len(lost) == 0 {
			return err
		}
		size := 0
		for i, l := range lost {
			if size += len(l.Entry) + 100; size > maxLostBody/2 && i > 0 {
				lost = lost[:i]
				break
			}
		}
		body, err := json.Marshal(lost)
		if err != nil {
			return err
		}
		var answer lostAnswer
		switch err := n.postToCounty(ctx, lostPath, body, &answer); {
		case err == nil:
			limit = lostBatch
		case !refusedAsSaid(err):
			return err
		case len(lost) > 1: // one of them must not hold up the others
			limit = len(lost) / 2
			continue
		default:
			var was struct{ ID string }
			if err := json.Unmarshal(lost[0].Entry, &was); err != nil {
				return err
			}
			n.log.Warn("the county does not take a record that it lost; it is shown again later", "index", lost[0].Index, "entry", was.ID, "bytes", len(lost[0].Entry), "error", err)
			answer.Later = []string{was.ID}
			limit = lostBatch
		}
		if err := n.Store.ToldLost(ctx, lost[len(lost)-1], answer.Later); err != nil {
			return err
		}
	}
}

// refusedAsSaid: a hub answered, and will answer the same again.
func refusedAsSaid(err error) bool {
	var no *RemoteError
	return errors.As(err, &no) && (no.Code == string(outbox.CodeMalformed) || no.Code == string(outbox.CodeSignature))
}

func (n *Node) postToCounty(ctx context.Context, path string, body []byte, into any) error {
	errs := []error{errors.New("no hub answers")}
	for _, u := range n.upstreams {
		if u.Tier != string(node.County) {
			continue
		}
		err := post(ctx, u.Client, u.BaseURL+path, body, into)
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", u.Name, err))
	}
	return errors.Join(errs...)
}

// serveLost lists what a node below holds of the former ledger and this one
// lacks. The entries prove themselves: a hub of the county signed them.
func (n *Node) serveLost(w http.ResponseWriter, r *http.Request) {
	var answer lostAnswer
	peer, err := n.peer(r)
	if err == nil {
		answer, err = n.takeLost(r.Context(), peer.Node, io.LimitReader(r.Body, maxLostBody))
	}
	if err != nil {
		var p *outbox.Problem
		if !errors.As(err, &p) {
			p = &outbox.Problem{Code: outbox.CodeUnavailable, Err: err}
		}
		outbox.WriteProblem(w, p)
		return
	}
	respond(w, answer)
}

func (n *Node) takeLost(ctx context.Context, from string, body io.Reader) (answer lostAnswer, err error) {
	epoch, err := n.Store.Epoch(ctx)
	if err != nil {
		return answer, err
	}
	lost, err := readLost(body)
	if err != nil {
		return answer, &outbox.Problem{Code: outbox.CodeMalformed, Err: err}
	}
	for _, l := range lost {
		if epoch.At == 0 {
			return answer, nil // it never went back, and lacks nothing
		}
		later, err := n.takeLostOne(ctx, from, l)
		if err != nil {
			return answer, err
		}
		if later != "" {
			answer.Later = append(answer.Later, later)
		}
	}
	return answer, nil
}

// readLost reads one message of lost records; their entries are not read yet.
func readLost(body io.Reader) ([]store.Lost, error) {
	var lost []store.Lost
	if err := json.NewDecoder(body).Decode(&lost); err != nil {
		return nil, fmt.Errorf("lost records: %w", err)
	}
	if len(lost) > lostBatch {
		return nil, fmt.Errorf("%d lost records, at most %d", len(lost), lostBatch)
	}
	return lost, nil
}

// takeLostOne lists a lost record, in words only where it cannot be recorded again
// as it was: what is wrong with one does not hold up the others. later is the id of
// one that is of no hub known here, or not yet.
func (n *Node) takeLostOne(ctx context.Context, from string, l store.Lost) (later string, err error) {
	e, code, err := n.judgeLost(ctx, l)
	if err != nil {
		return "", err
	}
	if e.ID != "" {
		// Its index says nothing: it is that of a ledger before this one or the last.
		if _, err := n.Store.Entry(ctx, e.ID); err == nil || code == "" && n.supersededRenewal(ctx, &e) {
			return "", nil
		} else if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	action := Action{Actor: identity.Actor{Staff: "system", Role: identity.System}}
	if code == "" {
		action.Kind, action.Key = ledger.CountyLost, "lost "+e.ID
		action.Body = &ledger.CountyLostV1{SeenBy: from, Index: l.Index, RecordedAt: l.RecordedAt, Entry: l.Entry}
	} else {
		b := unlisted(from, l, e, code)
		action.Kind, action.Key, action.Body = ledger.CountyUnlisted, "unlisted "+code+" "+b.Entry, b
		if code == ledger.UnlistedUnknown {
			later = e.ID
		}
	}
	_, err = n.Record(ctx, action)
	var no *store.Refused
	if errors.As(err, &no) && no.Code == "not_lost" {
		return later, nil
	}
	return later, err
}

// judgeLost reads a lost record. code says why it cannot be recorded again as it was.
func (n *Node) judgeLost(ctx context.Context, l store.Lost) (e ledger.Entry, code string, err error) {
	if err := json.Unmarshal(l.Entry, &e); err != nil || len(l.Entry) > ledger.MaxWholeEntry {
		return e, ledger.UnlistedMalformed, nil
	}
	switch _, err := e.Decode(); {
	case errors.Is(err, ledger.ErrUnknownKind):
		return e, ledger.UnlistedNewer, nil
	case err != nil:
		return e, ledger.UnlistedMalformed, nil
	case e.Seq != 0:
		return e, ledger.UnlistedNoHub, nil
	}
	switch hub, err := n.directory.node(ctx, e.Origin); {
	case errors.Is(err, store.ErrNotFound):
		return e, ledger.UnlistedUnknown, nil
	case err != nil:
		return e, "", err
	case hub.Tier != node.County:
		return e, ledger.UnlistedNoHub, nil
	case hub.Keys.Verify(&e) != nil:
		return e, ledger.UnlistedSignature, nil
	}
	return e, "", nil
}

// supersededRenewal tells of a lost renewal of a hub's keys whether the ledger
// has a later one: recorded again it would take the hub back to keys that it has
// replaced.
func (n *Node) supersededRenewal(ctx context.Context, e *ledger.Entry) bool {
	body, err := e.Decode()
	if err != nil {
		return false
	}
	b, ok := body.(*ledger.NodeRenewV1)
	if !ok {
		return false
	}
	hub, err := n.directory.node(ctx, e.Origin)
	return err == nil && hub.Credential.IssuedAt >= b.Credential.IssuedAt
}

func unlisted(from string, l store.Lost, e ledger.Entry, code string) *ledger.CountyUnlistedV1 {
	const longest = 64
	b := &ledger.CountyUnlistedV1{SeenBy: from, Index: max(l.Index, 1), RecordedAt: max(l.RecordedAt, 1), Entry: e.ID, Kind: string(e.Kind), Origin: e.Origin, Bytes: int64(len(l.Entry)), Code: code}
	if strings.TrimSpace(b.Entry) == "" || len(b.Entry) > longest {
		sum := sha256.Sum256(l.Entry)
		b.Entry = hex.EncodeToString(sum[:])
	}
	if len(b.Kind) > longest {
		b.Kind = ""
	}
	if len(b.Origin) > longest {
		b.Origin = ""
	}
	return b
}
