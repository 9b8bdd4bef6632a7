package api

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

// keepsIn gives a site's API a folder of backups.
func keepsIn(t *testing.T, h *site, room func() (int64, error)) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "backups")
	kept, err := newBackups(Backups{Folder: folder, Config: "/etc/tongban/county.yaml", Room: room}, h.api.self.Node)
	check(t, err)
	h.api.backups = kept
	t.Cleanup(h.api.Close)
	return folder
}

// backedUp waits for the job to end.
func backedUp(h *site) (list gen.KeptBackups) {
	until(h.t, "the job to end", func() bool {
		list = gen.KeptBackups{}
		h.get("operator", "/api/v1/backups", &list)
		return list.Job.EndedAt > 0
	})
	return list
}

// TestKeptBackups: a hub's backups are listed with what is known of them, a
// damaged one is found, and nothing else in or beside the folder can be read.
func TestKeptBackups(t *testing.T) {
	h := emptyHub(t)
	folder := keepsIn(t, h, nil)
	var list gen.KeptBackups
	h.get("operator", "/api/v1/backups", &list)
	if len(list.Backups) != 0 || list.Folder != folder || list.Config == "" || list.DataDir != h.node.Store.Dir() || list.Records == 0 {
		t.Errorf("%+v before there is one", list)
	}

	h.must("operator", "POST", "/api/v1/backups", nil, 202)
	list = backedUp(h)
	if len(list.Backups) != 1 || list.Job.Stage != gen.BackupJobStageDone || list.Job.Done == 0 || list.Job.Done != list.Job.Total {
		t.Fatalf("%+v after one", list)
	}
	one := list.Backups[0]
	if one.State != gen.Sound || one.Records == 0 || one.Records > list.Records || one.Node != "county-1" || one.ByName == "" || one.Path != filepath.Join(folder, one.File) || one.CheckedAt == 0 {
		t.Errorf("%+v", one)
	}
	var last gen.BackupState
	h.get("operator", "/api/v1/backup", &last)
	if last.Bytes != one.Bytes {
		t.Errorf("the last one has %d bytes, and the one in the folder %d", last.Bytes, one.Bytes)
	}
	content, err := os.ReadFile(one.Path)
	check(t, err)
	if got := h.must("operator", "GET", "/api/v1/backups/"+one.File, nil, 200).Body.String(); got != string(content) {
		t.Errorf("%d bytes came, not the %d of the file", len(got), len(content))
	}

	// Whoever exchanges the file has no check of it.
	content[len(content)/2] ^= 1
	check(t, os.WriteFile(one.Path, content, 0o600))
	check(t, os.Chtimes(one.Path, time.Now(), time.Now().Add(time.Minute)))
	if h.get("operator", "/api/v1/backups", &list); list.Backups[0].State != gen.Unchecked {
		t.Errorf("a changed file is %+v", list.Backups[0])
	}
	h.must("operator", "POST", "/api/v1/backups/"+one.File+"/check", nil, 202)
	if list = backedUp(h); list.Backups[0].State != gen.Bad || list.Backups[0].Code != "backup_damaged" || list.Backups[0].Zh == "" {
		t.Errorf("a damaged file is %+v", list.Backups[0])
	}

	secret := filepath.Join(t.TempDir(), "secret.backup")
	check(t, os.WriteFile(secret, []byte("secret"), 0o600))
	check(t, os.Symlink(secret, filepath.Join(folder, "link.backup")))
	check(t, os.Mkdir(filepath.Join(folder, "folder.backup"), 0o700))
	check(t, os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("secret"), 0o600))
	check(t, os.WriteFile(filepath.Join(filepath.Dir(folder), "outside.backup"), []byte("secret"), 0o600))
	for _, name := range []string{"link.backup", "folder.backup", "notes.txt", "none.backup", "..%2Foutside.backup", "%2e%2e%2foutside.backup", ".backup", "..backup", strings.ReplaceAll(secret, "/", "%2F")} {
		for _, of := range []string{"GET /api/v1/backups/" + name, "POST /api/v1/backups/" + name + "/check"} {
			method, path, _ := strings.Cut(of, " ")
			if got := h.send(request0{method: method, path: path, token: h.token("operator")}); got.Code != http.StatusNotFound && got.Code != http.StatusBadRequest && got.Code != http.StatusMovedPermanently || strings.Contains(got.Body.String(), "secret\"") || got.Body.String() == "secret" {
				t.Errorf("%s: %d %s", of, got.Code, got.Body)
			}
		}
	}
	if h.get("operator", "/api/v1/backups", &list); len(list.Backups) != 1 {
		t.Errorf("listed: %+v", list.Backups)
	}
}

// TestABackupReplacesNone: made at the same second, or by a clock that went back, one
// does not take the name of another.
func TestABackupReplacesNone(t *testing.T) {
	b, err := newBackups(Backups{Folder: t.TempDir()}, "county-1")
	check(t, err)
	const file = "county-1-20261128-100000.backup"
	check(t, os.WriteFile(b.path(file), []byte("whole"), 0o600))
	if draft, err := b.create(file); err == nil {
		check(t, b.place(draft, file))
		t.Error("it began in another's place")
	}
	if content, err := os.ReadFile(b.path(file)); err != nil || string(content) != "whole" {
		t.Errorf("%q %v", content, err)
	}
}

// TestKeptBackupsAreTheOperators: nobody else sees, makes or takes one.
func TestKeptBackupsAreTheOperators(t *testing.T) {
	h := emptyHub(t)
	keepsIn(t, h, nil)
	h.person("auditor", theCounty, "", identity.Auditor)
	h.person("supervisor", theCounty, "", identity.Supervisor)
	h.person("window", theCounty, "县民政局", identity.DepartmentWindow)
	for _, who := range []string{"auditor", "supervisor", "window"} {
		for _, of := range []string{"GET /api/v1/backups", "POST /api/v1/backups", "GET /api/v1/backups/none.backup", "POST /api/v1/backups/none.backup/check"} {
			method, path, _ := strings.Cut(of, " ")
			h.must(who, method, path, nil, 403)
		}
	}
}

// TestNoRoomForABackup: a hub keeps the room that it needs to take cases, and
// nothing half is left.
func TestNoRoomForABackup(t *testing.T) {
	h := emptyHub(t)
	room := int64(-1)
	folder := keepsIn(t, h, func() (int64, error) { return room, nil })
	if got := h.must("operator", "POST", "/api/v1/backups", nil, 507).Body.String(); !strings.Contains(got, "backup_room") {
		t.Errorf("it is %s", got)
	}
	room = 1000 // found out when its size is known
	h.must("operator", "POST", "/api/v1/backups", nil, 202)
	list := backedUp(h)
	if list.Job.Stage != gen.BackupJobStageFailed || list.Job.Code != "backup_room" || list.Job.Zh == "" || len(list.Backups) != 0 {
		t.Errorf("%+v", list)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
	check(t, os.WriteFile(filepath.Join(folder, "county-1-20261101-000000.backup.part"), nil, 0o600))
	check(t, os.WriteFile(filepath.Join(folder, "county-11-20261101-000000.backup.part"), nil, 0o600))
	_, err := newBackups(Backups{Folder: folder}, "county-1")
	check(t, err)
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("after a kill: %v %v", left, err)
	}
}

// TestAKilledBackupIsNone: what a kill in the middle of a backup leaves is never listed,
// checked or fetched, is gone after the next start, and stands in nobody's way.
func TestAKilledBackupIsNone(t *testing.T) {
	h := emptyHub(t)
	folder := keepsIn(t, h, nil)
	h.must("operator", "POST", "/api/v1/backups", nil, 202)
	whole := backedUp(h).Backups[0]
	content, err := os.ReadFile(whole.Path)
	check(t, err)
	killed := h.api.self.Node + "-20300101-000000.backup"
	half := filepath.Join(folder, killed+draftSuffix)
	check(t, os.WriteFile(half, content[:len(content)/2], 0o600))
	none := func(when string) {
		t.Helper()
		var list gen.KeptBackups
		if h.get("operator", "/api/v1/backups", &list); len(list.Backups) != 1 || list.Backups[0].File != whole.File {
			t.Errorf("%s: %+v", when, list.Backups)
		}
		for _, name := range []string{killed, killed + draftSuffix} {
			for method, path := range map[string]string{"GET": "/api/v1/backups/" + name, "POST": "/api/v1/backups/" + name + "/check"} {
				if got := h.send(request0{method: method, path: path, token: h.token("operator")}); got.Code != http.StatusNotFound && got.Code != http.StatusBadRequest {
					t.Errorf("%s: %s %s: %d", when, method, path, got.Code)
				}
			}
		}
	}
	none("while it lies there")
	h.api.backups, err = newBackups(h.api.backups.o, h.api.self.Node)
	check(t, err)
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("after a start: %v", err)
	}
	none("after a start")
	h.must("operator", "POST", "/api/v1/backups/"+whole.File+"/check", nil, 202)
	if list := backedUp(h); list.Backups[0].State != gen.Sound {
		t.Errorf("the whole one is %+v", list.Backups[0])
	}
}
