package ledger

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// someText is a text; odd ones have all that JSON writes differently from what
// it means.
func someText(odd bool) *rapid.Generator[string] {
	if !odd {
		return rapid.SampledFrom([]string{"", "陈红", "village-200", "9 a.m. / 上午"})
	}
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "陈红", "village-200", "a\"b", `a\b`, "<&>", "\u2028", "\u2029\u2030", "\x00\x1f\x7f", "\xff\xfe", "é", "\U0001F600", "/", "\ufffd", "�\xe2\x80"}),
		rapid.String(),
	)
}

func someEntry(t *rapid.T) Entry {
	texts := someText(rapid.Bool().Draw(t, "odd"))
	text := func(name string) string { return texts.Draw(t, name) }
	e := Entry{ID: text("id"), Kind: Kind(text("kind")), V: rapid.Int().Draw(t, "v"), Origin: text("origin"), Seq: rapid.Uint64().Draw(t, "seq"),
		Actor: identity.Actor{Staff: text("staff"), Name: text("name"), Role: identity.Role(text("role")), Node: text("node")},
		Scope: division.Code(text("scope")), Subtree: rapid.Bool().Draw(t, "subtree"), Case: text("case"), Prev: text("prev"),
		OccurredAt: rapid.Int64().Draw(t, "at"), SkewMS: rapid.Int64Range(-1, 1).Draw(t, "skew"), Sig: rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "sig")}
	e.Body = json.RawMessage(rapid.SampledFrom([]string{`{}`, `null`, `{"a":[1,-0,2.5e3,true,false,null,"\u0041\n"],"b":{}}`, ` {"a" : 1}`, `{"a":"<"}`, `"` + "\u2028" + `"`, `[]`, `{"a":01}`, `{"a":1`, ``}).Draw(t, "body"))
	return e
}

// What is written and read without package json is what package json makes.
func TestCanonicalIsJSON(t *testing.T) {
	quickly := 0
	rapid.Check(t, func(t *rapid.T) {
		e := someEntry(t)
		want, wantErr := json.Marshal(&e)
		got, err := e.Canonical()
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("Canonical: %s, %v\njson:      %s, %v", got, err, want, wantErr)
		}
		if wantErr != nil {
			return
		}
		if _, ok := ParseCanonical(want); ok {
			quickly++
		}
		sameEntry(t, want)
	})
	if quickly == 0 {
		t.Error("no entry at all was read without package json")
	}
}

type failer interface {
	Fatalf(format string, args ...any)
}

// sameEntry holds both ways of reading bytes against each other.
func sameEntry(t failer, raw []byte) {
	var want Entry
	wantErr := json.Unmarshal(raw, &want)
	got, err := ParseEntry(raw)
	if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("of %s\nParseEntry: %+v, %v\njson:       %+v, %v", raw, got, err, want, wantErr)
	}
	quick, ok := ParseCanonical(raw)
	if !ok {
		return
	}
	if again, err := json.Marshal(&quick); err != nil || !bytes.Equal(again, raw) {
		t.Fatalf("%s was taken for canonical, which is %s (%v)", raw, again, err)
	}
}

// The goldens, as every entry a node makes, are read and written the quick way.
func TestGoldensAreCanonical(t *testing.T) {
	for _, info := range Kinds {
		raw, err := os.ReadFile(golden(info))
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		e, ok := ParseCanonical(raw)
		if !ok {
			t.Errorf("%s is left to package json", info.Kind)
		}
		if again, ok := e.appendCanonical(nil); !ok || !bytes.Equal(again, raw) {
			t.Errorf("%s is written as %s", info.Kind, again)
		}
		if info.Kind == CaseSubmit {
			if _, ok := parseSubmission(e.Body); !ok {
				t.Errorf("%s: its body is left to package json", info.Kind)
			}
		}
	}
}

func someSubmission(t *rapid.T) *CaseSubmitV1 {
	texts := someText(rapid.Bool().Draw(t, "odd"))
	text := func(name string) string { return texts.Draw(t, name) }
	few := func(name string) int { return rapid.IntRange(0, 3).Draw(t, name) }
	b := &CaseSubmitV1{Number: text("number"), Item: text("item"), ItemVersion: rapid.Int().Draw(t, "version"), Department: text("department"), Division: division.Code(text("division")),
		Applicant:  Applicant{Type: text("type"), Name: text("name"), IDNumber: text("id number"), Phone: text("phone")},
		HandedInAt: division.Code(text("at")), Corrects: text("corrects")}
	for range few("fields") {
		b.Form = append(b.Form, catalog.FieldValue{Key: text("key"), Value: text("value")})
	}
	for range few("materials") {
		m := catalog.SubmittedMaterial{Name: text("material"), Form: catalog.SubmittedForm(text("form")), Copies: rapid.Int().Draw(t, "copies")}
		for range few("attachments") {
			m.Attachments = append(m.Attachments, catalog.AttachmentRef{Hash: text("hash"), Name: text("file"), Size: rapid.Int64().Draw(t, "size"), Type: text("media type")})
		}
		b.Materials = append(b.Materials, m)
	}
	for range few("applying") {
		b.Applying = append(b.Applying, text("applying"))
	}
	for range few("steps") {
		b.Steps = append(b.Steps, Step{Tier: node.Tier(text("tier")), Verb: Verb(text("verb"))})
	}
	return b
}

func TestSubmissionIsJSON(t *testing.T) {
	quickly := 0
	rapid.Check(t, func(t *rapid.T) {
		raw, err := json.Marshal(someSubmission(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := parseSubmission(raw); ok {
			quickly++
		}
		sameSubmission(t, raw)
	})
	if quickly == 0 {
		t.Error("no submission at all was read without package json")
	}
}

// sameSubmission: what is read quickly is what is read strictly.
func sameSubmission(t failer, raw []byte) {
	got, ok := parseSubmission(raw)
	if !ok {
		return
	}
	want, err := kind[CaseSubmitV1](CaseSubmit, identity.CaseSubmit).decode(raw)
	if err != nil || !reflect.DeepEqual(want, Body(got)) {
		t.Fatalf("of %s\nquickly:  %+v\nstrictly: %+v, %v", raw, got, want, err)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, info := range Kinds {
		raw, err := os.ReadFile(golden(info))
		if err != nil {
			f.Fatal(err)
		}
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		f.Add(raw)
		if e, err := ParseEntry(raw); err == nil {
			f.Add([]byte(e.Body))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		sameEntry(t, raw)
		sameSubmission(t, raw)
		if end, ok := compactValue(raw, 0, 0); ok && end == len(raw) {
			if again, err := json.Marshal(json.RawMessage(raw)); err != nil || !bytes.Equal(again, raw) {
				t.Fatalf("%s was taken for compact, which is %s (%v)", raw, again, err)
			}
		}
	})
}
