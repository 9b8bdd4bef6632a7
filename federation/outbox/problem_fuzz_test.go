package outbox

import (
	"errors"
	"net/http"
	"testing"
)

// An answer is one of the tier that was asked, or a problem after which the sender
// tries again.
func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte(`{"by":"township","origins":[{"node":"v-1","stored":3,"last":"x","forked":true}]}`))
	f.Add([]byte(`{"by":"county","origins":null}`))
	f.Add([]byte(`{"by":"township","origins":[{"stored":-1}]}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := readAnswer(body, "township")
		var p *Problem
		if err == nil && (a == nil || a.By != "township") || err != nil && (!errors.As(err, &p) || p.Code != CodeUnavailable) {
			t.Fatalf("%q is %+v, %v", body, a, err)
		}
	})
}

// Whatever comes back with a status that is not 200, it is a problem with a
// code, so that the sender tries again or says why it does not.
func FuzzReadProblem(f *testing.F) {
	f.Add(413, []byte(`{"code":"too_large","title":"x"}`))
	f.Add(502, []byte("<html>"))
	f.Add(413, []byte(nil))
	f.Add(0, []byte(`{"code":1}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		var p *Problem
		if err := readProblem(status, body); !errors.As(err, &p) || p.Code == "" || p.Error() == "" {
			t.Fatalf("%d %q is %v", status, body, err)
		}
		if status == http.StatusRequestEntityTooLarge && len(body) == 0 && p.Code != CodeTooLarge {
			t.Fatalf("too large is %q", p.Code)
		}
	})
}
