package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// How far what was done has come, and what needs a person:
//
//	GET  /api/v1/sync                       GetSync
//	POST /api/v1/sync/now                   SyncNow
//	GET  /api/v1/attention                  ListAttention
//	GET  /api/v1/attention/{entry}          GetAttention
//	POST /api/v1/attention/{entry}/resolve  ResolveAttention
//	GET  /api/v1/reconcile                  Reconcile

// GetSync shows this node's state and that of the nodes within the caller's
// reach.
func (s *Server) GetSync(ctx context.Context, in gen.GetSyncRequestObject) (gen.GetSyncResponseObject, error) {
	own, err := s.node.Report(ctx)
	if err != nil {
		return nil, err
	}
	if in.Params.Self {
		return gen.GetSync200JSONResponse{Self: s.ownState(ctx, own), Below: []gen.SyncState{}}, nil
	}
	within, err := s.within(ctx, identity.SyncRead, "")
	if err != nil {
		return nil, err
	}
	nodes, err := s.store.NodesWithin(ctx, within)
	if err != nil {
		return nil, err
	}
	reports, err := s.node.Reports(ctx)
	if err != nil {
		return nil, err
	}
	said := make(map[string]store.PeerReport, len(reports))
	for _, r := range reports {
		said[r.Node] = r
	}
	out := gen.GetSync200JSONResponse{Self: s.ownState(ctx, own), Below: []gen.SyncState{}}
	for i := range nodes {
		if nodes[i].Node == s.self.Node || nodes[i].Tier == s.self.Tier && s.self.Tier != node.County {
			continue
		}
		if nodes[i].SucceededBy != "" && said[nodes[i].Node].SeenAt < s.o.Now().Add(-quiet).UnixMilli() {
			continue // its machine is another node now
		}
		state, err := s.peerState(ctx, &nodes[i], said[nodes[i].Node], own.Cursor)
		if err != nil {
			return nil, err
		}
		out.Below = append(out.Below, state)
	}
	return out, nil
}

// SyncNow ends the pause between two tries.
func (s *Server) SyncNow(context.Context, gen.SyncNowRequestObject) (gen.SyncNowResponseObject, error) {
	s.node.Kick()
	return gen.SyncNow202Response{}, nil
}

// ListAttention lists what a person has to look at.
func (s *Server) ListAttention(ctx context.Context, in gen.ListAttentionRequestObject) (gen.ListAttentionResponseObject, error) {
	within, err := s.within(ctx, identity.AttentionRead, "")
	if err != nil {
		return nil, err
	}
	list, err := s.store.AttentionList(ctx, within, in.Params.Resolved)
	if err != nil {
		return nil, err
	}
	out := gen.ListAttention200JSONResponse{Items: []gen.AttentionItem{}}
	from, err := attentionPlace(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	if from.start {
		if out.Items, err = s.listCutOff(ctx, within); err != nil {
			return nil, err
		}
		out.Items = append([]gen.AttentionItem{}, out.Items...)
	}
	cutOff := len(out.Items)
	last := store.Attention{}
	for i := range list {
		if !from.before(&list[i]) {
			continue
		}
		if len(out.Items)-cutOff == limitOf(in.Params.Limit) {
			out.NextCursor = fmt.Sprintf("%d~%s", last.At, last.Entry)
			break
		}
		last = list[i]
		item, ok, err := s.attentionItem(ctx, &list[i])
		if err != nil {
			return nil, err
		}
		if ok {
			out.Items = append(out.Items, item)
		}
	}
	return out, nil
}

// attentionCursor is a place in the list, which is there also when what stood
// at it has been settled: the newest comes first, then by entry.
type attentionCursor struct {
	at    int64
	entry string
	start bool
}

func attentionPlace(text string) (attentionCursor, error) {
	if text == "" {
		return attentionCursor{start: true}, nil
	}
	at, entry, ok := strings.Cut(text, "~")
	ms, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil {
		return attentionCursor{}, errCursor
	}
	return attentionCursor{at: ms, entry: entry}, nil
}

func (c attentionCursor) before(a *store.Attention) bool {
	return c.start || a.At < c.at || a.At == c.at && a.Entry > c.entry
}

// ResolveAttention closes what asked for attention.
func (s *Server) ResolveAttention(ctx context.Context, in gen.ResolveAttentionRequestObject) (gen.ResolveAttentionResponseObject, error) {
	a, err := s.store.AttentionFor(ctx, in.Entry)
	if err != nil {
		return nil, found(err)
	}
	actor, err := as(ctx, identity.AttentionDo, identity.Target{Division: a.Scope})
	if err != nil {
		return nil, err
	}
	if a.Code == store.AttentionDiverged {
		if err := s.store.SettleDivergence(ctx, in.Entry, actor.Staff, in.Body.Note, s.o.Now()); err != nil {
			return nil, err
		}
		recorded, err := s.recorded(ctx, in.Entry)
		return gen.ResolveAttention200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AttentionResolve, Key: in.Params.IdempotencyKey,
		Body: &ledger.AttentionResolveV1{Entry: in.Entry, Note: in.Body.Note, ReplacedBy: in.Body.ReplacedBy}})
	if err != nil {
		return nil, err
	}
	return gen.ResolveAttention200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// GetAttention shows what asked for attention in full.
func (s *Server) GetAttention(ctx context.Context, in gen.GetAttentionRequestObject) (gen.GetAttentionResponseObject, error) {
	a, err := s.store.AttentionFor(ctx, in.Entry)
	if err != nil {
		return nil, found(err)
	}
	within, err := s.within(ctx, identity.AttentionRead, "")
	if err != nil {
		return nil, err
	}
	item, ok, err := s.attentionItem(ctx, a)
	if err != nil {
		return nil, err
	}
	if !ok || a.Scope != "" && !within.Contains(a.Scope) {
		return nil, errNotFound
	}
	out := gen.GetAttention200JSONResponse{Item: item}
	if a.Case == "" {
		return out, nil
	}
	if item.Kind == string(ledger.PackageSubmit) {
		out.Joint, err = s.attentionJoint(ctx, a.Entry)
		return out, err
	}
	about := a.Case
	if item.Kind == string(ledger.CaseSubmit) {
		about = a.Entry
	}
	c, err := s.readableCase(ctx, about)
	if errors.Is(err, errNotFound) || errors.As(err, new(*identity.Denied)) {
		return out, nil // the reason alone
	}
	if err != nil {
		return nil, err
	}
	if out.Case, err = s.detail(ctx, c, false); err != nil {
		return nil, err
	}
	e, err := s.store.Entry(ctx, a.Entry)
	if err != nil {
		return nil, found(err)
	}
	shown, err := s.shownText(ctx, c, []store.EntryView{*e}, false)
	if err != nil {
		return nil, err
	}
	out.Entry = s.timelineEntry(e, c, shown)
	return out, nil
}

// Reconcile counts from this node's own ledger.
func (s *Server) Reconcile(ctx context.Context, _ gen.ReconcileRequestObject) (gen.ReconcileResponseObject, error) {
	c, err := s.store.Count(ctx, "")
	if err != nil {
		return nil, err
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	return gen.Reconcile200JSONResponse{Node: s.self.Node, HandedIn: c.HandedIn, Confirmed: c.Confirmed, Duplicated: c.Duplicated,
		NeedsAttention: c.Attention, Waiting: c.HandedIn - c.Confirmed, Refused: c.Refused, Outbox: c.Outbox, Index: int64(head)}, nil
}

func (s *Server) ownState(ctx context.Context, r federation.Report) gen.SyncState {
	state := stateOfReport(r)
	state.Name, state.Version = s.name(ctx), s.o.Version
	if cast, ok := s.node.Revocation(); ok {
		state.Revoked, state.RevokedAt = true, cast.At
	}
	return state
}

// peerState is what is known here of another node: its own last word, and
// what the ledger says of it.
// quiet is after how long without word a node's line is not known any more:
// three heartbeats of those that beat slowest by default, and a little.
const quiet = 35 * time.Second

func (s *Server) peerState(ctx context.Context, n *store.Node, said store.PeerReport, head uint64) (gen.SyncState, error) {
	var r federation.Report
	if len(said.Report) > 0 {
		if err := json.Unmarshal(said.Report, &r); err != nil {
			r = federation.Report{ProblemZH: "该节点的状态报告无法识别", ProblemEN: "its report cannot be read"}
		}
	}
	r.Node, r.Tier, r.Division = n.Node, n.Tier, n.Division
	state := stateOfReport(r)
	state.Name, state.LastContactMs, state.Revoked = n.Name, said.SeenAt, n.RevokedAt > 0
	state.RevokedAt = n.RevokedAt
	state.Head = int64(head)
	if said.SeenAt < s.o.Now().Add(-quiet).UnixMilli() {
		// What it said of its line then says nothing about now.
		state.Line = gen.Line{State: gen.LineUnknown}
		silentLag(&state, s.o.Now())
	}
	_, forked, err := s.store.LastSeq(ctx, n.Node)
	state.Forked = forked
	return state, err
}

// silentLag is how far a node is behind that is not heard any more: it was up
// to date when it last spoke, and what came since it cannot have here.
func silentLag(state *gen.SyncState, now time.Time) {
	if behind := state.Head - state.Cursor; state.Tier != node.County && behind > 0 {
		state.LagEntries = max(state.LagEntries, behind)
		if state.LastContactMs > 0 {
			state.LagMs = max(state.LagMs, 0) + now.UnixMilli() - state.LastContactMs
		}
	}
}

func stateOfReport(r federation.Report) gen.SyncState {
	return gen.SyncState{
		Node: r.Node, Tier: r.Tier, Division: r.Division, Version: r.Version, Line: lineOf(r), LastContactMs: r.LastContact,
		Cursor: int64(r.Cursor), Head: int64(r.Cursor + r.LagEntries), LagEntries: int64(r.LagEntries), LagMs: r.LagMS,
		OutboxEntries: r.Outbox, OutboxUnsent: r.Unsent, OutboxOldestMs: r.OutboxOldest,
		AttachmentsOutstanding: r.Attachments, AttachmentBytes: r.AttachmentBytes,
		Edition: r.Edition, NextEdition: r.NextEdition, Level: r.Level, KeysUntilMs: r.KeysUntil, SkewMs: r.SkewMS, SkewWarning: r.SkewWarn, NeedsAttention: r.Attention,
		Problem: gen.RefusalReport{Code: r.ProblemCode, Zh: r.ProblemZH, En: r.ProblemEN},
	}
}

func lineOf(r federation.Report) gen.Line {
	l := gen.Line{State: gen.LineDown, SinceMs: r.LineSince, UnansweredMs: r.UnansweredMS, Upstream: r.Upstream}
	switch {
	case r.LineUp:
		l.State = gen.LineUp
	case r.LastContact == 0 && r.ProblemCode == "" && r.Tier != node.County:
		l.State = gen.LineConnecting
	}
	return l
}

// attentionItem joins what asks for attention with the entry behind it; false
// where the caller may not see its case.
func (s *Server) attentionItem(ctx context.Context, a *store.Attention) (gen.AttentionItem, bool, error) {
	zh, en := bothLanguages(privacy.Text(a.Reason))
	out := gen.AttentionItem{Entry: a.Entry, Case: a.Case, Scope: string(a.Scope), Origin: a.Origin, Index: int64(a.Index), Code: a.Code,
		Zh: zh, En: en, OccurredAt: a.At, Next: nextFor(a.Code), Way: wayFor(a), ResolvedBy: a.ResolvedBy, Note: privacy.Text(a.Note), ReplacedBy: a.ReplacedBy}
	switch n, err := s.store.Node(ctx, a.Origin); {
	case err == nil:
		out.OriginName = n.Name
	case !errors.Is(err, store.ErrNotFound):
		return out, false, err
	}
	e, err := s.store.Entry(ctx, a.Entry)
	if errors.Is(err, store.ErrNotFound) {
		return out, true, nil // about a node, not about an entry
	}
	if err != nil {
		return out, false, err
	}
	out.Kind, out.What, out.Actor, out.OccurredAt = string(e.Kind), kindZH[e.Kind], e.Actor, e.OccurredAt
	if e.Kind.Opens() && e.Status == ledger.Refused && a.ResolvedBy == "" && (a.Code != "forked_origin" || s.self.Tier == node.County) {
		out.Next, out.Way = "请更正后重新提交", gen.WayResubmit
	}
	if action, private := readsPrivate(e.Kind); private {
		// What an applicant said is for those who may read it all.
		_, err := as(ctx, action, identity.Target{})
		return out, err == nil, nil
	}
	target := identity.Target{Division: a.Scope}
	hide := privacy.Text
	if body, err := e.Decode(); err == nil {
		if b, ok := body.(*ledger.CaseSubmitV1); ok {
			veil, err := s.veilOfSubmission(ctx, b)
			if err != nil {
				return out, false, err
			}
			out.Number, target.Department, hide = printed(b.Number), b.Department, veil.Text
		}
		if b, ok := body.(*ledger.PackageSubmitV1); ok {
			_, laid, err := s.packageOf(ctx, b)
			if err != nil {
				return out, false, err
			}
			out.Number, target.Department, hide = printed(b.Number), b.Department, veilOfPackage(laid, b).Text
		}
		if a.Code == "forked_origin" && out.Way == gen.WayResubmit {
			out.Next, out.Way = "请县管理员吊销该节点并重新登记；这一件由县中心的“"+privacy.Text(target.Department)+"”窗口重新提交", gen.WayResubmitAtDepartment
		}
	}
	if c, err := s.store.Joint(ctx, a.Case); a.Case != "" && err == nil {
		out.Number, target = printed(c.Number), jointTarget(c)
	}
	var about *casework.Case
	if c, err := s.store.Case(ctx, a.Case); a.Case != "" && err == nil {
		about = c
		veil, err := s.veil(ctx, c)
		if err != nil {
			return out, false, err
		}
		out.Number, target, hide = printed(c.Number), targetOf(c), veil.Text
	}
	out.Zh, out.En = bothLanguages(hide(a.Reason))
	out.Note = hide(a.Note)
	if about != nil {
		if err := s.handedTwice(ctx, about, e, &out); err != nil {
			return out, false, err
		}
	}
	_, err = as(ctx, identity.AttentionRead, target)
	return out, err == nil, nil
}

// readsPrivate is the right to know of an entry about what somebody said of the
// service.
func readsPrivate(k ledger.Kind) (identity.Action, bool) {
	switch k {
	case ledger.RatingGive, ledger.RatingContact, ledger.RatingOrder, ledger.RatingRectify, ledger.RatingContest, ledger.RatingReport, ledger.RatingMark:
		return identity.RatingRead, true
	case ledger.ComplaintOpen, ledger.ComplaintAssign, ledger.ComplaintReply, ledger.ComplaintReveal:
		return identity.ComplaintAssign, true
	}
	return "", false
}

// nextFor says what to do about a refused entry.
func nextFor(code string) string {
	if code == "forked_origin" {
		return "请联系县中心吊销该节点并重新登记"
	}
	return refusal(code, "", "", nil).next
}

// wayFor is what to do about what asks for attention, as far as its code tells.
func wayFor(a *store.Attention) gen.WayOut {
	switch {
	case a.ResolvedBy != "":
		return gen.WayNone
	case a.Code == "forked_origin":
		return gen.WayReplaceNode
	case a.Code == "papers_missing", a.Code == "papers_damaged":
		return gen.WayFindPapers
	case a.Code == "bill_used": // the money was taken, and stands
		return gen.WayNone
	}
	return gen.WayDoAgain
}
