package api

import (
	"encoding/json"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store/storetest"
)

// Whoever writes a package sees what is wrong with it and what it will ask for,
// before anything is written; and afterwards each of its versions.
func TestPackageIsCheckedAsItIsWritten(t *testing.T) {
	h := newHub(t)
	h.offerPackage()
	h.person("window", theCounty, "县民政局", identity.DepartmentWindow)
	var known gen.PackageAtVersion
	h.get("operator", "/api/v1/packages/"+storetest.PackageCode+"/versions/1", &known)
	var guide gen.PackageGuide
	h.get("", "/api/v1/packages/"+storetest.PackageCode, &guide)
	check := func(change func(map[string]any)) (out gen.PackageReport) {
		t.Helper()
		text, err := json.Marshal(known.Package)
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		change(p)
		h.decode(h.must("operator", "POST", "/api/v1/packages/validate", map[string]any{"packages": []any{p}}, 200), &out)
		return out
	}
	same := check(func(map[string]any) {})
	if !same.Ok || len(same.Faults) != 0 || len(same.Form) != len(guide.Form) || len(same.Materials) != len(guide.Materials) || same.PromisedWorkingDays != guide.PromisedWorkingDays || same.Burden != guide.Burden {
		t.Errorf("as it is in force: %+v, and the guide says %+v", same, guide)
	}
	if len(same.Items) != len(guide.Items) || same.Items[0].Code != guide.Items[0].Code || same.Items[0].Version != guide.Items[0].Version {
		t.Errorf("items %+v, want %+v", same.Items, guide.Items)
	}
	// What is wrong is said, and what can be laid out is.
	wrong := check(func(p map[string]any) {
		p["name"], p["items"] = "", append(p["items"].([]any), "TB-NONE-001", p["items"].([]any)[0])
	})
	if wrong.Ok || len(wrong.Faults) < 3 || len(wrong.Items) != len(guide.Items) || len(wrong.Form) != len(guide.Form) {
		t.Errorf("%+v", wrong)
	}
	var nothing gen.PackageReport
	h.decode(h.must("operator", "POST", "/api/v1/packages/validate", map[string]any{"packages": []any{}, "other": 1}, 200), &nothing)
	if nothing.Ok || len(nothing.Faults) == 0 || len(nothing.Form) != 0 {
		t.Errorf("no file of packages: %+v", nothing)
	}
	var drafts gen.VersionList
	h.get("operator", "/api/v1/drafts", &drafts)
	if len(drafts.Versions) != 0 {
		t.Errorf("checking wrote %+v", drafts.Versions)
	}
	if r := h.as("window", "POST", "/api/v1/packages/validate", map[string]any{"packages": []any{}}); r != "403 forbidden" {
		t.Errorf("a window checks packages: %s", r)
	}
	// A draft is the next version.
	changed := known.Package
	changed.Description += "（修订）"
	h.must("operator", "POST", "/api/v1/packages/import", map[string]any{"packages": []any{changed}}, 200)
	var versions gen.VersionList
	h.get("operator", "/api/v1/packages/"+storetest.PackageCode+"/versions", &versions)
	if len(versions.Versions) != 2 || versions.Versions[0].Version != 2 || versions.Versions[0].Status != gen.StatusDraft || versions.Versions[1].Status != gen.StatusInForce {
		t.Errorf("%+v", versions.Versions)
	}
	if r := h.as("operator", "GET", "/api/v1/packages/PK-99/versions", nil); r != "404 not_found" {
		t.Errorf("a package that is none: %s", r)
	}
}
