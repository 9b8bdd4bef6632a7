package federation

import (
	"testing"
	"time"

	"github.com/tongban/tongban/federation/trust"
)

// Whatever a node above answers, nobody but the county makes a node believe that
// it was cast out.
func FuzzReadRevocation(f *testing.F) {
	for _, text := range []string{``, `{}`, `null`, `{"code":"node_revoked"}`, `{"code":"node_revoked","entry":{},"credential":{"credential":{"tier":"county"},"sig":""}}`,
		`{"code":"node_revoked","entry":{"kind":"node.revoke","v":1,"origin":"county-1","body":{"node":"v-1","at":1,"reason":"x"}},"credential":{"credential":{"node":"county-1","tier":"county","division":"330523","ordinal":1,"sign_key":"AA==","issued_at":1,"expires_at":9999999999999},"sig":"AA=="}}`} {
		f.Add([]byte(text))
	}
	county := trust.CountyTrust{County: "330523"}
	f.Fuzz(func(t *testing.T, body []byte) {
		if r, err := ReadRevocation(body, county, "v-1", time.UnixMilli(1_800_000_000_000)); err == nil {
			t.Errorf("believed: %+v", r)
		}
	})
}
