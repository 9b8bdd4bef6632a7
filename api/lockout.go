package api

import (
	"context"
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

// lockedFor is the problem of a login that is locked for so long yet, with the
// moment from which it can be tried again.
func lockedFor(now time.Time, wait time.Duration) *problem {
	p := errLocked.retry(wait)
	until := now.Add(wait).Add(time.Second - 1).In(beijing).Format("15:04:05")
	p.zh = "登录失败次数过多，" + until + " 之后可以再试"
	p.en = "too many failed logins; try again after " + until + " (Beijing time)"
	return p
}

// failures are the wrong passwords in a row under a login. Names that nobody
// has are counted too, in memory: a lock must not tell which logins exist.
func (s *Server) failures(ctx context.Context, login string, known bool) (n int, lockedUntil int64, err error) {
	if !known {
		g, _ := s.ghosts.get(login)
		return g.failures, g.until, nil
	}
	return s.store.LoginFailures(ctx, login)
}

func (s *Server) fail(ctx context.Context, login string, known bool, failures int, now time.Time) error {
	until := int64(0)
	if lock := lockFor(failures); lock > 0 {
		until = now.Add(lock).UnixMilli()
	}
	if !known {
		s.ghosts.set(login, ghost{failures, until})
		return nil
	}
	return s.store.SetLoginFailures(ctx, login, failures, until)
}

// ghost is the failed logins under a name that nobody has.
type ghost struct {
	failures int
	until    int64
}
