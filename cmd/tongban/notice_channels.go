package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/notice"
)

// leastSecret is how many bytes the secret of a signature has at least.
const leastSecret = 16

// noticeSettings are the channels that a hub's settings name; nil below the
// county, which tells nobody by itself.
func noticeSettings(c configs.Config) (*notify.Settings, error) {
	if c.Tier != configs.County {
		return nil, nil
	}
	n := c.Notices
	from, to, _ := n.QuietHours()
	s := &notify.Settings{Quiet: notice.Hours{From: from, To: to}, Expire: n.Expire, Longest: n.RetryMax, Timeout: n.Timeout, Alarm: n.Alarm}
	if n.File.Enabled {
		s.Channels = append(s.Channels, notify.NewFileSink(notify.FileOptions{Dir: noticeDir(c), Full: n.File.Addresses == "full", Keep: n.File.KeepDays}))
	}
	gateway, err := gatewayOf(n.SMS)
	if err != nil {
		return nil, fmt.Errorf("notices.sms: %w", err)
	}
	mail, err := mailOf(n.Mail)
	if err != nil {
		return nil, fmt.Errorf("notices.mail: %w", err)
	}
	for _, channel := range []notify.Channel{gateway, mail} {
		if channel != nil {
			s.Channels = append(s.Channels, channel)
		}
	}
	return s, nil
}

// noticeDir is where notices are written to.
func noticeDir(c configs.Config) string {
	if c.Notices.File.Dir != "" {
		return c.Notices.File.Dir
	}
	return filepath.Join(c.DataDir, "notices")
}

func gatewayOf(c configs.NoticesSMS) (notify.Channel, error) {
	if c.URL == "" {
		return nil, nil
	}
	secret, err := configs.ReadSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	if len(secret) < leastSecret {
		return nil, fmt.Errorf("%s: 签名密钥至少 %d 字节，可用 openssl rand -hex 32 生成 (the signing secret has at least %[2]d bytes)", c.SecretFile, leastSecret)
	}
	roots, err := rootsOf(c.CAFile)
	if err != nil {
		return nil, err
	}
	return notify.NewWebhook(notify.WebhookOptions{URL: c.URL, Secret: secret, Roots: roots})
}

func mailOf(c configs.NoticesMail) (notify.Channel, error) {
	if c.Server == "" {
		return nil, nil
	}
	o := notify.MailOptions{Server: c.Server, Security: notify.Security(c.Security), User: c.User, From: c.From}
	if c.PasswordFile != "" {
		password, err := configs.ReadSecret(c.PasswordFile)
		if err != nil {
			return nil, err
		}
		o.Password = string(password)
	}
	var err error
	if o.Roots, err = rootsOf(c.CAFile); err != nil {
		return nil, err
	}
	return notify.NewSMTP(o)
}

// rootsOf are the authorities of a file; nil, which are the system's, for none.
func rootsOf(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(path + " 中没有证书 (there is no certificate in it)")
	}
	return pool, nil
}
