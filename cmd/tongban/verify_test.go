package main

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// A document is checked with the trust file alone: no node, no network.
func TestVerifyOffline(t *testing.T) {
	desk(t)
	dir, now := t.TempDir(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	county, err := trust.GenerateCounty(rand.Reader, "330523", now)
	must(t, err)
	key, err := county.SealKey("县民政局", 1)
	must(t, err)
	seal := identity.SealCertificate{County: "330523", Division: "330523", Department: "县民政局", Generation: 1, Public: key.Public().(trust.PublicKey), IssuedAt: now.UnixMilli()}
	sig, err := county.SignSeal(seal)
	must(t, err)
	write := func(name string, revoked int64) string {
		ring := trust.NewKeyring("330523", now.UnixMilli(), county.Chain(), nil, []trust.RingSeal{{Certificate: seal, Sig: sig, RevokedAt: revoked}})
		text, err := ring.Encode()
		must(t, err)
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, text, 0o600))
		return path
	}
	file, revoked := write("trust.json", 0), write("revoked.json", now.Add(time.Hour).UnixMilli())

	number, err := casework.NewNumber("330523110200", calendar.DateOf(now), 1, 45)
	must(t, err)
	d := &document.Document{Kind: document.GrantDecision, Template: 1, Title: "准予决定书", Case: number.String(), Item: document.Item{Code: "TB-MZJ-016", Name: "备案"}, To: "王小芳", Date: number.Date()}
	code, err := proof.Of(d, ledger.Applicant{Type: "person", Name: "王小芳"}, 1)
	must(t, err)
	must(t, code.Sign(key))
	text, err := code.Text()
	must(t, err)
	save := func(name string, doc any) string {
		raw, err := json.Marshal(map[string]any{"document": doc, "code": text})
		must(t, err)
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, raw, 0o600))
		return path
	}
	changed := *d
	changed.To = "李小芳"

	for _, row := range []struct {
		args    []string
		stdin   string
		code    int
		verdict proof.Verdict
		says    string
	}{
		{[]string{text, "--trust", file}, "", exitOK, proof.Genuine, "王**"},
		{[]string{"-", "--trust", file}, text + "\n", exitOK, proof.Genuine, "县民政局"},
		{[]string{"--file", save("good.json", d), "--trust", file}, "", exitOK, proof.Genuine, "准〔2026〕" + number.String()},
		{[]string{"--file", save("changed.json", changed), "--trust", file}, "", exitRefused, proof.Forged, "摘要不符"},
		{[]string{"--file", save("more.json", map[string]any{"kind": "grant_decision", "note": "x"}), "--trust", file}, "", exitRefused, proof.Forged, "规范内容"},
		{[]string{text[:len(text)-1], "--trust", file}, "", exitRefused, proof.Forged, "不完整"},
		{[]string{text, "--trust", revoked}, "", exitRefused, proof.Revoked, "吊销"},
	} {
		r := typing(t, row.stdin, append([]string{"verify"}, row.args...)...)
		if r.code != row.code || !strings.Contains(r.out, row.says) || strings.Contains(r.out, "王小芳") {
			t.Errorf("%.60q: %+v", row.args, r)
		}
		r = typing(t, row.stdin, append([]string{"verify", "--json"}, row.args...)...)
		var report client.VerifyReport
		if err := json.Unmarshal([]byte(r.out), &report); err != nil || report.Verdict != row.verdict || r.code != row.code {
			t.Errorf("%.60q as JSON: %v %+v", row.args, err, r)
		}
	}
	fp, err := county.Trust().Fingerprint()
	must(t, err)
	for _, row := range []struct {
		args []string
		code int
	}{
		{[]string{text, "--trust", file, "--fingerprint", fp.String()}, exitOK},
		{[]string{text, "--trust", file, "--fingerprint", strings.Repeat("0", 30)}, exitRefused},
		{[]string{text, "--trust", save("no.json", d)}, exitRefused},
		{[]string{text, "--trust", filepath.Join(dir, "nothing.json")}, exitUsage},
		{[]string{"--trust", file}, exitUsage},
		{[]string{text, "--file", file, "--trust", file}, exitUsage},
		{[]string{text, "--fingerprint", fp.String()}, exitUsage},
	} {
		if r := tongban(t, append([]string{"verify"}, row.args...)...); r.code != row.code {
			t.Errorf("%.80q: %+v", row.args, r)
		}
	}
}

// TestVerifyAtANodeThatCannotTell: a node that lacks the signer's certificate
// and reaches nobody above is no reason to call a document false.
func TestVerifyAtANodeThatCannotTell(t *testing.T) {
	for verdict, code := range map[proof.Verdict]int{proof.NotHere: exitUnreachable, proof.UnknownKey: exitRefused} {
		var report proof.Report
		report.Unlisted(verdict == proof.UnknownKey)
		f := newFakeNode(t, map[string]any{"verifyDocument": client.VerifyReport{Verdict: report.Verdict, VerdictZh: verdictZH[verdict], Reasons: report.Reasons, AsOf: 1}})
		r := tongban(t, "verify", "TB1:AEAQ", "--node", f.url)
		if r.code != code || !strings.Contains(r.out, verdictZH[verdict]) || (verdict == proof.NotHere) != strings.Contains(r.out, "线路恢复后再验") || strings.Contains(r.out, "伪造") {
			t.Errorf("%s: %+v", verdict, r)
		}
	}
}
