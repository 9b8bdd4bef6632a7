package federation_test

import (
	"bytes"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
)

// TestLAN: a village whose way is through its township alone gets a certificate
// for its local network, of the authority that every hub has, and keeps it over
// a restart without a line.
func TestLAN(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3, LAN: true})
	village := f.Village(0)
	f.Cut(village.ID, f.Hub().ID)
	for _, h := range f.Hubs() {
		f.Cut(village.ID, h.ID)
	}
	for _, n := range []*federationtest.Node{village, f.Township(0), f.Hub()} {
		f.Eventually(n.ID+" to have a certificate for its local network", func() bool { return n.LANCertificate() != nil })
		if err := n.LANCertificate().Leaf.VerifyHostname("127.0.0.1"); err != nil {
			t.Errorf("%s: %v", n.ID, err)
		}
	}
	want, err := f.Hub().LANAuthority()
	must(t, err)
	for _, n := range f.Nodes() {
		got, err := n.LANAuthority()
		must(t, err)
		if got == nil {
			continue // it has not asked yet
		}
		if !bytes.Equal(got.Raw, want.Raw) {
			t.Errorf("%s tells of another authority", n.ID)
		}
	}
	serial := village.LANCertificate().Leaf.SerialNumber
	f.Cut(village.ID, f.Township(0).ID)
	f.Restart(village)
	if c := village.LANCertificate(); c == nil || c.Leaf.SerialNumber.Cmp(serial) != 0 {
		t.Error("it was not kept over a restart")
	}
}
