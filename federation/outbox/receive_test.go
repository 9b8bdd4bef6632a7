package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// answers is a transport that answers every request by itself.
type answers func(http.ResponseWriter)

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a(w)
	return w.Result(), nil
}

// town receives at a real township.
type town struct{ *storetest.Node }

func (r town) Take(ctx context.Context, _ trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
	return r.Receive(ctx, entries)
}

func post(t *testing.T, a *above, body []byte) (int, string) {
	t.Helper()
	resp, err := a.Client.Post(a.BaseURL+EntriesPath, contentType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func outboxOf(t *testing.T, n *storetest.Node) [][]byte {
	t.Helper()
	entries, err := n.Outbox(t.Context(), 0, nil, 1000, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	raws := make([][]byte, len(entries))
	for i, e := range entries {
		raws[i] = e.Raw
	}
	return raws
}

// What was answered with 200 is on the township's disk, and sending it again
// is answered alike and changes nothing.
func TestStoredBeforeAnswered(t *testing.T) {
	c := storetest.NewCounty(t)
	v, up := c.Village(villageA), c.Township(township)
	up.Pull(c.Hub())
	remark(t, v, v.Submit("TB-MZJ-004").ID, 9)
	raws := outboxOf(t, v)
	a := serve(t, "township", town{up})

	// The answer is lost, and so is the township's process.
	a.hook(nil, func(*http.Request) bool { return false })
	if _, err := a.Client.Post(a.BaseURL+EntriesPath, contentType, bytes.NewReader(encode(raws[:6]))); err == nil {
		t.Fatal("an answer came")
	}
	a.mend()
	up.Reopen()
	if last, _, err := up.LastSeq(t.Context(), v.ID()); last != 6 || err != nil {
		t.Fatalf("the township has %d of 6 after the kill: %v", last, err)
	}

	status, first := post(t, a, encode(raws))
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, first)
	}
	before := storetest.Dump(t, up.Store)
	for range 3 {
		if status, again := post(t, a, encode(raws)); status != http.StatusOK || again != first {
			t.Errorf("the repeat is answered %d %s, first %s", status, again, first)
		}
	}
	if status, some := post(t, a, encode(raws[2:5])); status != http.StatusOK || some != first {
		t.Errorf("a repeated part is answered %d %s, first %s", status, some, first)
	}
	if after := storetest.Dump(t, up.Store); after != before {
		t.Error("a repeat changed the township's state")
	}
}

// An error of the receiver is never a success.
func TestReceiverErrors(t *testing.T) {
	v := village(t, 1)
	body := encode(outboxOf(t, v))
	for _, c := range []struct {
		err    error
		status int
		code   Code
	}{
		{errors.New("no leader"), 503, CodeUnavailable},
		{&store.StorageError{}, 507, CodeStorage},
		{fmt.Errorf("take: %w", &Problem{Code: CodeUnknownOrigin}), 425, CodeUnknownOrigin},
		{&Problem{Code: CodeRevoked}, 403, CodeRevoked},
		{&Problem{Code: "unheard_of"}, 503, "unheard_of"},
	} {
		m := newMemory()
		m.refuse(func([]ledger.Entry) error { return c.err })
		status, answer := post(t, serve(t, "county", m), body)
		var p problemJSON
		if err := json.Unmarshal([]byte(answer), &p); err != nil {
			t.Fatal(err)
		}
		if status != c.status || p.Code != c.code || p.Status != c.status || p.MessageZH == "" || strings.Contains(answer, "leader") {
			t.Errorf("%v is answered %d %s", c.err, status, answer)
		}
		var back *Problem
		if err := readProblem(status, []byte(answer)); !errors.As(err, &back) || back.Code != c.code {
			t.Errorf("%v is read as %v", c.err, err)
		}
	}
}

func compress(t testing.TB, plain []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return e.EncodeAll(plain, nil)
}

func TestBadBodies(t *testing.T) {
	v := village(t, 2)
	raws := outboxOf(t, v)
	whole := encode(raws)
	bomb := compress(t, make([]byte, 256<<20))
	if len(bomb) > maxBody {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	for name, c := range map[string]struct {
		body []byte
		want int
	}{
		"garbage":         {[]byte("你好"), 400},
		"half a frame":    {whole[:len(whole)/2], 400},
		"bomb":            {bomb, 400},
		"too long":        {bytes.Repeat([]byte("x"), maxBody+1), 413},
		"too many":        {encode(bytes.Split(bytes.Repeat([]byte("{}\n"), maxBatch+1), []byte("\n"))[:maxBatch+1]), 413},
		"no JSON":         {compress(t, []byte("entry")), 400},
		"empty line":      {encode([][]byte{raws[0], nil, raws[1]}), 400},
		"unknown field":   {compress(t, []byte(`{"id":"x","admin":true}`)), 400},
		"two in a line":   {encode([][]byte{append(bytes.Clone(raws[0]), raws[1]...)}), 400},
		"one huge entry":  {compress(t, []byte(`{"id":"`+strings.Repeat("x", maxLine)+`"}`)), 400},
		"not an object":   {compress(t, []byte(`[1]`)), 400},
		"deep":            {compress(t, []byte(`{"body":`+strings.Repeat("[", 100_000))), 400},
		"nothing":         {nil, 200},
		"as it should be": {whole, 200},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			status, answer := post(t, serve(t, "county", m), c.body)
			if status != c.want {
				t.Errorf("status %d, want %d: %s", status, c.want, answer)
			}
			if c.want != 200 && m.count(v.ID()) != 0 {
				t.Error("something of it was stored")
			}
		})
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	a := serve(t, "county", newMemory())
	resp, err := a.Client.Post(a.BaseURL+EntriesPath, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("another content type: %d", resp.StatusCode)
	}
	resp, err = a.Client.Get(a.BaseURL + OriginsPath + "?" + strings.Repeat("node=x&", maxOrigins+1))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too many origins: %d", resp.StatusCode)
	}
}

func FuzzDecode(f *testing.F) {
	entry := []byte(`{"id":"0198","kind":"case.comment","v":1,"origin":"village-1","seq":1,"actor":{"staff":"s-1","name":"王芳","role":"village_worker","node":"village-1"},"scope":"330523110200","case":"c","occurred_at":1,"body":{"text":"好"},"sig":"AA=="}`)
	f.Add(encode([][]byte{entry}))
	f.Add(encode([][]byte{entry, entry}))
	f.Add(compress(f, []byte("\n\n")))
	f.Add(compress(f, []byte(`{"seq":18446744073709551616}`)))
	f.Add(compress(f, make([]byte, 64<<20)))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		entries, err := decode(body)
		var p *Problem
		switch {
		case err != nil && (!errors.As(err, &p) || p.Code != CodeMalformed && p.Code != CodeTooLarge):
			t.Fatalf("untyped refusal: %v", err)
		case err != nil:
			return
		case len(entries) > maxBatch:
			t.Fatalf("%d entries", len(entries))
		}
		raws := make([][]byte, len(entries))
		for i := range entries {
			raw, err := json.Marshal(&entries[i])
			if err != nil {
				return // a body that is no JSON by itself cannot come out of decoding
			}
			raws[i] = raw
		}
		again, err := decode(encode(raws))
		if err != nil || len(again) != len(entries) {
			t.Fatalf("%d entries become %d: %v", len(entries), len(again), err)
		}
	})
}
