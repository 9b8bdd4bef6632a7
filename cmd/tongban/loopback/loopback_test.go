package loopback_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// TestMain makes the test's own binary the program that Serve starts: it waits
// for a signal, or ends by itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		if os.Getenv("LOOPBACK_TEST") == "falls" {
			os.Exit(3)
		}
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("serving", os.Args[3])
		<-stop
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLine(t *testing.T) {
	far, err := net.Listen("tcp", loopback.Address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	go func() {
		for {
			c, err := far.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c)
		}
	}()
	port, err := loopback.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	line := loopback.NewLine(port, far.Addr().(*net.TCPAddr).Port)
	if _, err := net.Dial("tcp", loopback.Address(port)); err == nil {
		t.Fatal("a new line is open")
	}
	for round := range 2 {
		if err := errors.Join(line.Mend(), line.Mend()); err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", loopback.Address(port))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		echo := make([]byte, 5)
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, echo); err != nil || string(echo) != "hello" {
			t.Fatalf("%q, %v", echo, err)
		}
		line.Cut()
		if _, err := c.Read(echo); err == nil {
			t.Error("what was on the line outlived the cut")
		}
		if _, err := net.Dial("tcp", loopback.Address(port)); err == nil {
			t.Error("a line that is cut takes connections")
		}
		if want := int64(5 * (round + 1)); line.Up() != want || line.Down() != want {
			t.Errorf("carried %d up, %d down, want %d", line.Up(), line.Down(), want)
		}
	}
}

func TestPerson(t *testing.T) {
	logins, revoked := 0, false
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/v1/session":
			logins++
			fmt.Fprintf(w, `{"access_token":"t%d","expires_at":%d}`, logins, time.Now().Add(time.Hour).UnixMilli())
		case revoked || r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", logins):
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"code":"unauthorized","message_zh":"请登录"}`)
		case r.URL.Path == "/echo":
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, `%s|%s|%s`, r.Header.Get("Content-Type"), r.Header.Get("Idempotency-Key"), body)
		}
	}))
	defer node.Close()
	p := (&loopback.Person{Login: "somebody", Password: "secret", Web: node.Client()}).At(node.URL)
	for _, row := range []struct {
		in   any
		want string
	}{{nil, "|k|"}, {[]byte(nil), "|k|"}, {[]byte("raw"), "application/json|k|raw"}, {map[string]int{"a": 1}, `application/json|k|{"a":1}`}} {
		var got []byte
		if err := p.Post(t.Context(), "/echo", row.in, "k", &got); err != nil || string(got) != row.want {
			t.Errorf("%v: %q, %v, want %q", row.in, got, err, row.want)
		}
	}
	if logins != 1 {
		t.Errorf("logged in %d times", logins)
	}
	revoked = true
	err := p.Get(t.Context(), "/echo", nil)
	var no *loopback.Refusal
	if !errors.As(err, &no) || no.Status != http.StatusUnauthorized || !loopback.IsRefused(err, "unauthorized") || !strings.Contains(err.Error(), "请登录") {
		t.Errorf("refused with %v", err)
	}
	revoked = false
	if err := p.Get(t.Context(), "/echo", new([]byte)); err != nil || logins != 2 {
		t.Errorf("after a lost session: %v, %d logins", err, logins)
	}
}

func TestProcess(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	for _, row := range []struct {
		sig  syscall.Signal
		want string
	}{{syscall.SIGTERM, "<nil>"}, {syscall.SIGKILL, "signal: killed"}} {
		p, err := loopback.Serve(loopback.Start{Binary: own, Config: "node.yaml", Log: log})
		if err != nil {
			t.Fatal(err)
		}
		err = loopback.Await(t.Context(), "its log", time.Minute, time.Millisecond, func(context.Context) error {
			text, err := os.ReadFile(log)
			if err == nil && string(text) != "serving node.yaml\n" {
				err = fmt.Errorf("%q", text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p.End(row.sig, time.Minute)
		if got := fmt.Sprint(p.Err()); got != row.want {
			t.Errorf("%v: ended with %v, want %s", row.sig, got, row.want)
		}
		if err := os.Remove(log); err != nil {
			t.Fatal(err)
		}
	}
	p, err := loopback.Serve(loopback.Start{Binary: own, Config: "node.yaml", Log: log, Env: []string{"LOOPBACK_TEST=falls"}})
	if err != nil {
		t.Fatal(err)
	}
	err = loopback.Await(t.Context(), "readiness", time.Hour, time.Millisecond, func(ctx context.Context) error {
		return p.Ready(ctx, http.DefaultClient, "http://"+loopback.Address(1))
	})
	if !errors.Is(err, loopback.ErrEnded) {
		t.Errorf("waiting for a process that ended: %v", err)
	}
}

func TestSettings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "village-1")
	s := loopback.Settings{Tier: "village", Node: "village-1", Division: "330523110220", Name: "村", API: 1, Township: []int{2}, County: []int{3, 4}, More: "demo: true\n"}
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(loopback.Config(dir))
	if err != nil {
		t.Fatal(err)
	}
	want := `tier: village
node: village-1
division: "330523110220"
name: 村
data_dir: data
listen:
  api: 127.0.0.1:1
upstream:
  township: [https://127.0.0.1:2]
  county: [https://127.0.0.1:3, https://127.0.0.1:4]
demo: true
`
	if string(got) != want {
		t.Errorf("%s", got)
	}
}
