package federation

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
)

// A node learns of the county's new keys from the ledger, as of everything
// else. But one that was away while they changed meets checkpoints, and
// perhaps certificates, made with the new ones before the feed can bring the
// entry that names them. It asks those above for the chain of bundles then,
// which proves itself: each is signed by a root of the one before.

// learnedSetting keeps, in the local settings, links of the chain that were
// asked for and that the ledger may not have brought yet: after a restart the
// checkpoints kept must be readable at once.
const learnedSetting = "trust.learned"

// timeHeader is the node's clock, Unix milliseconds, beside the chain: a machine
// that enrols compares its own with it.
const timeHeader = "Tongban-Time"

// serveTrust tells the county's chain of bundles, to anybody: it is public.
func (n *Node) serveTrust(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(timeHeader, strconv.FormatInt(n.now().UnixMilli(), 10))
	if n.county != nil {
		respond(w, n.county.now().Chain())
		return
	}
	chain, err := n.knownChain(r.Context())
	if err != nil {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeUnavailable, Err: err})
		return
	}
	respond(w, chain)
}

// knownChain is the chain as the ledger tells it, and what was learned beside
// it. A bundle may be there twice, which Advance passes over.
func (n *Node) knownChain(ctx context.Context) ([]trust.SignedTrust, error) {
	bundles, err := n.Store.TrustChain(ctx)
	if err != nil {
		return nil, err
	}
	learned, err := n.Store.Setting(ctx, learnedSetting)
	if err != nil {
		return nil, err
	}
	return chainOf(bundles, learned)
}

func chainOf(bundles []json.RawMessage, learned string) ([]trust.SignedTrust, error) {
	chain := make([]trust.SignedTrust, 0, len(bundles))
	for _, raw := range bundles {
		b, err := trust.DecodeSignedTrust(raw)
		if err != nil {
			return nil, fmt.Errorf("county keys in the ledger: %w", err)
		}
		chain = append(chain, b)
	}
	links, err := readLinks(learned)
	return append(chain, links...), err
}

func readLinks(saved string) (links []trust.SignedTrust, err error) {
	if saved == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(saved), &links); err != nil {
		return nil, fmt.Errorf("county keys learned before: %w", err)
	}
	return links, nil
}

// refreshTrust follows the county's key rotations as this node knows them.
func (n *Node) refreshTrust(ctx context.Context) error {
	chain, err := n.knownChain(ctx)
	if err != nil {
		return err
	}
	if _, err := n.advanceTrust(chain, nil); err != nil {
		return fmt.Errorf("county keys in the ledger: %w", err)
	}
	return nil
}

// advanceTrust makes the newest bundle of a chain the one that holds, if the
// chain continues the present one. keep, if set, is given the links that led
// on, before they hold.
func (n *Node) advanceTrust(chain []trust.SignedTrust, keep func([]trust.SignedTrust) error) (advanced bool, err error) {
	n.advancing.Lock()
	defer n.advancing.Unlock()
	current := n.Trust()
	var links []trust.SignedTrust
	for _, link := range chain {
		next, err := current.Advance(link)
		if err != nil {
			return false, err
		}
		if next.Serial > current.Serial {
			current, links = next, append(links, link)
		}
	}
	if len(links) == 0 {
		return false, nil
	}
	if keep != nil {
		if err := keep(links); err != nil {
			return false, err
		}
	}
	n.bundle.Store(&current)
	return true, nil
}

// renewTrust asks a node above for the county's chain of bundles and follows
// it. It implements feed.FollowerOptions.Renew.
func (n *Node) renewTrust(ctx context.Context, from feed.Upstream) error {
	var chain []trust.SignedTrust
	err := get(ctx, from.Client, from.BaseURL+trustPath, nil, &chain)
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		chain, err = firstContact(ctx, from.BaseURL)
	}
	if err != nil {
		return fmt.Errorf("ask for the county's keys: %w", err)
	}
	advanced, err := n.advanceTrust(chain, func(links []trust.SignedTrust) error { return n.learn(ctx, links) })
	if err != nil {
		return fmt.Errorf("the county's keys as told by %s: %w", from.Name, err)
	}
	if advanced {
		n.log.Info("the county has new keys", "serial", n.Trust().Serial, "told by", from.Name)
	}
	return nil
}

func (n *Node) learn(ctx context.Context, links []trust.SignedTrust) error {
	saved, err := n.Store.Setting(ctx, learnedSetting)
	if err != nil {
		return err
	}
	before, err := readLinks(saved)
	if err != nil {
		return err
	}
	body, err := json.Marshal(append(before, links...))
	if err != nil {
		return err
	}
	return n.Store.SetSetting(ctx, learnedSetting, string(body))
}

// firstContact asks for the chain without knowing who answers. It sends
// nothing of its own.
func firstContact(ctx context.Context, base string) ([]trust.SignedTrust, error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust.FirstContactConfig()}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var chain []trust.SignedTrust
	err := get(ctx, client, base+trustPath, nil, &chain)
	return chain, err
}

func (n *Node) watchTrust(ctx context.Context) {
	for {
		changed := n.Store.Changed()
		err := n.refreshTrust(ctx)
		if err == nil {
			err = n.adoptKeys(ctx)
		}
		n.watchOwnKeys(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.Error("county keys not followed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		select {
		case <-ctx.Done():
			return
		case <-n.after(time.Second): // changes come in crowds
		}
	}
}
