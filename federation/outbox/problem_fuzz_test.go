package outbox

import (
	"errors"
	"net/http"
	"testing"
)

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
