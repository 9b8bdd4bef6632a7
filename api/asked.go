package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What is about a case, or only said, is compared in the ledger with what was
// recorded under the same idempotency key (store, sameContent). Where an entry holds
// what is made anew each time, a number or the hash of a password, that tells
// nothing: then the request itself is compared, by a keyed hash that this node keeps.
// A hub does not know what was asked at another; there the key alone tells.

const (
	keyHeader = "Idempotency-Key"
	// askedKept is for how long it is kept.
	askedKept = 90 * 24 * time.Hour
)

// asked is the hash of the request, where it is to be compared, and the entry that
// comes of it.
func (s *Server) asked(ctx context.Context, a Action) (digest []byte, entry string, err error) {
	rq := requestOf(ctx)
	info, ok := ledger.Lookup(a.Kind, 1)
	if !ok || info.Case || info.Said || a.Key == "" || rq.http == nil || rq.http.Header.Get(keyHeader) != a.Key {
		return nil, "", nil
	}
	var offered [32]byte
	rand.Read(offered[:]) // never fails: it ends the process instead
	key, err := s.store.AskedKey(ctx, offered[:])
	if err != nil {
		return nil, "", err
	}
	said := rq.body
	if rq.file != nil {
		said = rq.file
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(rq.http.Method), []byte(rq.http.URL.Path), sameWords(said)} {
		mac.Write(part)
		mac.Write([]byte{0})
	}
	return mac.Sum(nil), s.node.ActionID(a.Actor.Staff, a.Key), nil
}

// sameWords is a JSON document without what says nothing: spaces, and in which order
// its fields stand.
func sameWords(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil || dec.More() {
		return body
	}
	same, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return same
}

// once does what records an action, unless other words were recorded under its key.
func (s *Server) once(ctx context.Context, a Action, do func() error) error {
	digest, entry, err := s.asked(ctx, a)
	if err != nil {
		return err
	}
	if digest == nil {
		return do()
	}
	first, err := s.store.Asked(ctx, entry)
	if err != nil {
		return err
	}
	if first != nil && !hmac.Equal(first, digest) {
		return errKeyReused
	}
	if err := do(); err != nil {
		return err
	}
	// Of two that asked at once other things under one key, the second is told.
	now := s.o.Now()
	first, err = s.store.KeepAsked(ctx, entry, digest, now.UnixMilli(), now.Add(-askedKept).UnixMilli())
	if err == nil && !hmac.Equal(first, digest) {
		err = errKeyReused
	}
	return err
}

// actionID is the entry that an action under a key becomes, empty for one without.
func (s *Server) actionID(actor identity.Actor, key string) string {
	if key == "" {
		return ""
	}
	return s.node.ActionID(actor.Staff, key)
}

// recordedAs records an action and gives what the ledger has of it: of what was
// recorded before under the same key, that. want is the action's body.
func recordedAs[B ledger.Body](ctx context.Context, s *Server, a Action, want B) (B, gen.Recorded, error) {
	recorded, err := s.record(ctx, a)
	if err != nil || a.Key == "" {
		return want, recorded, err
	}
	first, err := recordedBefore[B](ctx, s, recorded.Entry)
	if err != nil {
		return want, recorded, err
	}
	return *first, recorded, nil
}

// recordedBefore is what an entry says, nil when there is none. An entry of another
// kind is another action's.
func recordedBefore[B ledger.Body](ctx context.Context, s *Server, id string) (*B, error) {
	if id == "" {
		return nil, nil
	}
	e, err := s.store.Entry(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := e.Decode()
	if err != nil {
		return nil, err
	}
	first, ok := body.(B)
	if !ok {
		return nil, errKeyReused
	}
	return &first, nil
}

// recordSame records an action whose body is made of the request alone: under a
// used key it says the same, also at a hub that did not hear the first.
func (s *Server) recordSame(ctx context.Context, a Action) (gen.Recorded, error) {
	first, recorded, err := recordedAs(ctx, s, a, a.Body)
	if err == nil && !sameBody(a.Body, first) {
		err = errKeyReused
	}
	return recorded, err
}

// sameBody compares what two bodies say.
func sameBody(a, b ledger.Body) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	other, err := json.Marshal(b)
	return err == nil && bytes.Equal(one, other)
}

// partKey is the key of one of several entries that come of a request.
func partKey(key, part string) string {
	if key == "" {
		return ""
	}
	return key + " " + part
}

// recordBatch records the entries that come of a request, all or none.
func (s *Server) recordBatch(ctx context.Context, key string, kind ledger.Kind, actions []Action) error {
	whole := Action{Kind: kind, Key: key}
	if a := requestOf(ctx).actor; a != nil {
		whole.Actor = a.Self()
	}
	return s.once(ctx, whole, func() error {
		_, err := s.node.RecordTogether(ctx, actions)
		return err
	})
}
