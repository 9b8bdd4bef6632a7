package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(i Info) string { return filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", i.Kind, i.V)) }

// A released kind is frozen: its golden decodes, encodes to the same bytes,
// and its signature still fits.
func TestGoldenOfEveryKind(t *testing.T) {
	for _, info := range Kinds {
		e := sampleEntry(t, info)
		if *update {
			raw, err := json.Marshal(&e)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden(info), append(raw, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden(info))
		if err != nil {
			t.Errorf("%s v%d has no golden file: %v", info.Kind, info.V, err)
			continue
		}
		want = bytes.TrimSuffix(want, []byte("\n"))
		var read Entry
		if err := json.Unmarshal(want, &read); err != nil {
			t.Fatal(err)
		}
		body, err := read.Decode()
		if err != nil {
			t.Errorf("%s v%d: %v", info.Kind, info.V, err)
			continue
		}
		again, err := json.Marshal(body)
		if err != nil || !bytes.Equal(again, read.Body) {
			t.Errorf("%s v%d: body encodes to %s, was %s (%v)", info.Kind, info.V, again, read.Body, err)
		}
		if again, err := json.Marshal(&read); err != nil || !bytes.Equal(again, want) {
			t.Errorf("%s v%d: entry encodes to %s, was %s (%v)", info.Kind, info.V, again, want, err)
		}
		if err := read.Verify(sampleKey().Public().(ed25519.PublicKey)); err != nil {
			t.Errorf("%s v%d: %v", info.Kind, info.V, err)
		}
		if !bytes.Equal(e.Sig, read.Sig) {
			t.Errorf("%s v%d: what this program makes differs from its golden file", info.Kind, info.V)
		}
	}
	files, err := filepath.Glob("testdata/*.v*.json")
	if err != nil || len(files) != len(Kinds) {
		t.Errorf("%d golden files of %d kinds and versions: a released one may not go (%v)", len(files), len(Kinds), err)
	}
}

func TestKindsAreListedOnce(t *testing.T) {
	if len(byKind) != len(Kinds) || len(byBody) != len(Kinds) || len(samples())+len(newerSamples()) != len(Kinds) {
		t.Errorf("%d kinds, %d different with %d bodies, %d samples", len(Kinds), len(byKind), len(byBody), len(samples())+len(newerSamples()))
	}
	for _, info := range Kinds {
		if info.Level < 1 || info.Level > Level {
			t.Errorf("%s v%d is of level %d, this program reads %d", info.Kind, info.V, info.Level, Level)
		}
		if before, ok := Lookup(info.Kind, info.V-1); info.V > 1 && (!ok || before.Level >= info.Level) {
			t.Errorf("%s v%d is of level %d, the version before it of %d", info.Kind, info.V, info.Level, before.Level)
		}
		e := sampleEntry(t, info)
		if body, err := e.Decode(); err == nil {
			if of, ok := InfoOf(info.Kind, body); !ok || of.V != info.V {
				t.Errorf("the body of %s v%d is taken for v%d", info.Kind, info.V, of.V)
			}
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for _, info := range Kinds {
		good := sampleEntry(t, info)
		for what, body := range map[string]string{
			"unknown field": strings.Replace(string(good.Body), "{", `{"surprise":1,`, 1),
			"trailing data": string(good.Body) + "{}",
			"wrong type":    `[` + string(good.Body) + `]`,
			"text":          `"text"`,
			"number":        `1`,
			"nothing":       ``,
			"cut off":       string(good.Body[:len(good.Body)-1]),
			"huge":          `{"note":"` + strings.Repeat("长", MaxEntryBytes) + `"}`,
		} {
			e := good
			e.Body = json.RawMessage(body)
			if _, err := e.Decode(); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s with %s: %v", info.Kind, what, err)
			}
		}
	}
}

// An empty body passes only where every part of it may be left out.
func TestDecodeWantsWhatIsRequired(t *testing.T) {
	for _, info := range Kinds {
		for _, body := range []string{`{}`, `null`} {
			e := sampleEntry(t, info)
			e.Body = json.RawMessage(body)
			_, err := e.Decode()
			if wantOK := body == `{}` && (info.Kind == CaseAccept || info.Kind == CaseRelay); (err == nil) != wantOK {
				t.Errorf("%s with body %s: %v", info.Kind, body, err)
			}
		}
	}
}

func TestDecodeRefusesEnvelope(t *testing.T) {
	long := strings.Repeat("x", maxIDBytes+1)
	rows := []struct {
		name   string
		change func(*Entry)
		want   error
	}{
		{"no id", func(e *Entry) { e.ID = "" }, ErrMalformed},
		{"long id", func(e *Entry) { e.ID = long }, ErrMalformed},
		{"no origin", func(e *Entry) { e.Origin = "" }, ErrMalformed},
		{"long origin", func(e *Entry) { e.Origin = long }, ErrMalformed},
		{"long case", func(e *Entry) { e.Case = long }, ErrMalformed},
		{"long prev", func(e *Entry) { e.Prev = long }, ErrMalformed},
		{"long staff", func(e *Entry) { e.Actor.Staff = long }, ErrMalformed},
		{"no time", func(e *Entry) { e.OccurredAt = 0 }, ErrMalformed},
		{"time before 1970", func(e *Entry) { e.OccurredAt = -1 }, ErrMalformed},
		{"scope of no division", func(e *Entry) { e.Scope = "330" }, ErrMalformed},
		{"no case", func(e *Entry) { e.Case = "" }, ErrMalformed},
		{"unknown kind", func(e *Entry) { e.Kind = "case.surprise" }, ErrUnknownKind},
		{"newer version", func(e *Entry) { e.V = 2 }, ErrUnknownKind},
		{"version 0", func(e *Entry) { e.V = 0 }, ErrUnknownKind},
	}
	info, _ := Lookup(CaseReview, 1)
	for _, row := range rows {
		e := sampleEntry(t, info)
		row.change(&e)
		if _, err := e.Decode(); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	for _, k := range []Kind{CaseComment, LevelRaise} {
		info, _ := Lookup(k, 1)
		e := sampleEntry(t, info)
		e.Prev, e.Case = samplePrev, sampleCase
		if _, err := e.Decode(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s with a prev and a case: %v", k, err)
		}
	}
}

// Every part of an entry is signed; nobody can change one unseen.
func TestSignatureCoversEverything(t *testing.T) {
	info, _ := Lookup(CaseReview, 1)
	public := sampleKey().Public().(ed25519.PublicKey)
	changes := map[string]func(*Entry){
		"id":       func(e *Entry) { e.ID += "x" },
		"kind":     func(e *Entry) { e.Kind = CaseRelay },
		"version":  func(e *Entry) { e.V++ },
		"origin":   func(e *Entry) { e.Origin += "x" },
		"seq":      func(e *Entry) { e.Seq++ },
		"staff":    func(e *Entry) { e.Actor.Staff += "x" },
		"name":     func(e *Entry) { e.Actor.Name += "x" },
		"role":     func(e *Entry) { e.Actor.Role = "auditor" },
		"node":     func(e *Entry) { e.Actor.Node += "x" },
		"scope":    func(e *Entry) { e.Scope = "330523110" },
		"subtree":  func(e *Entry) { e.Subtree = true },
		"case":     func(e *Entry) { e.Case += "x" },
		"prev":     func(e *Entry) { e.Prev += "x" },
		"time":     func(e *Entry) { e.OccurredAt++ },
		"skew":     func(e *Entry) { e.SkewMS++ },
		"body":     func(e *Entry) { e.Body = json.RawMessage(`{"opinion":"不符合"}`) },
		"sig":      func(e *Entry) { e.Sig = append([]byte{e.Sig[0] ^ 1}, e.Sig[1:]...) },
		"no sig":   func(e *Entry) { e.Sig = nil },
		"half sig": func(e *Entry) { e.Sig = e.Sig[:32] },
	}
	for name, change := range changes {
		e := sampleEntry(t, info)
		if err := e.Verify(public); err != nil {
			t.Fatal(err)
		}
		change(&e)
		if err := e.Verify(public); !errors.Is(err, ErrSignature) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	e := sampleEntry(t, info)
	for _, key := range []ed25519.PublicKey{nil, public[:31], ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)} {
		if err := e.Verify(key); !errors.Is(err, ErrSignature) {
			t.Errorf("key of %d bytes: %v", len(key), err)
		}
	}
	if a, _ := e.SigningBytes(); !bytes.HasPrefix(a, []byte(signingDomain)) || bytes.Contains(a, []byte(`"sig"`)) {
		t.Errorf("signing bytes: %.80s", a)
	}
}

func TestHashNamesTheContent(t *testing.T) {
	info, _ := Lookup(CaseReview, 1)
	a, b := sampleEntry(t, info), sampleEntry(t, info)
	ha, err := a.Hash()
	if err != nil {
		t.Fatal(err)
	}
	if hb, _ := b.Hash(); ha != hb {
		t.Error("the same entry has two hashes")
	}
	b.Sig[0] ^= 1
	if hb, _ := b.Hash(); ha == hb {
		t.Error("another signature has the same hash")
	}
	a.Body = json.RawMessage(`{`)
	if _, err := a.Hash(); !errors.Is(err, ErrMalformed) {
		t.Errorf("a body that is no JSON: %v", err)
	}
}

func TestIDFromKey(t *testing.T) {
	id := IDFromKey("village-1", "s-1", "key-1")
	if id != IDFromKey("village-1", "s-1", "key-1") || len(id) != 36 || id[14] != '8' {
		t.Errorf("id %s", id)
	}
	for _, other := range []string{IDFromKey("village-2", "s-1", "key-1"), IDFromKey("village-1", "s-2", "key-1"), IDFromKey("village-1", "s-1", "key-2"), IDFromKey("village-1s", "-1", "key-1")} {
		if other == id {
			t.Errorf("another action has the same id %s", id)
		}
	}
}

// drawRecord draws any record whose texts are UTF-8.
func drawRecord(t *rapid.T) Record {
	text := rapid.String()
	body, err := json.Marshal(map[string]string{"text": text.Draw(t, "body")})
	if err != nil {
		t.Fatal(err)
	}
	r := Record{Head: Head{Index: rapid.Uint64().Draw(t, "index"), RecordedAt: rapid.Int64().Draw(t, "at"), Outcome: Outcome(text.Draw(t, "outcome")),
		Code: text.Draw(t, "code"), Reason: text.Draw(t, "reason")}}
	for range rapid.IntRange(0, 3).Draw(t, "resolves") {
		r.Resolves = append(r.Resolves, Resolution{Index: rapid.Uint64().Draw(t, "index"), ID: text.Draw(t, "id"), Outcome: Refused, Reason: text.Draw(t, "reason")})
	}
	r.Entry = Entry{ID: text.Draw(t, "id"), Kind: Kind(text.Draw(t, "kind")), V: rapid.Int().Draw(t, "v"), Origin: text.Draw(t, "origin"),
		Seq: rapid.Uint64().Draw(t, "seq"), Case: text.Draw(t, "case"), OccurredAt: rapid.Int64().Draw(t, "at"), Body: body, Sig: rapid.SliceOf(rapid.Byte()).Draw(t, "sig")}
	return r
}

// The bytes made from an entry's bytes are those of the whole record, and what
// was read back is the same record.
func TestRecordBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		raw, err := json.Marshal(&r.Entry)
		if err != nil {
			t.Fatal(err)
		}
		got, err := RecordBytes(&r.Head, raw)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(&r)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("RecordBytes = %s, want %s (%v)", got, want, err)
		}
		var read Record
		if err := json.Unmarshal(got, &read); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(&read); err != nil || !bytes.Equal(again, want) {
			t.Fatalf("read and written: %s, want %s (%v)", again, want, err)
		}
		if leaf, err := RecordHash(&r.Head, raw); err != nil || leaf != LeafHash(want) {
			t.Fatalf("RecordHash = %v, want %v (%v)", leaf, LeafHash(want), err)
		}
	})
}

// What was once decoded is canonical: it encodes to the same bytes for ever,
// so that a signature made over them holds on every node.
func FuzzEntryDecode(f *testing.F) {
	for _, info := range Kinds {
		e := sampleEntry(f, info)
		raw, err := json.Marshal(&e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, s := range []string{"", "{}", "null", "[]", `{"body":{}}`, `{"kind":"case.accept","v":1,"body":null}`, `{"body":"<&\u2028"}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e Entry
		if json.Unmarshal(raw, &e) != nil {
			return
		}
		body, err := e.Decode()
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknownKind) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if err := body.Check(); err != nil {
			t.Fatalf("decoded, but: %v", err)
		}
		first, err := json.Marshal(&e)
		if err != nil {
			t.Fatal(err)
		}
		var read Entry
		if err := json.Unmarshal(first, &read); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(&read); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("%s became %s (%v)", first, again, err)
		}
		if _, err := read.Decode(); err != nil {
			t.Fatalf("%s no longer decodes: %v", first, err)
		}
	})
}

func FuzzRecord(f *testing.F) {
	info, _ := Lookup(CaseReview, 1)
	r := Record{Head: Head{Index: 1, RecordedAt: sampleAt, Outcome: Waiting, Resolves: []Resolution{{Index: 1, ID: "x", Outcome: Applied}}}, Entry: sampleEntry(f, info)}
	raw, err := json.Marshal(&r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"index":1,"entry":{"body":{}}}`))
	f.Add([]byte(`{"resolves":[{}],"entry":{"body":[ 1 , 2 ]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r Record
		if json.Unmarshal(raw, &r) != nil {
			return
		}
		entry, err := json.Marshal(&r.Entry)
		if err != nil {
			return
		}
		line, err := RecordBytes(&r.Head, entry)
		if err != nil {
			t.Fatal(err)
		}
		var read Record
		if err := json.Unmarshal(line, &read); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if again, err := json.Marshal(&read); err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%s became %s (%v)", line, again, err)
		}
	})
}
