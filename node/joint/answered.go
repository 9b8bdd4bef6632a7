package joint

import (
	"github.com/tongban/tongban/node/casework"
)

// What a notice asks for is brought beside the chains of a joint matter and of its
// cases and changes the state of neither: whether it will do is for the windows to
// say. So that all of it was brought follows from what was said and when.

// Said is a paper or an answer of one of the cases that a notice asked for, or that
// was brought for it.
type Said struct {
	Case string
	// Name is the paper's, or the key of the answer, as the case's own item has it.
	Name string
	// At is its place in what is told of the case, which follows the county's ledger
	// and no clock; AtMS is the time that it says itself, Unix milliseconds.
	At   int
	AtMS int64
}

// Answered is a notice of what is missing to which everything was brought.
type Answered struct {
	// SinceMS is when the last of it came (Unix milliseconds); 0 where the windows
	// went on without what they had asked for.
	SinceMS int64
	// Windows have yet to say of their cases what becomes of them, in the order of
	// the cases.
	Windows []Member
}

// Answered is what a joint matter waits for once everything that its notice asks for
// was brought. It is nil while it was told of nothing, something is still to come, or
// the whole was taken up. What was asked for again has to come again.
func (c *Case) Answered(members []*casework.Case, asked, came []Said) *Answered {
	if c.StatusOf(members) != Supplementing {
		return nil
	}
	untaken := func(id string) bool {
		m := find(members, id)
		return m != nil && m.AcceptedOn.IsZero() && !m.Status.Ended()
	}
	last := map[[2]string]int{}
	for _, a := range asked {
		last[[2]string{a.Case, a.Name}] = max(last[[2]string{a.Case, a.Name}], a.At)
	}
	out := &Answered{}
	for point, at := range last {
		var first *Said
		for i := range came {
			b := &came[i]
			if b.Case == point[0] && b.Name == point[1] && b.At >= at && (first == nil || b.At < first.At) {
				first = b
			}
		}
		switch {
		case first != nil:
			out.SinceMS = max(out.SinceMS, first.AtMS)
		case untaken(point[0]):
			return nil
		}
	}
	var later []Member
	for _, m := range c.Members {
		switch {
		case !untaken(m.Case):
		case len(m.After) == 0:
			out.Windows = append(out.Windows, m)
		default:
			later = append(later, m)
		}
	}
	if len(out.Windows) == 0 { // what they wait for ended without being taken up
		out.Windows = later
	}
	return out
}
