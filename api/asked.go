package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/tongban/tongban/node/ledger"
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
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(rq.http.Method), []byte(rq.http.URL.Path), sameWords(rq.body)} {
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
