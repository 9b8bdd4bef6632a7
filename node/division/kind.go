package division

import "github.com/tongban/tongban/node"

// Kind is what sort of division it is. The text is stored and sent.
type Kind string

// The kinds. Township and village kinds follow from the last three digits of
// the code (statistical division code rules).
const (
	KindCounty    Kind = "county"
	KindStreet    Kind = "street"    // 街道, 001–099
	KindTown      Kind = "town"      // 镇, 100–199
	KindTownship  Kind = "township"  // 乡, 200–399
	KindCommunity Kind = "community" // 社区, 001–199
	KindVillage   Kind = "village"   // 村, 200–399
	KindSimilar   Kind = "similar"   // 类似居委会、村委会的单位, 400–999
)

// Chinese returns the kind as the divisions file and people write it, and the
// empty string for text that is no kind.
func (k Kind) Chinese() string {
	switch k {
	case KindCounty:
		return "县"
	case KindStreet:
		return "街道"
	case KindTown:
		return "镇"
	case KindTownship:
		return "乡"
	case KindCommunity:
		return "社区"
	case KindVillage:
		return "村"
	case KindSimilar:
		return "其他"
	}
	return ""
}

// Tier returns the tier divisions of this kind belong to.
func (k Kind) Tier() node.Tier {
	switch k {
	case KindCounty:
		return node.County
	case KindStreet, KindTown, KindTownship:
		return node.Township
	case KindCommunity, KindVillage, KindSimilar:
		return node.Village
	}
	return ""
}

func townshipKind(n int) Kind {
	switch {
	case n >= 1 && n <= 99:
		return KindStreet
	case n >= 100 && n <= 199:
		return KindTown
	case n >= 200 && n <= 399:
		return KindTownship
	}
	return ""
}

func villageKind(n int) Kind {
	switch {
	case n >= 1 && n <= 199:
		return KindCommunity
	case n >= 200 && n <= 399:
		return KindVillage
	case n >= 400 && n <= 999:
		return KindSimilar
	}
	return ""
}
