// Package node is the ground floor of tongban: what a node of any tier knows
// and may do, and nothing about how it stores, sends or shows it.
//
// A node is one running tongban process of a county, a township or a village.
// The packages below this one hold the rules all three share: divisions, the
// legal clock's calendar, the catalog of items, casework, identities and
// permissions, and the entries of the ledger.
//
// The floor is pure. Its packages read no clock, no random source, no file and
// no network, and start no goroutine; times and random values arrive as
// arguments. So the same entry gives the same state on every node and in every
// replay, and each rule can be tested without a machine around it. The floor
// imports the standard library and small pure libraries only, and nothing from
// the floors above (store, federation, api, cmd).
package node

// Tier is the level of government a node, an office or a division belongs to.
// Its text is stored, sent and signed; the values never change.
type Tier string

// The three tiers, from the top down.
const (
	County   Tier = "county"   // 县: the county's service centre (政务服务中心)
	Township Tier = "township" // 乡镇: a town, township or street (便民服务中心)
	Village  Tier = "village"  // 村: a village or community (便民服务站)
)

// Tiers returns the three tiers from the top down.
func Tiers() []Tier { return []Tier{County, Township, Village} }

// Valid reports whether t is one of the three tiers.
func (t Tier) Valid() bool { return t.Rank() != 0 }

// Rank orders tiers upwards: village 1, township 2, county 3. Text that is no
// tier has rank 0 and so ranks below all of them.
func (t Tier) Rank() int {
	switch t {
	case Village:
		return 1
	case Township:
		return 2
	case County:
		return 3
	}
	return 0
}

// Above reports whether t is a higher tier than other. It is false whenever
// either of them is no tier, so that unknown text never gains authority.
func (t Tier) Above(other Tier) bool {
	return t.Valid() && other.Valid() && t.Rank() > other.Rank()
}

// Chinese returns the tier's name for people: 县, 乡镇 or 村, and the empty
// string for text that is no tier.
func (t Tier) Chinese() string {
	switch t {
	case County:
		return "县"
	case Township:
		return "乡镇"
	case Village:
		return "村"
	}
	return ""
}
