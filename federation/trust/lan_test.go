package trust

import (
	"bytes"
	"crypto/x509"
	"errors"
	"testing"
	"time"
)

// TestLANAuthorityIsOne: every hub makes the same certificate, so that its
// fingerprint can be read out over the phone; another county's, or that of other
// keys, is another.
func TestLANAuthorityIsOne(t *testing.T) {
	k := mustCounty(t, 1)
	first, err := k.LANAuthority()
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.LANAuthority()
	if err != nil || !bytes.Equal(first.Raw, again.Raw) {
		t.Fatalf("made twice, it differs: %v", err)
	}
	if !k.Trust().LANAuthorityOf(first.Raw) {
		t.Error("the county does not know its own")
	}
	other, err := mustCounty(t, 2).LANAuthority()
	if err != nil || bytes.Equal(first.Raw, other.Raw) || k.Trust().LANAuthorityOf(other.Raw) {
		t.Errorf("another county's passes: %v", err)
	}
	if rotated := mustRotate(t, k, 3); !rotated.Trust().LANAuthorityOf(first.Raw) {
		t.Error("after a rotation the old one is not known any more")
	}
}

// TestLANCertificate: a browser that trusts the authority takes the node for its
// local names, for as long as phones allow, and no node takes it for a node.
func TestLANCertificate(t *testing.T) {
	k, node, lan := mustCounty(t, 1), mustNode(t, 2), mustNode(t, 3)
	at := place("v-330523100201-1", testVillage)
	req, err := NewLANRequest(node, lan, at, []string{"192.168.1.10", "Zhan.local"})
	if err != nil {
		t.Fatal(err)
	}
	if err := req.VerifyLAN(node.SignPublic()); err != nil {
		t.Fatal(err)
	}
	if err := req.Verify(node.SignPublic()); !errors.Is(err, ErrSignature) {
		t.Errorf("it is taken for a request for a credential: %v", err)
	}
	der, authority, err := k.LANCertificate(seeded(4), req, testNow)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := PairLAN(lan, der, authority.Raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	for name, good := range map[string]bool{"192.168.1.10": true, "zhan.local": true, "192.168.1.11": false, "example.com": false} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: testNow, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		if (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if days := pair.Leaf.NotAfter.Sub(pair.Leaf.NotBefore).Hours() / 24; days > 825 {
		t.Errorf("good for %.0f days; phones refuse more than 825", days)
	}
	if _, err := placeOf(pair.Leaf); err == nil {
		t.Error("it names a node")
	}
	if _, err := PairLAN(node, der, authority.Raw); !errors.Is(err, ErrMalformed) {
		t.Errorf("with another key: %v", err)
	}
}

// TestLANNamesAreLocal: whoever has taken a node over gets no certificate for
// anybody else's address.
func TestLANNamesAreLocal(t *testing.T) {
	k, node, lan := mustCounty(t, 1), mustNode(t, 2), mustNode(t, 3)
	for name, good := range map[string]bool{
		"10.1.2.3": true, "192.168.0.9": true, "172.31.255.1": true, "127.0.0.1": true, "169.254.1.1": true, "fd00::1": true, "zhan.local": true, "a.b.lan": true, "localhost": true,
		"8.8.8.8": false, "172.32.0.1": false, "2001:db8::1": false, "example.com": false, "local.example.com": false, "notlocal": false, "xlocal": false, "*.local": false, "": false,
	} {
		if ValidLANName(name) != good {
			t.Errorf("ValidLANName(%q) is %v", name, !good)
		}
		req, err := NewLANRequest(node, lan, place("v-330523100201-1", testVillage), []string{name})
		if err != nil {
			continue
		}
		if _, _, err := k.LANCertificate(seeded(4), req, testNow.Add(time.Hour)); (err == nil) != good {
			t.Errorf("certificate for %q: %v", name, err)
		}
	}
}
