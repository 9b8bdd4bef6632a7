package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
)

// An applicant activates an account and sees their cases; the login stands in a
// file of its own, and the commands of staff go on as who they were.
func TestApplicantAtATerminal(t *testing.T) {
	const number = "33059919850412005X"
	desk(t)
	n := newFakeNode(t, nil)
	n.answers = map[string]any{
		"activateAccount": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in client.Activation
			if json.NewDecoder(r.Body).Decode(&in) != nil || in.Type != client.TypePerson || in.Code != "7KQ2-M0XV-9TRB" {
				t.Errorf("%+v", in)
			}
			n.mu.Lock()
			n.access = "applicants-token"
			n.mu.Unlock()
			reply(w, client.MySessionTokens{AccessToken: "applicants-token", RefreshToken: "applicants-refresh", ExpiresAt: time.Now().Add(time.Hour).UnixMilli(),
				Account: client.MyAccount{Account: "a-1", Type: client.TypePerson, Name: "李某", Number: "…005X", Firms: []client.MyFirm{}}})
		}),
		"listMyCases": client.MyCases{Cases: []client.MyCaseSummary{{Id: "c-1", Number: "330523000000-20261123-01-000001-6", Item: "TB-XZRZ-005", ItemName: "生育登记", Department: "甲局", Status: "handed_in",
			StatusZh: "已收到您的申请", StatusEn: "arrived", HandedInMs: 1, ApplicantName: "李某", Online: true}}},
		"getMyTimeline": client.MyTimeline{Case: "c-1", Steps: []client.MyStep{{At: at20261123, SkewMs: -5_430_000, Kind: "case.submit", WhatZh: "已提交", WhatEn: "handed in"}, {At: at20261123, Kind: "case.accept", WhatZh: "已受理", WhatEn: "accepted"}}},
	}
	pw := mustFile(t, "chu-shi-mi-ma-2026\n")
	if r := tongban(t, "account", "activate", "--node", n.url, "--number", number, "--code", "7KQ2-M0XV-9TRB", "--password-file", pw); r.code != exitOK || !strings.Contains(r.out, "李某") {
		t.Fatalf("%+v", r)
	}
	if r := tongban(t, "my", "list", "--node", n.url); r.code != exitOK || !strings.Contains(r.out, "330523000000-20261123-01-000001-6") || !strings.Contains(r.out, "已收到您的申请") {
		t.Fatalf("%+v", r)
	}
	// A time by a clock that was off says so.
	if r := tongban(t, "my", "timeline", "c-1", "--node", n.url); r.code != exitOK || !strings.Contains(r.out, "00:00（时钟慢 1 小时 30 分）  已提交") || !strings.Contains(r.out, "00:00  已受理") {
		t.Errorf("%+v", r)
	}
	if got := n.calls("listMyCases")[0].header.Get("Authorization"); got != "Bearer applicants-token" {
		t.Errorf("%q", got)
	}
	// Staff's commands do not take it up.
	if r := tongban(t, "case", "list", "--node", n.url); r.code == exitOK || len(n.calls("listCases")) > 0 && n.calls("listCases")[0].header.Get("Authorization") != "" {
		t.Errorf("a staff command went as the applicant: %+v", r)
	}
	for _, args := range [][]string{{"account", "open", "--name", "李某", "--number", "123"}, {"account", "agents", "91330599MA000TB146", "--agent", "王芳"}, {"my", "act", "c-1", "frob"}} {
		if r := tongban(t, append(args, "--node", n.url)...); r.code != exitUsage {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
