package federation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// scan puts a file on a node's disk and says how an entry names it.
func scan(t *testing.T, n *federationtest.Node, text string) catalog.AttachmentRef {
	t.Helper()
	content := "%PDF-1.4\n" + text
	sum := sha256.Sum256([]byte(content))
	ref := catalog.AttachmentRef{Hash: hex.EncodeToString(sum[:]), Name: "扫描件.pdf", Size: int64(len(content)), Type: "application/pdf"}
	if _, err := n.Blobs.Begin(t.Context(), ref.Hash, ref.Size, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Blobs.Append(t.Context(), ref.Hash, 0, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return ref
}

// What a village handed in without the right, unknowingly: the county refuses
// it and keeps all of it, its scans too, which only the village's disk had.
func TestScansOfWhatIsRefusedComeUp(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	worker := f.Worker(village, f.Item("TB-MZJ-004"))
	f.Cut(village.ID, "*")
	f.Advance(5 * time.Minute)
	f.Do(hub, f.Operator(), &ledger.StaffDisableV1{Staff: worker.Staff, Disabled: true, Reason: "已离职"})
	f.Advance(5 * time.Minute)
	b := f.Submission(village, "TB-MZJ-004")
	ref := scan(t, village, "only here")
	b.Materials[0].Attachments = []catalog.AttachmentRef{ref}
	r, err := f.TryDo(village, worker, "", b)
	if err != nil {
		t.Fatal(err)
	}
	f.Heal(village.ID, "*")
	f.Settle()
	for _, n := range []*federationtest.Node{village, town, hub} {
		got, err := n.Store.SetAside(t.Context(), r.ID)
		if err != nil || len(got) != 1 || got[0].Case().Status != casework.Refused || got[0].Submission.Applicant != b.Applicant || len(got[0].Submission.Form) != len(b.Form) {
			t.Errorf("at %s: %+v, %v", n.ID, got, err)
		}
	}
	f.Eventually("the scan to be at the county", func() bool {
		has, err := hub.Blobs.Has(ref.Hash)
		return err == nil && has
	})
	for _, n := range []*federationtest.Node{hub, village} {
		f.Eventually(n.ID+" to know that it is", func() bool {
			outstanding, _, err := n.Store.OutstandingCount(t.Context())
			return err == nil && outstanding == 0
		})
	}
	if has, err := village.Blobs.Has(ref.Hash); err != nil || !has {
		t.Errorf("the village's own copy is gone: %v", err)
	}
}
