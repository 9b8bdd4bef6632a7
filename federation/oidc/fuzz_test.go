package oidc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzClaims: what a provider says of a person is text, whatever it is; lists and
// objects are none, and nothing else passes for real name.
func FuzzClaims(f *testing.F) {
	for _, s := range []string{`{"name":"王某"}`, `{"name":1e400}`, `{"name":["a"],"level":true}`, `{"name":null}`, `[]`, `{"name":" \u0000 "}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		said := map[string]json.RawMessage{}
		if json.Unmarshal(body, &said) != nil {
			return
		}
		for claim := range said {
			got := text(said, claim)
			raw := strings.TrimSpace(string(said[claim]))
			if got != "" && (raw[0] == '[' || raw[0] == '{' || raw == "null" || raw[0] != '"' && got != raw) || !utf8.ValidString(got) {
				t.Fatalf("%s is %q", raw, got)
			}
		}
	})
}

// FuzzTicket: what this county did not seal is no ticket.
func FuzzTicket(f *testing.F) {
	s, err := newSealer([]byte("a secret"), "https://provider", "tongban")
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := s.seal(&Ticket{State: "login.x"})
	if err != nil {
		f.Fatal(err)
	}
	own, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed[:len(sealed)-2])
	f.Add("")
	f.Add("=")
	f.Fuzz(func(t *testing.T, text string) {
		ticket, err := s.open(text)
		if given, bad := base64.RawURLEncoding.DecodeString(text); bad == nil && string(given) == string(own) {
			return
		}
		if ticket != nil || !errors.Is(err, errTicket) {
			t.Fatalf("%q opened: %v, %v", text, ticket, err)
		}
	})
}
