package catalog

import (
	"slices"
	"strings"
)

// Burden is how many papers a matter demands and how many of them people still
// have to bring (一表制: what the government has is not asked for again). Only
// papers that are always needed count; conditional ones would flatter nobody
// the same way.
type Burden struct {
	Demanded int `json:"demanded"`
	Asked    int `json:"asked"`
}

// Saved is the share that need not be brought, in per mille.
func (b Burden) Saved() int {
	if b.Demanded == 0 {
		return 0
	}
	return (b.Demanded - b.Asked) * 1000 / b.Demanded
}

// Plus adds two burdens.
func (b Burden) Plus(o Burden) Burden { return Burden{b.Demanded + o.Demanded, b.Asked + o.Asked} }

// BurdenOf is what an item asks of somebody for whom the materials for which
// have answers true are on file or in a record that is shared. A material that
// no paper on file may stand for is always asked for.
func BurdenOf(item *Item, have func(m Material) bool) Burden {
	var b Burden
	for _, m := range item.Materials {
		if !m.Required {
			continue
		}
		b.Demanded++
		if !m.Reusable() || !have(m) {
			b.Asked++
		}
	}
	return b
}

// BurdenOfPackage is what a joint matter asks: a paper that several of its items
// demand is brought once, and a result that one item makes for another never.
func BurdenOfPackage(p *Package, items []*Item, have func(m Material) bool) Burden {
	var b Burden
	var brought []string // what is brought already, by its name in the package
	for _, code := range p.Items {
		i := slices.IndexFunc(items, func(i *Item) bool { return i.Code == code })
		if i < 0 {
			continue
		}
		for _, m := range items[i].Materials {
			if !m.Required {
				continue
			}
			b.Demanded++
			once := p.nameOf(m.Name, code)
			switch {
			case p.internal(m.Name, code), slices.Contains(brought, once), m.Reusable() && have(m):
			default:
				b.Asked++
				brought = append(brought, once)
			}
		}
	}
	return b
}

// nameOf is the name under which a package collects a material of an item.
func (p *Package) nameOf(material, item string) string {
	for _, m := range p.Merged {
		if slices.Contains(m.Items, item) && alike(m.Material, material) {
			return m.Material
		}
	}
	return material
}

// internal reports whether another item of the package makes the material.
func (p *Package) internal(material, item string) bool {
	return slices.ContainsFunc(p.Internal, func(r InternalResult) bool {
		return slices.Contains(r.Consumers, item) && alike(r.Result, material)
	})
}

// alike compares names of papers without what stands in brackets: items and
// packages call the same paper 场所使用证明 and 场所使用证明（产权证明或租赁合同）.
func alike(a, b string) bool { return plainName(a) == plainName(b) }

func plainName(name string) string {
	before, _, _ := strings.Cut(name, "（")
	return strings.TrimSpace(before)
}
