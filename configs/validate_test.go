package configs

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	provider := func(change func(*OIDC)) func(*Config) {
		return func(c *Config) {
			c.OIDC.Issuer, c.OIDC.ClientID, c.OIDC.SecretFile = "https://id.example.cn", "tongban", "/s"
			c.OIDC.LabelZH, c.OIDC.LabelEN, c.OIDC.Addresses = "统一身份认证", "County login", []string{"https://zwfw.example.cn"}
			change(&c.OIDC)
		}
	}
	rows := []struct {
		name   string
		tier   Tier
		change func(*Config)
		key    string // empty: valid
	}{
		{"village as made", Village, func(*Config) {}, ""},
		{"township as made", Township, func(*Config) {}, ""},
		{"county as made", County, func(*Config) {}, ""},

		{"unknown tier", Village, func(c *Config) { c.Tier = "province" }, "tier"},
		{"node too short", Village, func(c *Config) { c.Node = "ab" }, "node"},
		{"node in capitals", Village, func(c *Config) { c.Node = "Village-1" }, "node"},
		{"node id", Village, func(c *Config) { c.Node = "village-1" }, ""},
		{"division of another tier", Village, func(c *Config) { c.Division = "330523001" }, "division"},
		{"division with a letter", County, func(c *Config) { c.Division = "33052x" }, "division"},
		{"no name", County, func(c *Config) { c.Name = "" }, "name"},
		{"the storage key beside its data", Village, func(c *Config) { c.Storage.KeyFile = c.DataDir + "/storage.key" }, "storage.key_file"},
		{"no data folder", County, func(c *Config) { c.DataDir = "" }, "data_dir"},

		{"port over 65535", Village, func(c *Config) { c.Listen.API = "127.0.0.1:70000" }, "listen.api"},
		{"service name for port", Village, func(c *Config) { c.Listen.API = "127.0.0.1:http" }, "listen.api"},
		{"bare IPv6", Village, func(c *Config) { c.Listen.API = "::1:80" }, "listen.api"},
		{"IPv6", Village, func(c *Config) { c.Listen.API = "[::1]:8080" }, ""},
		{"address with three parts", Village, func(c *Config) { c.Listen.API = "10.1.2:80" }, "listen.api"},
		{"space in host", Village, func(c *Config) { c.Listen.API = "a b:80" }, "listen.api"},
		{"port of another", County, func(c *Config) { c.Listen.Peer = "127.0.0.1:8443" }, "listen.peer"},
		{"federation on a village", Village, func(c *Config) { c.Listen.Federation = "127.0.0.1:1" }, "listen.federation"},
		{"township without federation", Township, func(c *Config) { c.Listen.Federation = "" }, "listen.federation"},
		{"nothing to advertise", Township, func(c *Config) { c.Listen.Federation = ":8443"; c.Advertise.Federation = "" }, "advertise.federation"},
		{"advertises everywhere", Township, func(c *Config) { c.Advertise.Federation = "0.0.0.0:8443" }, "advertise.federation"},
		{"advertises no port", County, func(c *Config) { c.Advertise.Peer = "10.0.0.1:0" }, "advertise.peer"},
		{"advertises a name", County, func(c *Config) { c.Advertise.Peer = "hub-1.county.example:8444" }, ""},

		{"an address for applicants", Village, func(c *Config) { c.Centre.Address = "https://zwfw.example.cn:8443" }, ""},
		{"an address with a path", Village, func(c *Config) { c.Centre.Address = "https://zwfw.example.cn/my" }, "centre.address"},
		{"an address with a password", Village, func(c *Config) { c.Centre.Address = "https://u:p@zwfw.example.cn" }, "centre.address"},
		{"an address without a scheme", Village, func(c *Config) { c.Centre.Address = "zwfw.example.cn" }, "centre.address"},

		{"an identity provider", County, provider(func(*OIDC) {}), ""},
		{"its name and number trusted", County, provider(func(o *OIDC) { o.RealName.Trusted, o.Claims.Name, o.Claims.Number = true, "name", "id_number" }), ""},
		{"issuer over http", County, provider(func(o *OIDC) { o.Issuer = "http://id.example.cn" }), "oidc.issuer"},
		{"issuer that is no address", County, provider(func(o *OIDC) { o.Issuer = "x" }), "oidc.issuer"},
		{"issuer with a query", County, provider(func(o *OIDC) { o.Issuer += "?realm=a" }), "oidc.issuer"},
		{"issuer with a password", County, provider(func(o *OIDC) { o.Issuer = "https://u:p@id.example.cn" }), "oidc.issuer"},
		{"no client id", County, provider(func(o *OIDC) { o.ClientID = "" }), "oidc.client_id"},
		{"no secret", County, provider(func(o *OIDC) { o.SecretFile = "" }), "oidc.secret_file"},
		{"a button without words", County, provider(func(o *OIDC) { o.LabelZH = "" }), "oidc.label_zh"},
		{"a button without English words", County, provider(func(o *OIDC) { o.LabelEN = "" }), "oidc.label_en"},
		{"nowhere to come back to", County, provider(func(o *OIDC) { o.Addresses = nil }), "oidc.addresses"},
		{"comes back over http", County, provider(func(o *OIDC) { o.Addresses = []string{"http://zwfw.example.cn"} }), "oidc.addresses"},
		{"comes back to a path", County, provider(func(o *OIDC) { o.Addresses = []string{"https://zwfw.example.cn/a"} }), "oidc.addresses"},
		{"trusted without a claim of the number", County, provider(func(o *OIDC) { o.RealName.Trusted, o.Claims.Name, o.Claims.Number = true, "name", "" }), "oidc.claims.number"},
		{"real name claim without values", County, provider(func(o *OIDC) {
			o.RealName.Trusted, o.Claims.Name, o.Claims.Number, o.RealName.Claim = true, "name", "id_number", "level"
		}), "oidc.real_name.values"},

		{"open without TLS", Village, func(c *Config) { c.Listen.API = ":8080" }, "tls.mode"},
		{"behind a gateway", Village, func(c *Config) { c.Listen.API = ":8080"; c.TLS.BehindGateway = true }, ""},
		{"node certificate", Village, func(c *Config) { c.Listen.API = ":8080"; c.TLS.Mode = TLSNode }, ""},
		{"unknown mode", Village, func(c *Config) { c.TLS.Mode = "on" }, "tls.mode"},
		{"files without key", Village, func(c *Config) { c.TLS.Mode = TLSFiles; c.TLS.CertFile = "/c" }, "tls.key_file"},
		{"certificate unused", Village, func(c *Config) { c.TLS.CertFile = "/c" }, "tls.cert_file"},

		{"village without upstream", Village, func(c *Config) { c.Upstream = Upstream{} }, "upstream.township"},
		{"village straight to the county", Village, func(c *Config) { c.Upstream = Upstream{County: []string{"https://h:1"}} }, ""},
		{"township without county", Township, func(c *Config) { c.Upstream = Upstream{} }, "upstream.county"},
		{"plain http upstream", Township, func(c *Config) { c.Upstream.County = []string{"http://h:1"} }, "upstream.county"},
		{"upstream with path", Township, func(c *Config) { c.Upstream.County = []string{"https://h:1/x"} }, "upstream.county"},
		{"upstream with password", Township, func(c *Config) { c.Upstream.County = []string{"https://u:hunter2@h:1"} }, "upstream.county"},
		{"upstream without host", Township, func(c *Config) { c.Upstream.County = []string{"https://:8443"} }, "upstream.county"},
		{"upstream twice", Township, func(c *Config) { c.Upstream.County = []string{"https://h:1", "https://h:1"} }, "upstream.county"},
		{"empty upstream", Township, func(c *Config) { c.Upstream.County = []string{""} }, "upstream.county"},
		{"IPv6 upstream", Township, func(c *Config) { c.Upstream.County = []string{"https://[fd00::1]:8443"} }, ""},
		{"upstream on 443", Township, func(c *Config) { c.Upstream.County = []string{"https://h"} }, ""},
		{"proxy with password", Village, func(c *Config) { c.Upstream.Proxy = "http://u:hunter2@p:1" }, "upstream.proxy"},

		{"lease over heartbeat", County, func(c *Config) { c.Raft.Lease = time.Second }, "raft.lease_ms"},
		{"election under heartbeat", County, func(c *Config) { c.Raft.Election = 300 * time.Millisecond }, "raft.election_ms"},
		{"attachment over case", Village, func(c *Config) { c.Limits.AttachmentBytes = 1 << 40 }, "limits.case_attachments_mb"},
		{"no hashes", Village, func(c *Config) { c.Limits.LoginHashes = 0 }, "limits.login_hashes"},
		{"uploads removed too soon", Village, func(c *Config) { c.Limits.UnnamedDays = 6 }, "limits.unnamed_days"},
		{"refresh under access", Village, func(c *Config) { c.Session.Refresh = time.Minute }, "session.refresh_hours"},
		{"warning after the stop", Village, func(c *Config) { c.Disk.WarnBytes = 1 }, "disk.warn_mb"},
		{"phone", Village, func(c *Config) { c.Centre.SupervisionPhone = "call me" }, "centre.supervision_phone"},

		{"local network", Village, func(c *Config) { c.Listen.LAN, c.Advertise.LAN = ":8445", []string{"192.168.1.10", "zhan.local"} }, ""},
		{"local network without a name", Village, func(c *Config) { c.Listen.LAN = ":8445" }, "advertise.lan"},
		{"a name without local network", County, func(c *Config) { c.Advertise.LAN = []string{"10.0.0.1"} }, "advertise.lan"},
		{"public address on the local network", Village, func(c *Config) { c.Listen.LAN, c.Advertise.LAN = ":8445", []string{"8.8.8.8"} }, "advertise.lan"},
		{"public name on the local network", Village, func(c *Config) { c.Listen.LAN, c.Advertise.LAN = ":8445", []string{"zhan.example.com"} }, "advertise.lan"},
		{"local network on the port of another", Village, func(c *Config) { c.Listen.LAN, c.Advertise.LAN = ":8080", []string{"10.0.0.1"} }, "listen.lan"},
		{"demo with an open local network", Village, func(c *Config) { c.Demo, c.Listen.LAN, c.Advertise.LAN = true, ":8445", []string{"10.0.0.1"} }, "listen.lan"},
		{"demo", County, func(c *Config) { c.Demo = true }, ""},
		{"demo in production", County, func(c *Config) { c.Demo, c.Production = true, true }, "demo"},
		{"demo behind a gateway", Village, func(c *Config) { c.Demo, c.TLS.BehindGateway, c.Listen.API = true, true, ":8080" }, "listen.api"},
		{"demo with an open federation port", Township, func(c *Config) { c.Demo, c.Listen.Federation = true, "10.0.0.1:8443" }, "listen.federation"},

		{"metrics on loopback", Village, func(c *Config) { c.Metrics.Enabled = true }, ""},
		{"open metrics", Village, func(c *Config) { c.Metrics.Enabled, c.TLS.Mode, c.Listen.API = true, TLSNode, ":8080" }, "metrics.token_file"},
		{"no file of notices", County, func(c *Config) { c.Notices.File.Enabled = false }, ""},
		{"gateway", County, func(c *Config) {
			c.Notices.SMS = NoticesSMS{URL: "https://sms.example.cn:8443/send?tenant=3", SecretFile: "/x"}
		}, ""},
		{"gateway here", County, func(c *Config) { c.Notices.SMS = NoticesSMS{URL: "http://127.0.0.1:9/send", SecretFile: "/x"} }, ""},
		{"gateway in the clear", County, func(c *Config) { c.Notices.SMS = NoticesSMS{URL: "http://sms.example.cn/", SecretFile: "/x"} }, "notices.sms.url"},
		{"gateway with a password", County, func(c *Config) { c.Notices.SMS = NoticesSMS{URL: "https://u:hunter2@h/", SecretFile: "/x"} }, "notices.sms.url"},
		{"gateway anywhere", County, func(c *Config) { c.Notices.SMS = NoticesSMS{URL: "https://0.0.0.0/", SecretFile: "/x"} }, "notices.sms.url"},
		{"gateway unsigned", County, func(c *Config) { c.Notices.SMS.URL = "https://h/" }, "notices.sms.secret_file"},
		{"mail", County, func(c *Config) {
			c.Notices.Mail = NoticesMail{Server: "smtp.example.cn:465", Security: MailTLS, User: "u", PasswordFile: "/x", From: "a@example.cn"}
		}, ""},
		{"mail in the clear", County, func(c *Config) {
			c.Notices.Mail = NoticesMail{Server: "smtp.example.cn:25", Security: MailPlain, From: "a@example.cn"}
		}, "notices.mail.security"},
		{"mail from nobody", County, func(c *Config) { c.Notices.Mail.Server = "h:25" }, "notices.mail.from"},
		{"mail from two", County, func(c *Config) { c.Notices.Mail.Server, c.Notices.Mail.From = "h:25", "a@b.cn\r\nTo: c@d.cn" }, "notices.mail.from"},
		{"mail without a password", County, func(c *Config) {
			c.Notices.Mail.Server, c.Notices.Mail.From, c.Notices.Mail.User = "h:25", "a@b.cn", "u"
		}, "notices.mail.password_file"},
		{"mail server without a port", County, func(c *Config) { c.Notices.Mail.Server, c.Notices.Mail.From = "h", "a@b.cn" }, "notices.mail.server"},
		{"never quiet", County, func(c *Config) { c.Notices.Quiet = "none" }, ""},
		{"quiet all day", County, func(c *Config) { c.Notices.Quiet = "08:00-08:00" }, "notices.quiet"},
		{"quiet at no hour", County, func(c *Config) { c.Notices.Quiet = "9pm-25:00" }, "notices.quiet"},
		{"no time to expire", County, func(c *Config) { c.Notices.Expire = 0 }, "notices.expire_hours"},

		{"metrics behind a gateway", Village, func(c *Config) { c.Metrics.Enabled, c.TLS.BehindGateway = true, true }, "metrics.token_file"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := valid(row.tier)
			row.change(&c)
			err := c.Validate()
			if row.key == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatalf("no fault for %s", row.key)
			}
			faults := faultsOf(t, err)
			if _, ok := faults[row.key]; !ok || len(faults) != 1 {
				t.Errorf("want one fault for %s, got %v", row.key, err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a password is repeated")
			}
		})
	}
}

// The defaults alone lack only what no program can know.
func TestDefaultsLackOnlyTheOperatorsPart(t *testing.T) {
	for tier, want := range map[Tier]string{
		County:   "division name data_dir advertise.federation advertise.peer",
		Township: "division name data_dir advertise.federation upstream.county",
		Village:  "division name data_dir upstream.township",
	} {
		got := faultsOf(t, Default(tier).Validate())
		for _, key := range strings.Fields(want) {
			if _, ok := got[key]; !ok {
				t.Errorf("%s: %s is not asked for", tier, key)
			}
			delete(got, key)
		}
		for key := range got {
			t.Errorf("%s: %v", tier, got[key])
		}
	}
}

// Each key can be set from the environment and reaches a field of its own.
func TestEveryKeySets(t *testing.T) {
	seen := map[string]string{}
	for _, k := range keys {
		c := Config{}
		ok := false
		for _, try := range []string{"true", "village", "files", "warn", "json", "77777", "55", "14", "https://h:1", "full", "tls"} {
			if k.set(&c, value{texts: []string{try}, env: true}) == nil {
				ok = true
				break
			}
		}
		shape := strings.TrimSpace(dump(c))
		if !ok || shape == dump(Config{}) {
			t.Errorf("%s: no value takes effect", k.name)
		}
		if other := seen[shape]; other != "" {
			t.Errorf("%s and %s set the same field", k.name, other)
		}
		seen[shape] = k.name
	}
}

func valid(tier Tier) Config {
	c := Default(tier)
	c.Name, c.DataDir = "中心", "/srv/tongban"
	c.Division = "330523001001"[:divisionDigits[tier]]
	switch tier {
	case County:
		c.Listen.Federation, c.Listen.Peer = "127.0.0.1:8443", "127.0.0.1:8444"
	case Township:
		c.Listen.Federation = "127.0.0.1:8443"
		c.Upstream.County = []string{"https://10.1.2.3:8443"}
	case Village:
		c.Upstream.Township = []string{"https://10.1.3.1:8443"}
	}
	return c
}

func dump(c Config) string { return fmt.Sprintf("%+v", c) }
