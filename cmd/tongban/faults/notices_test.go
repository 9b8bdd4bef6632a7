package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// A hub that is killed while a message is at the gateway sends it again when it
// is back, under the same id, for it cannot know whether it arrived; it is
// recorded once, and nothing else is sent twice.
func TestHubKilledWhileTelling(t *testing.T) {
	c := stopped(t, lone)
	var mu sync.Mutex
	ids := map[string]int{}
	hold, held := make(chan struct{}), make(chan struct{}, 10)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ ID string }
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &m) != nil {
			return
		}
		mu.Lock()
		ids[m.ID]++
		mu.Unlock()
		held <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	defer gateway.Close()
	secret := filepath.Join(c.dir, "sms.secret")
	if err := os.WriteFile(secret, []byte("a secret that both sides know"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"TONGBAN_NOTICES__SMS__URL=" + gateway.URL, "TONGBAN_NOTICES__SMS__SECRET_FILE=" + secret, "TONGBAN_NOTICES__QUIET=none"}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	hub := c.hub()
	up := func() {
		t.Helper()
		if err := c.start(hub, env...); err != nil {
			t.Fatal(err)
		}
		if err := c.ready(ctx, hub); err != nil {
			t.Fatal(err)
		}
	}
	up()
	if err := c.startThese(ctx, c.nodes[1:]); err != nil {
		t.Fatal(err)
	}
	supervisor := newPerson(hub.url(), "jiancha")
	operator := newPerson(hub.url(), "admin")
	err := await(ctx, "the channels", 2*time.Minute, func(ctx context.Context) error {
		var board client.NoticeBoard
		if err := operator.Get(ctx, "/api/v1/notices", &board); err != nil {
			return err
		}
		if len(board.Channels) != 2 {
			return fmt.Errorf("%+v", board.Channels)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	village := newPerson(c.village().url(), "cun1")
	in := submission("told", c.village().Tier, client.AttachmentRef{})
	in.Applicant.Phone = "13800000000"
	var receipt client.CaseReceipt
	if err := village.Post(ctx, "/api/v1/cases", in, loopback.NewKey(), &receipt); err != nil {
		t.Fatal(err)
	}
	if err := village.Post(ctx, "/api/v1/cases/"+receipt.Case.Id+"/actions", client.CaseAction{Kind: "accept"}, loopback.NewKey(), nil); err != nil {
		t.Fatal(err)
	}
	<-held // the message is at the gateway
	hub.kill()
	close(hold)
	up()
	err = await(ctx, "the notice to end", 2*time.Minute, func(ctx context.Context) error {
		var list client.NoticeList
		if err := supervisor.Get(ctx, "/api/v1/cases/"+receipt.Case.Id+"/notices", &list); err != nil {
			return err
		}
		for _, n := range list.Notices {
			for _, d := range n.Deliveries {
				if d.State != "delivered" {
					return fmt.Errorf("%+v", d)
				}
			}
		}
		if len(list.Notices) != 1 || len(list.Notices[0].Deliveries) != 2 {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for id, n := range ids {
		if len(ids) != 1 || n != 2 {
			t.Errorf("%s came %d times, of %d", id, n, len(ids))
		}
	}
	lines, err := filepath.Glob(filepath.Join(hub.data(), "notices", "*.jsonl"))
	if err != nil || len(lines) == 0 {
		t.Fatalf("no file of notices: %v, %v", lines, err)
	}
	written := 0
	for _, path := range lines {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range raw {
			if b == '\n' {
				written++
			}
		}
	}
	if written != 1 {
		t.Errorf("%d lines in the files", written)
	}
}
