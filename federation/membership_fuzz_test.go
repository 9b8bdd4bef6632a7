package federation

import "testing"

// FuzzReadMembership: what enrolling left is all there, or it is said to be damaged.
func FuzzReadMembership(f *testing.F) {
	f.Add([]byte(`{"name":"x","credential":{"credential":{"node":"v-1","tier":"village","division":"330523110220"}},"certificate":"AA==","trust":{"roots":[{}]},"founding":"x"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"credential":null,"trust":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := readMembership(raw)
		if is := m.Credential.Credential; err == nil && (is.Node == "" || is.Tier == "" || is.Division == "" || len(m.Certificate) == 0 || len(m.Trust.Roots) == 0 || m.Founding == "") {
			t.Fatalf("%q is %+v", raw, m)
		}
	})
}
