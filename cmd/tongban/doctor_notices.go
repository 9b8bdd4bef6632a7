package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

// channelTime is how long a channel may take to answer a check.
const channelTime = 15 * time.Second

// notices looks whether each channel to applicants can be reached, and sends a
// test message where one was asked for.
func (d *diagnosis) notices(testTo string) {
	s, err := noticeSettings(d.c)
	switch {
	case err != nil:
		d.fault("notices", "告知通道的设置无法使用", "the settings of the channels of notices cannot be used", err)
		return
	case s == nil && testTo != "":
		d.add("notices", "fault", "只有县中心节点发送告知，请在县中心机上测试", "only a hub of the county sends notices; test there")
		return
	case s == nil:
		return
	case len(s.Channels) == 0:
		d.add("notices", "warning", "没有配置告知通道：申请人只能在账户中看到告知", "no channel is configured: applicants see what they are told in their account only")
	}
	tested := testTo == ""
	for _, c := range s.Channels {
		d.channel(c)
		if testTo != "" && reaches(c.Name(), testTo) {
			tested = true
			d.sendTest(c, testTo)
		}
	}
	if !tested {
		d.add("notices", "fault", "没有通道能送达这个地址：应为手机号（短信）或邮箱（邮件），且相应通道已配置", "no channel reaches this address: it is a mobile phone or a mail address, and its channel must be configured")
	}
}

func (d *diagnosis) channel(c notify.Channel) {
	ctx, cancel := context.WithTimeout(d.ctx, channelTime)
	defer cancel()
	if err := c.Check(ctx); err != nil {
		d.fault("notices", "告知通道 "+c.Name()+" 不通："+channelHint[c.Name()]+"；期间的告知排队等候", "the channel cannot be reached; notices wait in the meantime", plainCause(err))
		return
	}
	d.add("notices", "ok", "告知通道 "+c.Name()+" 可用", "channel "+c.Name()+" can be reached")
}

var channelHint = map[string]string{
	notice.File: "请检查目录是否可写（notices.file.dir）",
	notice.SMS:  "请检查网关地址、防火墙和证书（notices.sms）",
	notice.Mail: "请检查邮件服务器地址、加密方式、用户和口令（notices.mail）",
}

// reaches reports whether a channel can reach an address.
func reaches(channel, address string) bool {
	switch channel {
	case notice.Mail:
		return ledger.ValidEmail(address)
	case notice.SMS:
		p, err := identifier.ParsePhone(address)
		return err == nil && p.Kind == identifier.Mobile
	}
	return false
}

func (d *diagnosis) sendTest(c notify.Channel, to string) {
	ctx, cancel := context.WithTimeout(d.ctx, channelTime)
	defer cancel()
	if err := c.Send(ctx, notify.Test(uuid.NewString(), strings.TrimSpace(to))); err != nil {
		d.fault("notices", "测试消息未能经 "+c.Name()+" 发出", "the test message could not be sent", plainCause(err))
		return
	}
	d.add("notices", "ok", "测试消息已交给 "+c.Name()+"，请在收件一端确认", "a test message was handed to "+c.Name()+"; look at the receiving end")
}

// plainCause says what to look for where the code alone would not.
func plainCause(err error) error {
	var f *notify.Failure
	if errors.As(err, &f) && f.Err == nil {
		switch f.Reason {
		case "http_401", "http_403":
			return errors.New(f.Reason + ": 网关不认可签名，请核对两端的密钥和时钟 (the gateway does not take the signature: compare secret and clock)")
		case "smtp_535":
			return errors.New(f.Reason + ": 用户名或口令不正确 (user name or password is wrong)")
		case "smtp_no_starttls":
			return errors.New(f.Reason + ": 服务器不支持 STARTTLS，可改用 tls 和端口 465 (the server has no STARTTLS; try tls on port 465)")
		}
	}
	return err
}
