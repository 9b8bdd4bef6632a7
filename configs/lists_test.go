package configs

import (
	"errors"
	"strings"
	"testing"
)

// TestEveryBadAddressIsNamed: a list with several that are wrong is put right at once.
func TestEveryBadAddressIsNamed(t *testing.T) {
	c := Default(Village)
	c.Upstream.Township = []string{"http://10.0.0.1:8443", "https://10.0.0.2:8443", "10.0.0.3", "https://10.0.0.2:8443"}
	c.Listen.LAN, c.Advertise.LAN = ":8445", []string{"8.8.8.8", "10.0.0.1", "zhan.example.com"}
	var faults Faults
	if err := c.Validate(); !errors.As(err, &faults) {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, f := range faults {
		said[f.Key] += f.ZH + " " + f.EN + "\n"
	}
	for key, bad := range map[string][]string{"upstream.township": {"http://10.0.0.1:8443", "10.0.0.3", "twice"}, "advertise.lan": {"8.8.8.8", "zhan.example.com"}} {
		for _, b := range bad {
			if !strings.Contains(said[key], b) {
				t.Errorf("%s does not name %s:\n%s", key, b, said[key])
			}
		}
		if n := strings.Count(said[key], "\n"); n != len(bad) {
			t.Errorf("%s has %d faults:\n%s", key, n, said[key])
		}
	}
}
