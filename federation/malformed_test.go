package federation_test

import (
	"net/http"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
)

// What no node would send is answered as that, and not as a matter of rights.
func TestMalformedIsSaidSo(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, village := f.Hub(), f.Village(0)
	for _, path := range []string{"/federation/v1/enrol", "/federation/v1/renew", "/federation/v1/lan-certificate", "/federation/v1/entries", "/federation/v1/heartbeat"} {
		for _, body := range []string{"", "{", `{"no such field":1}`, "[[", "\x00"} {
			if code, answer := as(t, hub, village, "POST", path, []byte(body)); code != http.StatusBadRequest {
				t.Errorf("%s %q: %d %s", path, body, code, answer)
			}
		}
	}
}
