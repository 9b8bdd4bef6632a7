package joint

import (
	"cmp"
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Status is how far a joint matter has come.
type Status string

// The statuses of a joint matter.
const (
	HandedIn      Status = "handed_in"     // 已收件
	Supplementing Status = "supplementing" // 待补正
	Accepted      Status = "accepted"      // 办理中
	Decided       Status = "decided"       // 全部已有结论
	Ended         Status = "concluded"     // 全部办结
)

// Settle tells each case what follows from the others and from the joint
// matter's own chain: whether it may be taken up, what was made for it, what the
// notice says of it. It returns the cases that this changes; those given are not
// changed. It depends on the cases as they are and on nothing else, so that every
// node that has them says the same.
func (c *Case) Settle(members []*casework.Case) []*casework.Case {
	byID := func(id string) *casework.Case {
		if i := slices.IndexFunc(members, func(m *casework.Case) bool { return m.ID == id }); i >= 0 {
			return members[i]
		}
		return nil
	}
	blocked := map[string]string{}
	var changed []*casework.Case
	inOrder := slices.Clone(c.Members) // of the stages: what is waited for comes first
	slices.SortStableFunc(inOrder, func(a, b Member) int { return cmp.Compare(a.Stage, b.Stage) })
	for _, m := range inOrder {
		is := byID(m.Case)
		if is == nil || is.Package == nil {
			continue
		}
		next := *is.Package
		next.FreedMS, next.Blocked, next.Notice = 0, "", c.noticeOf(m.Case)
		next.Again = m.Case == c.Members[0].Case && slices.Contains(c.Flags, casework.FlagSecondNotice)
		next.Due = c.LastTold(members)
		free := len(m.After) > 0
		var last int64
		for _, id := range m.After {
			before := byID(id)
			if before == nil {
				free = false
				continue
			}
			at, done := doneAt(before, slices.Contains(m.Makes, id))
			free, last = free && done, max(last, at)
			// What waits for a case that can never be taken up waits in vain too.
			if !done && (before.Status.Ended() || before.Decision == casework.Declined || blocked[id] != "") && next.Blocked == "" {
				next.Blocked = id
			}
		}
		if next.Blocked != "" {
			blocked[m.Case] = next.Blocked
		} else if free {
			next.FreedMS = last
		}
		next.Internal = slices.Clone(next.Internal)
		for i := range next.Internal {
			next.Internal[i].Numbers = nil
			if from := byID(next.Internal[i].From); from != nil && from.Decision == casework.Granted {
				for _, d := range from.Documents {
					next.Internal[i].Numbers = append(next.Internal[i].Numbers, d.Number)
				}
			}
		}
		if !sameJoined(is.Package, &next) {
			settled := *is
			settled.Package = &next
			changed = append(changed, &settled)
		}
	}
	return changed
}

// doneAt is when a case did what others wait for: it granted, and where its
// result is one of their papers, that was made out too.
func doneAt(c *casework.Case, makes bool) (int64, bool) {
	switch {
	case c.Decision != casework.Granted:
		return 0, false
	case makes:
		return c.IssuedMS, c.IssuedMS != 0
	}
	return c.DecidedMS, true
}

// noticeOf is the joint matter's notice as it concerns one case: that it was
// sent concerns all.
func (c *Case) noticeOf(id string) *casework.Notice {
	if c.Notice == nil {
		return nil
	}
	own := *c.Notice
	own.Points = nil
	for _, m := range c.NoticeMembers {
		if m.Case == id {
			own.Points = m.Points
		}
	}
	return &own
}

func sameJoined(a, b *casework.Joined) bool {
	same := a.Again == b.Again && a.Due == b.Due && a.FreedMS == b.FreedMS && a.Blocked == b.Blocked && (a.Notice == nil) == (b.Notice == nil) &&
		slices.EqualFunc(a.Internal, b.Internal, func(x, y casework.InternalPaper) bool {
			return x.Material == y.Material && x.From == y.From && slices.Equal(x.Numbers, y.Numbers)
		})
	if !same || a.Notice == nil {
		return same
	}
	return a.Notice.On == b.Notice.On && a.Notice.Before == b.Notice.Before && slices.Equal(a.Notice.Points, b.Notice.Points) && a.Notice.By == b.Notice.By
}

// StatusOf is how far the whole has come. It is concluded when every case of it
// has ended, and not before.
func (c *Case) StatusOf(members []*casework.Case) Status {
	decided := len(members) == len(c.Members)
	for _, m := range members {
		decided = decided && (m.Decision != "" || m.Status.Ended())
	}
	switch {
	case len(members) == len(c.Members) && Concluded(members):
		return Ended
	case decided:
		return Decided
	case !c.TakenUpOn(members).IsZero():
		return Accepted
	case c.Notice != nil:
		return Supplementing
	}
	return HandedIn
}

// AllDecided reports whether every case of it is known here, and was decided or has
// ended.
func (c *Case) AllDecided(members []*casework.Case) bool {
	s := c.StatusOf(members)
	return s == Decided || s == Ended
}

// Concluded reports whether every one of some cases has ended.
func Concluded(members []*casework.Case) bool {
	return len(members) > 0 && !slices.ContainsFunc(members, func(m *casework.Case) bool { return !m.Status.Ended() })
}

// decidedOn is the day of the last conclusion, once all are there.
func (c *Case) decidedOn(members []*casework.Case) calendar.Date {
	if !c.AllDecided(members) {
		return calendar.Date{}
	}
	var last int64
	for _, m := range members {
		last = max(last, m.DecidedMS, m.RejectedMS, m.TerminatedMS)
	}
	return calendar.DateOf(time.UnixMilli(last))
}

// Fate says what becomes of a case of a joint matter, for the board and the
// result.
type Fate string

// The fates.
const (
	FateRunning   Fate = "running"    // 办理中
	FateWaiting   Fate = "waiting"    // 等待须先办的事项
	FateBlocked   Fate = "blocked"    // 须先办的事项未获准，不再办理
	FateGranted   Fate = "granted"    // 准予
	FateDeclined  Fate = "declined"   // 不予
	FateNotTaken  Fate = "not_taken"  // 不予受理
	FateWithdrawn Fate = "terminated" // 终止办理
)

// FateOf is what becomes of one case. Where one is refused, those that wait for
// it end with it, and all others go on: that is the rule of every package.
func FateOf(m *casework.Case) Fate {
	switch {
	case m.Decision == casework.Granted:
		return FateGranted
	case m.Decision == casework.Declined:
		return FateDeclined
	case m.Status == casework.NotAccepted:
		return FateNotTaken
	case m.Status == casework.Terminated:
		return FateWithdrawn
	case m.AcceptedMS == 0 && m.Gate() == casework.GateBlocked:
		return FateBlocked
	case m.AcceptedMS == 0 && m.Gate() == casework.GateWaiting:
		return FateWaiting
	}
	return FateRunning
}

// Compose puts the findings of the departments' windows into one notice, in the
// order of the cases. The last finding about a case counts. open are the cases
// that nobody has looked at yet.
func (c *Case) Compose(findings []Finding, members []*casework.Case) (points []ledger.MemberPoints, open []string) {
	for _, m := range c.Members {
		i := slices.IndexFunc(members, func(is *casework.Case) bool { return is.ID == m.Case })
		if i < 0 || members[i].Status.Ended() || members[i].AcceptedMS != 0 {
			continue
		}
		var last *Finding
		for k := range findings {
			if findings[k].Case == m.Case {
				last = &findings[k]
			}
		}
		switch {
		case last == nil:
			open = append(open, m.Case)
		case len(last.Points) > 0:
			points = append(points, ledger.MemberPoints{Case: m.Case, Points: last.Points})
		}
	}
	return points, open
}

// Finding is what a window found when it looked at its case's papers.
type Finding struct {
	Case   string
	Entry  string
	AtMS   int64
	By     identity.Actor
	Points []ledger.SupplementPoint
}
