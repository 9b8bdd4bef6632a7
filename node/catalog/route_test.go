package catalog

import (
	"slices"
	"testing"
)

// The steps' own limits are parts of the promise.
func TestStepDaysAreCheckedAgainstThePromise(t *testing.T) {
	for _, row := range []struct {
		what    string
		days    []int
		promise int
		want    string // path of the fault
	}{
		{"none", []int{0, 0, 0}, 5, ""},
		{"all", []int{0, 2, 3}, 5, ""},
		{"less than the promise", []int{0, 1, 1}, 5, ""},
		{"one of two", []int{0, 2, 0}, 5, "review_steps"},
		{"more than the promise", []int{0, 3, 3}, 5, "review_steps"},
		{"of acceptance", []int{1, 2, 2}, 5, "review_steps[0].working_days"},
		{"negative", []int{0, -1, 2}, 5, "review_steps[1].working_days"},
		{"endless", []int{0, 1, 1 << 40}, 5, "review_steps[2].working_days"},
	} {
		item := sample()
		item.PromisedWorkingDays = row.promise
		for i := range item.ReviewSteps {
			item.ReviewSteps[i].WorkingDays = row.days[i]
		}
		faults := Check(item)
		var paths []string
		for _, f := range faults {
			paths = append(paths, f.Path)
		}
		if row.want == "" && len(faults) != 0 || row.want != "" && !slices.Contains(paths, row.want) {
			t.Errorf("%s: %+v", row.what, faults)
		}
	}
	item := sample()
	item.ReviewSteps[1].WorkingDays, item.ReviewSteps[2].WorkingDays = 1, 2
	if a, b := item.StepDue(1), item.StepDue(2); a != 1 || b != 3 {
		t.Errorf("due on days %d and %d", a, b)
	}
}
