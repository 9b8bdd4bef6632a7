package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
)

// enrolProblem says what to do when a machine could not be enrolled. Nothing
// was taken from the token: the command may be given again.
func enrolProblem(county string, err error) error {
	told := func(zh, en string) error { return fmt.Errorf("%s (%s): %w", zh, en, err) }
	var no *federation.RemoteError
	var line *net.OpError
	var name *net.DNSError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &no) && no.Code == "remote", errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return told("应答的不是县中心的联网端口："+county+"，应为县中心配置的 advertise.federation（https://主机:8443）", "that is not a hub's federation port; it is advertise.federation in the hub's settings, https://host:8443")
	case errors.As(err, &no):
		return fmt.Errorf("%s (%s) [%s]", no.ZH, no.EN, no.Code)
	case errors.Is(err, federation.ErrClock):
		return err
	case errors.Is(err, trust.ErrWrongCounty):
		return told(county+" 不是发放口令的县：请核对地址，口令和地址须来自同一个县中心", "the address is not of the county that made the token; token and address must come from the same county")
	case errors.Is(err, trust.ErrMalformed) && strings.Contains(err.Error(), "join token"):
		return told("登记口令抄写有误：应为 12 组、每组 5 个字符，请逐组核对", "the token is mistyped: it is 12 groups of 5 characters")
	case errors.As(err, &line), errors.As(err, &name), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), timedOut(err):
		return noCounty{fmt.Errorf("连不上县中心 %s：请检查地址、网线和防火墙，确认县中心已启动；口令未用掉，可重试 (the county does not answer; look at address, line and firewall. The token is not used up, try again): %w", county, err)}
	}
	return err
}

// noCounty is a county that did not answer.
type noCounty struct{ error }

func (e noCounty) Unwrap() error { return e.error }

// ExitCode tells run what the process ends with.
func (noCounty) ExitCode() int { return exitUnreachable }

func timedOut(err error) bool {
	var u *url.Error
	return errors.As(err, &u) && u.Timeout()
}
