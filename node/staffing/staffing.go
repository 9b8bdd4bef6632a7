// Package staffing finds the steps of items that nobody at the county can do. It is
// asked before an edition is published: a case of such an item would be taken in below
// and then stand at a desk that does not exist.
//
// It judges accounts and their roles, which last, and neither who is on duty on a day nor
// whose certificate runs out; and the departments of the county, for a township's items
// are every township's. What is published before its people are registered is a decision
// of the operator, so that nothing that applies an entry asks it.
package staffing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// Gap is what nobody in a department can do: the steps, in the order of a case, that
// have no active account with the role for them, and the items that have these steps.
type Gap struct {
	Department string
	Steps      []ledger.Verb
	// Items are their codes, First the place of the first of them in the list.
	Items []string
	First int
}

// Gaps are the gaps of items at the county, in the order of the items; items of one
// department that lack the same steps are one. people are the staff of the county.
func Gaps(items []catalog.Item, people []identity.Staff) []Gap {
	var gaps []Gap
	place := map[string]int{}
	can := map[ledger.Desk]bool{}
	names := departments(people)
	for i := range items {
		item := &items[i]
		if item.Department == "" || len(item.ReviewSteps) == 0 {
			continue
		}
		var lacking []ledger.Verb
		able := func(v ledger.Verb) bool {
			desk := ledger.Desk{Department: item.Department, Verb: v}
			is, known := can[desk]
			if !known {
				is = slices.ContainsFunc(people, func(p identity.Staff) bool { return supervision.CanTake(p, desk) })
				can[desk] = is
			}
			return is
		}
		elsewhere := len(item.AcceptTiers) > 1 && !able(ledger.VerbAccept) && nearest(item.Department, names) == ""
		for _, v := range atCounty(item, elsewhere) {
			if !able(v) {
				lacking = append(lacking, v)
			}
		}
		if len(lacking) == 0 {
			continue
		}
		key := item.Department + fmt.Sprint(lacking)
		at, known := place[key]
		if !known {
			at = len(gaps)
			place[key] = at
			gaps = append(gaps, Gap{Department: item.Department, Steps: lacking, First: i})
		}
		gaps[at].Items = append(gaps[at].Items, item.Code)
	}
	return gaps
}

// atCounty are the steps that cases of an item take at the county, wherever they are
// handed in, in the order of a case. Where the county has no window of the department,
// as of a township's, nobody hands in there what is taken in elsewhere too, and no case
// can come to stand there for it; but a name that is spelled like another's is one that
// was mistyped.
func atCounty(item *catalog.Item, elsewhere bool) []ledger.Verb {
	there := map[ledger.Verb]bool{}
	for _, tier := range item.AcceptTiers {
		if elsewhere && tier == node.County {
			continue
		}
		for _, s := range casework.Plan(item, tier) {
			there[s.Verb] = there[s.Verb] || s.Tier == node.County
		}
	}
	var steps []ledger.Verb
	for _, v := range order {
		if there[v] {
			steps = append(steps, v)
		}
	}
	return steps
}

var order = []ledger.Verb{ledger.VerbAccept, ledger.VerbPreReview, ledger.VerbReview, ledger.VerbDecide, ledger.VerbIssue, ledger.VerbDeliver}

var names = map[ledger.Verb][2]string{
	ledger.VerbAccept: {"受理", "acceptance"}, ledger.VerbPreReview: {"初审", "preliminary review"}, ledger.VerbReview: {"审核", "review"},
	ledger.VerbDecide: {"审批", "decision"}, ledger.VerbIssue: {"制发", "issue"}, ledger.VerbDeliver: {"送达", "delivery"},
}

const maxNamed = 5

// Faults say gaps in words, each with its department, steps and items, and with the
// department that may have been meant: a name that is spelled differently is the usual
// reason. The paths are those of the first items.
func Faults(gaps []Gap, people []identity.Staff) []catalog.Fault {
	known := departments(people)
	faults := make([]catalog.Fault, 0, len(gaps))
	for _, g := range gaps {
		var zh, en []string
		for _, v := range g.Steps {
			zh, en = append(zh, names[v][0]), append(en, names[v][1])
		}
		var some []string
		for _, code := range g.Items[:min(len(g.Items), maxNamed)] {
			some = append(some, catalog.Show(code))
		}
		codes := strings.Join(some, "、")
		more, moreEN := "", ""
		if n := len(g.Items); n > maxNamed {
			more, moreEN = fmt.Sprintf("等 %d 项", n), fmt.Sprintf(", %d items in all", n)
		}
		f := catalog.Fault{Path: fmt.Sprintf("items[%d].department", g.First), Code: catalog.FaultUnknown,
			ZH: fmt.Sprintf("部门“%s”没有在岗人员能办理%s环节（事项 %s%s）：请核对部门全称；新设部门请先登记其人员，否则办件到此无人办理", catalog.Show(g.Department), strings.Join(zh, "、"), codes, more),
			EN: fmt.Sprintf("nobody works at department %q who can do its %s (items %s%s): check its full name; register the people of a new one, or cases stand there for good", catalog.Show(g.Department), strings.Join(en, ", "), codes, moreEN)}
		if near := nearest(g.Department, known); near != "" {
			f.ZH += "。是否应为“" + catalog.Show(near) + "”？"
			f.EN += fmt.Sprintf(". Is %q meant?", catalog.Show(near))
		}
		faults = append(faults, f)
	}
	return catalog.Capped(faults)
}

// departments are those that somebody works at.
func departments(people []identity.Staff) []string {
	var known []string
	for _, p := range people {
		if p.Department != "" && !p.Now().Disabled && !slices.Contains(known, p.Department) {
			known = append(known, p.Department)
		}
	}
	return known
}

// nearest is another name that differs from this one in a character, or is a part of it,
// or it of that; empty when there is none.
func nearest(name string, known []string) string {
	for _, k := range known {
		if k == name {
			continue
		}
		if len(k) >= 9 && len(name) >= 9 && (strings.Contains(name, k) || strings.Contains(k, name)) || oneApart([]rune(name), []rune(k)) {
			return k
		}
	}
	return ""
}

// oneApart reports whether two names differ in one character that was added,
// left out or replaced.
func oneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	rest := a[i:]
	if len(a) == len(b) && i < len(a) {
		rest = a[i+1:]
	}
	return i < len(b) && string(rest) == string(b[i+1:])
}
