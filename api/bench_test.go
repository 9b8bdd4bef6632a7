package api

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/tongban/tongban/node/identity"
)

// BenchmarkCheckCase is what a real submission costs before it is recorded:
// authentication, validation against the document, decoding and all the rules
// of its item.
func BenchmarkCheckCase(b *testing.B) {
	h := newHub(b)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.api.accounts = newBuckets(1e9, 1e9)
	body, err := json.Marshal(h.submission("TB-SCJG-001", theCounty))
	check(b, err)
	token := h.token("window")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "POST", "/api/v1/cases/check", bytes.NewReader(body))
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkSubmitCase hands real submissions in at a hub that is alone in its
// county, with Raft and SQLite on the disk under the temporary folder.
func BenchmarkSubmitCase(b *testing.B) {
	h := newHub(b)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.api.accounts = newBuckets(1e9, 1e9)
	body, err := json.Marshal(h.submission("TB-SCJG-001", theCounty))
	check(b, err)
	token := h.token("window")
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequestWithContext(b.Context(), "POST", "/api/v1/cases", bytes.NewReader(body))
			r.Header.Set("Content-Type", jsonType)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Idempotency-Key", rand.Text())
			w := httptest.NewRecorder()
			h.api.ServeHTTP(w, r)
			if w.Code != 201 {
				b.Error(w.Body)
				return
			}
		}
	})
}
