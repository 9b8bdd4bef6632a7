package api

import (
	"context"
	"sync"
	"time"
)

// After freeTries wrong passwords in a row each further one locks the login,
// for firstLock and then twice as long each time, up to longestLock. Longer
// would let anybody lock a clerk out for the day.
const (
	freeTries   = 5
	firstLock   = 5 * time.Second
	longestLock = 15 * time.Minute
)

func lockFor(failures int) time.Duration {
	if failures < freeTries {
		return 0
	}
	return min(firstLock<<min(failures-freeTries, 16), longestLock)
}

// failures are the wrong passwords in a row under a login. Names that nobody
// has are counted too, in memory: a lock must not tell which logins exist.
func (s *Server) failures(ctx context.Context, login string, known bool) (n int, lockedUntil int64, err error) {
	if !known {
		n, lockedUntil = s.ghosts.get(login)
		return n, lockedUntil, nil
	}
	return s.store.LoginFailures(ctx, login)
}

func (s *Server) fail(ctx context.Context, login string, known bool, failures int, now time.Time) error {
	until := int64(0)
	if lock := lockFor(failures); lock > 0 {
		until = now.Add(lock).UnixMilli()
	}
	if !known {
		s.ghosts.set(login, failures, until)
		return nil
	}
	return s.store.SetLoginFailures(ctx, login, failures, until)
}

// ghosts counts failed logins under names that nobody has. Two generations
// bound its memory.
type ghosts struct {
	mu            sync.Mutex
	recent, older map[string]ghost
}

type ghost struct {
	failures int
	until    int64
}

const maxGhosts = 10_000

func newGhosts() *ghosts { return &ghosts{recent: map[string]ghost{}} }

func (g *ghosts) get(login string) (int, int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.recent[login]
	if !ok {
		v = g.older[login]
	}
	return v.failures, v.until
}

func (g *ghosts) set(login string, failures int, until int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.recent) >= maxGhosts {
		g.older, g.recent = g.recent, map[string]ghost{}
	}
	g.recent[login] = ghost{failures, until}
}
