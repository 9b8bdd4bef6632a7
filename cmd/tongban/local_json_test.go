package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/federation/trust"
)

// settingsFile writes settings of a node in a folder of its own.
func settingsFile(t *testing.T, tier, division string) (config, dir string) {
	t.Helper()
	base := t.TempDir()
	dir = filepath.Join(base, "data")
	text := "tier: " + tier + "\ndivision: \"" + division + "\"\nname: 中心\ndata_dir: " + dir + "\nlisten: {api: \"127.0.0.1:0\""
	if tier == "county" {
		text += ", federation: \"127.0.0.1:8443\", peer: \"127.0.0.1:8444\"}\n"
	} else {
		text += "}\nupstream: {township: [\"https://10.0.0.1:8443\"]}\n"
	}
	write(t, base, "node.yaml", text)
	return filepath.Join(base, "node.yaml"), dir
}

func asProblem(t *testing.T, text string) client.Problem {
	t.Helper()
	var p client.Problem
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if p.Type == "" || p.Title == "" || p.Status == 0 || p.Code == "" || p.Detail == "" || p.MessageZh == "" || p.Next == "" || p.NextEn == "" {
		t.Errorf("not a whole problem: %s", text)
	}
	return p
}

// What a program asks of the commands that need no node is JSON, and so is what
// goes wrong with them.
func TestLocalCommandsForPrograms(t *testing.T) {
	desk(t)
	t.Setenv("TONGBAN_CONFIG", "")
	config, dir := settingsFile(t, "county", "330523")

	r := tongban(t, "init", "--config", config, "--json")
	var made founded
	if err := json.Unmarshal([]byte(r.out), &made); r.code != exitOK || err != nil || made.Node == "" || made.DataDir != dir || made.InitialPassword == "" || made.Login != "admin" {
		t.Fatalf("%+v, %v", r, err)
	}
	// Nothing was started: it may be run again, for a password that nobody read.
	var again founded
	r = tongban(t, "init", "--config", config, "--login", "admin2", "--json")
	if err := json.Unmarshal([]byte(r.out), &again); r.code != exitOK || err != nil || again.Node != made.Node || again.Login != "admin2" || again.InitialPassword == "" || again.InitialPassword == made.InitialPassword {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r = tongban(t, "init", "--config", config, "--json"); r.code != exitRefused || asProblem(t, r.err).Code != "failed" {
		t.Errorf("once it was started: %+v", r)
	}
	if err := os.Remove(filepath.Join(dir, "state.db")); err != nil {
		t.Fatal(err)
	}
	var key keyState
	r = tongban(t, "key", "show", "--config", config, "--json")
	if err := json.Unmarshal([]byte(r.out), &key); err != nil || key.File != made.KeyFile || key.ID == "" || key.Locked == nil || *key.Locked || key.Data != "sealed" {
		t.Errorf("%+v, %v", r, err)
	}
	var trusted struct {
		County string
		CAs    []string
	}
	r = tongban(t, "trust", "ca", "--config", config, "--json")
	if err := json.Unmarshal([]byte(r.out), &trusted); err != nil || trusted.County != "330523" || len(trusted.CAs) != 1 {
		t.Errorf("%+v, %v", r, err)
	}

	for _, row := range []struct {
		args []string
		exit int
		code string
		says string
	}{
		{[]string{"calendar", "due", "--from", "2031-09-29", "--days", "5"}, exitRefused, "calendar_year", "2031"},
		{[]string{"restore", "--config", config}, exitUsage, "usage", "--from"},
		{[]string{"restore", "--config", config, "--from", filepath.Join(dir, "none")}, exitRefused, "failed", "none"},
		{[]string{"key", "new", "--config", config}, exitRefused, "failed", "已存在"},
		{[]string{"trust", "ca", "--config", filepath.Join(dir, "none.yaml")}, exitRefused, "settings", "配置"},
		{[]string{"serve"}, exitRefused, "settings", "配置"},
		{[]string{"join", "--config", config}, exitUsage, "usage", "--token-file"},
		{[]string{"demo", "--port", "0"}, exitUsage, "usage", "--port"},
		{[]string{"item", "validate", filepath.Join(dir, "none.json")}, exitUsage, "usage", "none.json"},
	} {
		r := tongban(t, append(row.args, "--json")...)
		if p := asProblem(t, r.err); r.code != row.exit || r.out != "" || p.Code != row.code || !strings.Contains(p.MessageZh, row.says) {
			t.Errorf("%v: %+v", row.args, r)
		}
	}
	p := asProblem(t, tongban(t, "serve", "--json").err)
	if len(p.Fields) != 1 || !strings.Contains(p.Fields[0].ZH, "--config") || !strings.Contains(p.Fields[0].EN, "--config") {
		t.Errorf("nothing is said of --config: %+v", p)
	}
	holds(t, tongban(t, "serve").err, []string{"--config", "TONGBAN_CONFIG"})
	t.Setenv("TONGBAN_TIER", "county")
	holds(t, tongban(t, "serve").err, []string{"--config", "data_dir"})
}

func TestErrorsInBothLanguages(t *testing.T) {
	for text, want := range map[string][2]string{
		"密钥缺失 (the key is missing): open x: no such file": {"密钥缺失: open x: no such file", "the key is missing: open x: no such file"},
		"两次输入不同 (they differ)":                            {"两次输入不同", "they differ"},
		"open x: no such file":                            {"open x: no such file", "open x: no such file"},
	} {
		if zh, en := bothWords(text); zh != want[0] || en != want[1] {
			t.Errorf("%q: %q, %q", text, zh, en)
		}
	}
}

// A wrong address says which port is meant, and a machine that was refused has
// no keys that nobody knows.
func TestEnrollAtAWrongAddress(t *testing.T) {
	desk(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, refusing(404, "not_found", "没有这个接口", "the API has no such path", "接口说明见 /api/docs"))
	}))
	defer api.Close()
	page := httptest.NewTLSServer(http.NotFoundHandler())
	defer page.Close()
	token, err := trust.NewJoinToken(trust.Fingerprint{1})
	must(t, err)
	for name, row := range map[string]struct {
		county, token string
		exit          int
		says          []string
		kept          bool
	}{
		"the API's port without TLS": {strings.Replace(plain.URL, "http:", "https:", 1), token.Encode(), exitRefused, []string{"advertise.federation", "listen.api", "federation port"}, false},
		"the API's port with TLS":    {api.URL, token.Encode(), exitRefused, []string{"advertise.federation", "listen.api", "federation port"}, false},
		"some web server":            {page.URL, token.Encode(), exitRefused, []string{"advertise.federation"}, false},
		"http":                       {plain.URL, token.Encode(), exitUsage, []string{"https://主机:端口", "advertise.federation"}, false},
		"no address":                 {"10.1.2.1", token.Encode(), exitUsage, []string{"https://主机:端口"}, false},
		"with a path":                {"https://10.1.2.1:8443/x", token.Encode(), exitUsage, []string{"https://主机:端口"}, false},
		"a mistyped token":           {api.URL, "AAAA", exitRefused, []string{"抄写有误"}, false},
		"nobody there":               {"https://127.0.0.1:1", token.Encode(), exitUnreachable, []string{"连不上县中心"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			config, dir := settingsFile(t, "village", "330523110200")
			r := typing(t, row.token+"\n", "enroll", "--config", config, "--county", row.county, "--token-file", "-")
			if r.code != row.exit {
				t.Errorf("%+v", r)
			}
			holds(t, r.err, row.says)
			for _, path := range []string{dir + ".key", filepath.Join(dir, "keys", trust.NodeKeyFile), filepath.Join(dir, sealMarkFile)} {
				if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) == row.kept {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}

	// Keys of an attempt before, that may have come through, stay.
	config, dir := settingsFile(t, "village", "330523110200")
	typing(t, token.Encode()+"\n", "enroll", "--config", config, "--county", "https://127.0.0.1:1", "--token-file", "-")
	typing(t, token.Encode()+"\n", "enroll", "--config", config, "--county", api.URL, "--token-file", "-")
	if _, err := os.Stat(dir + ".key"); err != nil {
		t.Errorf("the keys of an attempt before are gone: %v", err)
	}
}

// A data directory that cannot be written says so in both languages, with what
// to look at.
func TestUnwritableDataDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	_, err := lockData(filepath.Join(file, "data"))
	if err == nil {
		t.Fatal("locked")
	}
	holds(t, err.Error(), []string{"不可写", "磁盘是否只读", "is the disk read-only or full"})
}
