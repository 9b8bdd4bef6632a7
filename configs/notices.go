package configs

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var mailPattern = regexp.MustCompile(`^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// notices checks how applicants are told: what goes over a network goes
// protected, and to who can prove to be the receiver.
func (k *checker) notices() {
	n := k.c.Notices
	if k.c.Tier != County {
		return
	}
	if n.SMS.URL != "" {
		if !gatewayURL(n.SMS.URL) {
			k.fault("notices.sms.url", "必须是 https://主机[:端口]/路径，不含用户名和 #；只有本机（127.0.0.1）可用 http",
				"must be https://host[:port]/path without a user name or #; http is for this machine (127.0.0.1) alone")
		}
		if n.SMS.SecretFile == "" {
			k.fault("notices.sms.secret_file", "填写了 notices.sms.url 时，必须给出签名密钥的文件", "must name the file of the signing secret when notices.sms.url is set")
		}
	}
	if m := n.Mail; m.Server != "" {
		a, ok := parseAddress(m.Server)
		if !ok || a.everywhere() || a.port == 0 {
			k.fault("notices.mail.server", "必须写成 主机:端口，如 smtp.example.cn:587", "must be host:port, such as smtp.example.cn:587")
		} else if m.Security == MailPlain && !a.loopback() {
			k.fault("notices.mail.security", "只有本机的邮件服务可用 none；请改为 starttls 或 tls", "none is for a mail server on this machine; use starttls or tls")
		}
		if !mailPattern.MatchString(m.From) {
			k.fault("notices.mail.from", "必须是发件人地址，如 notice@example.cn", "must be the sender's address, such as notice@example.cn")
		}
		if (m.User == "") != (m.PasswordFile == "") {
			k.fault("notices.mail.password_file", "notices.mail.user 与 notices.mail.password_file 须同时填写或都不填", "notices.mail.user and notices.mail.password_file go together")
		}
	}
	if _, _, ok := n.QuietHours(); !ok {
		k.fault("notices.quiet", "必须写成 21:00-08:00，或 none（不设免打扰）", "must be like 21:00-08:00, or none")
	}
	for _, d := range []struct {
		name string
		is   int64
	}{{"notices.expire_hours", int64(n.Expire)}, {"notices.retry_max_minutes", int64(n.RetryMax)}, {"notices.timeout_seconds", int64(n.Timeout)}, {"notices.alarm_minutes", int64(n.Alarm)}} {
		if d.is <= 0 {
			k.fault(d.name, "必须大于 0", "must be over 0")
		}
	}
}

// gatewayURL accepts https addresses with any path and query, and http ones of
// this machine.
func gatewayURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Opaque != "" || u.Fragment != "" || u.Hostname() == "" {
		return false
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	a, ok := parseAddress(host + ":" + port)
	return ok && !a.everywhere() && a.port != 0 && (u.Scheme == "https" || u.Scheme == "http" && a.loopback())
}

// QuietHours are the quiet hours in minutes of the day, both 0 for none; false
// when the setting is wrong.
func (n Notices) QuietHours() (from, to int, ok bool) {
	if n.Quiet == "none" {
		return 0, 0, true
	}
	a, b, _ := strings.Cut(n.Quiet, "-")
	from, ok = minuteOf(a)
	to, good := minuteOf(b)
	return from, to, ok && good && from != to
}

func minuteOf(text string) (int, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hour, herr := strconv.Atoi(h)
	minute, merr := strconv.Atoi(m)
	if !ok || herr != nil || merr != nil || len(m) != 2 || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	return hour*60 + minute, true
}
