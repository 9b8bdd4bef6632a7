package federation

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The county's keys are rotated in three steps, so that no hub is ever left
// without the keys that the ledger names: the new ones are on every hub's disk
// first, then the ledger says that they hold, then each hub takes them up. A
// hub that missed the first step asks the others.

const (
	countyKeysPath = "/peer/v1/county-keys"
	// nextFolder holds keys that the ledger does not name yet.
	nextFolder  = "next"
	maxKeysBody = 1 << 20
)

// heldKeys are the county's private keys as a running hub holds them.
type heldKeys struct {
	p atomic.Pointer[trust.CountyKeys]
}

func holdKeys(k *trust.CountyKeys) *heldKeys {
	if k == nil {
		return nil
	}
	h := new(heldKeys)
	h.p.Store(k)
	return h
}

func (h *heldKeys) now() *trust.CountyKeys { return h.p.Load() }

// SignCheckpoint signs with the keys that hold now. It is what the feed needs
// of them.
func (h *heldKeys) SignCheckpoint(tree tlog.Tree, at int64) ([]byte, error) {
	return h.now().SignCheckpoint(tree, at)
}

// RotateCountyKeys makes new keys for the county and has the ledger say so.
// The old ones stay trusted for what was made with them. All hubs must be
// reachable.
func (n *Node) RotateCountyKeys(ctx context.Context, actor identity.Actor, key string) (store.Result, error) {
	if n.county == nil {
		return store.Result{}, &store.Refused{Code: "county_only", ZH: "请在县中心节点上操作", EN: "this is done at a hub of the county"}
	}
	n.rotating.Lock()
	defer n.rotating.Unlock()
	// The keys of a rotation just made are taken up first: what keepNext writes
	// goes in their place, and they would be lost.
	if err := n.refreshTrust(ctx); err != nil {
		return store.Result{}, err
	}
	if err := n.takeUpKeys(ctx); err != nil {
		return store.Result{}, err
	}
	if err := n.tellKeys(ctx, actor); err != nil {
		return store.Result{}, err
	}
	next, err := n.county.now().Rotate(rand.Reader, n.now())
	if err != nil {
		return store.Result{}, &store.Refused{Code: "rotation", ZH: "暂不能更换县级密钥：仍受信任的旧密钥过多", EN: err.Error()}
	}
	if err := n.keepNext(next); err != nil {
		return store.Result{}, err
	}
	body, err := next.Encode()
	if err != nil {
		return store.Result{}, err
	}
	for _, hub := range n.otherHubs() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		var answer struct{}
		err := post(ctx, n.hub.PeerClient(), "https://"+hub.Address+countyKeysPath, body, &answer)
		cancel()
		if err != nil {
			n.log.Warn("county keys not rotated", "hub", hub.ID, "error", err)
			return store.Result{}, &store.Refused{Code: "hub_unreachable", ZH: "县中心进程 " + hub.ID + " 不可达，更换密钥须所有进程在线", EN: "hub " + hub.ID + " is not reachable; rotating needs all hubs"}
		}
	}
	chain := next.Chain()
	return n.Record(ctx, Action{Actor: actor, Kind: ledger.CountyTrust, Key: key, Body: &ledger.CountyTrustV1{Bundle: raw(chain[len(chain)-1])}})
}

// tellKeys has the ledger tell of the county's keys again where it was restored
// from a backup of before they were made: who follows it alone would else never
// learn of them.
func (n *Node) tellKeys(ctx context.Context, actor identity.Actor) error {
	if err := n.Fresh(ctx); err != nil {
		return err
	}
	told, err := n.Store.TrustChain(ctx)
	if err != nil {
		return err
	}
	missing := n.county.now().Chain()
	for _, b := range told {
		signed, err := trust.DecodeSignedTrust(b)
		if err != nil {
			return fmt.Errorf("county keys in the ledger: %w", err)
		}
		missing = slices.DeleteFunc(missing, func(m trust.SignedTrust) bool { return bytes.Equal(m.Bundle, signed.Bundle) })
	}
	for _, m := range missing {
		r, err := n.Record(ctx, Action{Actor: actor, Kind: ledger.CountyTrust, Body: &ledger.CountyTrustV1{Bundle: raw(m)}})
		if err != nil {
			return err
		}
		if r.Status == store.Rejected || r.Outcome == ledger.Refused {
			return &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN}
		}
	}
	return nil
}

func (n *Node) nextDir() string { return filepath.Join(n.Store.Dir(), keysFolder, nextFolder) }

func (n *Node) keepNext(next *trust.CountyKeys) error {
	err := next.Create(n.nextDir())
	if errors.Is(err, trust.ErrKeysExist) {
		err = next.Replace(n.nextDir()) // of a rotation that was not finished
	}
	return err
}

// takeCountyKeys keeps the keys another hub is about to have the ledger name.
func (n *Node) takeCountyKeys(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxKeysBody))
	if err == nil {
		var next *trust.CountyKeys
		if next, err = n.successor(body); err == nil {
			err = n.keepNext(next)
		}
	}
	if err != nil {
		n.log.Warn("county keys of another hub not kept", "error", err)
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed, Err: err})
		return
	}
	respond(w, struct{}{})
}

func (n *Node) giveCountyKeys(w http.ResponseWriter, _ *http.Request) {
	body, err := n.county.now().Encode()
	if err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

// successor reads keys that continue those this hub trusts.
func (n *Node) successor(body []byte) (*trust.CountyKeys, error) {
	next, err := trust.DecodeCounty(body)
	if err != nil {
		return nil, err
	}
	reached, err := n.Trust().Advance(next.Chain()...)
	if err != nil {
		return nil, err
	}
	if !sameBundle(reached, next.Trust()) {
		return nil, fmt.Errorf("keys that do not continue this county's: %w", trust.ErrWrongCounty)
	}
	return next, nil
}

// adoptKeys takes up the keys that the ledger names, from this hub's disk or
// from another hub.
func (n *Node) adoptKeys(ctx context.Context) error {
	if n.county == nil {
		return nil
	}
	n.rotating.Lock()
	defer n.rotating.Unlock()
	return n.takeUpKeys(ctx)
}

func (n *Node) takeUpKeys(ctx context.Context) error {
	if sameBundle(n.Trust(), n.county.now().Trust()) {
		return nil
	}
	next, err := trust.LoadCounty(n.nextDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || !sameBundle(n.Trust(), next.Trust()) {
		if next, err = n.askForKeys(ctx); err != nil {
			return err
		}
	}
	if err := next.Replace(filepath.Join(n.Store.Dir(), keysFolder)); err != nil {
		return err
	}
	n.county.p.Store(next)
	n.log.Info("the county has new keys", "serial", next.Trust().Serial)
	return os.RemoveAll(n.nextDir())
}

// ErrKeysBehind is a hub whose county keys are older than those its ledger
// names, as after the keys folder of before a rotation was put back.
var ErrKeysBehind = errors.New("账本中的县级密钥比本机 keys 目录中的新，其他主机也没有给出：本机可能恢复了更换密钥之前的 keys 目录，请停止本机，放回更换之后离线保存的 keys 目录；其他主机在线后会自动取得 (the ledger names newer county keys than this hub's keys folder holds, and no other hub has given them: the folder may be one of before the keys were rotated. Stop this hub and put back the keys folder kept offline after that; with another hub on line they come by themselves)")

func (n *Node) askForKeys(ctx context.Context) (*trust.CountyKeys, error) {
	var errs []error
	for _, hub := range n.otherHubs() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+hub.Address+countyKeysPath, nil)
		if err != nil {
			return nil, err
		}
		resp, err := n.hub.PeerClient().Do(req)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeysBody))
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			errs = append(errs, errors.Join(fmt.Errorf("%s answers with status %d", hub.ID, resp.StatusCode), err))
			continue
		}
		keys, err := trust.DecodeCounty(body)
		if err == nil && sameBundle(n.Trust(), keys.Trust()) {
			return keys, nil
		}
		errs = append(errs, errors.Join(fmt.Errorf("%s does not have them yet", hub.ID), err))
	}
	return nil, fmt.Errorf("%w: %w", ErrKeysBehind, errors.Join(append(errs, fmt.Errorf("%d other hubs were asked", len(n.otherHubs())))...))
}

func sameBundle(a, b trust.CountyTrust) bool {
	x, errX := a.Encode()
	y, errY := b.Encode()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
