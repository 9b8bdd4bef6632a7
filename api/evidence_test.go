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
