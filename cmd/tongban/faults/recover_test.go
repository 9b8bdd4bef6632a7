package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// The county's only disk is lost under traffic, and the backup is older than
// what the nodes below have. Its operator restores it as the runbook says and
// declares it: every case and paper that was acknowledged below is at the
// county again, once, and the nodes go on without being enrolled anew.
func TestCountyRestoredFromAnOldBackup(t *testing.T) {
	c := running(t, lone)
	o, err := newOracle(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	ctx, hub := t.Context(), c.hub()
	busy := newTraffic(ctx, o)
	busy.write(c.village(), 2, 30*time.Millisecond, "cun1", "cun2")
	busy.write(c.township(), 1, 60*time.Millisecond, "zhen1")
	acknowledged := func(n int) {
		t.Helper()
		err := await(ctx, fmt.Sprint(n, " acknowledged requests"), 3*time.Minute, func(context.Context) error {
			if got := o.acknowledgedAt(c.village()) + o.acknowledgedAt(c.township()); got < n {
				return fmt.Errorf("%d", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	acknowledged(20)
	var backup []byte
	if err := newPerson(hub.url(), "admin").Post(ctx, "/api/v1/backup", []byte(nil), "", &backup); err != nil {
		t.Fatal(err)
	}
	acknowledged(60)
	hub.kill()
	archive := filepath.Join(c.dir, "county.backup")
	if err := os.WriteFile(archive, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{"raft", "attachments", "state.db", "state.db-wal", "state.db-shm", "local.db", "local.db-wal", "local.db-shm"} {
		if err := os.RemoveAll(filepath.Join(hub.data(), of)); err != nil {
			t.Fatal(err)
		}
	}
	acknowledged(80) // they go on without the county
	if out, err := c.run(ctx, "", nil, "restore", "--config", hub.config(), "--from", archive, "--lone"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := c.start(hub); err != nil {
		t.Fatal(err)
	}
	if err := c.ready(ctx, hub); err != nil {
		t.Fatal(err)
	}
	// The nodes below die while they go back, each at another point.
	hits := filepath.Join(c.dir, "hits")
	dying := map[*member]string{c.township(): "feed.goback.kept", c.village(): "store.goback.made"}
	for m, point := range dying {
		m.kill()
		if err := c.start(m, "TONGBAN_FAULT="+point+":1", "TONGBAN_FAULT_HITS="+hits); err != nil {
			t.Fatal(err)
		}
	}
	var declared client.Recovery
	if err := newPerson(hub.url(), "admin").Post(ctx, "/api/v1/recovery", client.RecoveryRequest{Reason: "硬盘损坏，由备份恢复"}, loopback.NewKey(), &declared); err != nil {
		t.Fatal(err)
	}
	for m, point := range dying {
		select {
		case <-m.ended():
		case <-time.After(3 * time.Minute):
			t.Fatalf("%s does not come to %s", m.ID, point)
		}
		if err := c.start(m); err != nil {
			t.Fatal(err)
		}
		if err := c.ready(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(hits); err != nil || len(strings.Fields(string(text))) != 2 {
		t.Errorf("died at %q, %v", text, err)
	}
	acknowledged(o.acknowledgedAt(c.village()) + o.acknowledgedAt(c.township()) + 20)
	if err := busy.end(); err != nil {
		t.Fatal(err)
	}
	var report client.RecoveryReport
	if err := newOnce(hub, "admin").Get(ctx, "/api/v1/recovery", &report); err != nil {
		t.Fatal(err)
	}
	if report.Undeclared != 0 || len(report.Recoveries) != 1 || report.Recoveries[0].Kept != declared.Kept {
		t.Errorf("%+v", report)
	}
	v, err := judge(ctx, c, o, 3*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, v)
	t.Logf("kept %d records; %s", declared.Kept, v)
}
