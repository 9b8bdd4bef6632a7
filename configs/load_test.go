package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const villageYAML = `tier: village
division: "330523001001"
name: 苕秀社区便民服务站
data_dir: data
upstream:
  township: [https://10.1.3.1:8443]
`

const countyYAML = `tier: county
division: 330523
name: 安吉县政务服务中心
data_dir: /srv/tongban
listen: {api: "127.0.0.1:8080", federation: "127.0.0.1:8443", peer: "127.0.0.1:8444"}
`

func TestExamplesLoad(t *testing.T) {
	for _, tier := range everyTier {
		t.Run(string(tier), func(t *testing.T) {
			c, err := Load(string(tier)+".yaml", nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.Tier != tier || !c.Production || c.Demo {
				t.Errorf("tier %q, production %v, demo %v", c.Tier, c.Production, c.Demo)
			}
			d := Default(tier)
			for name, pair := range map[string][2]any{
				"limits": {c.Limits, d.Limits}, "session": {c.Session, d.Session}, "sync": {c.Sync, d.Sync},
				"disk": {c.Disk, d.Disk}, "raft": {c.Raft, d.Raft}, "metrics": {c.Metrics, d.Metrics},
			} {
				if !reflect.DeepEqual(pair[0], pair[1]) {
					t.Errorf("%s: the example shows %+v, the defaults are %+v", name, pair[0], pair[1])
				}
			}
		})
	}
}

// Every key of a tier stands in its example, set or commented out, so that an
// operator meets all of them.
func TestExamplesShowEveryKey(t *testing.T) {
	for _, tier := range everyTier {
		data, err := Example(tier)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			last := k.name[strings.LastIndexByte(k.name, '.')+1:]
			shown := regexp.MustCompile(`(?m)^ *(# )?` + last + `:`).Match(data)
			if slices.Contains(k.tiers, tier) && !shown {
				t.Errorf("%s.yaml does not show %s", tier, k.name)
			}
		}
	}
	if _, err := Example("province"); err == nil {
		t.Error("an example for an unknown tier")
	}
}

func TestLoadDefaultsAndPaths(t *testing.T) {
	path := write(t, villageYAML)
	c, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(filepath.Dir(path), "data"); c.DataDir != want {
		t.Errorf("data_dir %q, want %q", c.DataDir, want)
	}
	if c.Listen.API != "127.0.0.1:8080" || c.Listen.Federation != "" || c.Session.Access != 15*time.Minute ||
		c.Limits.AttachmentBytes != 20<<20 || c.Limits.LoginHashes != 4 || c.Raft != (Raft{}) {
		t.Errorf("defaults: %+v", c)
	}
}

func TestLoadKeepsSpellingOfCodes(t *testing.T) {
	c, err := Load(write(t, countyYAML), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Division != "330523" || c.Advertise.Peer != "127.0.0.1:8444" || c.Advertise.Federation != "127.0.0.1:8443" {
		t.Errorf("%+v", c)
	}
}

func TestPortChosenBySystem(t *testing.T) {
	c, err := Load(write(t, countyYAML), []string{
		"TONGBAN_LISTEN__API=127.0.0.1:0", "TONGBAN_LISTEN__FEDERATION=:0", "TONGBAN_LISTEN__PEER=127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Advertise.Federation+c.Advertise.Peer != "" {
		t.Errorf("advertises a port nobody knows yet: %+v", c.Advertise)
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	c, err := Load(write(t, villageYAML), []string{
		"PATH=/bin", "TONGBAN_CONFIG=/etc/x", "TONGBAN_LONG=1", "TONGBAN_NAME=",
		"TONGBAN_NODE=old", "TONGBAN_NODE=village-07",
		"TONGBAN_LIMITS__ATTACHMENT_MB=5",
		"TONGBAN_UPSTREAM__COUNTY=https://a:8443/, https://b:8443",
		"TONGBAN_UPSTREAM__PROXY=http://10.0.0.1:3128",
		"TONGBAN_LOG__LEVEL=debug",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Node != "village-07" || c.Name != "苕秀社区便民服务站" || c.Limits.AttachmentBytes != 5<<20 ||
		!reflect.DeepEqual(c.Upstream.County, []string{"https://a:8443", "https://b:8443"}) ||
		c.Upstream.Proxy != "http://10.0.0.1:3128" || c.Log.Level.String() != "DEBUG" {
		t.Errorf("%+v", c)
	}
}

// What the commands that work at a node are told must not keep a node from
// starting on the same machine, nor change it.
func TestEnvironmentOfCommands(t *testing.T) {
	plain, err := Load(write(t, villageYAML), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"http://127.0.0.1:8080", "127.0.0.1:8080", "https://hub.example:8080/"} {
		c, err := Load(write(t, villageYAML), []string{
			"TONGBAN_NODE=" + address, "TONGBAN_USER=clerk", "TONGBAN_PASSWORD_FILE=/run/pw"})
		if err != nil {
			t.Fatal(err)
		}
		if c.Node != plain.Node {
			t.Errorf("node is %q by %s", c.Node, address)
		}
	}
	if _, err := Load(write(t, villageYAML), []string{"TONGBAN_PASSWORD=x"}); err == nil {
		t.Error("a variable nobody reads is let pass")
	}
}

func TestEnvironmentAlone(t *testing.T) {
	c, err := Load("", []string{"TONGBAN_TIER=village", "TONGBAN_DIVISION=330523001001", "TONGBAN_NAME=站",
		"TONGBAN_DATA_DIR=d", "TONGBAN_UPSTREAM__TOWNSHIP=https://t:8443"})
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(c.DataDir) {
		t.Errorf("data_dir %q", c.DataDir)
	}
}

// One reading reports everything, each fault at its key and place.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Load(write(t, `tier: village
nodes: x
division: 3305
listen:
  api: 8080
  peer: 127.0.0.1:1
  aip: x
limits: {attachment_mb: many, body_mb: 9999}
session: [1]
raft: {heartbeat_ms: 5}
disk: {low_mb: 900, warn_mb: 800}
log: {level: loud}
log: {level: info}
metrics: {token: hunter2}
`), []string{"TONGBAN_LISTEN_API=x", "TONGBAN_SYNC__BATCH_ENTRIES=0"})
	want := map[string]string{
		"nodes": ":2", "division": ":3", "listen.api": ":5", "listen.peer": ":6", "listen.aip": ":7",
		"limits.attachment_mb": ":8", "limits.body_mb": ":8", "session": ":9", "raft.heartbeat_ms": ":10",
		"disk.warn_mb": ":11", "log.level": ":12", "log": ":13", "metrics.token": ":14",
		"listen_api": "TONGBAN_LISTEN_API", "sync.batch_entries": "TONGBAN_SYNC__BATCH_ENTRIES",
		"name": "node.yaml", "data_dir": "node.yaml", "upstream.township": "node.yaml",
	}
	got := faultsOf(t, err)
	for key, place := range want {
		f, ok := got[key]
		if !ok {
			t.Errorf("no fault for %s", key)
			continue
		}
		if !strings.HasSuffix(f.Source, place) {
			t.Errorf("%s: source %q, want …%s", key, f.Source, place)
		}
		if f.ZH == "" || f.EN == "" || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: incomplete: %+v", key, f)
		}
		delete(got, key)
	}
	for key := range got {
		t.Errorf("unexpected fault: %v", got[key])
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a misplaced secret is repeated")
	}
	for _, hint := range []string{"did you mean node?", "did you mean listen.api?"} {
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("no hint %q in:\n%v", hint, err)
		}
	}
}

func TestFilesRefused(t *testing.T) {
	for name, content := range map[string]string{
		"syntax":        "tier: [village",
		"tab":           "listen:\n\tapi: x",
		"list":          "- a\n- b",
		"scalar":        "village",
		"two documents": villageYAML + "---\ntier: county\n",
		"gbk":           "name: \xb0\xb2\xbc\xaa",
		"huge":          "# " + strings.Repeat("x", mostBytes),
		"alias":         "name: &a x\nnode: *a\n",
		"merge":         "<<: {tier: village}\n",
		"dotted":        "listen.api: 127.0.0.1:80\n",
		"list for text": villageYAML + "node: [a, b]\n",
		"text for list": "tier: village\nupstream: {township: https://a:8443}\n",
		"map in list":   "tier: village\nupstream: {township: [{a: b}]}\n",
		"map for text":  "name: {a: b}\n",
		"list key":      "[a, b]: c\n",
		"control":       "name: \"a\\x1b[2Jb\"\n",
		"empty":         "",
		"only comment":  "# nothing\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Load(write(t, content), nil)
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("error %v", err)
			}
			if !reflect.DeepEqual(c, Config{}) {
				t.Error("a Config comes with the faults")
			}
			if strings.ContainsAny(err.Error(), "\x1b") {
				t.Error("control characters reach the terminal")
			}
		})
	}
}

// What cannot be read is not said to lack settings, and a tab, which nobody
// sees, is named with its line.
func TestUnreadableYAMLSaysThatAlone(t *testing.T) {
	for text, want := range map[string]string{
		"tier: county\nlisten:\n\tapi: 127.0.0.1:8080\n": "node.yaml:3",
		"tier: [county\n": "node.yaml",
	} {
		_, err := Load(write(t, text), nil)
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Source != want {
			t.Fatalf("%v", err)
		}
		if tab := strings.Contains(text, "\t"); tab && (!strings.Contains(faults[0].ZH, "换成空格") || !strings.Contains(faults[0].EN, "replace tabs by spaces")) {
			t.Errorf("%v does not say what to do", err)
		}
	}
	if _, err := Load(write(t, villageYAML+"# a\ttab\n"), nil); err != nil {
		t.Errorf("a tab that does no harm: %v", err)
	}
}

func TestMissingFileIsRecognised(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err = Load(t.TempDir(), nil); err == nil {
		t.Error("a folder was read as settings")
	}
}

func TestSecretFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("mode bits are not looked at on Windows")
		return
	}
	for _, row := range []struct {
		name, content string
		mode          fs.FileMode
		want          string
	}{
		{"owner only", "s3cret\r\n", 0o600, ""},
		{"read only", "s3cret", 0o400, ""},
		{"group reads", "s3cret", 0o640, "chmod 600"},
		{"world reads", "s3cret", 0o604, "chmod 600"},
		{"group writes", "s3cret", 0o620, "chmod 600"},
		{"empty", "\n", 0o600, "is empty"},
		{"huge", strings.Repeat("x", mostSecret+1), 0o600, "64 KB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := write(t, villageYAML+"metrics: {enabled: true, token_file: token}\n")
			secret := filepath.Join(filepath.Dir(path), "token")
			mustWrite(t, secret, row.content, row.mode)
			_, err := Load(path, nil)
			if row.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got, err := ReadSecret(secret); err != nil || string(got) != "s3cret" {
					t.Errorf("%q, %v", got, err)
				}
				return
			}
			if f := faultsOf(t, err)["metrics.token_file"]; f.Err == nil || !strings.Contains(f.String(), row.want) {
				t.Errorf("fault %v", f)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Error("the secret is repeated")
			}
		})
	}
	if _, err := ReadSecret(t.TempDir()); err == nil {
		t.Error("a folder was read as a secret")
	}
	if _, err := ReadSecret(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(villageYAML), "TONGBAN_LISTEN__API=127.0.0.1:0")
	f.Add([]byte(countyYAML), "TONGBAN_RAFT__LEASE_MS=9999")
	f.Add([]byte("a: &a [*a, *a]\n"), "TONGBAN_=x")
	f.Add([]byte("tier: village\ntier: county\n"), "TONGBAN_UPSTREAM__COUNTY=,,")
	f.Add([]byte("\xff\xfet\x00"), "TONGBAN_LISTEN__API=[::1]:80")
	base := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, env string) {
		c, err := load(base, "node.yaml", data, []string{env})
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("not a list of faults: %v", err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("loaded, but not valid: %v", err)
		}
	})
}

// faultsOf indexes the faults by key; two for one key are a fault of the loader.
func faultsOf(t *testing.T, err error) map[string]Fault {
	t.Helper()
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("not a list of faults: %v", err)
	}
	byKey := map[string]Fault{}
	for _, f := range faults {
		if before, twice := byKey[f.Key]; twice {
			t.Errorf("%s reported twice: %v; %v", f.Key, before, f)
		}
		byKey[f.Key] = f
	}
	return byKey
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "node.yaml")
	mustWrite(t, path, content, 0o600)
	return path
}

func mustWrite(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// With a wrong tier the settings of one tier alone are checked as that tier's,
// and it is said which tiers there are.
func TestWrongTierHidesNothingOfTheCounty(t *testing.T) {
	_, err := Load(write(t, "tier: city\nlisten: {api: nope}\noidc: {issuer: x}\nraft: {heartbeat_ms: soon}\nfoo: 1\n"), nil)
	got := faultsOf(t, err)
	for _, key := range []string{"tier", "division", "name", "data_dir", "listen.api", "oidc.issuer", "oidc.client_id", "oidc.addresses", "raft.heartbeat_ms", "foo"} {
		if _, ok := got[key]; !ok {
			t.Errorf("nothing is said of %s in\n%v", key, err)
		}
	}
	for _, tier := range everyTier {
		if f := got["tier"]; !strings.Contains(f.ZH, string(tier)) || !strings.Contains(f.EN, string(tier)) {
			t.Errorf("%s is not named in %v", tier, f)
		}
	}
	if _, ok := got["upstream.township"]; ok {
		t.Error("a hub is asked for its township")
	}
	// What can be read of another tier's settings is left alone.
	_, err = Load(write(t, "tier: city\ndivision: \"330523110200\"\nraft: {heartbeat_ms: soon}\noidc: {issuer: x}\n"), nil)
	got = faultsOf(t, err)
	if _, ok := got["raft.heartbeat_ms"]; !ok {
		t.Errorf("nothing is said of raft.heartbeat_ms in\n%v", err)
	}
}

// A wrong or missing tier hides nothing of what else is wrong.
func TestWrongTierHidesNothing(t *testing.T) {
	for name, text := range map[string]string{
		"wrong":   "tier: vilage\n",
		"missing": "",
		"a list":  "tier: [village]\n",
		"number":  "tier: 3\n",
	} {
		for division, also := range map[string]string{"330523110200": "upstream.county", "33": "division", "330523": "data_dir"} {
			_, err := Load(write(t, text+"division: \""+division+"\"\nlisten: {api: nowhere}\nlimits: {body_mb: 0}\nupstream: {county: [\"ftp://a\"]}\n"), nil)
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("%s: %v", name, err)
			}
			said := map[string]int{}
			for _, f := range faults {
				said[f.Key]++
			}
			for _, key := range []string{"tier", "name", "data_dir", "listen.api", "limits.body_mb", also} {
				if said[key] != 1 {
					t.Errorf("%s tier, division %s: %s is said %d times in\n%v", name, division, key, said[key], err)
				}
			}
		}
	}
}

// TestLetterSwapped: two letters that changed places are the likeliest slip.
func TestLetterSwapped(t *testing.T) {
	for slip, meant := range map[string]string{"nmae": "name", "ndoe": "node", "teir": "tier"} {
		if got := nearest(slip); got != meant {
			t.Errorf("%s: %q, want %s", slip, got, meant)
		}
	}
}
