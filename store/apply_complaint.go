package store

import (
	"encoding/json"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// complaintPrefix begins the number of a complaint; what follows is numbered as
// cases are, by a counter of its own.
const complaintPrefix = "T"

// ComplaintCounterPrefix is what the complaint numbers of one node on one day
// share; their counters are kept under it.
func ComplaintCounterPrefix(n casework.Number) string { return complaintPrefix + CounterPrefix(n) }

// ComplaintNumber is the number of a complaint.
func ComplaintNumber(n casework.Number) string { return complaintPrefix + n.Compact() }

var complaintUnknown = refuse("complaint_unknown", "没有这件投诉、建议或咨询", "there is no such complaint")

func (a *applier) prepareComplaint(e *ledger.Entry, b *ledger.ComplaintOpenV1, from origin) (func() error, error) {
	c, err := complaint.Open(e, b)
	if err != nil {
		return nil, err
	}
	number, err := casework.ParseNumber(b.Number[1:])
	if err != nil {
		return nil, err
	}
	if b.At != from.Division || number.Ordinal() != from.Ordinal {
		return nil, refuse("complaint_number", "受理编号有误，请重新提交", "the number is not one of the node that recorded it")
	}
	known, err := a.complaint(b.Number)
	if err != nil {
		return nil, err
	}
	if known != nil && known.Entry != e.ID {
		return nil, numberTaken
	}
	return func() error {
		counter, err := a.counterRow(complaintPrefix + counterPrefix(b.Number[1:]))
		if err != nil {
			return err
		}
		counter.last, counter.changed = max(counter.last, number.Counter()), true
		if known != nil {
			return nil // what followed it stays when it is applied again
		}
		return a.saveComplaint(c)
	}, nil
}

func (a *applier) prepareAssignment(e *ledger.Entry, b *ledger.ComplaintAssignV1) (func() error, error) {
	c, concerned, err := a.complaintAbout(b.Complaint)
	if err != nil {
		return nil, err
	}
	if !a.told {
		if err := c.MayAssign(b.Handler, concerned); err != nil {
			return nil, err
		}
		handler, err := a.staff(b.Handler)
		if err != nil {
			return nil, err
		}
		if handler == nil {
			return nil, staffUnknown
		}
		if err := a.mayHandle(handler, c, e.OccurredAt-e.SkewMS); err != nil {
			return nil, err
		}
	}
	by := e.Actor
	c.Handler, c.AssignedMS, c.AssignedBy = b.Handler, e.OccurredAt, &by
	return func() error { return a.saveComplaint(c) }, nil
}

// mayHandle tells whether one of a person's roles reaches a complaint, and the
// node they work at can see it.
func (a *applier) mayHandle(s *identity.Staff, c *complaint.Complaint, at int64) error {
	no := refuse("complaint_handler", "该人员无权承办此件，请指定其他人", "this person may not handle it; name somebody else")
	if !s.Division.Contains(c.At) {
		return no
	}
	for _, r := range s.Now().Roles {
		subject := identity.Subject{Role: r, Tier: s.Division.Tier(), Division: s.Division, Department: s.Department}
		if s.Now().Holds(r) && identity.Permit(subject, identity.ComplaintHandle, complaintTarget(c)) == nil {
			return nil
		}
	}
	return no
}

// complaintTarget is what a complaint belongs to: the office it is about, or
// where it was recorded.
func complaintTarget(c *complaint.Complaint) identity.Target {
	t := identity.Target{Division: c.Division, Department: c.Department}
	if t.Division == "" {
		t.Division = c.At
	}
	return t
}

func (a *applier) complaintTargetOf(number string) (identity.Target, error) {
	c, err := a.complaint(number)
	if err != nil {
		return identity.Target{}, err
	}
	if c == nil {
		return identity.Target{}, complaintUnknown
	}
	return complaintTarget(c), nil
}

func (a *applier) prepareReply(e *ledger.Entry, b *ledger.ComplaintReplyV1) (func() error, error) {
	c, concerned, err := a.complaintAbout(b.Complaint)
	if err != nil {
		return nil, err
	}
	if !a.told {
		if err := c.MayReply(e.Actor.Staff, concerned); err != nil {
			return nil, err
		}
	}
	by := e.Actor
	c.Upheld, c.Reply, c.Measures, c.RepliedMS, c.RepliedBy = b.Upheld, b.Reply, b.Measures, e.OccurredAt, &by
	return func() error { return a.saveComplaint(c) }, nil
}

func (a *applier) prepareComplaintReveal(e *ledger.Entry, b *ledger.ComplaintRevealV1) (func() error, error) {
	_, concerned, err := a.complaintAbout(b.Complaint)
	if err != nil {
		return nil, err
	}
	for _, who := range concerned {
		if who == e.Actor.Staff && !a.told {
			return nil, refuse("complaint_concerned", "不能查看对本人的投诉", "nobody looks at what is said about themselves")
		}
	}
	return func() error { return nil }, nil
}

func (a *applier) complaint(number string) (*complaint.Complaint, error) {
	return jsonOf[complaint.Complaint](a, `SELECT body FROM complaints WHERE number = ?`, number)
}

// complaintAbout is a complaint and who it is about.
func (a *applier) complaintAbout(number string) (*complaint.Complaint, []string, error) {
	c, err := a.complaint(number)
	if err != nil {
		return nil, nil, err
	}
	if c == nil {
		return nil, nil, complaintUnknown
	}
	var of *casework.Case
	if c.Case != "" {
		if of, err = a.caseByID(c.Case); err != nil {
			return nil, nil, err
		}
	}
	return c, c.Concerned(of), nil
}

func (a *applier) saveComplaint(c *complaint.Complaint) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO complaints (number, scope, division, department, handler, state, opened, account, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (number) DO UPDATE SET handler = excluded.handler, state = excluded.state, body = excluded.body`,
		c.Number, string(c.At), string(c.Division), c.Department, c.Handler, string(c.State()), c.OpenedMS, c.Account, body)
}
