package federation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// unanswered tells a line that hangs from one that rests: a node above that is frozen
// keeps its connections and answers nothing, and would pass for heard until the feed's
// silence ends.
type unanswered struct {
	mu   sync.Mutex
	open map[string]question // by the name of the node above
}

// question is a heartbeat on its way.
type question struct {
	asked time.Time
	// heard is what had come over the feed when it was asked.
	heard int64
}

// answerWithin is how long a heartbeat may take before people are told.
const answerWithin = 5 * time.Second

// ask notes a question. One that was left open before is the one that is waited for, as
// long as nothing came since.
func (u *unanswered) ask(upstream string, now time.Time, heard int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if q, ok := u.open[upstream]; ok && q.heard == heard {
		return
	}
	if u.open == nil {
		u.open = map[string]question{}
	}
	u.open[upstream] = question{asked: now, heard: heard}
}

// outcome takes in how a question ended: only silence leaves it open.
func (u *unanswered) outcome(upstream string, err error) {
	var slow net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, upstream)
}

// since is for how long a node above has left a question unanswered, and sent nothing
// else; 0 while that is not long.
func (u *unanswered) since(upstream string, now time.Time, heard int64) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	q, ok := u.open[upstream]
	if !ok || q.heard != heard || now.Sub(q.asked) < answerWithin {
		return 0
	}
	return now.Sub(q.asked)
}

// unanswer marks a report of a line that hangs.
func (r *Report) unanswer(since time.Duration) {
	seconds := int(since.Seconds())
	r.LineUp, r.LineSince, r.UnansweredMS = false, r.LastContact, since.Milliseconds()
	r.ProblemCode = "upstream_unanswered"
	r.ProblemZH = fmt.Sprintf("上级没有应答，已 %d 秒", seconds)
	r.ProblemEN = fmt.Sprintf("the node above has not answered for %d s", seconds)
}
