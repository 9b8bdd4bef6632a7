package federation_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// as asks a node something with another's certificate, past TLS, which admits
// every certificate of the county's.
func as(t *testing.T, at, who *federationtest.Node, method, path string, body []byte) (int, []byte) {
	t.Helper()
	cert, err := x509.ParseCertificate(who.Certificate().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{cert}}}
	w := httptest.NewRecorder()
	at.FederationHandler().ServeHTTP(w, r)
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, answer
}

func revoke(f *federationtest.Federation, n *federationtest.Node) {
	f.Do(f.Hub(), f.Operator(), &ledger.NodeRevokeV1{Node: n.ID, At: f.Hub().Now().UnixMilli(), Reason: "电脑遗失"})
}

// A village that was revoked while its line was down learns of it from whoever
// it reaches first, keeps what it has, records nothing more, and has the county
// take its last words, which stand for nothing.
func TestRevokedWhileOffline(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	f.Cut(village.ID, "*")
	before := f.Submit(village, "TB-MZJ-004")
	f.Advance(5 * time.Minute)
	revoke(f, village)
	f.Eventually("the township to hear of it", func() bool { n, err := town.Store.Node(t.Context(), village.ID); return err == nil && n.RevokedAt > 0 })
	f.Advance(5 * time.Minute)
	b := f.Submission(village, "TB-MZJ-004")
	ref := scan(t, village, "only here")
	b.Materials[0].Attachments = []catalog.AttachmentRef{ref}
	after, err := f.TryDo(village, f.Worker(village, f.Item("TB-MZJ-004")), "", b)
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := village.Store.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	f.Heal(village.ID, town.ID)
	f.Eventually("the village to hear of it", func() bool { _, cast := village.Revocation(); return cast })
	if r, err := village.Report(t.Context()); err != nil || r.ProblemCode != "node_revoked" || !strings.Contains(r.ProblemZH, "电脑遗失") {
		t.Errorf("it reports %q %s, %v", r.ProblemCode, r.ProblemZH, err)
	}
	ails(t, f, village, "node_revoked", true)
	if _, err := f.TryDo(village, f.Worker(village, f.Item("TB-MZJ-004")), "", f.Submission(village, "TB-MZJ-004")); codeOf(err) != "node_revoked" {
		t.Errorf("it takes another case in: %v", err)
	}
	if n, err := town.Store.Count(t.Context(), village.ID); err != nil || n.HandedIn != 0 {
		t.Errorf("the township took its entries, to pass them on as if nothing were: %+v, %v", n, err)
	}
	f.Cut(village.ID, "*")
	f.Restart(village)
	if _, cast := village.Revocation(); !cast {
		t.Error("forgotten over a restart")
	}
	ails(t, f, village, "node_revoked", true)

	f.Kill(village)
	m, err := federation.LoadMembership(village.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if r, cast, err := federation.RevocationIn(t.Context(), village.Dir(), storetest.Key, m, hub.Now()); err != nil || !cast || r.Reason != "电脑遗失" {
		t.Errorf("its folder says %+v, %v, %v", r, cast, err)
	}
	f.Restart(village)

	f.Heal("*", "*")
	for id, code := range map[string]string{before.ID: "after_revocation", after.ID: "node_revoked"} {
		f.Eventually("the county to have "+id, func() bool { _, err := hub.Store.AttentionFor(t.Context(), id); return err == nil })
		got, err := hub.Store.SetAside(t.Context(), id)
		if err != nil || len(got) != 1 || got[0].Code != code || got[0].Submission.Applicant.Name == "" || len(got[0].Submission.Form) == 0 {
			t.Errorf("%s at the county: %+v, %v", id, got, err)
		}
		if c := f.Case(village, id); c.Number == "" {
			t.Error("the village does not have its case any more")
		}
	}
	f.Eventually("the county to have the scan", func() bool { has, err := hub.Blobs.Has(ref.Hash); return err == nil && has })
	if now, err := village.Store.Cursor(t.Context()); err != nil || now != cursor {
		t.Errorf("it was served the feed: %d, was at %d (%v)", now, cursor, err)
	}
}

// Nothing but that is to be had with the certificate of a node that was cast
// out.
func TestRevokedReachesNothing(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	c := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	f.Cut(village.ID, "*")
	revoke(f, village)
	f.CaughtUpBut(village)
	known := strings.Repeat("0", 64)
	for _, at := range []*federationtest.Node{town, hub} {
		// Its feed refuses at once, from the ledger; what a node knows of others
		// follows the ledger a moment later, and from then on it brings the proof.
		f.Eventually(at.ID+" to know of it", func() bool {
			code, body := as(t, at, village, "GET", "/federation/v1/checkpoint", nil)
			if code != http.StatusForbidden {
				t.Fatalf("%s answers %d", at.ID, code)
			}
			_, err := federation.ReadRevocation(body, village.Trust(), village.ID, village.Now())
			return err == nil
		})
		for _, ask := range [][2]string{
			{"GET", "/federation/v1/feed?after=0"}, {"HEAD", "/federation/v1/feed?after=0"}, {"GET", "/federation/v1/checkpoint"}, {"GET", "/federation/v1/provisional?after=0"},
			{"POST", "/federation/v1/heartbeat"}, {"GET", "/federation/v1/attachments/" + known}, {"GET", "/federation/v1/trust"}, {"GET", "/federation/v1/enrol"},
			{"POST", "/federation/v1/enrol"}, {"GET", "/federation/v1/origins?node=" + town.ID}, {"GET", "/federation/v1/nothing"},
		} {
			code, body := as(t, at, village, ask[0], ask[1], []byte("[]"))
			r, err := federation.ReadRevocation(body, village.Trust(), village.ID, village.Now())
			if code != http.StatusForbidden || err != nil || r.Reason != "电脑遗失" {
				t.Errorf("%s %s at %s: %d %s, %v", ask[0], ask[1], at.ID, code, body, err)
			}
		}
	}
	if code, body := as(t, hub, village, "PATCH", "/federation/v1/attachments/"+known+"?size=1", []byte("x")); code != http.StatusForbidden && code != http.StatusNotFound {
		t.Errorf("a file that nothing names: %d %s", code, body)
	}
	if code, _ := as(t, town, village, "POST", "/federation/v1/entries", nil); code != http.StatusForbidden {
		t.Errorf("last words at a township: %d", code)
	}
	if code, _ := as(t, hub, town, "GET", "/federation/v1/origins?node="+village.ID, nil); code != http.StatusOK {
		t.Errorf("the township, which is in good standing: %d", code)
	}

	// Only the county's own word makes a node believe it.
	_, body := as(t, hub, village, "GET", "/federation/v1/checkpoint", nil)
	for name, change := range map[string]func(map[string]json.RawMessage){
		"no entry": func(m map[string]json.RawMessage) { delete(m, "entry") },
		"no hub":   func(m map[string]json.RawMessage) { delete(m, "credential") },
		"changed": func(m map[string]json.RawMessage) {
			m["entry"] = bytes.Replace(m["entry"], []byte("遗失"), []byte("失窃"), 1)
		},
		"another entry": func(m map[string]json.RawMessage) { m["entry"], _ = json.Marshal(entryOf(t, hub, c.ID)) },
		"another code":  func(m map[string]json.RawMessage) { m["code"] = json.RawMessage(`"other"`) },
		"a village's word": func(m map[string]json.RawMessage) {
			n, err := hub.Store.Node(t.Context(), village.ID)
			if err != nil {
				t.Fatal(err)
			}
			m["credential"], _ = json.Marshal(map[string]any{"credential": n.Credential, "sig": n.Root})
		},
	} {
		m := map[string]json.RawMessage{}
		if err := json.Unmarshal(body, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		forged, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := federation.ReadRevocation(forged, village.Trust(), village.ID, village.Now()); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
	if _, err := federation.ReadRevocation(body, village.Trust(), town.ID, village.Now()); err == nil {
		t.Error("the revocation of another node was believed")
	}
}

// A stolen machine does not flood the county.
func TestLastWordsAreBounded(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, hub := f.Village(0), f.Hub()
	c := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	f.Cut(village.ID, "*")
	revoke(f, village)
	worker := f.Worker(village, f.Item("TB-MZJ-004"))
	const most = 500
	for range most + 5 {
		if _, err := f.TryDo(village, worker, c.ID, &ledger.CaseCommentV1{Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int64 {
		n, err := hub.Store.Count(t.Context(), village.ID)
		if err != nil {
			t.Fatal(err)
		}
		return n.Refused
	}
	f.Heal(village.ID, "*")
	f.Eventually("the county to have what it takes", func() bool { return count() == most })
	f.Eventually("the rest to be refused", func() bool {
		stats := f.Outbox(village)
		return stats.Unsent == 5
	})
	_, sent := as(t, hub, village, "GET", "/federation/v1/origins?node="+village.ID, nil)
	if !strings.Contains(string(sent), `"stored":501`) || count() != most {
		t.Errorf("%s, %d refused", sent, count())
	}
}

func entryOf(t *testing.T, n *federationtest.Node, id string) *ledger.Entry {
	t.Helper()
	e, err := n.Store.Entry(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return &e.Entry
}

func codeOf(err error) string {
	var no *store.Refused
	if errors.As(err, &no) {
		return no.Code
	}
	return ""
}
