package feed

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

func block(kind byte, parts ...[]byte) []byte {
	payload := bytes.Join(parts, nil)
	return append(appendBlockHeader(nil, kind, len(payload)), payload...)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func pageOf(h pageHeader, lines ...[]byte) []byte {
	frame, size := packLines(lines)
	h.Lines, h.Size = len(lines), size
	return block(blockEntries, mustJSON(h), []byte("\n"), frame)
}

func bomb(size int) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithWindowSize(8<<20))
	if err != nil {
		panic(err)
	}
	defer e.Close()
	return e.EncodeAll(make([]byte, size), nil)
}

// Whatever an upstream sends, nothing of it is applied unless it is the feed.
func TestRefusesHostileUpstreams(t *testing.T) {
	r := newRealm(t)
	village := r.Village(villageA)
	st := replica(t, village)
	_, good := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	_, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, good, st)}})
	at := mustHead(t, r.Hub().Store)
	reaches(t, st, at)
	stop()

	hello := heartbeat{County: string(storetest.Code), Node: "county-1", Level: 1, UpTo: at, Head: at + 10}
	with := func(change func(*heartbeat)) []byte {
		h := hello
		change(&h)
		return block(blockHeartbeat, mustJSON(h))
	}
	begin := with(func(*heartbeat) {})
	line := func(index uint64, change func(*ledger.Entry)) []byte {
		e := r.Hub().Entry(0, r.Operator(), &ledger.LevelRaiseV1{Level: 1}, storetest.About{ID: fmt.Sprintf("hostile-%d", index)})
		if change != nil {
			change(&e)
		}
		return mustJSON(ledger.Record{Head: ledger.Head{Index: index, RecordedAt: 1, Outcome: ledger.Applied}, Entry: e})
	}
	header := pageHeader{After: at, UpTo: at + 2, Head: at + 10}
	_, strangeNote, _ := note(t, r, 99)
	rows := []struct {
		name string
		want *Fault
		sent []byte
	}{
		{"wrong county", ErrWrongCounty, with(func(h *heartbeat) { h.County = "330522" })},
		{"newer level", ErrLevel, with(func(h *heartbeat) { h.Level = ledger.Level + 1 })},
		{"not JSON", ErrMalformed, block(blockHeartbeat, []byte("hello"))},
		{"index going back", ErrMalformed, with(func(h *heartbeat) { h.UpTo = at - 1 })},
		{"cursor beyond head", ErrMalformed, with(func(h *heartbeat) { h.UpTo = at + 11 })},
		{"absurd head", ErrMalformed, with(func(h *heartbeat) { h.Head = 1 << 60 })},
		{"unsigned checkpoint", ErrMalformed, with(func(h *heartbeat) { h.Checkpoints = []Link{{Note: "tongban/330523\n1\nx\n"}} })},
		{"checkpoint of other keys", ErrSignature, with(func(h *heartbeat) { h.Checkpoints = []Link{{Note: strangeNote}} })},
		{"unknown block", ErrMalformed, append(bytes.Clone(begin), block(9, []byte("x"))...)},
		{"oversized block", ErrMalformed, append(bytes.Clone(begin), 1, 0xff, 0xff, 0xff, 0xff)},
		{"entries first", ErrMalformed, pageOf(header, line(at+1, nil))},
		{"header missing", ErrMalformed, append(bytes.Clone(begin), block(blockEntries, []byte("xxxx"))...)},
		{"header unknown field", ErrMalformed, append(bytes.Clone(begin), block(blockEntries, []byte(`{"after":0,"x":1}`+"\n"))...)},
		{"wrong place", ErrMalformed, append(bytes.Clone(begin), pageOf(pageHeader{After: at + 1, UpTo: at + 2, Head: at + 2}, line(at+2, nil))...)},
		{"page beyond head", ErrMalformed, append(bytes.Clone(begin), pageOf(pageHeader{After: at, UpTo: at + 2, Head: at + 1}, line(at+1, nil))...)},
		{"line beyond page", ErrMalformed, append(bytes.Clone(begin), pageOf(header, line(at+3, nil))...)},
		{"line repeated", ErrMalformed, append(bytes.Clone(begin), pageOf(header, line(at+1, nil), line(at+1, nil))...)},
		{"line already had", ErrMalformed, append(bytes.Clone(begin), pageOf(header, line(at, nil))...)},
		{"not zstd", ErrMalformed, append(bytes.Clone(begin), block(blockEntries, mustJSON(pageHeader{After: at, UpTo: at + 1, Head: at + 1, Lines: 1, Size: 9}), []byte("\ngarbage"))...)},
		{"bomb", ErrMalformed, append(bytes.Clone(begin), block(blockEntries, mustJSON(pageHeader{After: at, UpTo: at + 1, Head: at + 1, Lines: 1, Size: 1000}), []byte("\n"), bomb(256<<20))...)},
		{"size lied", ErrMalformed, append(bytes.Clone(begin), block(blockEntries, mustJSON(pageHeader{After: at, UpTo: at + 1, Head: at + 1, Lines: 1, Size: 1000}), []byte("\n"), bomb(2000))...)},
		{"neither entry nor confirmation", ErrMalformed, append(bytes.Clone(begin), pageOf(header, []byte(fmt.Sprintf(`{"index":%d,"recorded_at":1,"outcome":"applied"}`, at+1)))...)},
		{"unknown outcome", ErrMalformed, append(bytes.Clone(begin), pageOf(header, []byte(fmt.Sprintf(`{"index":%d,"recorded_at":1,"outcome":"maybe","confirms":"x"}`, at+1)))...)},
		{"forged body", ErrSignature, append(bytes.Clone(begin), pageOf(header, line(at+1, func(e *ledger.Entry) { e.Body = []byte(`{"level":2}`) }))...)},
		{"other key", ErrSignature, append(bytes.Clone(begin), pageOf(header, line(at+1, func(e *ledger.Entry) {
			e.Sign(ed25519.NewKeyFromSeed(make([]byte, 32)))
		}))...)},
		{"a hub's key that the county does not vouch for", ErrSignature, append(bytes.Clone(begin), pageOf(header, line(at+1, func(e *ledger.Entry) {
			c, strange := r.Hub().Credential, ed25519.NewKeyFromSeed(make([]byte, 32))
			c.SignKey = strange.Public().(ed25519.PublicKey)
			e.Kind, e.Body = ledger.NodeRenew, mustJSON(&ledger.NodeRenewV1{Credential: c, Root: make([]byte, 64)})
			e.Sign(strange)
		}))...)},
		{"second line forged", ErrSignature, append(bytes.Clone(begin), pageOf(header, line(at+1, nil), line(at+2, func(e *ledger.Entry) { e.OccurredAt++ }))...)},
		{"unknown kind", ErrLevel, append(bytes.Clone(begin), pageOf(header, line(at+1, func(e *ledger.Entry) {
			e.Kind = "case.teleport"
			e.Sign(storetest.NodeKey(storetest.HubID))
		}))...)},
		{"problem", ErrRevoked, append(bytes.Clone(begin), block(blockProblem, mustJSON(ErrRevoked))...)},
		{"strange problem", ErrTrouble, append(bytes.Clone(begin), block(blockProblem, []byte(`{"code":"<script>"}`))...)},
	}
	before := storetest.Dump(t, st)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path != PathFeed {
					http.NotFound(w, req)
					return
				}
				w.Write(row.sent)
				w.(http.Flusher).Flush()
				<-req.Context().Done()
			}))
			defer h.Close()
			f := NewFollower(st, FollowerOptions{Trust: r.keys.Trust, Upstreams: []Upstream{countyUp(t, h.URL, st)}})
			if err := f.witness.load(context.Background()); err != nil {
				t.Fatal(err)
			}
			_, err := f.attempt(context.Background(), 0, false)
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %s", err, row.want.Code)
			}
			if s := f.Status(); s.LastError == nil || s.LastError.Code != row.want.Code || s.Upstream != "" {
				t.Errorf("status %+v", s)
			}
		})
	}
	if after := storetest.Dump(t, st); after != before {
		t.Errorf("something was applied:\n%s", after)
	}
}

// A bad upstream does not keep a follower from a good one.
func TestPassesOverBadUpstream(t *testing.T) {
	r := newRealm(t)
	st := replica(t, r.Village(villageA))
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Write(block(blockHeartbeat, mustJSON(heartbeat{County: string(storetest.Code), Level: 1})))
		w.Write(block(blockEntries, []byte(strings.Repeat("x", 100))))
	}))
	defer bad.Close()
	_, good := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	f, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{upstream(t, "bad", bad.URL, "township", st), countyUp(t, good, st)}})
	reaches(t, st, mustHead(t, r.Hub().Store))
	eventually(t, "the good one", func() bool { return f.Status().Upstream == "county-1" })
	stop()
}

func FuzzBlocks(f *testing.F) {
	hb := block(blockHeartbeat, mustJSON(heartbeat{County: "330523", Level: 1, Head: 9}))
	one := []byte(`{"index":3,"recorded_at":1,"outcome":"applied","confirms":"x"}`)
	f.Add(hb)
	f.Add(pageOf(pageHeader{UpTo: 5, Head: 9}, one))
	f.Add(append(hb, pageOf(pageHeader{UpTo: 5, Head: 9}, one)...))
	f.Add(block(blockProblem, mustJSON(ErrBusy)))
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 'x'})
	f.Add(block(blockEntries, mustJSON(pageHeader{UpTo: 1, Head: 1, Lines: 1, Size: 100}), []byte("\n"), bomb(1<<20)))
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bytes.NewReader(stream)
		var buf bytes.Buffer
		at := uint64(0)
		for {
			kind, payload, err := readBlock(in, &buf)
			if err != nil {
				return
			}
			if kind != blockEntries {
				problemFault(payload, ErrTrouble)
				continue
			}
			h, lines, err := openPage(payload, at)
			if err != nil {
				if !errors.Is(err, ErrMalformed) {
					t.Fatalf("an untyped error: %v", err)
				}
				return
			}
			for _, l := range lines {
				if l.Index <= at || l.Index > h.UpTo {
					t.Fatalf("line %d after %d up to %d", l.Index, at, h.UpTo)
				}
				at = l.Index
			}
			at = h.UpTo
		}
	})
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"index":3,"recorded_at":1,"outcome":"applied","confirms":"x"}`), uint64(0), uint64(9))
	f.Add([]byte(`{"index":3,"recorded_at":1,"outcome":"applied","entry":{"id":"x"}}`), uint64(2), uint64(3))
	f.Add([]byte("{}\n{}"), uint64(0), uint64(1))
	f.Fuzz(func(t *testing.T, raw []byte, after, upTo uint64) {
		lines := bytes.Split(raw, []byte("\n"))
		frame, size := packLines(lines)
		payload := bytes.Join([][]byte{mustJSON(pageHeader{After: after, UpTo: upTo, Head: upTo, Lines: len(lines), Size: size}), frame}, []byte("\n"))
		_, got, err := openPage(payload, after)
		if err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatalf("an untyped error: %v", err)
		}
		if err == nil && len(got) != len(lines) {
			t.Fatalf("%d lines of %d", len(got), len(lines))
		}
	})
}

func FuzzProof(f *testing.F) {
	f.Add([]byte(`{"proof":[]}`))
	f.Add([]byte(`{"proof":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if proof, err := decodeProof(b); err == nil && len(proof) > maxProofHashes {
			t.Fatal("too many hashes")
		}
		if n, err := noteSize(string(b)); err == nil && n > maxIndex {
			t.Fatal("too large")
		}
	})
}
