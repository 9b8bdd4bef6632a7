package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/ledger"
)

// The pages of applicants:
//
//	GET /api/v1/my/changes  StreamMyChanges

const (
	// maxVisits bounds the streams of applicants at a hub, maxPages those of one
	// account: a page that is looked at has one.
	maxVisits = 256
	maxPages  = 4
)

var (
	errVisits = &problem{http.StatusServiceUnavailable, "too_many_visits", "this hub tells as many pages of changes as it can; the page asks again by itself", "打开的页面过多，暂不能自动更新", "请关闭不用的页面；本页会自动重试", nil, time.Minute}
	errPages  = &problem{http.StatusTooManyRequests, "too_many_pages", "this account has as many pages open as are told of changes; the page asks again by itself", "打开的页面过多，暂不能自动更新", "请关闭不用的页面；本页会自动重试", nil, time.Minute}
)

// visits counts the streams of each account.
type visits struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

// enter counts one more, and leave is called at its end.
func (v *visits) enter(account string) (leave func(), err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.of[account] >= maxPages:
		return nil, errPages
	case v.all >= maxVisits:
		return nil, errVisits
	}
	if v.of == nil {
		v.of = map[string]int{}
	}
	v.all++
	v.of[account]++
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.all--
		if v.of[account]--; v.of[account] == 0 {
			delete(v.of, account)
		}
	}, nil
}

// StreamMyChanges tells a page of an applicant when to read again.
func (s *Server) StreamMyChanges(ctx context.Context, _ gen.StreamMyChangesRequestObject) (gen.StreamMyChangesResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.store.LastMove(ctx)
	if err != nil {
		return nil, err
	}
	leave, err := s.visits.enter(v.ID)
	if err != nil {
		return nil, err
	}
	theirs := &myChanges{s: s, ctx: ctx, account: v.ID, request: requestOf(ctx).http, after: after}
	return &changesStream{s: s, ctx: ctx, hint: theirs.hint, done: leave}, nil
}

// VisitStreamMyChangesResponse implements gen.StreamMyChangesResponseObject.
func (c *changesStream) VisitStreamMyChangesResponse(w http.ResponseWriter) error {
	return c.VisitStreamChangesResponse(w)
}

// myChanges are what an applicant is told of.
type myChanges struct {
	s       *Server
	ctx     context.Context
	account string
	request *http.Request
	after   int64
	begun   bool
}

// hint says, without content, that something of theirs changed which they are told
// of; nil where nothing did. Who they are and whose cases they may see is looked up
// each time: the login may be over, the account closed, a firm have named others.
func (c *myChanges) hint() (any, error) {
	claims, _, err := c.s.visitorClaims(c.request)
	if err != nil {
		return nil, err
	}
	known, err := c.s.store.Account(c.ctx, claims.Account)
	if err != nil {
		return nil, err
	}
	if known.ID != c.account || known.Disabled {
		return nil, errUnauthenticated
	}
	mine, err := c.s.principals(c.ctx, &Visitor{Account: known})
	if err != nil {
		return nil, err
	}
	changed := !c.begun
	c.begun = true
	for {
		last, theirs, err := c.look(mine)
		if err != nil {
			return nil, err
		}
		changed = changed || theirs
		if last == c.after {
			break
		}
		c.after = last
	}
	if !changed {
		return nil, nil
	}
	return struct{}{}, nil
}

// look looks at what came after the last that was looked at.
func (c *myChanges) look(mine []account.Account) (last int64, theirs bool, err error) {
	touched, last, err := c.s.store.TouchedBy(c.ctx, c.after, changesBatch, toldKinds)
	if err != nil {
		return last, false, err
	}
	for i := range touched {
		for j := range mine {
			if touched[i].BelongsTo(&mine[j]) {
				return last, true, nil
			}
		}
	}
	return last, false, nil
}

// toldKinds are the kinds of entries that an applicant's pages show something of:
// what offices note for each other tells nobody that it was noted.
var toldKinds = func() (kinds []ledger.Kind) {
	for _, k := range ledger.Kinds {
		if k.Case && toldAtHome(k.Kind) {
			kinds = append(kinds, k.Kind)
		}
	}
	return kinds
}()
