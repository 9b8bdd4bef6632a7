package federation

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What a hub says of the nodes it heard from is read within its limit, and is
// the same when it is passed on.
func FuzzReadReports(f *testing.F) {
	for _, text := range []string{``, `null`, `[]`, `{}`, `[{}]`, `[{"node":"v-1","seen_at":1,"report":{"cursor":1}}]`, `[{"node":"v-1","seen_at":-1e400}]`, `[{"other":1}]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		reports, err := readReports(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, reportPath, strings.NewReader(body)))
		if err != nil {
			return
		}
		if len(body) > maxReport {
			t.Fatalf("%d bytes were read", len(body))
		}
		again, err := json.Marshal(reports)
		if err != nil {
			t.Fatalf("%q cannot be passed on: %v", body, err)
		}
		if second, err := readReports(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, reportPath, strings.NewReader(string(again)))); err != nil || len(second) != len(reports) {
			t.Fatalf("%q passed on is %q: %v", body, again, err)
		}
		for _, r := range reports {
			var said Report
			_ = json.Unmarshal(r.Report, &said) // as the states of nodes do
		}
	})
}
