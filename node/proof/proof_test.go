package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

func key(seed string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

func public(seed string) []byte { return key(seed).Public().(ed25519.PublicKey) }

func number(t testing.TB, at division.Code) casework.Number {
	t.Helper()
	n, err := casework.NewNumber(at, day(t, "2026-11-23"), 1, 45)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func day(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ms(t testing.TB, text string) int64 { return day(t, text).Midnight().UnixMilli() }

// paper is a document of a case, and its code.
func paper(t testing.TB, k document.Kind, at division.Code) (*document.Document, Code) {
	t.Helper()
	n := number(t, at)
	d := &document.Document{Kind: k, Template: 1, Title: k.Name(), Case: n.String(), Item: document.Item{Code: "TB-XFJY-001", Name: "检查"}, To: "王小芳", Date: n.Date()}
	c, err := Of(d, ledger.Applicant{Type: "person", Name: "王小芳"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return d, c
}

func signed(t testing.TB, c Code, seed string) Code {
	t.Helper()
	if err := c.Sign(key(seed)); err != nil {
		t.Fatal(err)
	}
	return c
}

func text(t testing.TB, c Code) string {
	t.Helper()
	s, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The code is what a QR code holds in its alphanumeric mode, short enough to be
// read at 3 cm, with the applicant masked (domain: section 9).
func TestCode(t *testing.T) {
	_, c := paper(t, document.GrantDecision, "330523110200")
	printed := text(t, signed(t, c, "seal"))
	if strings.Trim(printed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567:1") != "" || len(printed) > 311 {
		t.Errorf("%d characters: %s", len(printed), printed)
	}
	got, err := Parse(" " + strings.ToLower(printed[:40]) + "\n" + printed[40:])
	if err != nil || got.Applicant != "王**" || got.Item != "TB-XFJY-001" || got.Number() != "准〔2026〕330523110200-20261123-01-000045-"+printed0(t) || !got.SignedBy(public("seal")) {
		t.Errorf("%+v, %v", got, err)
	}
	long, err := Of(&document.Document{Kind: document.GrantDecision, Date: c.Date, Item: document.Item{Code: strings.Repeat("X", maxItem)}},
		ledger.Applicant{Type: "organisation", Name: strings.Repeat("梅溪竹业", 20)}, 255)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(text(t, signed(t, long, "seal"))); n > 366 {
		t.Errorf("the longest code has %d characters", n)
	}
	for _, k := range append(document.Kinds(), document.NoticeSheet) {
		if kinds[k] == 0 {
			t.Errorf("no number for %s", k)
		}
	}
}

func printed0(t testing.TB) string {
	all := number(t, "330523110200").String()
	return all[len(all)-1:]
}

// Every change of a code, its end cut off or something added, is seen.
func TestCodeChanged(t *testing.T) {
	_, c := paper(t, document.ReceiptSlip, "330523110200")
	printed := text(t, signed(t, c, "node"))
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(printed[len(prefix):])
	if err != nil {
		t.Fatal(err)
	}
	keys := []Key{{Public: public("node"), Tier: node.Village, Division: "330523110200"}}
	if r := Judge(c0(t, printed), keys, nil, nil); r.Verdict != Genuine {
		t.Fatalf("%+v", r)
	}
	rapid.Check(t, func(rt *rapid.T) {
		b := append([]byte{}, raw...)
		switch rapid.IntRange(0, 2).Draw(rt, "how") {
		case 0:
			b[rapid.IntRange(0, len(b)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case 1:
			b = b[:rapid.IntRange(0, len(b)-1).Draw(rt, "length")]
		case 2:
			b = append(b, rapid.Byte().Draw(rt, "more"))
		}
		got, err := Parse(prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				rt.Fatal(err)
			}
			return
		}
		if r := Judge(got, keys, nil, nil); r.Verdict != Forged && r.Verdict != UnknownKey {
			rt.Fatalf("changed and %s", r.Verdict)
		}
	})
}

func c0(t testing.TB, printed string) Code {
	t.Helper()
	c, err := Parse(printed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestJudge has every verdict there is, with its reason.
func TestJudge(t *testing.T) {
	const village, township, county division.Code = "330523110200", "330523110", "330523"
	keys := []Key{
		{Public: public("village"), Tier: node.Village, Division: village},
		{Public: public("next village"), Tier: node.Village, Division: "330523110201"},
		{Public: public("township"), Tier: node.Township, Division: township},
		{Public: public("hub"), Tier: node.County, Division: county},
		{Public: public("seal"), Seal: true, Tier: node.County, Division: county, Holder: "县民政局"},
		{Public: public("township seal"), Seal: true, Tier: node.Township, Division: township},
		{Public: public("ended"), Seal: true, Tier: node.County, Division: county, EndedAt: ms(t, "2026-11-20")},
		{Public: public("replaced later"), Seal: true, Tier: node.County, Division: county, EndedAt: ms(t, "2026-12-01")},
		{Public: public("revoked"), Seal: true, Tier: node.County, Division: county, RevokedAt: ms(t, "2026-12-01")},
		{Public: public("other seal"), Seal: true, Tier: node.Township, Division: "330523111"},
	}
	at := func(days int) int64 { return ms(t, "2026-11-23") + int64(days)*86_400_000 }
	for _, row := range []struct {
		kind     document.Kind
		by       string
		standing *Standing
		want     Verdict
		reason   string
	}{
		{document.ReceiptSlip, "village", nil, Genuine, "offline"},
		{document.ReceiptSlip, "village", &Standing{Known: true, Recorded: at(0)}, Genuine, ""},
		{document.ReceiptSlip, "village", &Standing{Known: true}, Genuine, "unrecorded"},
		{document.ReceiptSlip, "village", &Standing{}, Genuine, "elsewhere"},
		{document.ReceiptSlip, "township", nil, Genuine, "offline"},
		{document.ReceiptSlip, "hub", nil, Genuine, "offline"},
		{document.ReceiptSlip, "next village", nil, Forged, "not_theirs"},
		{document.ReceiptSlip, "seal", nil, Forged, "not_theirs"}, // no seal is put on receipts
		{document.ReceiptSlip, "nobody", nil, UnknownKey, "unknown_key"},
		{document.AcceptanceNotice, "village", nil, Genuine, "offline"},
		{document.AcceptanceNotice, "township", nil, Unsealed, "unsealed"},
		{document.GrantDecision, "village", nil, Unsealed, "unsealed"}, // a village decides nothing
		{document.GrantDecision, "hub", nil, Unsealed, "unsealed"},
		{document.GrantDecision, "seal", nil, Genuine, "offline"},
		{document.GrantDecision, "township seal", nil, Genuine, "offline"},
		{document.GrantDecision, "other seal", nil, Forged, "not_theirs"},
		{document.GrantDecision, "seal", &Standing{Known: true, Recorded: at(0), Superseded: at(3), Why: "更正"}, Superseded, "superseded"},
		{document.GrantDecision, "seal", &Standing{Known: true, Recorded: at(0), Voided: at(3), VoidedWhy: "有误"}, Revoked, "voided"},
		{document.GrantDecision, "ended", nil, Revoked, "key_ended"},
		{document.GrantDecision, "replaced later", nil, Genuine, "offline"},
		{document.GrantDecision, "revoked", nil, Revoked, "key_revoked"},
		{document.GrantDecision, "revoked", &Standing{Known: true}, Revoked, "key_revoked"},
		{document.GrantDecision, "revoked", &Standing{Known: true, Recorded: at(1)}, Genuine, "key_revoked_since"},
		{document.GrantDecision, "revoked", &Standing{Known: true, Recorded: at(9)}, Revoked, "key_revoked"},
	} {
		d, c := paper(t, row.kind, village)
		c = signed(t, c, row.by)
		canonical, err := d.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range [][]byte{nil, canonical} {
			r := Judge(c, keys, content, row.standing)
			reason := ""
			if len(r.Reasons) > 0 {
				reason = r.Reasons[0].Code
				if r.Reasons[0].ZH == "" || r.Reasons[0].EN == "" {
					t.Errorf("%s by %s: a reason without words", row.kind, row.by)
				}
			}
			if r.Verdict != row.want || reason != row.reason {
				t.Errorf("%s by %s, %+v: %s (%s), want %s (%s)", row.kind, row.by, row.standing, r.Verdict, reason, row.want, row.reason)
			}
		}
		if r := Judge(c, keys, append(canonical, ' '), row.standing); row.want == Genuine && r.Verdict != Forged {
			t.Errorf("%s by %s: other content is %s", row.kind, row.by, r.Verdict)
		}
	}
	// A signature under a key that is known, which did not make it.
	_, c := paper(t, document.GrantDecision, village)
	c = signed(t, c, "seal")
	c.Date = c.Date.AddDays(1)
	if r := Judge(c, keys, nil, nil); r.Verdict != Forged || r.Reasons[0].Code != "signature" {
		t.Errorf("another date: %+v", r)
	}
}

// The query code follows from the signature of the hand-in alone: another
// signature is another code, and the number says nothing of it.
func TestQueryCode(t *testing.T) {
	e := &ledger.Entry{ID: "0f5c2a1e-1111-8aaa-9bbb-000000000001", Sig: ed25519.Sign(key("village"), []byte("hand-in"))}
	code := QueryCode(e)
	if len(code) != 11 || strings.Trim(code, queryLetters+"-") != "" {
		t.Fatalf("%q", code)
	}
	for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", "－") + " "} {
		if !CheckQueryCode(e, typed) {
			t.Errorf("%q is not taken", typed)
		}
	}
	other := &ledger.Entry{ID: e.ID, Sig: ed25519.Sign(key("next village"), []byte("hand-in"))}
	if CheckQueryCode(other, code) || CheckQueryCode(e, code[:10]) || CheckQueryCode(e, "") {
		t.Error("a wrong code is taken")
	}
	none := queryCode("none", make([]byte, 64))
	if CheckQueryCode(nil, none) || CheckQueryCode(&ledger.Entry{ID: "none"}, none) || QueryCode(&ledger.Entry{ID: "x"}) != "" {
		t.Error("no case has a code")
	}
}

// A seal's certificate says what it says and nothing beside it.
func TestSealCertificate(t *testing.T) {
	good := identity.SealCertificate{County: "330523", Division: "330523", Department: "县民政局", Generation: 1, Public: public("seal"), IssuedAt: 1}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*identity.SealCertificate){
		"a village's":           func(c *identity.SealCertificate) { c.Division, c.Department, c.Signer = "330523110200", "", "v" },
		"of no department":      func(c *identity.SealCertificate) { c.Department = "" },
		"township's department": func(c *identity.SealCertificate) { c.Division, c.Signer = "330523110", "t" },
		"of another county":     func(c *identity.SealCertificate) { c.County = "330522" },
		"generation 0":          func(c *identity.SealCertificate) { c.Generation = 0 },
		"a short key":           func(c *identity.SealCertificate) { c.Public = c.Public[:31] },
		"township without node": func(c *identity.SealCertificate) { c.Division, c.Department = "330523110", "" },
	} {
		c := good
		change(&c)
		if c.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	_, c := paper(f, document.GrantDecision, "330523110200")
	f.Add(text(f, signed(f, c, "seal")))
	f.Add("TB1:")
	f.Add("TB1:AEAQ")
	f.Fuzz(func(t *testing.T, in string) {
		c, err := Parse(in)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := c.Text()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse(again); err != nil || back.Number() != c.Number() || back.Hash != c.Hash {
			t.Fatalf("%+v, %v", back, err)
		}
		if r := Judge(c, []Key{{Public: public("seal"), Seal: true, Tier: node.County, Division: "330523"}}, nil, nil); r.Verdict == "" {
			t.Fatal("no verdict")
		}
	})
}
