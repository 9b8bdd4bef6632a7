package api

import (
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// How often somebody who is not logged in may be wrong about a number and its
// query code. What counts is who was wrong at what: wrong tries at one number from
// one address make the pauses for that number from there grow, and hold nobody
// else's case back; wrong tries from one address at whatever number make a pause
// for all behind it that stays short. Right ones are never counted.
//
// A query code is one of 31^10, some 8.2·10^14. In a day, trying whenever it is let,
// one address comes to
//
//	at one number    5 + 7 in the first hour, then one an hour: fewer than 40
//	at all numbers   60, then one in ten seconds: fewer than 8,800
//
// so that ten thousand addresses that guess day and night at one case come upon its
// code once in five million years, and upon that of any case, wherever it is, once
// in twenty thousand. A neighbour behind the address of such a guesser waits ten
// seconds at most; one behind that of somebody who mistypes waits for nothing.
//
// TestGuessesOfADay counts this.
var (
	triesAtNumber  = patience{free: 5, first: 30 * time.Second, longest: time.Hour, forgive: time.Hour}
	triesAtAddress = patience{free: 60, first: time.Second, longest: 10 * time.Second, forgive: 10 * time.Second}
)

// patience is how wrong tries are borne: free ones come without a pause, those
// after them with one that doubles from first to longest, and one is forgiven in
// each time of forgive.
type patience struct {
	free                    float64
	first, longest, forgive time.Duration
}

// pause is what follows on so many wrong tries.
func (p patience) pause(wrong float64) time.Duration {
	if wrong < p.free {
		return 0
	}
	over := min(math.Floor(wrong-p.free), 30)
	return time.Duration(min(float64(p.first)*math.Exp2(over), float64(p.longest)))
}

// tries are the wrong tries of everybody. What was forgotten, because too much
// came after it, begins anew.
type tries struct {
	mu      sync.Mutex
	number  *memory[string, *tried] // by address and number
	address *memory[string, *tried]
}

// tried are the wrong tries under one key.
type tried struct {
	wrong float64   // as of at
	at    time.Time // of the last one
	until time.Time // none before
}

const maxTried = 20_000

func newTries() *tries {
	return &tries{number: newMemory[string, *tried](maxTried), address: newMemory[string, *tried](maxTried)}
}

// begin asks for one try from an address at a number. It counts as a wrong one at
// once, so that many that come together are no more than one after the other; whoever
// was right says so, and it is taken back. Without ok, wait is after what time there
// is a try.
func (t *tries) begin(address, number string, now time.Time) (right func(), wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := func(m *memory[string, *tried], key string) *tried {
		return m.getOr(key, func() *tried { return new(tried) })
	}
	at, from := of(t.number, strings.Clone(address+" "+number)), of(t.address, strings.Clone(address))
	if wait = max(at.until.Sub(now), from.until.Sub(now)); wait > 0 {
		return nil, wait, false
	}
	takeAt, takeFrom := at.add(triesAtNumber, now), from.add(triesAtAddress, now)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		takeAt()
		takeFrom()
	}, 0, true
}

// add counts a wrong try, once what is past was forgiven. What it gives takes it
// back; a pause that another try has made since stays.
func (k *tried) add(p patience, now time.Time) (takeBack func()) {
	was := k.until
	k.wrong = max(0, k.wrong-float64(now.Sub(k.at))/float64(p.forgive)) + 1
	k.at, k.until = now, now.Add(p.pause(k.wrong))
	mine := k.until
	return func() {
		k.wrong = max(0, k.wrong-1)
		if k.until.Equal(mine) {
			k.until = was
		}
	}
}

// try is begin for a request; without one, as in a test of a handler, nothing is
// counted.
func (s *Server) try(r *http.Request, number string) (right func(), err error) {
	if r == nil {
		return func() {}, nil
	}
	right, wait, ok := s.tries.begin(s.address(r), number, s.o.Now())
	if !ok {
		return nil, errTooMany.retry(wait)
	}
	return right, nil
}
