package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
)

// TestDoctorSaysWhatTheNodeSays: what /readyz answers becomes findings, with
// the same codes and words.
func TestDoctorSaysWhatTheNodeSays(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		want       []string
	}{
		{"well", `{"status":"ok"}`, 200, []string{"ok 节点正在运行"}},
		{"warned", `{"status":"ok","warnings":[{"code":"catalog_missing","zh":"没有目录","en":"no catalog"}]}`, 200, []string{"ok 节点正在运行", "warning 没有目录 no catalog [catalog_missing]"}},
		{"stopped", `{"code":"disk_full","message_zh":"已满","detail":"full","fields":[{"path":"readyz","code":"disk_full","zh":"已满","en":"full"},{"path":"readyz","code":"clock_skew","zh":"时钟","en":"clock"}]}`, 503,
			[]string{"fault 已满 full [disk_full]", "fault 时钟 clock [clock_skew]"}},
		{"another answer", `{"code":"not_ready","message_zh":"准备中","detail":"starting"}`, 503, []string{"fault 准备中 starting [not_ready]"}},
		{"somebody else's port", `<html>`, 200, []string{"warning 节点没有运行"}},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/readyz" {
				t.Errorf("asked for %s", r.URL)
			}
			w.WriteHeader(c.status)
			w.Write([]byte(c.body))
		}))
		d := &diagnosis{ctx: t.Context(), m: &federation.Membership{}}
		d.c.Listen.API, d.c.TLS.Mode = strings.TrimPrefix(server.URL, "http://"), configs.TLSOff
		d.running()
		server.Close()
		var got []string
		for _, f := range d.found {
			got = append(got, f.Verdict+" "+f.ZH+" "+f.EN)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", c.name, got)
			continue
		}
		for i, w := range c.want {
			if !strings.HasPrefix(got[i], w) {
				t.Errorf("%s: %q, want %q", c.name, got[i], w)
			}
		}
	}
}

// TestDoctorSaysOnceThatTheNodeWasRevoked: whoever tells it, the databases and
// each line, it is one finding.
func TestDoctorSaysOnceThatTheNodeWasRevoked(t *testing.T) {
	d := &diagnosis{ctx: t.Context()}
	for range 3 {
		d.castOut(federation.Revocation{At: 1795449600000, Reason: "失窃"})
	}
	if len(d.found) != 1 || d.found[0].Check != "standing" || !strings.Contains(d.found[0].ZH, "需处理") || !strings.Contains(d.found[0].EN, "attention") {
		t.Errorf("%+v", d.found)
	}
}
