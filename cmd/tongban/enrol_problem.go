package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
	var alert tls.AlertError
	switch {
	case errors.As(err, &no) && otherDoor(no), errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return told("应答的不是县中心的联网端口："+county+"，应为县中心配置的 advertise.federation（https://主机:8443），不是网页和接口的端口（listen.api，8080），也不是县中心之间的端口（listen.peer，8444）", "that is not a hub's federation port; it is advertise.federation in the hub's settings, https://host:8443, and neither the port of its pages and API (listen.api, 8080) nor that between hubs (listen.peer, 8444)")
	case errors.As(err, &no):
		return fmt.Errorf("%s (%s) [%s]", no.ZH, no.EN, no.Code)
	case errors.Is(err, federation.ErrClock):
		return err
	case errors.Is(err, trust.ErrWrongCounty):
		return told(county+" 不是发放口令的县：请核对地址，口令和地址须来自同一个县中心", "the address is not of the county that made the token; token and address must come from the same county")
	case errors.Is(err, trust.ErrWrongPeer):
		return told("应答的不是县中心主机："+county+"；请改为县中心配置的 advertise.federation，不是乡镇的。口令未用掉，可重试", "that is a node of the county and no hub; give advertise.federation of a hub's settings, not of a township's. The token is not used up, try again")
	case errors.Is(err, trust.ErrMalformed) && strings.Contains(err.Error(), "join token"):
		return told("登记口令抄写有误：应为 12 组、每组 5 个字符，请逐组核对", "the token is mistyped: it is 12 groups of 5 characters")
	case errors.As(err, &line), errors.As(err, &name), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), timedOut(err):
		return noCounty{fmt.Errorf("连不上县中心 %s：请检查地址、网线和防火墙，确认县中心已启动；口令未用掉，可重试 (the county does not answer; look at address, line and firewall. The token is not used up, try again): %w", county, err)}
	}
	return err
}

// otherDoor reports whether an answer is that of another port, which speaks
// HTTP and knows nothing of enrolling.
func otherDoor(no *federation.RemoteError) bool {
	return no.Code == "remote" || no.Status == http.StatusNotFound && no.Code == "not_found" || no.Status == http.StatusMethodNotAllowed
}

// refusedFor reports whether nobody can have enrolled the machine: the county
// said no, or it was not the county that was asked.
func refusedFor(hub string, err error) bool {
	var no *federation.RemoteError
	if errors.As(err, &no) {
		return no.Status < http.StatusInternalServerError
	}
	return !errors.As(enrolProblem(hub, err), new(noCounty))
}

// federationAddress refuses what cannot be a hub's federation address, before
// anything is made for it.
func federationAddress(hub string) error {
	u, err := url.Parse(hub)
	if err == nil && u.Scheme == "https" && u.Hostname() != "" && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.User == nil {
		return nil
	}
	return usagef("县中心地址应写成 https://主机:端口，端口是县中心配置的 advertise.federation（如 https://10.1.2.1:8443），现为 %s (a hub's address is https://host:port with the port of advertise.federation in its settings)", quoted(hub))
}

func quoted(text string) string { return "“" + clean(text) + "”" }

// noCounty is a county that did not answer.
type noCounty struct{ error }

func (e noCounty) Unwrap() error { return e.error }

// ExitCode tells run what the process ends with.
func (noCounty) ExitCode() int { return exitUnreachable }

func timedOut(err error) bool {
	var u *url.Error
	return errors.As(err, &u) && u.Timeout()
}
