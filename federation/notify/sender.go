package notify

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store"
)

// Options are what a hub's sender is made of.
type Options struct {
	Settings
	Store *store.Store
	// Leading tells whether this hub leads; Fresh makes the store as new as what any
	// hub has acknowledged; Alone that the county has no other hub that could have
	// sent something a moment ago.
	Leading func() bool
	Fresh   func(context.Context) error
	Alone   func() bool
	// Say records an entry in this hub's name, under an id or, where that is empty, a
	// new one, and returns when it is applied here. What the ledger refuses is a
	// *store.Refused.
	Say func(ctx context.Context, id string, body ledger.Body) error
	// Now is the clock, After its timers, Chance a random number from 0 to below 1;
	// nil are the real ones.
	Now    func() time.Time
	After  func(time.Duration) <-chan time.Time
	Chance func() float64
	Log    *slog.Logger
}

// Sender sends what is queued while its hub leads.
type Sender struct {
	o        Options
	channels map[string]Channel

	led      bool
	heldUpTo int64     // rows that another hub may be sending
	heldTill time.Time // until then
	swept    time.Time // when what is in no configured channel was looked for last
	// mine are the deliveries that this hub has begun; ended those whose end the
	// ledger does not have yet.
	mine  map[delivery]*try
	ended []ending
	woken chan struct{}

	mu       sync.Mutex // guards what follows
	finished []result
	health   map[string]*health
	work     sync.WaitGroup
	stop     context.CancelFunc
	stopped  chan struct{}
}

// delivery is a notice in a channel, in one round.
type delivery struct {
	notice, channel string
	round           int
}

// try is how far a delivery has come here.
type try struct {
	attempts int
	next     time.Time
	// looked is when it was still queued last.
	looked time.Time
	// busy: an attempt is under way, or its end is not in the ledger yet.
	busy bool
}

type result struct {
	row store.OpenNotice
	to  string // masked
	err error
	// none: there is no address.
	none bool
}

// reasonHere is of what failed before anything was sent.
const reasonHere = "not_ready"

type ending struct {
	at      division.Code
	outcome ledger.NoticeOutcome
}

// tick is the longest pause between two looks, settleIn how long what happens
// together is gathered, closeIn how long a stop waits for attempts under way.
const (
	tick     = 5 * time.Second
	settleIn = 50 * time.Millisecond
	closeIn  = 5 * time.Second
	sweep    = 30 * time.Second
	atOnce   = 500 // rows read at a time
)

// NewSender makes a sender; Start begins.
func NewSender(o Options) *Sender {
	o.Settings = o.Settings.Defaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Chance == nil {
		o.Chance = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sender{o: o, channels: map[string]Channel{}, mine: map[delivery]*try{}, woken: make(chan struct{}, 1), health: map[string]*health{}, stopped: make(chan struct{})}
	for _, c := range o.Channels {
		s.channels[c.Name()] = c
		s.health[c.Name()] = &health{}
	}
	return s
}

// names are the channels of the settings, sorted.
func (s *Sender) names() []string { return slices.Sorted(maps.Keys(s.channels)) }

// Start begins to send.
func (s *Sender) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() {
		defer close(s.stopped)
		s.run(ctx)
	}()
}

// Close ends sending: what is under way may finish for a moment, and what came
// of it is recorded.
func (s *Sender) Close() {
	if s.stop != nil {
		s.stop()
		<-s.stopped
	}
}

func (s *Sender) run(ctx context.Context) {
	// Attempts outlive ctx, so that a stop does not cut them off at once.
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	said := ""
	for ctx.Err() == nil {
		changed := s.o.Store.Changed()
		wait, err := s.round(ctx, attempts)
		problem := ""
		if err != nil && ctx.Err() == nil {
			problem, wait = err.Error(), tick
			if problem != said {
				s.o.Log.Warn("notices to applicants could not be looked after; they stay queued", "error", err)
			}
		}
		said = problem
		select {
		case <-ctx.Done():
		case <-changed:
		case <-s.woken:
		case <-s.o.After(min(wait, tick)):
		}
		select {
		case <-ctx.Done():
		case <-s.o.After(settleIn):
		}
	}
	s.finish(cut)
}

// finish waits for what is under way and records what came of it.
func (s *Sender) finish(cut func()) {
	done := make(chan struct{})
	go func() {
		s.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeIn):
		cut()
		<-done
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeIn)
	defer cancel()
	s.collect()
	if err := s.settle(ctx); err != nil {
		s.o.Log.Warn("what became of some notices could not be recorded; they are sent again under the same ids", "error", err)
	}
}

func (s *Sender) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// round records what ended and begins what is due. It returns when there is
// something to do next.
func (s *Sender) round(ctx, attempts context.Context) (time.Duration, error) {
	s.collect()
	if err := s.settle(ctx); err != nil {
		return tick, err
	}
	if !s.o.Leading() {
		s.led = false
		return tick, nil
	}
	if !s.led {
		if err := s.lead(ctx); err != nil {
			return tick, err
		}
	}
	if err := s.sayChannels(ctx); err != nil {
		return tick, err
	}
	if now := s.o.Now(); now.Sub(s.swept).Abs() >= sweep {
		s.swept = now
		if err := s.sweep(ctx); err != nil {
			return tick, err
		}
	}
	wait := tick
	for _, name := range s.names() {
		next, err := s.send(ctx, attempts, s.channels[name])
		if err != nil {
			return tick, err
		}
		wait = min(wait, next)
	}
	return wait, s.sayTrouble(ctx)
}

// lead begins to lead: what was queued before may be under way at the hub that
// led, whose word on it is waited for as long as an attempt may take.
func (s *Sender) lead(ctx context.Context) error {
	if err := s.o.Fresh(ctx); err != nil {
		return err
	}
	s.heldUpTo, s.heldTill, s.swept = 0, time.Time{}, time.Time{}
	if !s.o.Alone() {
		last, err := s.o.Store.LastOpenNotice(ctx)
		if err != nil {
			return err
		}
		s.heldUpTo, s.heldTill = last, s.o.Now().Add(s.o.Timeout+closeIn)
	}
	s.led = true
	return nil
}

// sayChannels has the ledger say which channels there are, when the settings say
// otherwise than it.
func (s *Sender) sayChannels(ctx context.Context) error {
	known, _, err := s.o.Store.NoticeSettings(ctx)
	if err != nil || slices.Equal(known, s.names()) && known != nil {
		return err
	}
	return s.o.Say(ctx, "", &ledger.NoticeChannelsV1{Channels: append([]string{}, s.names()...)})
}

// sweep ends what waits in channels that the settings do not have any more, and
// forgets tries that are over.
func (s *Sender) sweep(ctx context.Context) error {
	now := s.o.Now()
	maps.DeleteFunc(s.mine, func(_ delivery, t *try) bool { return !t.busy && now.Sub(t.looked) > 2*s.o.Expire })
	known, err := s.o.Store.NoticeChannels(ctx)
	if err != nil {
		return err
	}
	for _, c := range known {
		if s.channels[c.Channel] != nil || c.Queued == 0 {
			continue
		}
		rows, err := s.o.Store.OpenNotices(ctx, ledger.NoticeQueued, c.Channel, 0, atOnce)
		if err != nil {
			return err
		}
		for _, row := range rows {
			s.end(ctx, row, ledger.NoticeFailed, "", "channel_removed")
		}
	}
	return s.settle(ctx)
}

// send begins what is due in a channel. A case's notices go out in their order:
// a later one waits until the earlier has ended. What waits for a seal holds up nothing.
func (s *Sender) send(ctx, attempts context.Context, c Channel) (time.Duration, error) {
	now, wait := s.o.Now(), tick
	if ends, quiet := s.o.Quiet.Ends(now); quiet && c.Traits().Wakes {
		return min(wait, ends.Sub(now)), s.expire(ctx, c, now)
	}
	room := c.Traits().AtOnce - s.busy(c.Name())
	failing := s.failing(c.Name())
	if failing { // it is asked whether it works again, and not flooded
		room = min(room, 1-s.busy(c.Name()))
	}
	waits, unsealed := map[string]bool{}, map[string]bool{}
	for after := int64(0); ; {
		rows, err := s.o.Store.OpenNotices(ctx, ledger.NoticeQueued, c.Name(), after, atOnce)
		if err != nil {
			return tick, err
		}
		for _, row := range rows {
			after = row.N
			if row.Awaits {
				unsealed[row.Subject] = unsealed[row.Subject] || row.Kind == notice.Decided
			}
			// Sealed while the rows were read, the call to collect would pass the decision.
			if row.Awaits || waits[row.Subject] || unsealed[row.Subject] && row.Kind == notice.Ready {
				continue
			}
			waits[row.Subject] = true
			t := s.try(row)
			switch {
			case t.busy:
			case s.late(row, now):
				s.end(ctx, row, ledger.NoticeExpired, "", "")
			case row.N <= s.heldUpTo && now.Before(s.heldTill):
				wait = min(wait, s.heldTill.Sub(now))
			case now.Before(t.next):
				wait = min(wait, t.next.Sub(now))
			case room <= 0:
				return wait, nil // one that ends wakes us
			case !s.o.Leading():
				return wait, nil
			default:
				room--
				s.begin(attempts, c, row, t)
			}
		}
		if len(rows) < atOnce || failing {
			return wait, s.settle(ctx)
		}
	}
}

func (s *Sender) failing(channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.health[channel].failing.IsZero()
}

// expire ends what has waited too long while nothing may be sent.
func (s *Sender) expire(ctx context.Context, c Channel, now time.Time) error {
	rows, err := s.o.Store.OpenNotices(ctx, ledger.NoticeQueued, c.Name(), 0, atOnce)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if t := s.try(row); !t.busy && s.late(row, now) {
			s.end(ctx, row, ledger.NoticeExpired, "", "")
		}
	}
	return s.settle(ctx)
}

// late reports whether a delivery has been tried for too long; what waits for a seal is
// not tried yet.
func (s *Sender) late(row store.OpenNotice, now time.Time) bool {
	return !row.Awaits && now.UnixMilli()-row.From > s.o.Expire.Milliseconds()
}

func (s *Sender) try(row store.OpenNotice) *try {
	d := delivery{row.Notice, row.Channel, row.Round}
	if s.mine[d] == nil {
		s.mine[d] = &try{}
	}
	s.mine[d].looked = s.o.Now()
	return s.mine[d]
}

func (s *Sender) busy(channel string) (n int) {
	for d, t := range s.mine {
		if t.busy && d.channel == channel {
			n++
		}
	}
	return n
}

// begin makes an attempt.
func (s *Sender) begin(ctx context.Context, c Channel, row store.OpenNotice, t *try) {
	t.busy = true
	t.attempts++
	attempt := t.attempts
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
		defer cancel()
		r := s.attempt(ctx, c, row, attempt)
		s.mu.Lock()
		s.finished = append(s.finished, r)
		s.mu.Unlock()
		s.wake()
	})
}

func (s *Sender) attempt(ctx context.Context, c Channel, row store.OpenNotice, attempt int) result {
	r := result{row: row}
	n, err := s.o.Store.NoticeOf(ctx, row.Subject, row.Notice)
	if err != nil {
		r.err = failed(false, err, reasonHere)
		return r
	}
	to, err := s.o.Store.Recipient(ctx, n)
	if err != nil {
		r.err = failed(false, err, reasonHere)
		return r
	}
	address := to.Address(c.Name())
	if address == "" && c.Traits().NeedsAddress {
		r.none = true
		return r
	}
	r.to = notice.Mask(address)
	m, err := compose(n, c.Name(), address, to.Language, attempt, row.From)
	if err != nil {
		r.err = failed(true, err, "malformed")
		return r
	}
	r.err = c.Send(ctx, m)
	return r
}

// collect takes over what attempts came to.
func (s *Sender) collect() {
	s.mu.Lock()
	finished := s.finished
	s.finished = nil
	s.mu.Unlock()
	now := s.o.Now()
	for _, r := range finished {
		t := s.try(r.row)
		state, reason, final := ledger.NoticeDelivered, "", true
		switch {
		case r.none:
			state = ledger.NoticeNoAddress
		case r.err != nil:
			if reason, final = reasonOf(r.err); final {
				state = ledger.NoticeFailed
			}
		}
		if !r.none && reason != reasonHere && s.note(r.row.Channel, now, reason, final) {
			s.again(r.row.Channel, now)
		}
		if !final {
			s.o.Log.Info("a notice did not go out; it is tried again", "notice", r.row.Notice, "channel", r.row.Channel, "attempts", t.attempts, "reason", reason)
			t.busy, t.next = false, now.Add(notice.Backoff(t.attempts, s.o.Longest, s.o.Chance()))
			continue
		}
		if state == ledger.NoticeFailed {
			s.o.Log.Warn("a notice was refused for good", "notice", r.row.Notice, "channel", r.row.Channel, "reason", reason)
		}
		s.end(context.Background(), r.row, state, r.to, reason)
	}
}
