package papers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tongban/tongban/store/blob"
)

// Ref names an attachment as an entry does.
type Ref struct {
	Hash string
	Size int64 // bytes, as the entry says
}

// Status is what a Courier or a Spread is doing, for people to see.
type Status struct {
	Outstanding      int   // not yet where they have to go
	OutstandingBytes int64 // their sizes
	Missing          int   // of these, the content is not at this node (yet)
	Delivered        int   // are there; the county's confirmation is awaited
	SentBytes        int64 // handed to the line since the start, repeats too
	LastError        string
	LastErrorAt      time.Time
	LastSuccessAt    time.Time
	NextTry          time.Time // while the line is down; zero otherwise
}

// Pace is how busily a loop goes about its work. Zeros mean the defaults.
type Pace struct {
	Workers int           // attachments at once: 1, at most 2, so that entries pass
	Batch   int           // how many more are asked of the list at once: 100
	Idle    time.Duration // between looks at the list when nobody wakes the loop: 1 min
	Recheck time.Duration // the longest until what was delivered and is not confirmed is asked after: 10 min
	Backoff Backoff       // DefaultBackoff
	Clock   Clock         // the machine's
}

const mostWorkers = 2

// firstRecheck is after how long what was delivered is asked after for the first
// time; each time after it is twice as long. The county confirms within moments,
// unless the one that took it was lost with it.
const firstRecheck = 10 * time.Second

func (p Pace) withDefaults() Pace {
	if p.Workers <= 0 {
		p.Workers = 1
	}
	p.Workers = min(p.Workers, mostWorkers)
	if p.Batch <= 0 {
		p.Batch = 100
	}
	if p.Idle <= 0 {
		p.Idle = time.Minute
	}
	if p.Recheck <= 0 {
		p.Recheck = 10 * time.Minute
	}
	if p.Backoff.First <= 0 || p.Backoff.Most <= 0 {
		chance := p.Backoff.Chance
		p.Backoff = DefaultBackoff()
		p.Backoff.Chance = chance
	}
	if p.Clock == nil {
		p.Clock = SystemClock{}
	}
	return p
}

// errMissing: the content is not at this node; it may still arrive.
var errMissing = errors.New("content is not here yet")

// rounds works through a list again and again until the list is empty. It
// remembers, in memory only, what it need not try just now.
type rounds struct {
	Pace
	list func(ctx context.Context, limit int) ([]Ref, error)
	work func(ctx context.Context, ref Ref) error
	wake chan struct{}

	absent absences

	mu       sync.Mutex
	jobs     map[string]*job
	failures int       // rounds in a row that the line ended
	paused   time.Time // no work before
	status   Status
}

type job struct {
	ref       Ref
	next      time.Time
	failures  int
	delivered bool
	checks    int // how often it was delivered, or found to be there still
	missing   bool
}

func newRounds(p Pace) *rounds {
	return &rounds{Pace: p.withDefaults(), wake: make(chan struct{}, 1), jobs: map[string]*job{}}
}

// Wake says that there may be something new. It never blocks, and does not cut
// short the wait for a line that is down.
func (l *rounds) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Retry says that the line is back: nothing waits any longer.
func (l *rounds) Retry() {
	l.mu.Lock()
	l.failures, l.paused = 0, time.Time{}
	for _, j := range l.jobs {
		if !j.delivered {
			j.failures, j.next = 0, time.Time{}
		}
	}
	l.mu.Unlock()
	l.absent.forget()
	l.Wake()
}

// Afresh forgets what was delivered: the node above may have lost it.
func (l *rounds) Afresh() {
	l.mu.Lock()
	l.jobs = map[string]*job{}
	l.mu.Unlock()
	l.Retry()
}

// Status tells how it stands.
func (l *rounds) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	for _, j := range l.jobs {
		if j.delivered {
			s.Delivered++
			continue
		}
		s.Outstanding++
		s.OutstandingBytes += j.ref.Size
		if j.missing {
			s.Missing++
		}
	}
	if l.paused.After(l.Clock.Now()) {
		s.NextTry = l.paused
	}
	return s
}

// Run works until ctx ends, and returns its error.
func (l *rounds) Run(ctx context.Context) error {
	for {
		wait := l.round(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		timer := l.Clock.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C():
		case <-l.wake:
		}
		timer.Stop()
	}
}

// round goes once through what is due, and tells how long there is nothing to
// do after it.
func (l *rounds) round(ctx context.Context) time.Duration {
	l.mu.Lock()
	pause := l.paused.Sub(l.Clock.Now())
	limit := l.Batch + len(l.jobs)
	l.mu.Unlock()
	if pause > 0 {
		return pause
	}
	refs, err := l.list(ctx, limit)
	if err != nil {
		l.lineDown(ctx, err)
		return l.untilNext()
	}
	due := l.take(refs)
	cause, delivered := l.workAll(ctx, due)
	if delivered {
		l.mu.Lock()
		l.failures = 0
		l.mu.Unlock()
	}
	switch {
	case cause != nil:
		l.lineDown(ctx, cause)
	case len(refs) >= limit: // there may be more; now that these are known, more are asked for
		return 0
	}
	return l.untilNext()
}

// take learns the list and returns what of it is due.
func (l *rounds) take(refs []Ref) []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Clock.Now()
	known := make(map[string]*job, len(refs))
	var due []*job
	for _, ref := range refs {
		if known[ref.Hash] != nil {
			continue
		}
		j := l.jobs[ref.Hash]
		if j == nil {
			j = &job{}
		}
		j.ref = ref
		known[ref.Hash] = j
		if !j.next.After(now) {
			due = append(due, j)
		}
	}
	l.jobs = known
	// What a node above always fails on must not keep the rest from it.
	slices.SortStableFunc(due, func(a, b *job) int { return cmp.Compare(a.failures, b.failures) })
	return due
}

// workAll stops early when the line is down, and returns why.
func (l *rounds) workAll(ctx context.Context, due []*job) (line error, delivered bool) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		slots = make(chan struct{}, l.Workers)
	)
	for _, j := range due {
		slots <- struct{}{}
		mu.Lock()
		stop := line != nil || ctx.Err() != nil
		mu.Unlock()
		if stop {
			break
		}
		group.Go(func() {
			defer func() { <-slots }()
			err := l.work(ctx, j.ref)
			if ctx.Err() == nil {
				l.note(j, err)
			}
			mu.Lock()
			defer mu.Unlock()
			delivered = delivered || err == nil
			if isLine(err) {
				line = err
			}
		})
	}
	group.Wait()
	return line, delivered
}

func (l *rounds) note(j *job, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Clock.Now()
	j.missing, j.delivered = errors.Is(err, errMissing), err == nil
	switch {
	case err == nil:
		j.failures, j.next = 0, now.Add(min(l.Recheck, firstRecheck<<min(j.checks, 16)))
		j.checks++
		l.status.LastSuccessAt = now
	case j.missing: // looked for in every round: it costs a look at a folder
	case isLine(err): // the whole loop waits
		j.failures++
	default:
		j.failures++
		j.next = now.Add(l.Backoff.After(j.failures))
		l.status.LastError, l.status.LastErrorAt = err.Error(), now
	}
}

func (l *rounds) lineDown(ctx context.Context, cause error) {
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Clock.Now()
	l.failures++
	l.paused = now.Add(l.Backoff.After(l.failures))
	l.status.LastError, l.status.LastErrorAt = cause.Error(), now
}

func (l *rounds) untilNext() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Clock.Now()
	if pause := l.paused.Sub(now); pause > 0 {
		return pause
	}
	wait := l.Idle
	for _, j := range l.jobs {
		if !j.missing && !j.next.IsZero() {
			wait = min(wait, max(0, j.next.Sub(now)))
		}
	}
	return wait
}

func (l *rounds) sent(bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status.SentBytes += bytes
}

// isLine says that the node at the other end cannot take anything now,
// whatever the attachment.
func isLine(err error) bool {
	if errors.Is(err, ErrLine) {
		return true
	}
	var p *Problem
	if errors.As(err, &p) {
		return p.Status >= http.StatusInternalServerError || p.Code == unexpectedReply
	}
	return false
}

// isContent says that the attachment itself was refused: another node would
// refuse it, too.
func isContent(err error) bool {
	var p *Problem
	if !errors.As(err, &p) {
		return errors.Is(err, blob.ErrDamaged)
	}
	switch p.Code {
	case TypeRefused, HashMismatch, TooLarge, SizeDiffers, BadHash:
		return true
	}
	return false
}
