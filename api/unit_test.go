package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/importfile"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// TestEveryErrorHasItsAnswer: an error from any room becomes its status and
// code, also when it is wrapped, and says what to do.
func TestEveryErrorHasItsAnswer(t *testing.T) {
	faults := importfile.Faults{{Path: "years[0]", ZH: "错", EN: "wrong"}}
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{&casework.Refusal{Code: "not_holder", ZH: "不在本处", EN: "elsewhere"}, 409, "not_holder"},
		{&casework.Incomplete{Faults: []catalog.Fault{{Path: "form.phone"}}}, 422, "incomplete"},
		{&store.Refused{Code: "not_authorised", ZH: "无权", EN: "no"}, 403, "not_authorised"},
		{&store.Refused{Code: "never_seen", ZH: "否", EN: "no"}, 409, "never_seen"},
		{&identity.Denied{Role: identity.Auditor, Action: identity.CaseSubmit, Why: "role"}, 403, "forbidden"},
		{faults, 422, "file_faults"},
		{&store.StorageError{Op: "write", Err: errors.New("input/output error")}, 503, "storage_failed"},
		{store.ErrFailed, 503, "storage_failed"},
		{&blob.OffsetError{}, 409, "wrong_offset"},
		{blob.ErrTooLarge, 413, "too_large"},
		{&blob.SizeError{Size: 25<<20 + 1, Limit: 20 << 20}, 413, "too_large"},
		{&blob.SizeError{Limit: 20 << 20}, 413, "too_large"},
		{blob.ErrType, 415, "wrong_type"},
		{blob.ErrMismatch, 422, "hash_mismatch"},
		{blob.ErrNoSpace, 503, "no_space"},
		{trust.ErrUnauthenticated, 401, "unauthenticated"},
		{trust.ErrPasswordShort, 422, "weak_password"},
		{trust.ErrNotAllowed, 403, "wrong_node"},
		{county.ErrUnknown, 502, "outcome_unknown"},
		{county.ErrNoLeader, 503, "no_leader"},
		{county.ErrBusy, 503, "busy"},
		{county.ErrMembership, 409, "membership"},
		{&http.MaxBytesError{Limit: 1}, 413, "too_large"},
		{context.DeadlineExceeded, 503, "timeout"},
		{errors.New("geheim: /var/lib/x"), 500, "internal"},
	} {
		p := problemOf(fmt.Errorf("wrapped: %w", c.err))
		if p.status != c.status || p.code != c.code {
			t.Errorf("%v: %d %s, want %d %s", c.err, p.status, p.code, c.status, c.code)
		}
		if p.zh == "" || p.en == "" || p.next == "" {
			t.Errorf("%s says nothing to people: %+v", p.code, p)
		}
		var large *blob.SizeError
		if errors.As(c.err, &large) && (!strings.Contains(p.zh, "20 MB") || !strings.Contains(p.en, "20 MB") || large.Size > 0 && !strings.Contains(p.zh, "25.1 MB")) {
			t.Errorf("it does not say how large a file may be: %s / %s", p.zh, p.en)
		}
		if strings.Contains(p.en+p.zh, "geheim") {
			t.Error("an unknown error's text got out")
		}
	}
}

func TestCheckJSON(t *testing.T) {
	for _, c := range []struct {
		in string
		ok bool
	}{
		{`{}`, true}, {`{"a":1,"b":[{"a":1},{"a":2}]}`, true}, {` "x" `, true}, {`{"a":{"b":{"b":1}}}`, true},
		{`{"a":1,"a":2}`, false}, {`{"a":{"b":1,"b":2}}`, false}, {`[{"a":1,"a":1}]`, false},
		{`{} {}`, false}, {`1 2`, false}, {`{"a"`, false}, {``, false}, {"{\"a\":\"\xff\"}", false},
		{strings.Repeat("[", 33) + strings.Repeat("]", 33), false}, {strings.Repeat("[", 32) + strings.Repeat("]", 32), true},
	} {
		if err := checkJSON([]byte(c.in)); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.in, err)
		}
	}
}

// That the law accepted a case is said with who is answerable for it.
func TestDeemedAcceptanceNamesWhoIsAnswerable(t *testing.T) {
	b := &ledger.CaseAcceptV1{Deemed: true, Answerable: identity.Actor{Staff: "s-1", Name: "李某"}}
	if got := said(b); !strings.Contains(got, "视为受理") || !strings.Contains(got, "责任人：李某") {
		t.Errorf("%q", got)
	}
	if got := said(&ledger.CaseAcceptV1{Note: "材料齐全"}); got != "材料齐全" {
		t.Errorf("%q", got)
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":null}]}`, `{"a":1,"a":1}`, `[`, `{} 1`, "\xff", `{"a":{"a":{"a":1}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if checkJSON(data) == nil && !json.Valid(data) {
			t.Fatalf("let pass: %q", data)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(cursor(1795449600000, "0197-x"))
	f.Add("xx")
	f.Fuzz(func(t *testing.T, text string) {
		if ms, id, err := cursorOf(text); err == nil && text != "" && (ms <= 0 || id == "") {
			t.Fatalf("%q gave %d %q", text, ms, id)
		}
	})
}

func FuzzAttentionPlace(f *testing.F) {
	f.Add("1795449600000~0197-x")
	f.Add("~")
	f.Add("9223372036854775807~~")
	f.Fuzz(func(t *testing.T, text string) {
		place, err := attentionPlace(text)
		if err != nil {
			return
		}
		if place.start != (text == "") {
			t.Fatalf("%q begins anew: %v", text, place.start)
		}
		if at := (store.Attention{At: place.at, Entry: place.entry}); text != "" && place.before(&at) {
			t.Fatalf("%q shows what it stands at again", text)
		}
	})
}

func TestBucketsRefillAndForget(t *testing.T) {
	now := time.UnixMilli(1)
	b := newBuckets(1, 2)
	for i := range 2 {
		if _, ok := b.take("a", now); !ok {
			t.Fatalf("take %d refused", i)
		}
	}
	wait, ok := b.take("a", now)
	if ok || wait <= 0 || wait > time.Second {
		t.Fatalf("third take: %v %v", wait, ok)
	}
	if _, ok := b.take("b", now); !ok {
		t.Fatal("another key pays for the first")
	}
	if _, ok := b.take("a", now.Add(time.Second)); !ok {
		t.Fatal("not refilled")
	}
	for i := range 3 * maxBuckets {
		b.take(fmt.Sprint(i), now)
	}
	if n := len(b.known.recent) + len(b.known.older); n > 2*maxBuckets {
		t.Fatalf("%d buckets kept", n)
	}
}

func TestLockGrowsAndEnds(t *testing.T) {
	last := time.Duration(0)
	for n := range 100 {
		d := lockFor(n)
		if d < last || d > longestLock || n < freeTries && d != 0 {
			t.Fatalf("after %d failures %v, before %v", n, d, last)
		}
		last = d
	}
	if last != longestLock {
		t.Fatalf("ends at %v", last)
	}
}

func TestAddress(t *testing.T) {
	direct, behind := &Server{}, &Server{o: Options{BehindGateway: true}}
	forwarded := http.Header{"X-Forwarded-For": {"198.51.100.9, 203.0.113.1"}}
	for in, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[::ffff:192.0.2.7]:1": "192.0.2.7", "[2001:db8:1:2:3::4]:5": "2001:db8:1:2::/64", "pipe": "unknown",
	} {
		r := &http.Request{RemoteAddr: in, Header: forwarded}
		if got := direct.address(r); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
		if got := behind.address(r); got != "203.0.113.1" {
			t.Errorf("behind a gateway: %s", got)
		}
	}
}

// inGoodStanding is a node that was not revoked.
type inGoodStanding struct{ Node }

func (inGoodStanding) Revocation() (federation.Revocation, bool) {
	return federation.Revocation{}, false
}

func TestWords(t *testing.T) {
	village, township := &Server{self: store.Self{Node: "v-1", Tier: "village"}, node: inGoodStanding{}}, &Server{self: store.Self{Node: "t-1", Tier: "township"}, node: inGoodStanding{}}
	entry := func(kind ledger.Kind, origin string, index uint64, stored string, status ledger.Outcome) *store.EntryView {
		return &store.EntryView{Entry: ledger.Entry{ID: "e", Kind: kind, Origin: origin}, Index: index, Stored: stored, Status: status}
	}
	open, accepted := &casework.Case{Status: casework.HandedIn}, &casework.Case{Status: casework.Accepted, AcceptedMS: 1}
	for _, c := range []struct {
		s    *Server
		e    *store.EntryView
		c    *casework.Case
		want string
	}{
		{village, entry(ledger.CaseSubmit, "v-1", 0, "", ledger.Applied), open, "saved_here"},
		{village, entry(ledger.CaseSubmit, "v-1", 0, "township", ledger.Applied), open, "at_township"},
		{village, entry(ledger.CaseSubmit, "v-1", 0, "county", ledger.Applied), open, "at_county"},
		{village, entry(ledger.CaseSubmit, "v-1", 9, "county", ledger.Applied), open, "at_county"},
		{village, entry(ledger.CaseSubmit, "v-1", 9, "", ledger.Applied), accepted, "taken_up"},
		{village, entry(ledger.CaseAccept, "v-1", 9, "", ledger.Applied), open, "taken_up"},
		{village, entry(ledger.CaseAccept, "v-1", 9, "", ledger.Waiting), open, "at_county"},
		{village, entry(ledger.CaseSubmit, "v-1", 9, "", ledger.Refused), open, "refused"},
		{township, entry(ledger.CaseSubmit, "v-1", 0, "", ledger.Applied), open, "at_township"},
		{township, entry(ledger.CaseSubmit, "t-1", 0, "", ledger.Applied), open, "saved_here"},
		{township, entry(ledger.CaseSubmit, "v-1", 0, "", "held"), open, "at_township"},
	} {
		if got := c.s.word(c.e, c.c); string(got) != c.want || wordZH[got] == "" {
			t.Errorf("%+v: %s, want %s", c.e, got, c.want)
		}
	}
	for _, k := range ledger.Kinds {
		if kindZH[k.Kind] == "" {
			t.Errorf("%s has no name for people", k.Kind)
		}
	}
}

func TestActorActsInTheRoleThatMay(t *testing.T) {
	claims := trust.Claims{Subject: "s-1", Name: "李四", Tier: "township", Division: theTownship, Roles: []identity.Role{identity.TownshipReviewer, identity.TownshipClerk}}
	a := &Actor{Staff: "s-1", Division: theTownship, Roles: claims.Roles, claims: claims, node: "t-1"}
	got, err := a.As(identity.CaseAccept, identity.Target{Division: theVillage})
	if err != nil || got.Role != identity.TownshipClerk || got.Node != "t-1" || got.Staff != "s-1" {
		t.Fatalf("%+v %v", got, err)
	}
	if got, err := a.As(identity.CaseReview, identity.Target{Division: theVillage}); err != nil || got.Role != identity.TownshipReviewer {
		t.Fatalf("%+v %v", got, err)
	}
	var denied *identity.Denied
	if _, err := a.As(identity.CaseReview, identity.Target{Division: "330523111"}); !errors.As(err, &denied) || denied.Why != "division" {
		t.Fatalf("elsewhere: %v", err)
	}
	if _, err := a.As(identity.CaseDecide, identity.Target{Division: theVillage}); !errors.As(err, &denied) || denied.Why != "role" {
		t.Fatalf("beyond the roles: %v", err)
	}
}

func TestRequestIDs(t *testing.T) {
	for in, keep := range map[string]bool{"abcdefgh-1234": true, "short": false, "": false, strings.Repeat("a", 65): false, "evil\nline-in-log": false, "中文中文中文": false} {
		if got := requestID(in); (got == in) != keep || len(got) < 8 {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// TestPanicIsAProblem: a handler that panics is answered, and what it panicked
// with stays out of the answer and of the log.
func TestPanicIsAProblem(t *testing.T) {
	h := emptyHub(t)
	var log bytes.Buffer
	h.api.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	w := httptest.NewRecorder()
	h.api.observe(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("330523199001011234") })).
		ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/cases/330523199001011234?query=geheim", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":"internal"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if s := log.String() + w.Body.String(); strings.Contains(s, "199001") || strings.Contains(s, "geheim") {
		t.Errorf("personal data got out: %s", s)
	}
}

// TestBrokenBody: a body that is not framed as HTTP says is the sender's fault, whatever
// its kind of operation, and no error of this node.
func TestBrokenBody(t *testing.T) {
	h := emptyHub(t)
	var log bytes.Buffer
	h.api.o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	server := httptest.NewServer(h.api)
	defer server.Close()
	for name, body := range map[string]string{
		"no length of a piece": "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		"no end of a piece":    "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n",
		"both lengths":         "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n{}",
	} {
		line, err := net.Dial("tcp", server.Listener.Addr().String())
		check(t, err)
		_, err = io.WriteString(line, body)
		check(t, err)
		answer, err := io.ReadAll(line)
		check(t, err)
		check(t, line.Close())
		if text := string(answer); !strings.HasPrefix(text, "HTTP/1.1 400 ") || !strings.Contains(text, "broken_body") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("an error of this node: %s", &log)
	}
}
