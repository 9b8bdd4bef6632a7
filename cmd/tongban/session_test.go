package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
)

var someHubs = client.HubReport{Self: "county-1", State: "Leader", Leader: "county-1", Term: 2, Commit: 9, Applied: 9, Ready: true,
	Hubs: []client.Hub{{Id: "county-1", Address: "10.0.0.11:8444", Leader: true, Voter: true, Reachable: true, Ready: true}}}

func TestLoginIsKeptForItsOwnerOnly(t *testing.T) {
	n := signedIn(t, map[string]any{"listHubs": someHubs})
	file, err := openSessionFile()
	if err != nil {
		t.Fatal(err)
	}
	about, err := os.Stat(file.path)
	if err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("session file: %v, %v", about, err)
	}
	if folder, err := os.Stat(filepath.Dir(file.path)); err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v, %v", folder, err)
	}
	if r := tongban(t, "raft", "status"); r.code != exitOK || !strings.Contains(r.out, "county-1") {
		t.Errorf("the session is not used: %+v", r)
	}
	if len(n.calls("login")) != 1 {
		t.Errorf("logged in %d times", len(n.calls("login")))
	}
	if r := tongban(t, "logout"); r.code != exitOK {
		t.Errorf("logout: %+v", r)
	}
	if len(n.calls("logout")) != 1 {
		t.Error("the node was not told")
	}
	left, err := os.ReadFile(file.path)
	if err != nil || bytes.Contains(left, []byte("refresh-")) {
		t.Errorf("tokens are left behind: %s, %v", left, err)
	}
	if r := tongban(t, "raft", "status", "--node", n.url); r.code != exitRefused || !strings.Contains(r.err, "请先登录") {
		t.Errorf("after logout: %+v", r)
	}
}

func TestSessionIsRenewed(t *testing.T) {
	t.Run("before the token ends", func(t *testing.T) {
		desk(t)
		n := newFakeNode(t, map[string]any{"listHubs": someHubs})
		n.lifetime = time.Second // ends within early
		mustLogIn(t, n)
		n.lifetime = time.Hour
		if r := tongban(t, "raft", "status"); r.code != exitOK {
			t.Fatalf("%+v", r)
		}
		if len(n.calls("refreshSession")) != 1 || len(n.calls("listHubs")) != 1 {
			t.Error("not renewed beforehand")
		}
	})
	t.Run("when the node refuses the token", func(t *testing.T) {
		n := signedIn(t, map[string]any{"listHubs": someHubs, "addHub": nil})
		n.forget()
		if r := tongban(t, "raft", "add", "county-2", "10.0.0.12:8444"); r.code != exitOK {
			t.Fatalf("%+v", r)
		}
		sent := n.calls("addHub")
		if len(sent) != 2 || sent[1].body != sent[0].body || sent[1].body == "" {
			t.Errorf("the request was not repeated whole: %+v", sent)
		}
	})
	t.Run("by password when the session is over", func(t *testing.T) {
		n := signedIn(t, map[string]any{"listHubs": someHubs})
		n.forget()
		n.mustLogin = true
		if r := tongban(t, "raft", "status"); r.code != exitRefused || !strings.Contains(r.err, "tongban login") {
			t.Errorf("without a password: %+v", r)
		}
		if r := tongban(t, "raft", "status", "--user", "clerk", "--password-file", mustFile(t, "right\n")); r.code != exitOK {
			t.Errorf("with it: %+v", r)
		}
	})
}

func TestPasswordFromTheEnvironment(t *testing.T) {
	desk(t)
	n := newFakeNode(t, map[string]any{"listHubs": someHubs})
	t.Setenv(envNode, n.url)
	t.Setenv(envUser, "clerk")
	t.Setenv(envPasswordFile, mustFile(t, "right\r\nsecond line"))
	for range 2 {
		if r := tongban(t, "raft", "status"); r.code != exitOK {
			t.Fatalf("%+v", r)
		}
	}
	if got := n.calls("login"); len(got) != 1 || got[0].body != `{"login":"clerk","mode":"bearer","password":"right"}` {
		t.Errorf("logins: %+v", got)
	}
	// The same variable may hold the id of a node that runs here.
	t.Setenv(envNode, "village-07")
	if r := tongban(t, "raft", "status"); r.code != exitOK {
		t.Errorf("an id is taken for an address: %+v", r)
	}
}

func TestWrongPassword(t *testing.T) {
	desk(t)
	n := newFakeNode(t, nil)
	r := typing(t, "wrong\n", "login", "--node", n.url, "--user", "clerk", "--password-file", "-")
	if r.code != exitRefused || !strings.Contains(r.err, "登录名或密码不正确 [login_failed]") || strings.Contains(r.err+r.out, "wrong\n") {
		t.Errorf("%+v", r)
	}
}

func TestFirstLoginChangesThePassword(t *testing.T) {
	desk(t)
	n := newFakeNode(t, nil)
	n.stale = true
	r := typing(t, "right\n", "login", "--node", n.url, "--user", "clerk", "--password-file", "-")
	if r.code != exitOK || !strings.Contains(r.err, "请先修改密码") {
		t.Errorf("no word of it: %+v", r)
	}
	r = typing(t, "right\n", "login", "--user", "clerk", "--password-file", "-", "--new-password-file", mustFile(t, "better"))
	if r.code != exitOK || strings.Contains(r.err, "请先修改密码") || n.password != "better" {
		t.Errorf("not changed: %+v, %q", r, n.password)
	}
}

// Commands run side by side share one refresh token, which works once.
func TestCommandsSideBySideRenewOnce(t *testing.T) {
	desk(t)
	n := newFakeNode(t, map[string]any{"listHubs": someHubs})
	n.lifetime = time.Second
	mustLogIn(t, n)
	n.mu.Lock()
	n.lifetime = time.Hour
	n.mu.Unlock()
	var group sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		group.Go(func() {
			var out, errors bytes.Buffer
			codes[i] = run(context.Background(), []string{"raft", "status"}, strings.NewReader(""), &out, &errors)
		})
	}
	group.Wait()
	for _, code := range codes {
		if code != exitOK {
			t.Fatalf("exit codes %v", codes)
		}
	}
	if got := len(n.calls("refreshSession")); got != 1 {
		t.Errorf("renewed %d times", got)
	}
}

// Who the commands speak as changes by login only: not by a command for
// somebody else, nor by a token that was renewed on the way.
func TestWhoSpeaksChangesByLoginOnly(t *testing.T) {
	var list sessionList
	list.put(savedSession{Node: "http://a", User: "one", Refresh: "1"})
	list.put(savedSession{Node: "http://b", User: "two", Refresh: "2"})
	list.put(savedSession{Node: "http://a", User: "three", Refresh: "3"})
	list.put(savedSession{Node: "http://a", User: "three", Refresh: "4"})
	if got := list.find("http://a", ""); list.Current != "http://a" || got.User != "one" || len(list.Sessions) != 3 {
		t.Errorf("%+v", list)
	}
	if got := list.find("http://a", "three"); got.Refresh != "4" {
		t.Errorf("%+v", got)
	}
	list.lead("http://a", "three")
	list.lead("http://b", "two")
	if got := list.find("http://a", ""); list.Current != "http://b" || got.User != "three" || len(list.Sessions) != 3 {
		t.Errorf("%+v", list)
	}
	list.remove("http://a", "three")
	if got := list.find("http://a", "three"); got.Refresh != "" || got.User != "three" {
		t.Errorf("%+v", got)
	}
}

func TestLockOfTheDead(t *testing.T) {
	desk(t)
	file, err := openSessionFile()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := file.lock(ended); err == nil {
		t.Error("locked twice")
	}
	long := time.Now().Add(-2 * lockStale)
	if err := os.Chtimes(file.path+".lock", long, long); err != nil {
		t.Fatal(err)
	}
	unlock, err := file.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestTornSessionFileCostsALogin(t *testing.T) {
	n := signedIn(t, map[string]any{"listHubs": someHubs})
	file, err := openSessionFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file.path, []byte(`{"sess`), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := tongban(t, "raft", "status", "--node", n.url); r.code != exitRefused || !strings.Contains(r.err, "请先登录") {
		t.Errorf("%+v", r)
	}
}

func TestExitCodes(t *testing.T) {
	desk(t)
	elsewhere := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer thief.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/moved") {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte("<html>"))
	}))
	defer page.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	private := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, client.ThisNode{Node: "county-1", Tier: "county", Division: "330523", Name: "县中心", Version: "1", Line: client.Line{State: client.LineUp}})
	}))
	private.Config.ErrorLog = log.New(io.Discard, "", 0) // one row refuses its certificate
	private.StartTLS()
	defer private.Close()
	ca := mustFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: private.Certificate().Raw})))
	rows := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing listens", []string{"node", "show", "--node", gone.URL}, exitUnreachable, "无法连接节点"},
		{"another program listens", []string{"node", "show", "--node", page.URL}, exitRefused, "没有按通办接口回答"},
		{"redirected", []string{"node", "show", "--node", page.URL + "/moved"}, exitRefused, "307"},
		{"certificate unknown", []string{"node", "show", "--node", private.URL}, exitUnreachable, "--ca"},
		{"certificate known", []string{"node", "show", "--node", private.URL, "--ca", ca}, exitOK, ""},
		{"certificate missing", []string{"node", "show", "--node", private.URL, "--ca", ca + "x"}, exitUsage, "CA"},
		{"no certificate in it", []string{"node", "show", "--node", private.URL, "--ca", mustFile(t, "x")}, exitUsage, "没有证书"},
		{"no node named", []string{"node", "show"}, exitUsage, "--node"},
		{"no address", []string{"node", "show", "--node", "ftp://x"}, exitUsage, "节点地址不正确"},
		{"password in the address", []string{"node", "show", "--node", "http://a:b@c"}, exitUsage, "节点地址不正确"},
		{"no session", []string{"raft", "status", "--node", page.URL}, exitRefused, "请先登录"},
		{"no session where nothing listens", []string{"sync", "status", "--node", gone.URL}, exitUnreachable, "无法连接节点"},
		{"no command", []string{"nodes"}, exitUsage, "node"},
		{"no subcommand", []string{"node", "shwo"}, exitUsage, "show"},
		{"unknown flag", []string{"node", "show", "--frob"}, exitUsage, "--frob"},
		{"missing flag", []string{"node", "invite", "--node", page.URL}, exitUsage, "tier"},
		{"missing word", []string{"node", "rename", "x"}, exitUsage, "NAME"},
		{"one word too many", []string{"raft", "remove", "a", "b"}, exitUsage, `"b"`},
		{"a word too many", []string{"version", "x"}, exitUsage, `"x"`},
		{"login without a person", []string{"login", "--node", page.URL}, exitUsage, "--password-file"},
		{"no password file", []string{"login", "--node", page.URL, "--user", "a", "--password-file", ca + "x"}, exitUsage, "密码文件"},
		{"empty password", []string{"login", "--node", page.URL, "--user", "a", "--password-file", mustFile(t, "\n")}, exitUsage, "为空"},
		{"password without user", []string{"login", "--node", page.URL, "--password-file", ca}, exitUsage, "--user"},
		{"help", []string{"node", "--help"}, exitOK, ""},
		{"version", []string{"version", "--json"}, exitOK, ""},
		{"nothing to log out of", []string{"logout", "--node", page.URL}, exitOK, "没有已保存的登录"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := tongban(t, row.args...)
			if r.code != row.code || !strings.Contains(r.err, row.says) {
				t.Errorf("%+v, want %d and %q", r, row.code, row.says)
			}
			if row.code != exitOK && r.out != "" {
				t.Errorf("an error on standard output: %s", r.out)
			}
		})
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed")
	}
}

func TestInterrupted(t *testing.T) {
	n := signedIn(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	n.answers = map[string]any{"listHubs": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // the command has gone
		reply(w, someHubs)
	})}
	var out, errors bytes.Buffer
	if code := run(ctx, []string{"raft", "status"}, strings.NewReader(""), &out, &errors); code != exitRefused || errors.String() != "已中断\n" {
		t.Errorf("%d %s", code, errors.String())
	}
}

func TestPlainTo(t *testing.T) {
	for address, plain := range map[string]bool{
		"http://10.0.0.1:8080": true, "http://hub.example": true, "https://hub.example": false,
		"http://127.0.0.1:80": false, "http://[::1]:80": false, "http://localhost:80": false,
	} {
		if plainTo(address) != plain {
			t.Errorf("plainTo(%s) = %v", address, !plain)
		}
	}
}

func mustLogIn(t *testing.T, n *fakeNode) {
	t.Helper()
	if r := typing(t, "right\n", "login", "--node", n.url, "--user", "clerk", "--password-file", "-"); r.code != exitOK {
		t.Fatalf("login: %+v", r)
	}
}

func mustFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Whoever logs in at a node that the county has cast out is told so at once.
func TestLoginSaysThatTheNodeWasRevoked(t *testing.T) {
	desk(t)
	n := newFakeNode(t, nil)
	n.notice = client.Notice{Code: "node_revoked", Zh: "本节点已被县中心吊销", En: "the county revoked this node"}
	r := typing(t, "right\n", "login", "--node", n.url, "--user", "clerk", "--password-file", "-")
	if r.code != exitOK || !strings.Contains(r.err, "本节点已被县中心吊销") {
		t.Errorf("%+v", r)
	}
}
