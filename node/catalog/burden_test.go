package catalog

import "testing"

func everything(Material) bool { return true }
func nothing(Material) bool    { return false }

// The shipped catalog asks for at least 30 % fewer papers once what the
// government has itself is not asked for again, in all and in its packages.
func TestBurdenOfTheShippedCatalog(t *testing.T) {
	items, packages := searchable(t)
	var all, none Burden
	for _, i := range items {
		all, none = all.Plus(BurdenOf(i, everything)), none.Plus(BurdenOf(i, nothing))
	}
	if none.Saved() != 0 || none.Demanded != all.Demanded {
		t.Errorf("with nothing on file: %+v", none)
	}
	if all.Saved() < 300 {
		t.Errorf("all items: %+v saves %d per mille", all, all.Saved())
	}
	var joint Burden
	for i := range packages {
		b, bare := BurdenOfPackage(&packages[i], items, everything), BurdenOfPackage(&packages[i], items, nothing)
		if b.Asked > bare.Asked || bare.Asked > bare.Demanded || b.Demanded != bare.Demanded {
			t.Errorf("%s: %+v, with nothing on file %+v", packages[i].Code, b, bare)
		}
		if bare.Saved() == 0 {
			t.Errorf("%s joins items and saves nothing", packages[i].Code)
		}
		joint = joint.Plus(b)
	}
	if joint.Saved() < 300 {
		t.Errorf("all packages: %+v saves %d per mille", joint, joint.Saved())
	}
	t.Logf("items: %+v, %d ‰; packages: %+v, %d ‰", all, all.Saved(), joint, joint.Saved())
}

func TestBurdenOfPackage(t *testing.T) {
	paper := func(name string, shareable bool) Material {
		return Material{Name: name, Required: true, Shareable: shareable}
	}
	items := []*Item{
		{Code: "A", Materials: []Material{paper("申请书", false), paper("场所使用证明（产权证明）", false), {Name: "有时需要"}}},
		{Code: "B", Materials: []Material{paper("场地证明", false), paper("营业执照（副本）", true), paper("身份证", true), paper("申请书", false)}},
	}
	p := &Package{Items: []string{"A", "B"}, Merged: []MergedMaterial{{Material: "场所使用证明", Items: []string{"A", "B"}}, {Material: "场地证明", Items: []string{"B"}}},
		Internal: []InternalResult{{Result: "营业执照", Producer: "A", Consumers: []string{"B"}}}}
	if got := BurdenOfPackage(p, items, nothing); got != (Burden{Demanded: 6, Asked: 4}) {
		t.Errorf("nothing on file: %+v", got)
	}
	if got := BurdenOfPackage(p, items, everything); got != (Burden{Demanded: 6, Asked: 3}) {
		t.Errorf("all on file: %+v", got)
	}
}
