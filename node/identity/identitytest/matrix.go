// Package identitytest is what tests expect of rights: a table of role × action
// written by hand (matrix.txt), and what each of its cells means at a place. It
// asks nothing of the code it is there to check.
package identitytest

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed matrix.txt
var text string

// Matrix is the reach of every role's every action; "-" is none.
type Matrix struct {
	Roles   []string
	Actions []string
	cells   map[[2]string]string
}

// Place is where somebody acts or what they act on: an office's division, and
// the department that answers for the matter, if one does.
type Place struct{ Division, Department string }

// Expected reads the table.
func Expected(t testing.TB) *Matrix {
	t.Helper()
	m := &Matrix{cells: map[[2]string]string{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(strings.ReplaceAll(line, "|", " "))
		if m.Roles == nil {
			m.Roles = fields[1:]
			continue
		}
		if len(fields) != len(m.Roles)+1 {
			t.Fatalf("matrix.txt: %d cells for %d roles: %s", len(fields)-1, len(m.Roles), line)
		}
		m.Actions = append(m.Actions, fields[0])
		for i, reach := range fields[1:] {
			switch reach {
			case "-", "own", "sub", "dept", "all":
			default:
				t.Fatalf("matrix.txt: %q is no reach: %s", reach, line)
			}
			cell := [2]string{m.Roles[i], fields[0]}
			if _, twice := m.cells[cell]; twice {
				t.Fatalf("matrix.txt: %v stands twice", cell)
			}
			m.cells[cell] = reach
		}
	}
	return m
}

// Reach is a cell of the table.
func (m *Matrix) Reach(t testing.TB, role, action string) string {
	t.Helper()
	reach, ok := m.cells[[2]string{role, action}]
	if !ok {
		t.Fatalf("matrix.txt has no cell for %s %s", role, action)
	}
	return reach
}

// May reports whether somebody of a role at an office may take an action on a
// target. A target without a division is the office itself.
func (m *Matrix) May(t testing.TB, role, action string, at, on Place) bool {
	t.Helper()
	same := len(at.Division) >= 6 && strings.HasPrefix(on.Division, at.Division[:6])
	if on.Division == "" {
		on.Division, same = at.Division, true
	}
	switch m.Reach(t, role, action) {
	case "own":
		return on.Division == at.Division
	case "sub":
		return strings.HasPrefix(on.Division, at.Division)
	case "dept":
		return same && on.Department != "" && on.Department == at.Department
	case "all":
		return same
	}
	return false
}
