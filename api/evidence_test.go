package api

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/identity"
)

// TestEvidence: what the county proves over the API holds for whoever has
// only its public keys, and not for another record.
func TestEvidence(t *testing.T) {
	h := emptyHub(t)
	h.person("auditor", theCounty, "", identity.Auditor)
	var point gen.Checkpoint
	h.get("auditor", "/api/v1/ledger/checkpoint", &point)
	opened, err := h.node.Trust().OpenCheckpoint([]byte(point.Note))
	check(t, err)
	if opened.Tree.N != point.Size || opened.Tree.Hash.String() != point.Root || point.Size < 3 {
		t.Fatalf("%+v, signed %+v", point, opened)
	}
	var proof gen.InclusionProof
	h.get("auditor", "/api/v1/ledger/proof?index=2", &proof)
	signed, err := h.node.Trust().OpenCheckpoint([]byte(proof.Note))
	check(t, err)
	holds := func(index int64) error {
		leaf, err := base64.StdEncoding.DecodeString(proof.Leaf)
		check(t, err)
		var hashes tlog.RecordProof
		for _, text := range proof.Hashes {
			hash, err := tlog.ParseHash(text)
			check(t, err)
			hashes = append(hashes, hash)
		}
		return trust.CheckInclusion(signed, index, tlog.Hash(leaf), hashes)
	}
	if err := holds(proof.Index); err != nil {
		t.Errorf("the proof does not hold: %v", err)
	}
	if holds(proof.Index-1) == nil {
		t.Error("the proof holds for another record too")
	}
	h.must("auditor", "GET", "/api/v1/ledger/proof?index=99999", nil, 404)
}

// TestCaseEvidence: each record of a case is proven under one checkpoint that
// the named keys sign, the ledger is proven to have only grown, and nothing is
// told of who supervised it, nor to whoever may not read the case.
func TestCaseEvidence(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	var before gen.Checkpoint
	h.get("supervisor", "/api/v1/ledger/checkpoint", &before)
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", h.submission("TB-SCJG-001", theCounty), 201), &receipt)
	path := "/api/v1/cases/" + receipt.Case.Id
	h.must("window", "POST", path+"/actions", gen.CaseAction{Kind: gen.ActComment, Text: "备注"}, 200)
	h.must("supervisor", "POST", path+"/supervision", gen.SupervisionAction{Kind: gen.SuperviseUrge, Text: "请尽快"}, 200)

	var seen gen.CaseEvidence
	until(t, "a checkpoint over both records", func() bool {
		h.get("supervisor", fmt.Sprintf("%s/evidence?since=%d", path, before.Size), &seen)
		return len(seen.Records) == 2 && seen.Pending == 0
	})
	earlier, err := h.node.Trust().OpenCheckpoint([]byte(before.Note))
	check(t, err)
	signed, err := trust.CountyTrust{County: theCounty, Ledger: seen.Keys}.OpenCheckpoint([]byte(seen.Note))
	check(t, err)
	if signed.Tree.N != seen.Size || signed.Tree.Hash.String() != seen.Root || seen.Since != before.Size {
		t.Errorf("%+v, signed %+v", seen, signed)
	}
	check(t, trust.CheckConsistency(earlier, signed, tlog.TreeProof(hashes(t, seen.Consistency))))
	for _, r := range seen.Records {
		leaf, err := base64.StdEncoding.DecodeString(r.Leaf)
		check(t, err)
		check(t, trust.CheckInclusion(signed, r.Index, tlog.Hash(leaf), tlog.RecordProof(hashes(t, r.Hashes))))
		record, err := h.node.Store.RecordAt(t.Context(), uint64(r.Index))
		check(t, err)
		if tlog.RecordHash(record) != tlog.Hash(leaf) || r.What == "" {
			t.Errorf("%+v is not the record", r)
		}
	}
	h.must("supervisor", "GET", path+"/evidence?since=999999", nil, 404)
	h.must("window", "GET", path+"/evidence", nil, 403)
	h.must("operator", "GET", path+"/evidence", nil, 404) // reads no cases
}

func hashes(t *testing.T, texts []string) (out []tlog.Hash) {
	t.Helper()
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		check(t, err)
		out = append(out, hash)
	}
	return out
}

// Whoever answers for backups sees how old the last one is, which is not the
// same as that it was kept.
func TestLastBackup(t *testing.T) {
	h := emptyHub(t)
	var state gen.BackupState
	h.get("operator", "/api/v1/backup", &state)
	if state.At != 0 || state.Node == "" {
		t.Errorf("%+v before there is one", state)
	}
	size := h.must("operator", "POST", "/api/v1/backup", nil, 200).Body.Len()
	h.get("operator", "/api/v1/backup", &state)
	if state.At == 0 || state.Bytes != int64(size) || state.ByName == "" {
		t.Errorf("%+v after one of %d bytes", state, size)
	}
}

func TestCountyKeysAreRotated(t *testing.T) {
	h := emptyHub(t)
	h.person("auditor", theCounty, "", identity.Auditor)
	h.must("auditor", "POST", "/api/v1/trust/rotate", nil, 403)
	before := h.node.Trust().Serial
	h.must("operator", "POST", "/api/v1/trust/rotate", nil, 200)
	until(t, "the new keys to be in force", func() bool { return h.node.Trust().Serial > before })
	// Tokens of before are good: their chain is still trusted.
	h.must("auditor", "GET", "/api/v1/nodes", nil, 200)
}

// Who may see how a ledger went back, and who may say so; where nothing was
// restored there is nothing to say.
func TestRecoveryIsTheOperators(t *testing.T) {
	h := emptyHub(t)
	h.person("auditor", theCounty, "", identity.Auditor)
	h.person("window", theCounty, "县民政局", identity.DepartmentWindow)
	reason := gen.RecoveryRequest{Reason: "由备份恢复"}
	h.must("window", "GET", "/api/v1/recovery", nil, 403)
	h.must("auditor", "POST", "/api/v1/recovery", reason, 403)
	h.must("auditor", "POST", "/api/v1/recovery/again", gen.AgainRequest{}, 403)
	h.must("operator", "POST", "/api/v1/recovery", gen.RecoveryRequest{}, 400)
	h.must("operator", "POST", "/api/v1/recovery", reason, 409)

	head, err := h.node.Store.Head(t.Context())
	check(t, err)
	check(t, h.node.Store.MarkWentBack(t.Context(), time.Now()))
	var report gen.RecoveryReport
	h.get("auditor", "/api/v1/recovery", &report)
	if report.Undeclared != int64(head) || len(report.Recoveries) != 0 {
		t.Errorf("%+v", report)
	}
	h.must("operator", "POST", "/api/v1/recovery", reason, 200)
	report = gen.RecoveryReport{}
	h.get("auditor", "/api/v1/recovery", &report)
	if report.Undeclared != 0 || len(report.Recoveries) != 1 || report.Recoveries[0].Kept != int64(head) || report.Recoveries[0].Reason != reason.Reason {
		t.Errorf("%+v", report)
	}
	h.must("operator", "POST", "/api/v1/recovery/again", gen.AgainRequest{}, 200)
	h.must("operator", "POST", "/api/v1/recovery", reason, 409)
}

// TestNoRoomForADownload: a disk that fills up while a backup is made is said in
// words, and not an error of the program.
func TestNoRoomForADownload(t *testing.T) {
	h := emptyHub(t)
	_, err := h.api.tempFile("county-1.backup", func(path string) error {
		return &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	})
	if p := problemOf(err); p.code != "no_space" {
		t.Errorf("it is %s: %s", p.code, p.en)
	}
}
