package main

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation/trust"
)

// TestLANNamesAgree: what the settings let through, the county signs.
func TestLANNamesAgree(t *testing.T) {
	for _, name := range []string{"10.0.0.1", "192.168.3.4", "127.0.0.1", "169.254.0.1", "fd12::1", "zhan.local", "Zhan.LAN", "a.internal", "b.home.arpa", "localhost", "8.8.8.8", "example.com", "local.example", "zhan", "-a.local"} {
		c := configs.Default(configs.Village)
		c.Division, c.Name, c.DataDir, c.Upstream.County = "330523110220", "站", "/x", []string{"https://10.0.0.1:8443"}
		c.Listen.LAN, c.Advertise.LAN = ":8445", []string{name}
		if err := c.Validate(); (err == nil) != trust.ValidLANName(name) {
			t.Errorf("%s: settings say %v, the county %v", name, err, trust.ValidLANName(name))
		}
	}
	c := configs.Config{Listen: configs.Listen{LAN: ":8445"}, Advertise: configs.Advertise{LAN: []string{"fd12::1", "zhan.local"}}}
	if got := lanAddresses(c); !slices.Equal(got, []string{"https://[fd12::1]:8445", "https://zhan.local:8445"}) {
		t.Errorf("%v", got)
	}
}
