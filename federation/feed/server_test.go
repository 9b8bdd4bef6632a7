package feed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// listener is a bare feed connection: what a follower sees, without a store.
type listener struct {
	f     store.Follower
	at    uint64
	lines []store.FeedLine
	beats []heartbeat
	bytes int
	in    *bufio.Reader
	body  io.Closer
}

func listen(t testing.TB, url string, f store.Follower, query string) *listener {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url+PathFeed+"?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := clientOf(t, f).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, b)
	}
	t.Cleanup(func() { resp.Body.Close() })
	l := &listener{f: f, in: bufio.NewReader(resp.Body), body: resp.Body}
	fmt.Sscanf(query, "after=%d", &l.at)
	return l
}

// next reads one block and returns its type.
func (l *listener) next() (byte, error) {
	var buf bytes.Buffer
	kind, payload, err := readBlock(l.in, &buf)
	if err != nil {
		return 0, err
	}
	l.bytes += blockHeader + len(payload)
	switch kind {
	case blockEntries:
		h, lines, err := openPage(payload, l.at)
		if err != nil {
			return kind, err
		}
		l.at, l.lines = h.UpTo, append(l.lines, lines...)
	case blockHeartbeat:
		var hb heartbeat
		if err := json.Unmarshal(payload, &hb); err != nil {
			return kind, err
		}
		l.at, l.beats = hb.UpTo, append(l.beats, hb)
	case blockProblem:
		return kind, problemFault(payload, ErrTrouble)
	}
	return kind, nil
}

// until reads until the follower has everything up to an index.
func (l *listener) until(t testing.TB, index uint64) {
	t.Helper()
	for l.at < index {
		if _, err := l.next(); err != nil {
			t.Fatalf("%s at %d: %v", l.f.Node, l.at, err)
		}
	}
}

// The records pushed from memory are those that the database gives, for every
// place and standpoint.
func TestTailIsTheFeed(t *testing.T) {
	r := newRealm(t)
	s := NewServer(r.Hub().Store, ServerOptions{Peer: headerPeer, County: r.ledger(RealClock{})})
	ctx := context.Background()
	if _, err := s.tail.now(ctx); err != nil {
		t.Fatal(err)
	}
	begin := mustHead(t, r.Hub().Store)
	a, b, town := r.Village(villageA), r.Village(villageB), r.Township(townshipA)
	a.Submit("TB-MZJ-004")
	b.Submit("TB-YBJ-003")
	r.Settle()
	town.Submit("TB-MZJ-004", storetest.Matter(villageA))
	r.change(2)
	r.Settle()
	head := mustHead(t, r.Hub().Store)
	places := []store.Follower{a.Follower(), b.Follower(), town.Follower(),
		{Node: "elsewhere-1", Division: "330523111"}, {Node: "elsewhere-2", Division: "330523111200"}, {Node: "second-1", Division: villageA}}
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.SampledFrom(places).Draw(rt, "follower")
		f.Full = rapid.Bool().Draw(rt, "full")
		at := rapid.Uint64Range(begin, head).Draw(rt, "after")
		size := rapid.IntRange(1, 40_000).Draw(rt, "page")
		v, err := s.tail.now(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		got, ok, err := v.after(at, f, size, s.cache)
		if err != nil || !ok {
			rt.Fatalf("not in the tail: %v", err)
		}
		want, err := r.Hub().Feed(ctx, f, at, size)
		if err != nil {
			rt.Fatal(err)
		}
		if got.upTo != want.UpTo || got.head != want.Head || got.lines != len(want.Lines) {
			rt.Fatalf("%d lines up to %d of %d, want %d up to %d of %d", got.lines, got.upTo, got.head, len(want.Lines), want.UpTo, want.Head)
		}
		raw, err := unpacker.DecodeAll(got.frame, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if wanted := string(bytes.Join(want.Lines, []byte("\n"))); strings.TrimSuffix(string(raw), "\n") != wanted {
			rt.Fatalf("lines\n%s\nwant\n%s", raw, wanted)
		}
	})
}

// A page kept from before the county's ledger went back is not sent for the records
// that have its places now: they are others, of other villages.
func TestPagesOfAnotherEpochAreNotSent(t *testing.T) {
	cache := newFrameCache(1 << 20)
	to := store.Follower{Node: "v-1", Division: villageA}
	sent := func(epoch int64, line string) string {
		v := view{head: 7, epoch: epoch, recs: []*tailRecord{{head: ledger.Head{Index: 7}, scope: villageA, line: []byte(line)}}}
		p, ok, err := v.after(0, to, 1000, cache)
		if err != nil || !ok || p.lines != 1 {
			t.Fatalf("%+v, %v, %v", p, ok, err)
		}
		raw, err := unpacker.DecodeAll(p.frame, nil)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(raw))
	}
	for epoch, line := range []string{`{"before":1}`, `{"after":1}`, `{"after":2}`} {
		if got := sent(int64(epoch), line); got != line {
			t.Errorf("epoch %d sends %s for %s", epoch, got, line)
		}
	}
}

// What belongs to one village never crosses the wire to another, neither
// pushed nor read from the database.
func TestScopeCanary(t *testing.T) {
	r := newRealm(t)
	a, b := r.Village(villageA), r.Village(villageB)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	const canary = "金丝雀"
	sing := func() {
		b.Submit("TB-YBJ-003", func(body *ledger.CaseSubmitV1) { body.Applicant.Name = canary })
		b.Push(r.Hub())
	}
	sing()
	other, its := listen(t, url, a.Follower(), "after=0"), listen(t, url, b.Follower(), "after=0&full=1")
	other.until(t, mustHead(t, r.Hub().Store))
	sing()
	r.change(2)
	for _, l := range []*listener{other, its} {
		l.until(t, mustHead(t, r.Hub().Store))
	}
	songs := func(l *listener) (n int) {
		for _, line := range l.lines {
			if raw, _ := json.Marshal(line); bytes.Contains(raw, []byte(canary)) || bytes.Contains(raw, []byte(b.ID()+`","seq"`)) {
				n++
			}
		}
		return n
	}
	if n := songs(other); n != 0 {
		t.Errorf("another village got %d of its neighbour's entries", n)
	}
	if n := songs(its); n < 2 {
		t.Errorf("the village itself got %d of its entries: the test would see nothing", n)
	}
}

// One change for five hundred villages is read once and compressed once.
func TestManyFollowersOneCompression(t *testing.T) {
	r := newRealm(t)
	s, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), Heartbeat: time.Hour})
	head := mustHead(t, r.Hub().Store)
	const many = 500
	followers := make([]*listener, many)
	for i := range followers {
		d := division.Code(fmt.Sprintf("330523%03d%03d", 100+i/100, 200+i%100))
		followers[i] = listen(t, url, store.Follower{Node: fmt.Sprintf("n-%d", i), Division: d}, fmt.Sprintf("after=%d", head))
		if _, err := followers[i].next(); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Stats()
	if before.Followers != many {
		t.Fatalf("%d followers", before.Followers)
	}
	operator := r.Operator()
	r.Hub().MustDo(operator, &ledger.LevelRaiseV1{Level: 1})
	for _, l := range followers {
		l.until(t, head+1)
		if len(l.lines) != 1 {
			t.Fatalf("%s got %d lines", l.f.Node, len(l.lines))
		}
	}
	if made := s.Stats().Compressions - before.Compressions; made != 1 {
		t.Errorf("%d compressions", made)
	}
}

func TestRefusesRequests(t *testing.T) {
	r := newRealm(t)
	town, village := r.Township(townshipA), r.Village(villageA)
	_, hub := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{}), MaxFollowers: 1})
	_, below := serve(t, town.Store, ServerOptions{County: NewFollower(town.Store, FollowerOptions{Trust: r.keys.Trust})})
	gone := storetest.Credential("gone-1", "330523110201", 1)
	r.Enrol(gone)
	r.Hub().MustDo(r.Operator(), &ledger.NodeRevokeV1{Node: gone.Node, At: r.Clock.UnixMilli(), Reason: "撤点"})
	r.Clock.Advance(time.Minute)
	listen(t, hub, village.Follower(), "after=0")

	rows := []struct {
		name, url, path string
		who             store.Follower
		status          int
		code            string
	}{
		{"no certificate", hub, PathFeed, store.Follower{}, 403, "not_allowed"},
		{"a hub", hub, PathFeed, store.Follower{Node: "county-2", Division: storetest.Code}, 403, "not_allowed"},
		{"another county", hub, PathFeed, store.Follower{Node: "far-1", Division: "330522100200"}, 403, "not_allowed"},
		{"another township's village", below, PathFeed, store.Follower{Node: "v-1", Division: "330523111200"}, 403, "not_allowed"},
		{"the township itself", below, PathFeed, town.Follower(), 403, "not_allowed"},
		{"revoked", hub, PathFeed, store.Follower{Node: gone.Node, Division: gone.Division}, 403, "revoked"},
		{"too many", hub, PathFeed, town.Follower(), 503, "busy"},
		{"bad full", hub, PathFeed + "?full=2", village.Follower(), 400, "bad_request"},
		{"bad after", hub, PathFeed + "?after=-1", village.Follower(), 400, "bad_request"},
		{"huge after", hub, PathFeed + "?after=99999999999999999", village.Follower(), 400, "bad_request"},
		{"bad full", hub, PathFeed + "?full=yes", village.Follower(), 400, "bad_request"},
		{"too old", hub, PathFeed + "?level=0", village.Follower(), 426, "needs_newer"},
		{"proof beyond", hub, PathProof + "?index=1&size=1000000", village.Follower(), 404, "no_proof"},
		{"proof of nothing", hub, PathProof + "?index=0&size=1", village.Follower(), 400, "bad_request"},
		{"proof reversed", hub, PathConsistency + "?from=9&to=3", village.Follower(), 400, "bad_request"},
		{"proof not to be had", below, PathConsistency + "?from=1&to=3", village.Follower(), 404, "no_proof"},
		{"elsewhere", hub, "/federation/v1/other", village.Follower(), 404, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			resp, err := clientOf(t, row.who).Get(row.url + row.path)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != row.status || row.code != "" && !strings.Contains(string(b), `"code":"`+row.code+`"`) {
				t.Errorf("%s: %s", resp.Status, b)
			}
		})
	}
	for who, want := range map[store.Follower]int{village.Follower(): 200, town.Follower(): 503} {
		resp, err := clientOf(t, who).Head(hub + PathFeed)
		if err != nil || resp.StatusCode != want || want == 200 && resp.Header.Get(headerHeard) != "0" {
			t.Errorf("HEAD by %s: %v, %v", who.Node, resp, err)
		}
	}
	resp, err := clientOf(t, village.Follower()).Post(hub+PathFeed, "text/plain", strings.NewReader("x"))
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v, %v", resp, err)
	}
	resp.Body.Close()
}

// A newer feed of a node replaces its older one; a revoked node's ends at the
// next heartbeat; all end when the server is closed.
func TestEndsFeeds(t *testing.T) {
	r := newRealm(t)
	clock := newManual(storetest.Beginning)
	s, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(clock), Clock: clock})
	a, b := r.Village(villageA), r.Village(villageB)
	ends := func(l *listener, want *Fault) {
		t.Helper()
		for {
			if _, err := l.next(); err != nil {
				if !errors.Is(err, want) {
					t.Errorf("ended with %v, want %v", err, want)
				}
				return
			}
		}
	}
	first := listen(t, url, a.Follower(), "after=0")
	first.until(t, mustHead(t, r.Hub().Store))
	second := listen(t, url, a.Follower(), "after=0")
	ends(first, ErrReplaced)
	second.until(t, mustHead(t, r.Hub().Store))

	r.Hub().MustDo(r.Operator(), &ledger.NodeRevokeV1{Node: a.ID(), At: r.Clock.UnixMilli(), Reason: "撤点"})
	second.until(t, mustHead(t, r.Hub().Store)) // it learns of its own revocation
	clock.Advance(time.Minute)
	ends(second, ErrRevoked)

	third := listen(t, url, b.Follower(), "after=0")
	third.until(t, mustHead(t, r.Hub().Store))
	s.Close()
	ends(third, ErrClosing)
	if n := s.Stats().Followers; n != 0 {
		t.Errorf("%d followers are left", n)
	}
}

// A follower that was with a hub further ahead waits until this one has come
// as far.
func TestWaitsForHubBehind(t *testing.T) {
	r := newRealm(t)
	village := r.Village(villageA)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	head := mustHead(t, r.Hub().Store)
	l := listen(t, url, village.Follower(), fmt.Sprintf("after=%d&checkpoint=%d", head+3, head+3))
	if _, err := l.next(); err != nil || l.at != head+3 || len(l.beats[0].Checkpoints) != 0 {
		t.Fatalf("at %d of %d: %v", l.at, head+3, err)
	}
	for range 5 {
		r.Hub().MustDo(r.Operator(), &ledger.LevelRaiseV1{Level: 1})
	}
	l.until(t, head+5)
	if len(l.lines) != 2 || l.lines[0].Index != head+4 {
		t.Errorf("got %d lines", len(l.lines))
	}
}

// A heartbeat never tells a follower that it has what came in after its last
// page: that would be lost.
func TestHeartbeatDoesNotRunAhead(t *testing.T) {
	r := newRealm(t)
	s := NewServer(r.Hub().Store, ServerOptions{Peer: headerPeer, County: r.ledger(RealClock{})})
	at := mustHead(t, r.Hub().Store)
	r.change(2)
	for _, caughtUp := range []bool{true, false} {
		w := new(written)
		ss := &session{Follower: r.Village(villageA).Follower(), at: at, told: at - 2, out: blockWriter{w: w, timeout: time.Second, total: &s.bytes}}
		if err := s.beat(context.Background(), ss, caughtUp); err != nil {
			t.Fatal(err)
		}
		l := &listener{in: bufio.NewReader(httputil.NewChunkedReader(&w.Buffer))}
		want := at - 2
		if caughtUp {
			want = at
		}
		if _, err := l.next(); err != nil || l.at != want || ss.told != want || l.beats[0].Head <= at {
			t.Errorf("up to %d, want %d: %v", l.at, want, err)
		}
	}
}

// An idle follower is a connection and a place in a list: no goroutine, neither
// of this package nor of net/http. Each still gets what is new, and its
// heartbeats; one that has gone is forgotten at a heartbeat.
func TestIdleFollowersHaveNoGoroutine(t *testing.T) {
	r := newRealm(t)
	clock := newManual(storetest.Beginning)
	s, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(clock), Clock: clock})
	at := mustHead(t, r.Hub().Store)
	const many = 50
	clients := make([]*bareClient, many)
	for i := range clients {
		clients[i] = dialBare(t, url, villageNumber(i), at)
		clients[i].readBlocks(t, 1)
	}
	idle := func() bool {
		all := make([]byte, 1<<20)
		all = all[:runtime.Stack(all, true)]
		return !bytes.Contains(all, []byte("net/http.(*conn).serve")) && !bytes.Contains(all, []byte("feed.(*Server).turns"))
	}
	eventually(t, "nothing to run for idle followers", idle)
	r.change(2)
	for _, c := range clients {
		if _, n := c.readPage(t); n == 0 {
			t.Fatal("no page")
		}
	}
	clock.Advance(time.Minute)
	for _, c := range clients {
		c.readBlocks(t, 1)
	}
	eventually(t, "nothing to run for idle followers again", idle)
	for _, c := range clients[1:] {
		c.conn.Close()
	}
	eventually(t, "those that are gone to be forgotten", func() bool {
		clock.Advance(time.Minute)
		return s.Stats().Followers == 1
	})
	clients[0].readBlocks(t, 1)
}

// written is a connection that keeps what was written.
type written struct {
	net.Conn
	bytes.Buffer
}

func (w *written) Write(p []byte) (int, error)      { return w.Buffer.Write(p) }
func (w *written) Read(p []byte) (int, error)       { return w.Buffer.Read(p) }
func (w *written) SetWriteDeadline(time.Time) error { return nil }

// A follower that takes nothing any more is dropped.
func TestDropsStuckFollower(t *testing.T) {
	r := newRealm(t)
	s := NewServer(r.Hub().Store, ServerOptions{Peer: headerPeer, County: r.ledger(RealClock{}), WriteTimeout: 50 * time.Millisecond, PageBytes: 4096})
	h := httptest.NewUnstartedServer(s)
	h.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if tcp, ok := c.(*net.TCPConn); ok && state == http.StateNew {
			tcp.SetWriteBuffer(2048)
		}
	}
	h.Start()
	defer h.Close()
	defer s.Close()
	c, err := (&net.Dialer{}).Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(2048)
	fmt.Fprintf(c, "GET %s?after=0 HTTP/1.1\r\nHost: hub\r\nNode: v-1\r\nDivision: %s\r\n\r\n", PathFeed, villageA)
	eventually(t, "the follower to be there", func() bool { return s.Stats().Followers == 1 })
	edition := 2
	eventually(t, "the stuck follower to be dropped", func() bool {
		r.change(edition)
		edition++
		return s.Stats().Followers == 0
	})
}

// Nor does such a follower hold up the end of the server, or of its own feed
// when it comes anew.
func TestCloseDoesNotWaitForTheStuck(t *testing.T) {
	r := newRealm(t)
	s := NewServer(r.Hub().Store, ServerOptions{Peer: headerPeer, County: r.ledger(RealClock{}), WriteTimeout: time.Hour})
	h := httptest.NewUnstartedServer(s)
	h.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if tcp, ok := c.(*net.TCPConn); ok && state == http.StateNew {
			tcp.SetWriteBuffer(2048)
		}
	}
	h.Start()
	defer h.Close()
	at := mustHead(t, r.Hub().Store)
	one := villageNumber(1)
	stuck := dialBare(t, h.URL, one, at)
	stuck.conn.(*net.TCPConn).SetReadBuffer(2048)
	stuck.readBlocks(t, 1)
	blocked := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.followers[one.Node].again
	}
	edition := 2
	change := func() { r.change(edition); edition++ }
	eventually(t, "a write that blocks", func() bool { change(); return blocked() })
	again := dialBare(t, h.URL, one, at)
	eventually(t, "the second feed to block, too", func() bool { change(); return s.Stats().Followers == 1 && blocked() })
	s.Close()
	again.conn.Close()
}

// Frames are dropped when there are too many, the oldest first.
func TestFrameCache(t *testing.T) {
	c := newFrameCache(100)
	pack := func(n int) func() ([]byte, int) { return func() ([]byte, int) { return make([]byte, n), n } }
	key := func(s string) frameKey { return keyOfLines([][]byte{[]byte(s)}) }
	c.get(key("a"), pack(40))
	c.get(key("b"), pack(40))
	c.get(key("a"), pack(40))
	c.get(key("c"), pack(40))
	if made := c.made.Load(); made != 3 {
		t.Fatalf("made %d", made)
	}
	c.get(key("a"), pack(40))
	c.get(key("b"), pack(40))
	if made := c.made.Load(); made != 4 {
		t.Errorf("made %d: the oldest, b, should have been dropped", made)
	}
	if c.bytes > 100 || len(c.byKey) != c.order.Len() {
		t.Errorf("%d bytes, %d keys, %d frames", c.bytes, len(c.byKey), c.order.Len())
	}
}
