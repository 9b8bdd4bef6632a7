package main

import (
	"bufio"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func hubMembership(t *testing.T) *federation.Membership {
	t.Helper()
	m, err := federation.NewCounty(rand.Reader, "330523", "county-1", "县中心", []string{"127.0.0.1"}, federation.Genesis{Login: "admin", Name: "管理员", PasswordHash: "x"}, time.Now())
	must(t, err)
	return m
}

// emptyHub is a data directory of county-1 whose ledger names no other hub.
func emptyHub(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir, Key: storetest.Key, Self: store.Self{Node: "county-1", Tier: node.County, Division: "330523", Ordinal: 1}, Limits: catalog.DefaultLimits()})
	must(t, err)
	must(t, s.Close())
	return dir
}

func (d *diagnosis) said() (all []string) {
	for _, f := range d.found {
		all = append(all, f.Verdict+" "+f.Check+" "+f.ZH+" "+f.EN)
	}
	return all
}

func silentListener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// TestDoctorAtALoneHub: no other clock is asked, and that is said.
func TestDoctorAtALoneHub(t *testing.T) {
	d := &diagnosis{ctx: t.Context(), m: hubMembership(t), key: storetest.Key}
	d.c.DataDir = emptyHub(t)
	d.lines()
	if got := d.said(); len(got) != 1 || !strings.HasPrefix(got[0], "ok clock ") || !strings.Contains(got[0], "无从比对") || !strings.Contains(got[0], "nothing to compare") {
		t.Errorf("%q", got)
	}
}

// TestDoctorWithoutTheLedger: a hub that cannot know the others says so, and
// not that there are none.
func TestDoctorWithoutTheLedger(t *testing.T) {
	d := &diagnosis{ctx: t.Context(), m: hubMembership(t)}
	d.c.DataDir = t.TempDir()
	d.lines()
	if got := d.said(); len(got) != 1 || !strings.HasPrefix(got[0], "warning line ") || !strings.Contains(got[0], "未检查") {
		t.Errorf("%q", got)
	}
}

// TestDoctorOfANodeThatHangs: it takes the connection and is silent. That is
// said as what it is.
func TestDoctorOfANodeThatHangs(t *testing.T) {
	d := &diagnosis{ctx: t.Context(), m: hubMembership(t), within: time.Second}
	d.line("https://"+silentListener(t).Addr().String(), []node.Tier{node.Township})
	if got := d.said(); len(got) != 1 || !strings.Contains(got[0], "1 秒内没有应答") || !strings.Contains(got[0], "does not answer within 1 s") || strings.Contains(got[0], "证书") {
		t.Errorf("%q", got)
	}
}

// TestDoctorAsksSideBySide: a node that hangs does not hold up the others.
func TestDoctorAsksSideBySide(t *testing.T) {
	first, second := silentListener(t), silentListener(t)
	d := &diagnosis{ctx: t.Context(), m: hubMembership(t), key: storetest.Key, within: time.Minute}
	d.c.DataDir = emptyHub(t)
	d.c.Upstream.County = []string{"https://" + first.Addr().String(), "https://" + second.Addr().String()}
	ended := make(chan struct{})
	go func() { d.lines(); close(ended) }()
	a, err := first.Accept()
	must(t, err)
	b, err := second.Accept() // while the first one waits
	must(t, err)
	must(t, a.Close())
	must(t, b.Close())
	<-ended
	if got := d.said(); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// peerPort answers as a hub's peer port does.
func peerPort(t *testing.T, m *federation.Membership, answer func() county.Status) string {
	t.Helper()
	certificate, err := m.Keys.Certificate(m.Certificate)
	must(t, err)
	server, _ := trust.PeerConfigs(trust.TLSOptions{Trust: func() trust.CountyTrust { return m.Trust }, Certificate: func() *tls.Certificate { return certificate }, Now: time.Now})
	l := silentListener(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			secured := tls.Server(c, server)
			r := bufio.NewReader(secured)
			if kind, err := r.ReadByte(); err != nil || kind != 'H' {
				secured.Close()
				continue
			}
			req, err := http.ReadRequest(r)
			if err != nil || req.URL.Path != "/hub/v1/status" {
				secured.Close()
				continue
			}
			body, _ := json.Marshal(answer())
			fmt.Fprintf(secured, "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n%s", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), len(body), body)
			secured.Close()
		}
	}()
	return l.Addr().String()
}

// TestDoctorAtAHub: every other hub of the county is tried, each by its own
// name, and the clocks are compared.
func TestDoctorAtAHub(t *testing.T) {
	m := hubMembership(t)
	closed := silentListener(t)
	must(t, closed.Close())
	second := *m
	keys, err := trust.GenerateNode(rand.Reader)
	must(t, err)
	second.Keys = keys
	second.Certificate, err = m.County.IssueCertificate(rand.Reader, trust.Place{County: "330523", Node: "county-2", Tier: node.County, Division: "330523"}, &keys.TLS.PublicKey, []string{"127.0.0.1"}, time.Now(), time.Hour)
	must(t, err)
	two := peerPort(t, &second, func() county.Status { return county.Status{ID: "county-2"} })
	var own string
	own = peerPort(t, m, func() county.Status {
		return county.Status{ID: "county-1", Members: []county.Member{{ID: "county-1", Address: own}, {ID: "county-2", Address: two},
			{ID: "county-3", Address: closed.Addr().String()}, {ID: "county-4", Address: two}}}
	})
	d := &diagnosis{ctx: t.Context(), m: m}
	d.c.Advertise.Peer, d.c.Sync.SkewWarn = own, time.Minute
	d.lines()
	got := d.said()
	want := []string{"ok line 主机 county-2", "warning clock 本机时钟与 主机 county-2 相差约 36", "fault line 连不上 主机 county-3", "fault line 主机 county-4"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i, w := range want {
		if !strings.HasPrefix(got[i], w) {
			t.Errorf("%q, want %q", got[i], w)
		}
	}
}

// TestDoctorOfADatabaseThatCannotBeOpened: nobody is told to restore a backup
// for a disk that is read-only.
func TestDoctorOfADatabaseThatCannotBeOpened(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(state string)
		want  string
	}{
		"sound": {func(string) {}, "ok database"},
		"not to be opened": {func(state string) {
			must(t, os.Symlink(filepath.Join(filepath.Dir(state), "nowhere", "x"), state+"-shm"))
			must(t, os.WriteFile(state+"-wal", []byte("something"), 0o600))
		}, "warning database 数据库未能检查"},
		"damaged": {func(state string) { must(t, os.Truncate(state, 8192)) }, "fault database 数据库有问题：请停止节点，用 restore"},
	} {
		d := &diagnosis{ctx: t.Context(), m: hubMembership(t), key: storetest.Key}
		d.c.DataDir = emptyHub(t)
		c.spoil(filepath.Join(d.c.DataDir, "state.db"))
		d.databases()
		got := d.said()
		if len(got) == 0 || !strings.HasPrefix(got[0], c.want) || strings.HasPrefix(c.want, "warning") && (len(got) != 1 || !strings.Contains(got[0], "不要因此恢复备份")) {
			t.Errorf("%s: %q", name, got)
		}
	}
	d := &diagnosis{ctx: t.Context(), m: hubMembership(t), key: storetest.Key}
	d.m.Credential.Credential.Division = "330524"
	d.c.DataDir = emptyHub(t)
	d.databases()
	if got := d.said(); !strings.HasPrefix(got[0], "fault database 数据库属于另一节点") {
		t.Errorf("another county's: %q", got)
	}
}

// TestDoctorChangesNothing on the disk, also where nothing is there yet.
func TestDoctorChangesNothing(t *testing.T) {
	root := t.TempDir()
	settings := filepath.Join(root, "county.yaml")
	must(t, os.WriteFile(settings, []byte("tier: county\nnode: county-1\ndivision: \"330523\"\nname: 县中心\ndata_dir: "+filepath.Join(root, "data")+
		"\nlisten:\n  api: 127.0.0.1:1\n  federation: 127.0.0.1:2\n  peer: 127.0.0.1:3\nadvertise:\n  federation: 127.0.0.1:2\n  peer: 127.0.0.1:3\ntls:\n  mode: off\n"), 0o600))
	if _, err := configs.Load(settings, nil); err != nil {
		t.Fatal(err)
	}
	list := func() (names []string) {
		must(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error { names = append(names, path); return err }))
		return names
	}
	before := list()
	if err := diagnose(t.Context(), settings, "", false, io.Discard); err == nil {
		t.Error("all is well without a data directory")
	}
	if after := list(); !slices.Equal(before, after) {
		t.Errorf("%q became %q", before, after)
	}
}

// TestDoctorOfACredential: a hub that will not start for its credential is told
// so, and what to put back; a village asks above for the keys it lacks.
func TestDoctorOfACredential(t *testing.T) {
	dir := emptyHub(t)
	good, other := hubMembership(t), hubMembership(t)
	foreign, village := *good, *good
	foreign.Credential, village.Credential, village.County = other.Credential, other.Credential, nil
	for name, c := range map[string]struct {
		m    *federation.Membership
		want string
	}{
		"signed by the county":         {good, "ok credential"},
		"a hub's, by other keys":       {&foreign, "fault credential 节点凭证不是"},
		"a node below, by unseen keys": {&village, "warning credential 节点凭证由本机还不知道的县级密钥签发"},
	} {
		d := &diagnosis{ctx: t.Context(), m: c.m, key: storetest.Key}
		d.c.DataDir = dir
		d.credential()
		if got := d.said(); len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
