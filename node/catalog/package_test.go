package catalog

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
)

func TestRealPackagesPass(t *testing.T) {
	packages, faults := ParsePackages(mustRead(t, "packages.json"), realItems(t))
	for _, f := range faults {
		t.Error(f)
	}
	if len(packages) != 12 {
		t.Errorf("%d packages, want 12", len(packages))
	}
}

func TestCheckPackage(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Package)
		want  []string
	}{
		"sound":              {func(*Package) {}, nil},
		"code":               {func(p *Package) { p.Code = "1" }, []string{"code format"}},
		"name":               {func(p *Package) { p.Name = "" }, []string{"name missing"}},
		"department":         {func(p *Package) { p.LeadDepartment = "" }, []string{"lead_department missing"}},
		"control characters": {func(p *Package) { p.Notes[0] = "a\x07" }, []string{"notes[0] text"}},
		"tiers":              {func(p *Package) { p.AcceptTiers = nil }, []string{"accept_tiers missing"}},
		"tier":               {func(p *Package) { p.AcceptTiers[0] = "city" }, []string{"accept_tiers[0] unknown"}},
		"tier twice":         {func(p *Package) { p.AcceptTiers = append(p.AcceptTiers, node.County) }, []string{"accept_tiers[1] duplicate"}},
		"one item": {func(p *Package) {
			*p = Package{Code: p.Code, Name: p.Name, LeadDepartment: p.LeadDepartment, AcceptTiers: p.AcceptTiers,
				Items: p.Items[:1], Stages: p.Stages[:1], CriticalPath: 1}
		}, []string{"items missing"}},
		"item unknown":      {func(p *Package) { p.Items[2] = "TB-NO-001" }, []string{"items[2] unknown", "optional_items[0].item unknown", "stages[1].parallel_items[1] unknown", "items[2] missing", "merged_materials[0].submit_once_for[1] unknown"}},
		"item twice":        {func(p *Package) { p.Items = append(p.Items, p.Items[0]) }, []string{"items[3] duplicate"}},
		"option unknown":    {func(p *Package) { p.OptionalItems[0].Item = "TB-NO-001" }, []string{"optional_items[0].item unknown"}},
		"option twice":      {func(p *Package) { p.OptionalItems = append(p.OptionalItems, p.OptionalItems[0]) }, []string{"optional_items[1].item duplicate"}},
		"option of no case": {func(p *Package) { p.OptionalItems[0].When = "" }, []string{"optional_items[0].when missing"}},
		"all optional": {func(p *Package) {
			p.OptionalItems = []OptionalItem{{itemA, "有时"}, {itemB, "有时"}, {itemC, "有时"}}
		}, []string{"optional_items conflict"}},
		"stage number":          {func(p *Package) { p.Stages[1].Number = 3 }, []string{"stages[1].stage conflict"}},
		"stage empty":           {func(p *Package) { p.Stages = append(p.Stages, Stage{Number: 3}) }, []string{"stages[2].parallel_items missing"}},
		"item in two stages":    {func(p *Package) { p.Stages[1].Items = append(p.Stages[1].Items, itemA) }, []string{"stages[1].parallel_items[2] duplicate"}},
		"item in no stage":      {func(p *Package) { p.Stages[1].Items = p.Stages[1].Items[:1] }, []string{"items[2] missing"}},
		"no stages":             {func(p *Package) { p.Stages = nil }, []string{"items[0] missing", "items[1] missing", "items[2] missing", "promised_working_days_critical_path conflict"}},
		"dependency unknown":    {func(p *Package) { p.Dependencies[0].Item = "TB-NO-001" }, []string{"dependencies[0].item unknown"}},
		"after unknown":         {func(p *Package) { p.Dependencies[0].After[0] = "TB-NO-001" }, []string{"dependencies[0].after[0] unknown"}},
		"after nothing":         {func(p *Package) { p.Dependencies[0].After = nil }, []string{"dependencies[0].after missing"}},
		"no reason":             {func(p *Package) { p.Dependencies[0].Reason = "" }, []string{"dependencies[0].reason missing"}},
		"after itself":          {func(p *Package) { p.Dependencies[0].After[0] = itemB }, []string{"dependencies[0].after[0] conflict", "dependencies conflict"}},
		"same stage":            {func(p *Package) { p.Dependencies[0].After[0] = itemC }, []string{"dependencies[0].after[0] conflict"}},
		"circle":                {func(p *Package) { p.Dependencies = append(p.Dependencies, Dependency{itemA, []string{itemB}, "环"}) }, []string{"dependencies[1].after[0] conflict", "dependencies conflict"}},
		"producer unknown":      {func(p *Package) { p.Internal[0].Producer = "TB-NO-001" }, []string{"internal_results[0].produced_by unknown"}},
		"result unknown":        {func(p *Package) { p.Internal[0].Result = "护照" }, []string{"internal_results[0].result unknown"}},
		"consumer unknown":      {func(p *Package) { p.Internal[0].Consumers[0] = "TB-NO-001" }, []string{"internal_results[0].satisfies_material_of[0] unknown"}},
		"consumed before":       {func(p *Package) { p.Internal[0].Consumers[0] = itemA }, []string{"internal_results[0].satisfies_material_of[0] conflict"}},
		"consumed by nobody":    {func(p *Package) { p.Internal[0].Consumers = nil }, []string{"internal_results[0].satisfies_material_of missing"}},
		"merged for one":        {func(p *Package) { p.Merged[0].Items = p.Merged[0].Items[:1] }, []string{"merged_materials[0].submit_once_for missing"}},
		"merged twice":          {func(p *Package) { p.Merged = append(p.Merged, p.Merged[0]) }, []string{"merged_materials[1] duplicate"}},
		"merged without a name": {func(p *Package) { p.Merged[0].Material = "" }, []string{"merged_materials[0].material missing"}},
		"critical path":         {func(p *Package) { p.CriticalPath = 5 }, []string{"promised_working_days_critical_path conflict"}},
		"too long":              {func(p *Package) { p.Items = make([]string, 201) }, []string{"items limit"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := samplePackage()
			c.spoil(&p)
			faults := CheckPackage(p, sampleItems)
			if got := summary(faults); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("faults %q, want %q", got, c.want)
			}
			mustBeTold(t, faults)
		})
	}
}

func TestParsePackagesAcceptsNothingUnlessAllIsWell(t *testing.T) {
	items := realItems(t)
	data := string(mustRead(t, "packages.json"))
	for name, c := range map[string]struct{ document, want string }{
		"unknown field": {strings.Replace(data, `"code": "PK-01",`, `"code": "PK-01", "colour": 1,`, 1), "packages[0].colour unknown"},
		"used code":     {strings.Replace(data, `"code": "PK-02",`, `"code": "PK-01",`, 1), "packages[1].code duplicate"},
		"a rule":        {strings.Replace(data, `"stage": 1,`, `"stage": 7,`, 1), "packages[0].stages[0].stage conflict"},
		"a rule beside": {strings.Replace(strings.Replace(data, `"code": "PK-02",`, `"code": "PK-02", "colour": 1,`, 1), `"stage": 1,`, `"stage": 7,`, 1), "packages[0].stages[0].stage conflict"},
		"cut off":       {data[:len(data)/2], " syntax"},
	} {
		packages, faults := ParsePackages([]byte(c.document), items)
		if packages != nil || !slices.Contains(summary(faults), c.want) {
			t.Errorf("%s: %d packages, %v", name, len(packages), faults)
		}
	}
}

func FuzzParsePackages(f *testing.F) {
	one, _ := json.Marshal(map[string]any{"packages": []Package{samplePackage()}})
	f.Add(one)
	f.Add([]byte(`{"packages":[{"stages":[{"stage":1,"parallel_items":[]}]}]}`))
	f.Add([]byte(`{"packages":[]}`))
	items := []Item{}
	for _, code := range []string{itemA, itemB, itemC} {
		item, _ := sampleItems(code)
		items = append(items, item)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		packages, faults := ParsePackages(data, items)
		if len(faults) > 0 && packages != nil {
			t.Fatal("packages beside faults")
		}
		mustBeWorded(t, faults)
		for _, p := range packages {
			if item, ok := p.cycle(); ok {
				t.Fatalf("accepted a circle at %s", item)
			}
			for _, item := range p.Items {
				if p.stageOf(item) == 0 {
					t.Fatalf("%s is in no stage", item)
				}
			}
		}
	})
}

const itemA, itemB, itemC = "TB-SCJG-001", "TB-SCJG-002", "TB-SCJG-003"

func sampleItems(code string) (Item, bool) {
	item := sample()
	item.Code = code
	switch code {
	case itemA:
		item.PromisedWorkingDays = 1
		item.Results = []Result{{Name: "营业执照"}}
	case itemB:
		item.PromisedWorkingDays = 3
	case itemC:
		item.PromisedWorkingDays = 2
	default:
		return Item{}, false
	}
	return item, true
}

func samplePackage() Package {
	return Package{
		Code: "PK-01", Name: "开办餐饮店", LeadDepartment: "县市场监督管理局", AcceptTiers: []node.Tier{node.County},
		Items: []string{itemA, itemB, itemC}, OptionalItems: []OptionalItem{{itemC, "设置店招时"}},
		Stages:       []Stage{{1, []string{itemA}}, {2, []string{itemB, itemC}}},
		Dependencies: []Dependency{{itemB, []string{itemA}, "须先取得主体资格"}},
		Internal:     []InternalResult{{"营业执照", itemA, []string{itemB}}},
		Merged:       []MergedMaterial{{"身份证", []string{itemB, itemC}, "收一份"}},
		CriticalPath: 4, Notes: []string{"联合踏勘"},
	}
}
