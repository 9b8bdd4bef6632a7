package federation_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
)

// scanned hands a case in at a node with a paper whose content is there.
func scanned(t *testing.T, f *federationtest.Federation, n *federationtest.Node, text string) (hash string) {
	t.Helper()
	info, err := n.Blobs.Put(t.Context(), bytes.NewReader([]byte("%PDF-1.7\n"+text)))
	if err != nil {
		t.Fatal(err)
	}
	b := f.Submission(n, "TB-MZJ-004")
	paper := catalog.AttachmentRef{Hash: info.Hash, Name: "扫描件.pdf", Size: info.Size, Type: "application/pdf"}
	b.Materials[0].Form, b.Materials[0].Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{paper}
	if _, err := f.TryDo(n, f.Worker(n, f.Item("TB-MZJ-004")), "", b); err != nil {
		t.Fatal(err)
	}
	return info.Hash
}

// confirmed waits until the ledger says that the hubs have a paper.
func confirmed(t *testing.T, f *federationtest.Federation, n *federationtest.Node, hash string) {
	t.Helper()
	f.Eventually("the paper to be confirmed", func() bool {
		uses, err := n.Store.AttachmentUses(t.Context(), hash)
		return err == nil && len(uses) == 1 && uses[0].Confirmed
	})
}

func hasPaper(t *testing.T, f *federationtest.Federation, n *federationtest.Node, hash string) {
	t.Helper()
	f.Eventually(n.ID+" to have the paper", func() bool { has, err := n.Blobs.Has(hash); return err == nil && has })
}

// A hub that is away while the others confirm a paper, and one that is let in
// later, fetch it as soon as their ledger says so. No clock moves here that
// would make them look by themselves.
func TestHubFetchesThePapersItMissed(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3})
	village := f.Village(0)
	away := f.Hubs()[2]
	if f.Leader() == away {
		away = f.Hubs()[1]
	}
	f.Kill(away)
	var papers []string
	for i := range 3 {
		papers = append(papers, scanned(t, f, village, fmt.Sprint("缺席期间 ", i)))
	}
	for _, hash := range papers {
		confirmed(t, f, f.Leader(), hash)
	}
	f.Restart(away)
	for _, hash := range papers {
		hasPaper(t, f, away, hash)
	}
	late := f.Join("county-4")
	papers = append(papers, scanned(t, f, village, "加入期间"))
	for _, hash := range papers {
		hasPaper(t, f, late, hash)
	}
}
