package api

import (
	"encoding/base64"
	"testing"

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
	check(t, h.node.Store.MarkWentBack(t.Context()))
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
