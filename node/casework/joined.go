package casework

import (
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
)

// Joined is what a case is told by the joint matter it is part of (联办件). The
// case's holder does not write it: it follows from the other cases and from what
// the window that leads the joint matter did, and is the same wherever all of
// them are known.
type Joined struct {
	// ID is the joint matter's case, Number its number, Package what it is of.
	ID      string `json:"id"`
	Number  string `json:"number"`
	Package string `json:"package"`
	// After are the cases that this one waits for.
	After []string `json:"after,omitempty"`
	// FreedMS is when the last of them was done: that day counts as the day on
	// which this case's papers were received. 0 while it waits.
	FreedMS int64 `json:"freed_ms,omitempty"`
	// Blocked is the case that ended without what this one waits for.
	Blocked string `json:"blocked,omitempty"`
	// Internal are the papers that other cases make for this one.
	Internal []InternalPaper `json:"internal,omitempty"`
	// Notice is the joint matter's one notice, with the points about this case.
	Notice *Notice `json:"notice,omitempty"`
	// Again: what is missing in the joint matter was asked for more than once. It
	// stands with the first of its cases, so that it is one breach and not many.
	Again bool `json:"again,omitempty"`
	// Tells is what an entry of this case told last of when the whole is due; zero
	// where none did. The case itself writes it.
	Tells JointDue `json:"tells,omitzero"`
	// Due is when the whole is due, as the applicant was told last. No limit of the
	// case is later.
	Due JointDue `json:"due,omitzero"`
}

// JointDue is when a joint matter has to be decided, and when that was told (Unix
// milliseconds, by the clock of the node that did).
type JointDue struct {
	Promised  calendar.Date `json:"promised,omitzero"`
	Statutory calendar.Date `json:"statutory,omitzero"`
	AtMS      int64         `json:"at_ms,omitempty"`
}

// within keeps a limit of the case from being later than that of the whole.
func (c *Case) within(l *Limit) {
	if c.Package == nil {
		return
	}
	last := c.Package.Due.Promised
	if l.Kind == LimitStatutory {
		last = c.Package.Due.Statutory
	} else if l.Kind != LimitPromised {
		return
	}
	if last.IsZero() {
		return
	}
	if l.Result.Due.After(last) {
		l.Result.Due = last
	}
	if l.Told.After(last) {
		l.Told = last
	}
}

// InternalPaper is a paper that the applicant does not hand in, for another case
// of the joint matter makes it.
type InternalPaper struct {
	Material string `json:"material"`
	From     string `json:"from"` // the case that makes it
	// Numbers are those of the documents made, once they are.
	Numbers []string `json:"numbers,omitempty"`
}

// Gate tells whether a case of a joint matter can be taken up.
type Gate string

// The gates.
const (
	GateOpen    Gate = "open"
	GateWaiting Gate = "waiting" // what must be done first is not done yet
	GateBlocked Gate = "blocked" // what must be done first was refused
)

// Gate is where the case stands; a case that stands alone waits for nothing.
func (c *Case) Gate() Gate {
	switch {
	case c.Package == nil || len(c.Package.After) == 0:
		return GateOpen
	case c.Package.Blocked != "":
		return GateBlocked
	case c.Package.FreedMS == 0:
		return GateWaiting
	}
	return GateOpen
}

// MayAccept refuses to take up a case of a joint matter before what it waits for
// is done. The error is a *Refusal.
func (c *Case) MayAccept() error {
	switch c.Gate() {
	case GateWaiting:
		return errPackageWaits
	case GateBlocked:
		return refuse("package_blocked", "联办件中须先办的事项未获准，本件不能受理，请以“须先办的事项未获准”终止办理", "what this case waits for was not granted; end it with that cause")
	}
	return nil
}

// Told is the notice of what is missing that the applicant had: the case's own,
// or that of the joint matter.
func (c *Case) told() *Notice {
	if c.Notice == nil && c.Package != nil {
		return c.Package.Notice
	}
	return c.Notice
}

var errPackageWaits = refuse("package_waits", "联办件中须先办的事项尚未办结，办结后才能受理本件；期间不计时", "another case of the joint matter must be done first; its time does not run until then")

var errPackageNotice = refuse("package_notice", "本件属于联办件，请登记审查意见，由牵头窗口汇总后一次性告知", "the case is part of a joint matter: record what you found, and the window that leads it sends one notice for all")

func (c *Case) endBlocked(b *ledger.CaseTerminateV1) error {
	if b.Cause == ledger.CausePrerequisite && c.Gate() != GateBlocked {
		return refuse("not_blocked", "须先办的事项没有被拒绝，不能以此终止", "nothing that this case waits for was refused")
	}
	return nil
}
