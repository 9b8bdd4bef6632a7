package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// TestArchive: a case that has ended is archived once nothing is open about it,
// listed, and exported as one file whose hashes hold; who may not, cannot.
func TestArchive(t *testing.T) {
	h := newHub(t)
	const department = "县市场监督管理局"
	c, name := h.granted("TB-SCJG-001", department, calendar.DateOf(time.Now()).AddDays(50))
	h.person("other", theCounty, "县林业局", identity.DepartmentWindow)
	h.person("auditor", theCounty, "", identity.Auditor)
	id, path := c.Id, "/api/v1/cases/"+c.Id+"/archive"
	var open gen.CaseReceipt
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &open)
	if r := h.as("window", "POST", "/api/v1/cases/"+open.Case.Id+"/archive", gen.ArchiveRequest{}); r != "409 case_open" {
		t.Errorf("a case that has not ended: %s", r)
	}
	var due gen.ArchiveList
	h.get("window", "/api/v1/archives?state=due", &due)
	if len(due.Volumes) != 1 || due.Volumes[0].Case != id || due.Volumes[0].StatusZh != "已送达" {
		t.Errorf("%+v", due)
	}
	if r := h.as("window", "GET", path+"/export", nil); r != "409 not_archived" {
		t.Errorf("exported before: %s", r)
	}
	results := "/api/v1/cases/" + id + "/results"
	var out gen.ResultReceipt
	h.decode(h.must("window", "POST", results, gen.ResultAction{Kind: gen.ResultActPropose, Result: "1", Measure: ledger.ResultCorrect, Reason: "有误", Replacement: gen.Document{Name: name, Number: "JY-2"}}, 200), &out)
	refused := h.send(request0{method: "POST", path: path, body: gen.ArchiveRequest{}, token: h.token("window"), header: map[string]string{"Idempotency-Key": "archive-0000"}})
	if outcome(h, refused) != "409 archive_duties" || !strings.Contains(refused.Body.String(), "proposal_open") {
		t.Errorf("a measure is open: %d %s", refused.Code, refused.Body)
	}
	h.must("chief", "POST", results, gen.ResultAction{Kind: gen.ResultActDecide, Proposal: out.Results.Proposals[0].ID, Agreed: new(bool), Reasons: "原件无误"}, 200)
	if r := h.as("chief", "POST", path, gen.ArchiveRequest{}); r != "403 forbidden" {
		t.Errorf("by a leader: %s", r)
	}
	if r := h.as("other", "POST", path, gen.ArchiveRequest{}); r != "404 not_found" {
		t.Errorf("another department: %s", r)
	}
	var volume, again gen.CaseArchive
	h.decode(h.keyedTo("window", path, "archive-0001", gen.ArchiveRequest{Years: 30, Note: "二楼"}), &volume)
	h.decode(h.keyedTo("window", path, "archive-0001", gen.ArchiveRequest{Years: 30, Note: "二楼"}), &again)
	if !volume.Archived || volume.Years != 30 || len(volume.Pieces) < 6 || !strings.HasPrefix(volume.Volume, "档〔") || again.ArchivedMs != volume.ArchivedMs || len(volume.Duties) != 0 || volume.Since != 0 {
		t.Fatalf("%+v", volume)
	}
	if r := h.as("window", "POST", path, gen.ArchiveRequest{}); r != "409 archived_already" {
		t.Errorf("twice: %s", r)
	}
	h.get("window", "/api/v1/archives?state=due", &due)
	var kept gen.ArchiveList
	h.get("auditor", "/api/v1/archives", &kept)
	if len(due.Volumes) != 0 || len(kept.Volumes) != 1 || kept.Volumes[0].Volume != volume.Volume {
		t.Errorf("%+v, %+v", due, kept)
	}
	h.get("other", "/api/v1/archives", &kept)
	if len(kept.Volumes) != 0 {
		t.Errorf("another department sees %+v", kept)
	}
	if r := h.as("auditor", "GET", path+"/export", nil); r != "403 forbidden" {
		t.Errorf("exported by who sees it masked only: %s", r)
	}
	file := h.must("window", "GET", path+"/export", nil, 200).Body.Bytes()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	check(t, err)
	content := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		check(t, err)
		content[f.Name], err = io.ReadAll(r)
		check(t, err)
	}
	var m manifest
	check(t, json.Unmarshal(content["manifest.json"], &m))
	if m.Volume != volume.Volume || m.Case != c.Number || len(m.Pieces) != len(volume.Pieces) || len(content) != len(m.Pieces)+1 {
		t.Errorf("%+v in %d files", m, len(content))
	}
	for _, p := range m.Pieces {
		if hashOf(content[p.Path]) != p.Hash {
			t.Errorf("%s is not what the manifest says", p.Path)
		}
	}
	var seen gen.RevealList
	h.person("boss", theCounty, "", identity.Supervisor)
	h.get("boss", "/api/v1/reveals?case="+id, &seen)
	if text, _ := json.Marshal(seen); !strings.Contains(string(text), "archive") {
		t.Errorf("the export left no trace: %s", text)
	}
}
