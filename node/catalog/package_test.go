package catalog

import "testing"

func TestRealPackagesPass(t *testing.T) {
	packages, faults := ParsePackages(mustRead(t, "packages.json"), realItems(t))
	for _, f := range faults {
		t.Error(f)
	}
	if len(packages) != 12 {
		t.Errorf("%d packages, want 12", len(packages))
	}
}
