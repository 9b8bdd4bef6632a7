package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The command takes a backup only at the node it is of, says so, and leaves the
// node as it was: it starts and has what it had.
func TestRestoreRefusesAnothersBackup(t *testing.T) {
	c := running(t, lone)
	nodes := map[*member]string{c.hub(): "admin", c.township(): "zhen1", c.village(): "cun1"}
	backups := map[*member]string{}
	for m, who := range nodes {
		var content []byte
		if err := newPerson(m.url(), who).Post(t.Context(), "/api/v1/backup", []byte(nil), "", &content); err != nil {
			t.Fatalf("backup of %s: %v", m.ID, err)
		}
		backups[m] = filepath.Join(c.dir, m.ID+".backup")
		if err := os.WriteFile(backups[m], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for m := range nodes {
		m.kill()
	}
	for into := range nodes {
		for from, archive := range backups {
			if from != into && into != c.hub() {
				// What is sealed for another node does not even open here.
				out, err := c.run(t.Context(), "", nil, "restore", "--config", into.config(), "--from", archive)
				if err == nil || !strings.Contains(out, from.ID+" opens with that node's keys") {
					t.Errorf("%s opens the backup of %s: %v\n%s", into.ID, from.ID, err, out)
				}
			}
			out, err := c.run(t.Context(), "", nil, "restore", "--config", into.config(), "--from", archive, "--keys", c.hub().data())
			switch {
			case from == into && err != nil:
				t.Errorf("%s refuses its own backup: %v", into.ID, err)
			case from != into && (err == nil || !strings.Contains(out, "another node")):
				t.Errorf("%s and the backup of %s: %v\n%s", into.ID, from.ID, err, out)
			}
		}
	}
	// The hub's own was restored, so its log begins anew.
	if _, err := c.run(t.Context(), "", nil, "restore", "--config", c.hub().config(), "--lone"); err != nil {
		t.Fatal(err)
	}
	if err := c.startAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := settle(t.Context(), c, 3*time.Minute); err != nil {
		t.Fatal(err)
	}
}
