package federation

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whatever lies in the file of a renewal under way, a node either reads what it
// would write again, or says that it cannot read it.
func FuzzReadRenewed(f *testing.F) {
	for _, text := range []string{``, `{}`, `null`, `[]`, `{"credential":null}`, `{"certificate":"AA=="}`,
		`{"credential":{"credential":{"node":"v-330523110200-1","tier":"village","division":"330523110200","ordinal":1,"sign_key":"AA==","issued_at":1,"expires_at":2},"sig":"AA=="},"certificate":"AA=="}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		w, err := readRenewed(raw)
		if err != nil {
			return
		}
		if (&renewal{renewed: w}).vouched() != (len(w.Credential.Credential.SignKey) > 0) {
			t.Error("vouched for without a key")
		}
		again, err := json.Marshal(w)
		if err != nil {
			t.Fatalf("%q cannot be written again: %v", raw, err)
		}
		if second, err := readRenewed(again); err != nil || normal(w) != normal(second) {
			t.Fatalf("%q written again is %q: %v", raw, again, err)
		}
	})
}

// normal is w without the difference between empty and absent bytes.
func normal(w renewed) string {
	text, _ := json.Marshal(w)
	return strings.ReplaceAll(string(text), `""`, "null")
}

// A message of lost records is bounded, and says the same when it is passed on.
func FuzzReadLost(f *testing.F) {
	for _, text := range []string{``, `null`, `[]`, `{}`, `[{}]`, `[{"index":1,"recorded_at":1,"entry":{"id":"e-1"}}]`, `[{"index":-1}]`, `[{"index":18446744073709551616}]`, `[{"entry":null}] x`,
		"[" + strings.Repeat(`{},`, lostBatch) + "{}]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		lost, err := readLost(strings.NewReader(body))
		if err != nil {
			return
		}
		if len(lost) > lostBatch {
			t.Fatalf("%d records were taken", len(lost))
		}
		again, err := json.Marshal(lost)
		if err != nil {
			t.Fatalf("%q cannot be passed on: %v", body, err)
		}
		second, err := readLost(strings.NewReader(string(again)))
		if err != nil || len(second) != len(lost) {
			t.Fatalf("%q passed on is %q: %v", body, again, err)
		}
		for i := range lost {
			if lost[i].Index != second[i].Index || lost[i].RecordedAt != second[i].RecordedAt {
				t.Fatalf("record %d of %q changed to %+v", i, body, second[i])
			}
		}
	})
}
