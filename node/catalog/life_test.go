package catalog

import (
	"slices"
	"testing"
)

// Every item of the shipped catalog is part of some event, and of few: one that is
// everywhere is found nowhere.
func TestSuggestLifeShipped(t *testing.T) {
	items, faults := ParseItems(mustRead(t, "items.json"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	count := map[LifeEvent]int{}
	for _, item := range items {
		events := SuggestLife(item)
		if len(events) == 0 {
			t.Errorf("%s %s belongs to no event", item.Code, item.Name)
		}
		if faults := checkLife(events); len(faults) > 0 {
			t.Errorf("%s: %v", item.Code, faults)
		}
		for _, e := range events {
			count[e]++
		}
	}
	for _, l := range Lives() {
		if count[l.Event] == 0 {
			t.Errorf("no item belongs to %s", l.Event)
		}
	}
}

func TestSuggestLife(t *testing.T) {
	for _, c := range []struct {
		name    string
		subject Subject
		want    []LifeEvent
	}{
		{"内地居民结婚登记", SubjectNatural, []LifeEvent{LifeMarriage}},
		{"出生登记", SubjectNatural, []LifeEvent{LifeBirth}},
		{"个体工商户设立登记", SubjectNatural, []LifeEvent{LifeOpening}},
		{"股权出质设立登记", SubjectBoth, []LifeEvent{LifeChange}},
		{"住房公积金提取（购房、退休、死亡）", SubjectNatural, []LifeEvent{LifeWork, LifeHouse, LifeRetirement, LifeDeath}},
		{"养老机构备案", SubjectLegal, []LifeEvent{LifeTrade, LifeSociety}},
	} {
		if got := SuggestLife(Item{Name: c.name, Subject: c.subject}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSearchByLife(t *testing.T) {
	birth := &Item{Code: "TB-GAJ-001", Name: "出生登记", Subject: SubjectNatural, LifeEvents: []LifeEvent{LifeBirth}}
	card := &Item{Code: "TB-RSJ-011", Name: "社会保障卡申领", Subject: SubjectNatural, LifeEvents: []LifeEvent{LifeBirth, LifePapers}}
	other := &Item{Code: "TB-SLJ-001", Name: "取水许可", Subject: SubjectBoth, LifeEvents: []LifeEvent{LifeTrade}}
	items := []*Item{birth, card, other}
	for _, c := range []struct {
		query Query
		want  []*Item
	}{
		{Query{Life: LifeBirth}, []*Item{birth, card}},
		{Query{Life: LifePapers}, []*Item{card}},
		{Query{Life: LifeDeath}, nil},
		{Query{Text: "养育"}, []*Item{birth, card}}, // in the event's name alone
		{Query{Text: "syyyy"}, []*Item{birth, card}},
		{Query{Text: "having a child"}, []*Item{birth, card}},
		{Query{Text: "养育 社会保障卡"}, []*Item{card}},
	} {
		var got []*Item
		for _, h := range Search(items, nil, c.query) {
			got = append(got, h.Item)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v finds %d items, want %d", c.query, len(got), len(c.want))
		}
	}
}

func TestCheckLifeAndSamples(t *testing.T) {
	item := sample()
	item.LifeEvents = []LifeEvent{LifeBirth, "lottery", LifeBirth}
	item.Materials[0].SampleText = slices.Repeat([]string{"一行"}, maxSampleLines+1)
	var paths []string
	for _, f := range Check(item) {
		paths = append(paths, f.Path)
	}
	if want := []string{"materials[0].sample_text", "life_events[1]", "life_events[2]"}; !slices.Equal(paths, want) {
		t.Errorf("faults at %v, want %v", paths, want)
	}
}
