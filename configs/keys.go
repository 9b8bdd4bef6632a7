package configs

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// key is one setting: its name, the tiers that have it, and how its text
// becomes a field.
type key struct {
	name  string
	tiers []Tier
	set   setter
}

// value is a setting as it was written.
type value struct {
	texts  []string // one text, or the elements of a list
	list   bool     // written as a YAML list
	env    bool     // from the environment, where lists are comma-separated
	source string
}

// setter puts a value into the Config or says what would be right.
type setter func(*Config, value) *complaint

var (
	everyTier  = []Tier{County, Township, Village}
	hubs       = []Tier{County}
	aboveOther = []Tier{County, Township}
	belowOther = []Tier{Township, Village}
	villages   = []Tier{Village}
)

// keys is the only list of settings; its order is that of the example files
// and of reported faults.
var keys = []key{
	{"tier", everyTier, choice(func(c *Config) *Tier { return &c.Tier }, County, Township, Village)},
	{"node", everyTier, text(func(c *Config) *string { return &c.Node })},
	{"division", everyTier, text(func(c *Config) *string { return &c.Division })},
	{"name", everyTier, text(func(c *Config) *string { return &c.Name })},
	{"data_dir", everyTier, text(func(c *Config) *string { return &c.DataDir })},
	{"production", everyTier, yesNo(func(c *Config) *bool { return &c.Production })},
	{"demo", everyTier, yesNo(func(c *Config) *bool { return &c.Demo })},

	{"listen.api", everyTier, text(func(c *Config) *string { return &c.Listen.API })},
	{"listen.lan", everyTier, text(func(c *Config) *string { return &c.Listen.LAN })},
	{"listen.federation", aboveOther, text(func(c *Config) *string { return &c.Listen.Federation })},
	{"listen.peer", hubs, text(func(c *Config) *string { return &c.Listen.Peer })},
	{"advertise.federation", aboveOther, text(func(c *Config) *string { return &c.Advertise.Federation })},
	{"advertise.lan", everyTier, addresses(func(c *Config) *[]string { return &c.Advertise.LAN })},
	{"advertise.peer", hubs, text(func(c *Config) *string { return &c.Advertise.Peer })},

	{"tls.mode", everyTier, choice(func(c *Config) *TLSMode { return &c.TLS.Mode }, TLSOff, TLSNode, TLSFiles)},
	{"tls.behind_gateway", everyTier, yesNo(func(c *Config) *bool { return &c.TLS.BehindGateway })},
	{"tls.cert_file", everyTier, text(func(c *Config) *string { return &c.TLS.CertFile })},
	{"tls.key_file", everyTier, text(func(c *Config) *string { return &c.TLS.KeyFile })},

	{"upstream.township", villages, addresses(func(c *Config) *[]string { return &c.Upstream.Township })},
	{"upstream.county", belowOther, addresses(func(c *Config) *[]string { return &c.Upstream.County })},
	{"upstream.proxy", belowOther, proxy},

	{"raft.heartbeat_ms", hubs, span(func(c *Config) *time.Duration { return &c.Raft.Heartbeat }, time.Millisecond, 50, 60_000)},
	{"raft.election_ms", hubs, span(func(c *Config) *time.Duration { return &c.Raft.Election }, time.Millisecond, 50, 60_000)},
	{"raft.lease_ms", hubs, span(func(c *Config) *time.Duration { return &c.Raft.Lease }, time.Millisecond, 25, 60_000)},
	{"raft.snapshot_entries", hubs, number(func(c *Config) *uint64 { return &c.Raft.SnapshotEntries }, 64, 10_000_000)},
	{"raft.trailing_logs", hubs, number(func(c *Config) *uint64 { return &c.Raft.TrailingLogs }, 64, 10_000_000)},

	{"limits.body_mb", everyTier, size(func(c *Config) *int64 { return &c.Limits.BodyBytes }, megabyte, 1, 64)},
	{"limits.attachment_mb", everyTier, size(func(c *Config) *int64 { return &c.Limits.AttachmentBytes }, megabyte, 1, 1024)},
	{"limits.case_attachments_mb", everyTier, size(func(c *Config) *int64 { return &c.Limits.CaseAttachmentsBytes }, megabyte, 1, 10_240)},
	{"limits.request_seconds", everyTier, span(func(c *Config) *time.Duration { return &c.Limits.Request }, time.Second, 1, 600)},
	{"limits.login_hashes", everyTier, number(func(c *Config) *int { return &c.Limits.LoginHashes }, 1, 64)},
	{"limits.unnamed_days", everyTier, number(func(c *Config) *int { return &c.Limits.UnnamedDays }, 0, 3650)},

	{"session.access_minutes", everyTier, span(func(c *Config) *time.Duration { return &c.Session.Access }, time.Minute, 1, 15)},
	{"session.refresh_hours", everyTier, span(func(c *Config) *time.Duration { return &c.Session.Refresh }, time.Hour, 1, 168)},

	{"sync.heartbeat_seconds", everyTier, span(func(c *Config) *time.Duration { return &c.Sync.Heartbeat }, time.Second, 1, 300)},
	{"sync.backoff_max_seconds", everyTier, span(func(c *Config) *time.Duration { return &c.Sync.BackoffMax }, time.Second, 1, 600)},
	{"sync.batch_entries", everyTier, number(func(c *Config) *int { return &c.Sync.BatchEntries }, 1, 10_000)},
	{"sync.batch_bytes", everyTier, size(func(c *Config) *int64 { return &c.Sync.BatchBytes }, 1, 65_536, 16*megabyte)},
	{"sync.skew_warn_seconds", everyTier, span(func(c *Config) *time.Duration { return &c.Sync.SkewWarn }, time.Second, 1, 3600)},

	{"disk.low_mb", everyTier, size(func(c *Config) *int64 { return &c.Disk.LowBytes }, megabyte, 16, math.MaxInt32)},
	{"disk.warn_mb", everyTier, size(func(c *Config) *int64 { return &c.Disk.WarnBytes }, megabyte, 16, math.MaxInt32)},

	{"storage.key_file", everyTier, text(func(c *Config) *string { return &c.Storage.KeyFile })},
	{"storage.passphrase_file", everyTier, text(func(c *Config) *string { return &c.Storage.PassphraseFile })},

	{"backup.folder", hubs, text(func(c *Config) *string { return &c.Backup.Folder })},

	{"log.level", everyTier, level},
	{"log.format", everyTier, choice(func(c *Config) *string { return &c.Log.Format }, "text", "json")},

	{"centre.supervision_phone", everyTier, text(func(c *Config) *string { return &c.Centre.SupervisionPhone })},
	{"centre.address", everyTier, text(func(c *Config) *string { return &c.Centre.Address })},

	{"metrics.enabled", everyTier, yesNo(func(c *Config) *bool { return &c.Metrics.Enabled })},
	{"metrics.token_file", everyTier, text(func(c *Config) *string { return &c.Metrics.TokenFile })},

	{"oidc.issuer", hubs, text(func(c *Config) *string { return &c.OIDC.Issuer })},
	{"oidc.client_id", hubs, text(func(c *Config) *string { return &c.OIDC.ClientID })},
	{"oidc.secret_file", hubs, text(func(c *Config) *string { return &c.OIDC.SecretFile })},
	{"oidc.ca_file", hubs, text(func(c *Config) *string { return &c.OIDC.CAFile })},
	{"oidc.scopes", hubs, words(func(c *Config) *[]string { return &c.OIDC.Scopes })},
	{"oidc.addresses", hubs, addresses(func(c *Config) *[]string { return &c.OIDC.Addresses })},
	{"oidc.label_zh", hubs, text(func(c *Config) *string { return &c.OIDC.LabelZH })},
	{"oidc.label_en", hubs, text(func(c *Config) *string { return &c.OIDC.LabelEN })},
	{"oidc.claims.name", hubs, text(func(c *Config) *string { return &c.OIDC.Claims.Name })},
	{"oidc.claims.number", hubs, text(func(c *Config) *string { return &c.OIDC.Claims.Number })},
	{"oidc.claims.mobile", hubs, text(func(c *Config) *string { return &c.OIDC.Claims.Mobile })},
	{"oidc.claims.userinfo", hubs, yesNo(func(c *Config) *bool { return &c.OIDC.Claims.UserInfo })},
	{"oidc.real_name.trusted", hubs, yesNo(func(c *Config) *bool { return &c.OIDC.RealName.Trusted })},
	{"oidc.real_name.claim", hubs, text(func(c *Config) *string { return &c.OIDC.RealName.Claim })},
	{"oidc.real_name.values", hubs, words(func(c *Config) *[]string { return &c.OIDC.RealName.Values })},

	{"notices.file.enabled", hubs, yesNo(func(c *Config) *bool { return &c.Notices.File.Enabled })},
	{"notices.file.dir", hubs, text(func(c *Config) *string { return &c.Notices.File.Dir })},
	{"notices.file.addresses", hubs, choice(func(c *Config) *string { return &c.Notices.File.Addresses }, "masked", "full")},
	{"notices.file.keep_days", hubs, number(func(c *Config) *int { return &c.Notices.File.KeepDays }, 1, 3650)},
	{"notices.sms.url", hubs, text(func(c *Config) *string { return &c.Notices.SMS.URL })},
	{"notices.sms.secret_file", hubs, text(func(c *Config) *string { return &c.Notices.SMS.SecretFile })},
	{"notices.sms.ca_file", hubs, text(func(c *Config) *string { return &c.Notices.SMS.CAFile })},
	{"notices.mail.server", hubs, text(func(c *Config) *string { return &c.Notices.Mail.Server })},
	{"notices.mail.security", hubs, choice(func(c *Config) *MailSecurity { return &c.Notices.Mail.Security }, MailStartTLS, MailTLS, MailPlain)},
	{"notices.mail.user", hubs, text(func(c *Config) *string { return &c.Notices.Mail.User })},
	{"notices.mail.password_file", hubs, text(func(c *Config) *string { return &c.Notices.Mail.PasswordFile })},
	{"notices.mail.from", hubs, text(func(c *Config) *string { return &c.Notices.Mail.From })},
	{"notices.mail.ca_file", hubs, text(func(c *Config) *string { return &c.Notices.Mail.CAFile })},
	{"notices.quiet", hubs, text(func(c *Config) *string { return &c.Notices.Quiet })},
	{"notices.expire_hours", hubs, span(func(c *Config) *time.Duration { return &c.Notices.Expire }, time.Hour, 1, 720)},
	{"notices.retry_max_minutes", hubs, span(func(c *Config) *time.Duration { return &c.Notices.RetryMax }, time.Minute, 1, 1440)},
	{"notices.timeout_seconds", hubs, span(func(c *Config) *time.Duration { return &c.Notices.Timeout }, time.Second, 1, 120)},
	{"notices.alarm_minutes", hubs, span(func(c *Config) *time.Duration { return &c.Notices.Alarm }, time.Minute, 1, 10_080)},
}

// paths lists the fields that name files or folders.
func paths(c *Config) []*string {
	return []*string{&c.DataDir, &c.Storage.KeyFile, &c.Storage.PassphraseFile, &c.Backup.Folder, &c.TLS.CertFile, &c.TLS.KeyFile, &c.Metrics.TokenFile,
		&c.Notices.File.Dir, &c.Notices.SMS.SecretFile, &c.Notices.SMS.CAFile, &c.Notices.Mail.PasswordFile, &c.Notices.Mail.CAFile,
		&c.OIDC.SecretFile, &c.OIDC.CAFile}
}

// findKey looks a key up by its dotted name.
func findKey(name string) (key, bool) {
	i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return keys[i], true
}

// isGroup reports whether name holds other keys.
func isGroup(name string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return strings.HasPrefix(k.name, name+".") })
}

// one is the single text of a value.
func one(v value) (string, *complaint) {
	if v.list {
		return "", wrong("只能有一个值，不能是列表", "must be a single value, not a list")
	}
	return strings.TrimSpace(v.texts[0]), nil
}

func text(at func(*Config) *string) setter {
	const most = 1000
	return func(c *Config, v value) *complaint {
		s, bad := one(v)
		if bad != nil {
			return bad
		}
		if len(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return wrong(
				fmt.Sprintf("必须是一行文字，不超过 %d 字节", most),
				fmt.Sprintf("must be one line of text of at most %d bytes", most))
		}
		*at(c) = s
		return nil
	}
}

func yesNo(at func(*Config) *bool) setter {
	return func(c *Config, v value) *complaint {
		s, bad := one(v)
		if bad != nil {
			return bad
		}
		switch s {
		case "true":
			*at(c) = true
		case "false":
			*at(c) = false
		default:
			return wrong("必须是 true 或 false，现为 "+quote(s), "must be true or false, is "+quote(s))
		}
		return nil
	}
}

func choice[T ~string](at func(*Config) *T, allowed ...T) setter {
	return func(c *Config, v value) *complaint {
		s, bad := one(v)
		if bad != nil {
			return bad
		}
		if !slices.Contains(allowed, T(s)) {
			names := make([]string, len(allowed))
			for i, a := range allowed {
				names[i] = string(a)
			}
			return wrong(
				"必须是 "+strings.Join(names, "、")+" 之一，现为 "+quote(s),
				"must be one of "+strings.Join(names, ", ")+", is "+quote(s))
		}
		*at(c) = T(s)
		return nil
	}
}

// bounded reads a whole number between low and high.
func bounded(v value, low, high int64) (int64, *complaint) {
	s, bad := one(v)
	if bad != nil {
		return 0, bad
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < low || n > high {
		return 0, wrong(
			fmt.Sprintf("必须是 %d 到 %d 之间的整数，现为 %s", low, high, quote(s)),
			fmt.Sprintf("must be a whole number from %d to %d, is %s", low, high, quote(s)))
	}
	return n, nil
}

func number[T int | uint64](at func(*Config) *T, low, high int64) setter {
	return func(c *Config, v value) *complaint {
		n, bad := bounded(v, low, high)
		if bad == nil {
			*at(c) = T(n)
		}
		return bad
	}
}

func span(at func(*Config) *time.Duration, unit time.Duration, low, high int64) setter {
	return func(c *Config, v value) *complaint {
		n, bad := bounded(v, low, high)
		if bad == nil {
			*at(c) = time.Duration(n) * unit
		}
		return bad
	}
}

func size(at func(*Config) *int64, unit, low, high int64) setter {
	return func(c *Config, v value) *complaint {
		n, bad := bounded(v, low, high)
		if bad == nil {
			*at(c) = n * unit
		}
		return bad
	}
}

// addresses reads a list of node URLs; a closing slash is dropped so that one
// address has one spelling.
func addresses(at func(*Config) *[]string) setter {
	return func(c *Config, v value) *complaint {
		texts := v.texts
		if v.env {
			texts = strings.Split(v.texts[0], ",")
		} else if !v.list {
			return wrong("必须是列表，每行一个：- https://主机:端口", "must be a list, one on each line: - https://host:port")
		}
		list := make([]string, 0, len(texts))
		for _, t := range texts {
			list = append(list, strings.TrimSuffix(strings.TrimSpace(t), "/"))
		}
		*at(c) = list
		return nil
	}
}

// words reads a list of short texts.
func words(at func(*Config) *[]string) setter {
	return func(c *Config, v value) *complaint {
		texts := v.texts
		if v.env {
			texts = strings.Split(v.texts[0], ",")
		} else if !v.list {
			return wrong("必须是列表，每行一个：- 值", "must be a list, one on each line: - value")
		}
		list := make([]string, 0, len(texts))
		for _, t := range texts {
			t = strings.TrimSpace(t)
			if t == "" || len(t) > 200 || !utf8.ValidString(t) || strings.ContainsFunc(t, unicode.IsControl) {
				return wrong("每项必须是一行文字，不超过 200 字节", "each must be one line of text of at most 200 bytes")
			}
			list = append(list, t)
		}
		*at(c) = list
		return nil
	}
}

// proxy reads upstream.proxy, where the word none stands for no proxy.
func proxy(c *Config, v value) *complaint {
	s, bad := one(v)
	if bad != nil {
		return bad
	}
	if s == "none" {
		s = ""
	}
	c.Upstream.Proxy = s
	return nil
}

func level(c *Config, v value) *complaint {
	s, bad := one(v)
	if bad != nil {
		return bad
	}
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	l, ok := levels[s]
	if !ok {
		return wrong("必须是 debug、info、warn、error 之一，现为 "+quote(s), "must be one of debug, info, warn, error, is "+quote(s))
	}
	c.Log.Level = l
	return nil
}
