package federation

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
)

// The county watches its cases by itself (电子监察). The hub that leads looks at
// those whose day has come (store's looks, which every hub's state holds alike),
// and records what it finds. The id of a card derives from its case and its
// rule, so a hub that takes over in the middle, or looks again after a restart,
// makes the same entry and not a second one.

const (
	// superviseEvery is how often the watch looks at the clock, lookSoon how soon
	// after a change of the state.
	superviseEvery = 10 * time.Second
	lookSoon       = time.Second
	// looksAtOnce are the cases read at a time, cardsAtOnce the entries that are
	// proposed together.
	looksAtOnce = 200
	cardsAtOnce = 50
)

// supervise is the county's watch at a hub.
func (n *Node) supervise(ctx context.Context) {
	w := newWatch(n)
	for ctx.Err() == nil {
		changed := n.Store.Changed()
		if err := w.round(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, county.ErrNoLeader) {
			n.log.Warn("the watch over the cases could not finish its round; it looks again soon", "error", err)
		}
		soon := n.after(lookSoon)
		tick := n.after(superviseEvery)
		select {
		case <-ctx.Done():
		case <-soon:
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-tick:
		}
	}
}

// watch is what a hub remembers of its watch. All of it may be lost.
type watch struct {
	n *Node
	// looked are the cases of which a look found nothing that has no card yet.
	looked map[string]lookedAt
	// appraised are the appraisals of which every office has its part.
	appraised map[appraisalDone]bool
	// began is when this hub began to listen, heard when each division was heard last, Unix milliseconds; noted when
	// that was looked at last.
	began int64
	heard map[division.Code]int64
	noted time.Time
	// set and years are the settings that looked holds for.
	set   supervision.Thresholds
	years []calendar.Year
	days  *calendar.Calendar
}

type lookedAt struct {
	head string
	at   supervision.Moment
	// next is when there is something to find, where the index does not say.
	next calendar.Date
	// ended: the case can only get less late, by what is known of lines later.
	ended bool
}

func newWatch(n *Node) *watch {
	return &watch{n: n, began: n.now().UnixMilli(), looked: map[string]lookedAt{}, appraised: map[appraisalDone]bool{}, heard: map[division.Code]int64{}}
}

// round looks at what is due. At a hub that does not lead it listens to the
// lines only, so that it knows of them when it leads.
func (w *watch) round(ctx context.Context) error {
	if err := w.settings(ctx); err != nil {
		return err
	}
	leading := w.n.hub.Leading()
	if err := w.listen(ctx, leading); err != nil {
		return err
	}
	if !leading {
		clear(w.looked)
		clear(w.appraised)
		return nil
	}
	now := w.n.now()
	r := &watchRound{watch: w, now: now, at: w.set.MomentAt(now), staff: map[division.Code][]identity.Staff{}, outages: map[division.Code][]supervision.Outage{}}
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.rise(ctx); err != nil {
		return err
	}
	return w.results(ctx)
}

// settings reads what the look depends on; where it changed, what was found
// before is forgotten.
func (w *watch) settings(ctx context.Context) error {
	set, err := w.n.Store.Thresholds(ctx)
	if err != nil {
		return err
	}
	years, err := w.n.Store.CalendarYears(ctx)
	if err != nil {
		return err
	}
	if w.days != nil && set == w.set && reflect.DeepEqual(years, w.years) {
		return nil
	}
	days, err := calendar.New(years)
	if err != nil {
		return err
	}
	w.set, w.years, w.days = set, years, days
	clear(w.looked)
	return nil
}

// watchRound is one look at what is due.
type watchRound struct {
	*watch
	now     time.Time
	at      supervision.Moment
	staff   map[division.Code][]identity.Staff
	outages map[division.Code][]supervision.Outage
	failed  error // of reading staff, within a callback
}

func (r *watchRound) look(ctx context.Context) error {
	var after store.Look
	for {
		due, err := r.n.Store.LooksDue(ctx, r.at.Today, after, looksAtOnce)
		if err != nil {
			return err
		}
		var found []Action
		heads := map[string]string{}
		for _, l := range due {
			actions, err := r.lookAt(ctx, l)
			if err != nil {
				return err
			}
			found, heads[l.Case] = append(found, actions...), l.Head
		}
		refused, err := r.record(ctx, found)
		if err != nil {
			return err
		}
		for _, a := range refused { // not again before something has changed
			r.looked[a.Case] = lookedAt{head: heads[a.Case], at: r.at, next: r.at.Today.AddDays(1)}
		}
		if len(due) < looksAtOnce {
			return nil
		}
		after = due[len(due)-1]
	}
}

// lookAt is the cards that a case gets now.
func (r *watchRound) lookAt(ctx context.Context, l store.Look) ([]Action, error) {
	if was, ok := r.looked[l.Case]; ok && was.head == l.Head && (was.ended || was.at == r.at || l.Day == 0 && (was.next.IsZero() || was.next.After(r.at.Today))) {
		return nil, nil
	}
	c, err := r.n.Store.Case(ctx, l.Case)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	item, err := r.n.Store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, err
	}
	cards, err := r.n.Store.CardsOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	seen, err := r.n.Store.SeenRules(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	issued, err := r.cards(ctx, c, &item.Item, cards, seen)
	if err != nil {
		var year *calendar.MissingYearError
		if !errors.As(err, &year) && !isPeriod(err) {
			return nil, err
		}
		r.n.log.Warn("a case cannot be watched, for its limits cannot be computed; import the calendar of the year", "case", c.ID, "error", err)
		r.looked[l.Case] = lookedAt{head: l.Head, at: r.at, next: r.at.Today.AddDays(1)}
		return nil, nil
	}
	if len(issued) == 0 {
		limits, err := c.Limits(&item.Item, r.days)
		if err != nil {
			return nil, err
		}
		next, err := supervision.NextLook(c, limits, r.days, r.set, cards, seen...)
		if err != nil {
			return nil, err
		}
		_, open := c.Current()
		r.looked[l.Case] = lookedAt{head: l.Head, at: r.at, next: next, ended: !open}
	}
	return issued, nil
}

// isPeriod reports whether limits cannot be computed for what the case says.
func isPeriod(err error) bool {
	for _, known := range []error{calendar.ErrDays, calendar.ErrSuspensionDates, calendar.ErrExtensionApproval, calendar.ErrExtensionLate} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func (r *watchRound) cards(ctx context.Context, c *casework.Case, item *catalog.Item, cards []supervision.Card, seen []supervision.Rule) ([]Action, error) {
	r.failed = nil
	limits, err := c.Limits(item, r.days)
	if err != nil {
		return nil, err
	}
	found, err := supervision.Look(c, limits, r.days, r.at, r.set, cards, seen...)
	if err != nil {
		return nil, err
	}
	down := map[supervision.Rule]int{} // minutes
	excused := func(f supervision.Finding) bool {
		desk, _ := supervision.DeskOf(c, f.Rule)
		minutes, days, err := r.lost(ctx, c, f, desk.Division)
		if err != nil {
			r.failed = errors.Join(r.failed, err)
			return false
		}
		down[f.Rule] = minutes
		ok, err := supervision.Excuses(f, days, r.days, r.set)
		r.failed = errors.Join(r.failed, err)
		return ok
	}
	issued, err := supervision.Issue(c.ID, found, cards, r.days, r.at.Today, r.set, excused)
	if err != nil {
		return nil, err
	}
	var actions []Action
	for _, card := range issued {
		desk, did := supervision.DeskOf(c, card.Rule)
		if card.Rule == supervision.NoticeLate && c.AcceptedBy != nil && c.AcceptedBy.Role == identity.System {
			// The law accepted it; whoever owed the notice is named there.
			if did, err = r.owed(ctx, c.ID); err != nil {
				return nil, err
			}
			desk.Division, desk.Department, desk.Verb = c.HandedInAt, "", ledger.VerbAccept
			if desk.Division.Tier() == node.County {
				desk.Department = c.Department
			}
		}
		if card.Rule == supervision.FeeAbove {
			// Who holds the case need not be who charged.
			by, err := r.overcharged(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			if by.Staff != "" {
				did, desk = by, supervision.DeskWhere(c, by, ledger.VerbAccept)
			}
		}
		if card.Rule == supervision.BareReturn {
			// Who holds the case is who got it back.
			by, verb, err := r.sentBack(ctx, c)
			if err != nil {
				return nil, err
			}
			if by.Staff != "" {
				did, desk = by, supervision.DeskWhere(c, by, verb)
			}
		}
		roster := r.roster(ctx)
		body := &ledger.CardIssueV1{Rule: string(card.Rule), Colour: string(card.Colour), Due: card.Due, On: card.On, AnswerBy: card.AnswerBy, Desk: desk,
			Handler: supervision.HandlerAt(desk, did, roster, r.at.Today), Head: supervision.AnswerableAt(desk, supervision.OfficeHead, roster, r.at.Today),
			Supervisor: supervision.SupervisorOf(r.n.self.County(), roster, r.at.Today), LineDown: down[card.Rule], Excused: card.Excused}
		actions = append(actions, Action{Kind: ledger.CardIssue, Case: c.ID, Key: card.ID, Body: body})
	}
	if r.failed != nil {
		return nil, r.failed
	}
	return actions, nil
}

// owed is who owed the notice of what was missing in a case that counts as
// accepted because nobody gave one.
func (r *watchRound) owed(ctx context.Context, caseID string) (identity.Actor, error) {
	entries, err := r.n.Store.Timeline(ctx, caseID)
	if err != nil {
		return identity.Actor{}, err
	}
	for i := range entries {
		if entries[i].Kind != ledger.CaseAccept {
			continue
		}
		body, err := entries[i].Decode()
		if err != nil {
			return identity.Actor{}, err
		}
		if b, ok := body.(*ledger.CaseAcceptV1); ok && b.Deemed {
			return b.Answerable, nil
		}
	}
	return identity.Actor{}, nil
}

// overcharged is who first tried to charge above the published list in a case.
func (r *watchRound) overcharged(ctx context.Context, caseID string) (identity.Actor, error) {
	entries, err := r.n.Store.Timeline(ctx, caseID)
	if err != nil {
		return identity.Actor{}, err
	}
	for i := range entries {
		if e := &entries[i]; e.Kind == ledger.FeeExcess && e.Status == ledger.Applied || e.Kind == ledger.FeeCharge && e.Status == ledger.Refused && store.AboveList(e.Code) {
			return e.Actor, nil
		}
	}
	return identity.Actor{}, nil
}

// sentBack is who first sent a case back without a reason, and at which step it lay
// then.
func (r *watchRound) sentBack(ctx context.Context, c *casework.Case) (identity.Actor, ledger.Verb, error) {
	entries, err := r.n.Store.Timeline(ctx, c.ID)
	if err != nil {
		return identity.Actor{}, "", err
	}
	at := 0
	if c.Steps[0].Verb == ledger.VerbCollect {
		at = 1
	}
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Status != ledger.Applied || at >= len(c.Steps):
		case e.Kind == ledger.CaseReturn:
			body, err := e.Decode()
			if err != nil {
				return identity.Actor{}, "", err
			}
			b, ok := body.(*ledger.CaseReturnV1)
			if ok && casework.Bare(b) {
				return e.Actor, c.Steps[at].Verb, nil
			}
			if ok {
				at = b.ToStep
			}
		case e.Kind == casework.KindOf(c.Steps[at].Verb):
			at++
		}
	}
	return identity.Actor{}, "", nil
}

// began is when the limits of a case began to run.
func began(c *casework.Case) calendar.Date {
	if !c.AcceptedOn.IsZero() {
		return c.AcceptedOn
	}
	return calendar.DateOf(time.UnixMilli(c.HandedInMS))
}

func (r *watchRound) roster(ctx context.Context) supervision.Roster {
	return func(d division.Code) []identity.Staff {
		if people, ok := r.staff[d]; ok {
			return people
		}
		people, err := r.n.Store.StaffAt(ctx, d)
		r.failed = errors.Join(r.failed, err)
		r.staff[d] = people
		return people
	}
}

// rise passes on the cards that nobody answered.
func (r *watchRound) rise(ctx context.Context) error {
	r.failed = nil
	for after := ""; ; {
		overdue, err := r.n.Store.CardsRising(ctx, r.at.Today, after, looksAtOnce)
		if err != nil {
			return err
		}
		var risen []Action
		for _, card := range overdue {
			after = card.ID
			place := card.Desk.Division
			if card.Level > supervision.Handler && place.Tier() == node.Village {
				place = place.Township() // where its head and leader work
			}
			_, silent, err := r.silent(ctx, place, card.Since, r.at.Today)
			next, rose := card, false
			if err == nil {
				next, rose, err = supervision.Rise(card, r.days, r.at.Today, r.set, silent)
			}
			var year *calendar.MissingYearError
			if errors.As(err, &year) {
				continue // it rises once the year has been imported
			}
			if err != nil {
				return err
			}
			if rose {
				risen = append(risen, Action{Kind: ledger.CardRise, Case: card.Case, Key: supervision.RiseID(card.ID, next.Level), Body: &ledger.CardRiseV1{Card: card.ID, Level: int(next.Level),
					To: supervision.AnswerableAt(card.Desk, next.Level, r.roster(ctx), r.at.Today), On: r.at.Today, AnswerBy: next.AnswerBy}})
			}
		}
		if r.failed != nil {
			return r.failed
		}
		if _, err := r.record(ctx, risen); err != nil || len(overdue) < looksAtOnce {
			return err
		}
	}
}

// record proposes entries that the county makes by itself. Key is the id of
// each: what is there already is found, and not made again. It returns what was
// refused: the state had moved on.
func (w *watch) record(ctx context.Context, actions []Action) (refused []Action, err error) {
	w.n.signing.RLock()
	defer w.n.signing.RUnlock()
	for len(actions) > 0 {
		some := actions[:min(len(actions), cardsAtOnce)]
		actions = actions[len(some):]
		var p store.Proposal
		for _, a := range some {
			e := ledger.Entry{ID: a.Key, Kind: a.Kind, V: 1, Origin: w.n.self.Node, Case: a.Case, OccurredAt: w.n.now().UnixMilli(),
				Actor: identity.Actor{Staff: w.n.self.Node, Role: identity.System, Node: w.n.self.Node}}
			if e.Scope, e.Subtree, err = w.n.Store.ScopeOf(ctx, a.Case, a.Body); err != nil {
				return refused, err
			}
			if err := w.n.finish(&e, a.Body, nil); err != nil {
				return refused, err
			}
			raw, err := e.Canonical()
			if err != nil {
				return refused, err
			}
			p.Entries = append(p.Entries, raw)
		}
		results, index, err := w.n.propose(ctx, p)
		if err != nil {
			return refused, err
		}
		if err := w.n.hub.WaitApplied(ctx, index); err != nil {
			return refused, err
		}
		for i, res := range results {
			if res.Status == store.Rejected {
				w.n.log.Info("what the watch found was not recorded, for the state had moved on", "kind", string(some[i].Kind), "case", some[i].Case, "code", res.Code)
				refused = append(refused, some[i])
			}
		}
	}
	return refused, nil
}

// lost is for how many minutes of business, and on how many working days, a line
// kept a case from being worked on: that of the desk where it lies, and the lines
// that it came by. Whoever got it late does not answer for the way.
func (r *watchRound) lost(ctx context.Context, c *casework.Case, f supervision.Finding, desk division.Code) (minutes, days int, err error) {
	known, err := r.outagesOf(ctx, desk)
	if err != nil {
		return 0, 0, err
	}
	if f.Colour != supervision.Amber && !f.Due.IsZero() {
		way, err := r.n.Store.OnTheWay(ctx, c.ID, int64(r.set.LineMinutes)*time.Minute.Milliseconds())
		if err != nil {
			return 0, 0, err
		}
		known = supervision.Merge(known, way)
	}
	return r.set.Business(known, began(c), f.AsOf, r.days)
}

// silent is for how many minutes of business, and on how many working days, the
// county did not hear a division.
func (r *watchRound) silent(ctx context.Context, d division.Code, from, until calendar.Date) (minutes, days int, err error) {
	known, err := r.outagesOf(ctx, d)
	if err != nil {
		return 0, 0, err
	}
	return r.set.Business(known, from, until, r.days)
}

// outagesOf is when the county did not hear a division. It hears itself.
func (r *watchRound) outagesOf(ctx context.Context, d division.Code) ([]supervision.Outage, error) {
	if d.Tier() == node.County {
		return nil, nil
	}
	known, ok := r.outages[d]
	if !ok {
		// Months back at most: what is older is in no limit that still runs.
		var err error
		if known, err = r.n.Store.Outages(ctx, d, r.now.AddDate(-1, 0, 0).UnixMilli()); err != nil {
			return nil, err
		}
		if last, heard := r.heard[d]; heard && r.now.UnixMilli()-last > int64(r.set.LineMinutes)*time.Minute.Milliseconds() {
			known = append(known, supervision.Outage{From: last, Until: r.now.UnixMilli()}) // it is down now
		}
		r.outages[d] = known
	}
	return known, nil
}

// listen notes when each division was heard, and at the leader records those
// that were not heard for long.
func (w *watch) listen(ctx context.Context, leading bool) error {
	now := w.n.now()
	if now.Sub(w.noted).Abs() < superviseEvery {
		return nil
	}
	w.noted = now
	reports, err := w.n.Store.PeerReports(ctx)
	if err != nil {
		return err
	}
	heard := map[division.Code]int64{}
	for _, p := range reports {
		known, err := w.n.directory.node(ctx, p.Node)
		if err != nil || known.Tier == node.County || known.RevokedAt > 0 {
			continue
		}
		heard[known.Division] = max(heard[known.Division], p.SeenAt)
	}
	var outages []Action
	for d, at := range heard {
		last, known := w.heard[d]
		if !known && at < w.began && len(w.n.voters()) > 1 {
			continue // this hub was away; the others know whether the line was
		}
		w.heard[d] = max(at, last)
		if !known || !leading {
			continue
		}
		o := supervision.Outage{From: last, Until: at}
		if worth, err := w.set.Worth(o, w.days); err != nil || !worth {
			continue
		}
		outages = append(outages, Action{Kind: ledger.LineOutage, Key: ledger.IDFromKey("outage", string(d), time.UnixMilli(last).UTC().Format(time.RFC3339)),
			Body: &ledger.LineOutageV1{Division: d, From: last, Until: at}})
	}
	_, err = w.record(ctx, outages)
	return err
}
