package federation

import (
	"context"

	"github.com/google/uuid"

	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// startNotices begins to tell applicants what happened, at a hub whose settings
// say how.
func (n *Node) startNotices(s *notify.Settings) {
	if s == nil {
		return
	}
	n.notices = notify.NewSender(notify.Options{Settings: *s, Store: n.Store, Leading: n.hub.Leading, Fresh: n.Fresh,
		Alone: func() bool { return len(n.voters()) < 2 }, Say: n.sayOfNotices, Now: n.now, After: n.after, Log: n.log})
	n.notices.Start()
}

// NoticeFigures are what this hub has sent since it started; none where it sends
// nothing.
func (n *Node) NoticeFigures() []notify.Figures {
	if n.notices == nil {
		return nil
	}
	return n.notices.Figures()
}

// sayOfNotices records what a hub by itself says of notices. An id makes it the
// same one whichever hub says it.
func (n *Node) sayOfNotices(ctx context.Context, id string, body ledger.Body) error {
	n.signing.RLock()
	defer n.signing.RUnlock()
	kind := ledger.NoticeSettle
	switch body.(type) {
	case *ledger.NoticeChannelsV1:
		kind = ledger.NoticeChannels
	case *ledger.NoticeTroubleV1:
		kind = ledger.NoticeTrouble
	}
	if id == "" {
		id = uuid.Must(uuid.NewV7()).String()
	}
	e := ledger.Entry{ID: id, Kind: kind, V: 1, Origin: n.self.Node, OccurredAt: n.now().UnixMilli(),
		Actor: identity.Actor{Staff: n.self.Node, Role: identity.System, Node: n.self.Node}}
	var err error
	if e.Scope, e.Subtree, err = n.Store.ScopeOf(ctx, "", body); err != nil {
		return err
	}
	if err := n.finish(&e, body, nil); err != nil {
		return err
	}
	raw, err := e.Canonical()
	if err != nil {
		return err
	}
	results, index, err := n.propose(ctx, store.Proposal{Entries: [][]byte{raw}})
	if err != nil {
		return err
	}
	if err := n.hub.WaitApplied(ctx, index); err != nil {
		return err
	}
	if r := results[0]; r.Status == store.Rejected {
		return &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN}
	}
	return nil
}
