package federation

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
)

// A node that serves phones on its local network has a certificate for it
// beside its own, from the county's LAN authority (trust/lan.go). It asks for it
// as it asks for new keys, and again long before it ends; until it has one, the
// local network is not served.

// lanPath is where a node asks for it: at a hub, or at its township, which
// passes the request on.
const lanPath = "/federation/v1/lan-certificate"

const (
	lanFolder = "lan"
	lanFile   = "lan.json"
	// lanRenew is how long before its end a certificate is renewed.
	lanRenew = trust.LANLife / 3
)

// lan is what a node serves its local network with.
type lan struct {
	names []string
	keys  *trust.NodeKeys
	has   atomic.Pointer[lanCertificate]
}

// lanCertificate is the county's word for it, as it lies on disk.
type lanCertificate struct {
	Certificate []byte `json:"certificate"`
	Authority   []byte `json:"authority"`

	pair *tls.Certificate
}

func (n *Node) lanDir() string { return filepath.Join(n.Store.Dir(), keysFolder, lanFolder) }

// startLAN reads what the node had, and makes a key the first time.
func (n *Node) startLAN(names []string) error {
	for _, name := range names {
		if !trust.ValidLANName(name) {
			return fmt.Errorf("advertise.lan: %.80q 不是局域网地址或名称 (is not of a local network)", name)
		}
	}
	l := &lan{names: names}
	keys, err := trust.LoadNode(n.lanDir())
	if errors.Is(err, fs.ErrNotExist) {
		if keys, err = trust.GenerateNode(rand.Reader); err == nil {
			err = keys.Create(n.lanDir())
		}
	}
	if err != nil {
		return fmt.Errorf("key for the local network: %w", err)
	}
	l.keys = keys
	raw, err := os.ReadFile(filepath.Join(n.lanDir(), lanFile))
	if err == nil {
		// One that cannot be read is asked for anew.
		if c, err := readLAN(raw, keys); err == nil {
			l.has.Store(c)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("certificate for the local network: %w", err)
	}
	n.lan = l
	return nil
}

func readLAN(raw []byte, keys *trust.NodeKeys) (*lanCertificate, error) {
	c := new(lanCertificate)
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, err
	}
	var err error
	c.pair, err = trust.PairLAN(keys, c.Certificate, c.Authority)
	return c, err
}

// LANCertificate is what the local network is served with; nil before the county
// has signed it.
func (n *Node) LANCertificate() *tls.Certificate {
	if n.lan == nil {
		return nil
	}
	if c := n.lan.has.Load(); c != nil && n.now().Before(c.pair.Leaf.NotAfter) {
		return c.pair
	}
	return nil
}

// LANAuthority is the certificate that phones have to trust: that of the
// certificate in use. A hub has it always; nil where nobody has told this node.
func (n *Node) LANAuthority() (*x509.Certificate, error) {
	if n.county != nil {
		return n.county.now().LANAuthority()
	}
	if n.lan == nil {
		return nil, nil
	}
	if c := n.lan.has.Load(); c != nil {
		return x509.ParseCertificate(c.Authority)
	}
	return nil, nil
}

// keepLAN asks for the certificate, and again long before it ends.
func (n *Node) keepLAN(ctx context.Context) {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		var err error
		if n.lanDue() {
			err = n.askLAN(ctx)
		}
		pause := renewEvery
		if err != nil {
			pause = min(renewRetry, time.Duration(attempt)*2*time.Second)
			if ctx.Err() == nil && attempt&(attempt-1) == 0 {
				n.log.Warn("no certificate for the local network yet; tried again", "attempt", attempt, "error", err)
			}
		} else {
			attempt = 0
		}
		select {
		case <-ctx.Done():
		case <-n.after(pause):
		}
	}
}

// lanDue tells whether a certificate has to be asked for: there is none, it ends
// soon, it is for other names, or the county's authority is another by now.
func (n *Node) lanDue() bool {
	c := n.lan.has.Load()
	if c == nil || n.now().Add(lanRenew).After(c.pair.Leaf.NotAfter) || !n.Trust().LANAuthorityOf(c.Authority) {
		return true
	}
	for _, name := range n.lan.names {
		if c.pair.Leaf.VerifyHostname(name) != nil {
			return true
		}
	}
	if n.county != nil {
		now, err := n.county.now().LANAuthority()
		return err == nil && !slices.Equal(now.Raw, c.Authority)
	}
	return false
}

func (n *Node) askLAN(ctx context.Context) error {
	place := trust.Place{County: n.self.County(), Node: n.self.Node, Tier: n.self.Tier, Division: n.self.Division}
	req, err := trust.NewLANRequest(n.own.Load().keys, n.lan.keys, place, n.lan.names)
	if err != nil {
		return err
	}
	var w *renewed
	if n.county != nil {
		w, err = n.lanFor(ctx, trust.Peer(place), req)
	} else {
		var body []byte
		if body, err = json.Marshal(req); err == nil {
			w, err = n.askAbove(ctx, lanPath, body)
		}
	}
	if err != nil {
		return err
	}
	if !n.Trust().LANAuthorityOf(w.Authority) {
		return fmt.Errorf("certificate for the local network: %w: not of the county's authority", trust.ErrSignature)
	}
	raw, err := json.Marshal(lanCertificate{Certificate: w.Certificate, Authority: w.Authority})
	if err != nil {
		return err
	}
	c, err := readLAN(raw, n.lan.keys)
	if err != nil {
		return err
	}
	if err := writeDurably(n.lanDir(), lanFile, raw); err != nil {
		return err
	}
	n.lan.has.Store(c)
	n.log.Info("the local network is served", "names", n.lan.names, "until", c.pair.Leaf.NotAfter.Format(time.DateOnly))
	return nil
}

// serveLAN answers a node's request for such a certificate.
func (n *Node) serveLAN(w http.ResponseWriter, r *http.Request) {
	n.serveSigning(w, r, func(ctx context.Context, peer trust.Peer, body []byte) (*renewed, error) {
		req, err := trust.DecodeRenewal(body)
		if err != nil {
			return nil, &store.Refused{Code: "malformed", ZH: "请求格式有误", EN: err.Error()}
		}
		return n.lanFor(ctx, peer, req)
	})
}

// lanFor signs for a node's local network.
func (n *Node) lanFor(ctx context.Context, peer trust.Peer, req trust.Renewal) (*renewed, error) {
	place := req.Request.Place()
	known, err := n.mayRenew(ctx, peer, place)
	if err != nil {
		return nil, err
	}
	if err := req.VerifyLAN(trust.PublicKey(known.SignKey)); err != nil {
		return nil, &store.Refused{Code: "signature", ZH: "请求的签名与该节点现有密钥不符", EN: "the request is not signed with the node's present key"}
	}
	for _, name := range req.Request.Names {
		if !trust.ValidLANName(name) {
			return nil, &store.Refused{Code: "lan_name", ZH: "证书只能用于局域网地址或名称", EN: "a certificate for a local network names private addresses and local names only"}
		}
	}
	der, authority, err := n.county.now().LANCertificate(rand.Reader, req, n.now())
	if err != nil {
		return nil, fmt.Errorf("LAN certificate: %w", err)
	}
	n.log.Info("signed for a node's local network", "node", place.Node, "names", req.Request.Names)
	return &renewed{Certificate: der, Authority: authority.Raw}, nil
}
