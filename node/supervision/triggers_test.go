package supervision

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
)

// Handbook section 5, "also detect": what shows in the case, or was seen of it,
// whatever its limits say. Each makes its card.
//
// Rules: 4.5, 5.6, 5.7, 5.8, 5.9, 5.10.
func TestTriggersOfSectionFive(t *testing.T) {
	day := func(text string) calendar.Date {
		d, err := calendar.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	today := day("2026-11-23")
	said := &casework.Notice{On: today, By: identity.Actor{Staff: "s-1", Role: identity.TownshipClerk}}
	for name, c := range map[string]struct {
		of     casework.Case
		seen   []Rule
		rule   Rule
		colour Colour
	}{
		"second supplement notice":                   {of: casework.Case{Flags: []string{casework.FlagSecondNotice}}, rule: SecondNotice, colour: Yellow},
		"second supplement notice of a joint matter": {of: casework.Case{Package: &casework.Joined{Again: true, Notice: said}}, rule: SecondNotice, colour: Yellow},
		"step skipped":                               {seen: []Rule{StepSkipped}, rule: StepSkipped, colour: Yellow},
		"case returned with no reason":               {of: casework.Case{Flags: []string{casework.FlagBareReturn}}, rule: BareReturn, colour: Yellow},
		"special procedure longer than notified":     {of: casework.Case{Status: casework.Accepted, Suspensions: []casework.Suspension{{From: day("2026-11-02"), Until: day("2026-11-20")}}}, rule: ProcedureLate, colour: Yellow},
		"its result came later than notified":        {of: casework.Case{Flags: []string{casework.FlagLateResult}}, rule: ProcedureLate, colour: Yellow},
		"fee above standard":                         {seen: []Rule{FeeAbove}, rule: FeeAbove, colour: Yellow},
		"an inspection found faults":                 {seen: []Rule{SampleFault}, rule: SampleFault, colour: Yellow},
		"an inspection found grave faults":           {seen: []Rule{SampleGrave}, rule: SampleGrave, colour: Red},
		"two yellow cards on one case make it red":   {of: casework.Case{Flags: []string{casework.FlagBareReturn, casework.FlagSecondNotice}}, rule: TwoYellows, colour: Red},
	} {
		found, err := Look(&c.of, nil, nil, Moment{Today: today, Closed: true}, Defaults, nil, c.seen...)
		if err != nil || !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == c.rule && f.Colour == c.colour }) {
			t.Errorf("%s: %+v %v", name, found, err)
		}
		if zh, en := RuleZH(c.rule); zh == "" || en == "" {
			t.Errorf("%s has no words", c.rule)
		}
	}
	joint := &casework.Case{HandedInAt: "330523110", Division: "330523110200", Holder: "330523110200", Package: &casework.Joined{Again: true, Notice: said}}
	if desk, by := DeskOf(joint, SecondNotice); by.Staff != "s-1" || desk.Division != "330523110" {
		t.Errorf("%+v %+v", desk, by)
	}
}
