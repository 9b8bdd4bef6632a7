package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/proof"
)

// A node's ledger has the keys of its own region and of the divisions above. A
// document of another township or a neighbouring village is checked with a key
// that a node above tells of: as a part of the county's trust file, which proves
// itself by the county's keys, whoever tells it. It is kept for when the line is
// down.

// keyPath is where a node below asks for a key.
const keyPath = "/federation/v1/key"

const (
	// foreignFresh is for how long a key that was told is not asked for again: what
	// may have changed is that it was revoked.
	foreignFresh = 10 * time.Minute
	// strangerFresh is the same of a key that the county does not know.
	strangerFresh = time.Minute
	maxStrangers  = 1000
	// foreignWait is how long one node above may take, foreignAtOnce how many keys
	// are asked for at a time: anybody may bring a code with any key in it.
	foreignWait   = 5 * time.Second
	foreignAtOnce = 4
	foreignPrefix = "verify.key."
)

// codeKeyUnknown is the county's word that it has no such key.
const codeKeyUnknown = "key_unknown"

var keyID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// strangers are keys that the county did not know when it was asked last.
type strangers struct {
	mu   sync.Mutex
	at   map[string]time.Time
	busy int
}

// ForeignKey is a key that is not in this node's ledger.
type ForeignKey struct {
	// Keys are it and what it is proved with; none when it is not known.
	Keys []proof.Key
	// AsOf is of when that is, Unix milliseconds.
	AsOf int64
	// Certain says, of one that is not known, that the county does not know it.
	Certain bool
}

// ForeignKey looks for the key of a document that the ledger here does not have.
func (n *Node) ForeignKey(ctx context.Context, id string) (ForeignKey, error) {
	ring, certain, err := n.foreignRing(ctx, id)
	if err != nil || ring == nil {
		return ForeignKey{Certain: certain}, err
	}
	keys, err := ring.Keys()
	return ForeignKey{Keys: keys, AsOf: ring.AsOf}, err
}

// keptKey is a key as it is kept.
type keptKey struct {
	AskedAt int64         `json:"asked_at"`
	Ring    trust.Keyring `json:"ring"`
}

// foreignRing is what a key is proved with, kept here or told above; nil when
// neither has it.
func (n *Node) foreignRing(ctx context.Context, id string) (ring *trust.Keyring, certain bool, err error) {
	if n.hub != nil || !keyID.MatchString(id) {
		return nil, true, nil
	}
	kept, err := n.keptKey(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if kept != nil {
		ring = &kept.Ring
		if age := n.now().UnixMilli() - kept.AskedAt; age >= 0 && age < foreignFresh.Milliseconds() {
			return ring, false, nil
		}
	}
	known, may := n.strangers.begin(id, n.now())
	if known || !may {
		return ring, known && ring == nil, nil
	}
	defer n.strangers.end()
	told, certain := n.askKey(ctx, id)
	if certain && ring == nil {
		n.strangers.add(id, n.now())
		return nil, true, nil
	}
	if told == nil {
		return ring, false, nil
	}
	raw, err := json.Marshal(keptKey{AskedAt: n.now().UnixMilli(), Ring: *told})
	if err != nil {
		return nil, false, err
	}
	return told, false, n.Store.SetSetting(ctx, foreignPrefix+id, string(raw))
}

func (n *Node) keptKey(ctx context.Context, id string) (*keptKey, error) {
	saved, err := n.Store.Setting(ctx, foreignPrefix+id)
	if err != nil || saved == "" {
		return nil, err
	}
	kept := new(keptKey)
	if err := json.Unmarshal([]byte(saved), kept); err != nil {
		return nil, fmt.Errorf("a key that was told of before: %w", err)
	}
	return kept, nil
}

// askKey asks the nodes above, in the order in which they are tried.
func (n *Node) askKey(ctx context.Context, id string) (_ *trust.Keyring, certain bool) {
	for _, u := range n.upstreams {
		ring := new(trust.Keyring)
		within, cancel := context.WithTimeout(ctx, foreignWait)
		err := get(within, u.Client, u.BaseURL+keyPath+"?"+url.Values{"id": {id}}.Encode(), nil, ring)
		cancel()
		if err == nil {
			err = n.checkRing(ring, id)
		}
		var no *RemoteError
		switch {
		case err == nil:
			return ring, false
		case errors.As(err, &no) && no.Code == codeKeyUnknown:
			return nil, true
		}
		n.log.Info("a node above did not tell of a key", "key", id, "upstream", u.Name, "error", err)
	}
	return nil, false
}

// checkRing refuses what does not prove the key that was asked for by the keys
// of this county.
func (n *Node) checkRing(ring *trust.Keyring, id string) error {
	is, err := ring.Fingerprint()
	if err != nil {
		return err
	}
	if _, has := ring.Of(id); !has || is.String() != n.foundingIs || ring.County != n.self.County() {
		return trust.ErrWrongCounty
	}
	_, err = ring.Keys()
	return err
}

// serveKey tells a node below of a key.
func (n *Node) serveKey(w http.ResponseWriter, r *http.Request) {
	if _, err := n.peer(r); err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	id := r.URL.Query().Get("id")
	if !keyID.MatchString(id) {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed})
		return
	}
	ring, certain, err := n.ringOf(r.Context(), id)
	switch {
	case err != nil:
		n.log.Warn("a key was not told of", "key", id, "error", err)
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeUnavailable, Err: err})
	case ring != nil:
		respond(w, ring)
	case certain:
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		body, _ := json.Marshal(RemoteError{Status: http.StatusNotFound, Code: codeKeyUnknown, ZH: "县中心没有登记过这个签名密钥", EN: "the county has no such key"})
		w.Write(body)
	default:
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeUnavailable})
	}
}

// ringOf is foreignRing, and of a key that the ledger here has.
func (n *Node) ringOf(ctx context.Context, id string) (*trust.Keyring, bool, error) {
	if err := n.Fresh(ctx); err != nil {
		return nil, false, err
	}
	all, err := n.Keyring(ctx)
	if err != nil {
		return nil, false, err
	}
	if part, has := all.Of(id); has {
		return &part, false, nil
	}
	return n.foreignRing(ctx, id)
}

// begin reports whether a key is known to be a stranger, and whether it may be
// asked for now; end follows on that.
func (s *strangers) begin(id string, now time.Time) (known, may bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.at[id]; ok && now.Sub(at) < strangerFresh {
		return true, false
	}
	if s.busy >= foreignAtOnce {
		return false, false
	}
	s.busy++
	return false, true
}

func (s *strangers) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}

func (s *strangers) add(id string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil || len(s.at) >= maxStrangers {
		s.at = map[string]time.Time{}
	}
	s.at[id] = now
}
