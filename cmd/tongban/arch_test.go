package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tongban/tongban"

// floors is the import law between the top-level folders: imports go down
// only. Test files keep it too, or a package could not be tested without the
// floors above it.
var floors = map[string]struct {
	below []string
	why   string
}{
	"cmd":        {[]string{"api", "federation", "store", "node", "configs"}, "the roof wires everything together"},
	"api":        {[]string{"federation", "store", "node", "configs"}, "nothing but cmd may depend on api, and api starts no process"},
	"federation": {[]string{"store", "node"}, "how nodes work together must not depend on what people see over HTTP"},
	"store":      {[]string{"node"}, "what a node remembers must not depend on how it is asked or synchronised"},
	"node":       {nil, "the domain is the ground floor: it must be readable, testable and replayable alone"},
	"configs":    {nil, "settings are plain values handed down by cmd; a room that reads them itself cannot be tested with others"},
}

// groundModules are the small pure libraries the ground floor may use.
var groundModules = []string{"github.com/google/uuid", "golang.org/x/mod/sumdb", "golang.org/x/text"}

// homes says where a library is at home. Test files may use it anywhere: a
// test of the hub needs a real database to apply to.
var homes = []struct {
	imports, rooms []string
	why            string
}{
	{[]string{"database/sql", "github.com/mattn/go-sqlite3", "github.com/pressly/goose/v3"}, []string{"store"},
		"SQL lives in store only, so that every durable write passes the one place that sets synchronous=FULL and the applied index"},
	{[]string{"net/http", "github.com/gorilla/mux"}, []string{"api", "federation", "cmd"},
		"HTTP is an edge: the domain and the store are called by it and never call out"},
	{[]string{"github.com/hashicorp/raft", "github.com/hashicorp/raft-boltdb", "go.etcd.io/bbolt"}, []string{"federation/county"},
		"consensus is the county's own affair; everybody else proposes and reads through the hub"},
	{[]string{"net/smtp"}, []string{"federation/notify"},
		"what leaves the county for applicants leaves by one door, which knows how much a message may say"},
	{[]string{"github.com/coreos/go-oidc/v3", "golang.org/x/oauth2", "github.com/go-jose/go-jose/v4"}, []string{"federation/oidc"},
		"what an identity provider says of a person is believed in one place, after one set of checks"},
	{[]string{"filippo.io/age", "golang.org/x/crypto/ssh"}, []string{"federation/seal"},
		"what leaves a node in a file is sealed in one place, so that who may read it is decided in one way"},
	{[]string{"github.com/boombuler/barcode"}, []string{"api"},
		"how a document looks is the edge's affair; what it proves is node/proof's"},
	{[]string{"github.com/xuri/excelize/v2"}, []string{"api"},
		"tables for people are written where they leave over HTTP; below they are values"},
	{[]string{"github.com/spf13/cobra", "github.com/spf13/pflag", "flag"}, []string{"cmd"},
		"flags live in cmd only; below it settings are arguments"},
}

// annexes are packages within a floor that keep a narrower law: what they may
// import of the module, and by whom they may be imported.
var annexes = []struct {
	room         string
	below, users []string
	why          string
}{
	{"cmd/tongban/loopback", []string{"api/client"}, []string{"cmd/tongban/demo", "cmd/tongban/faults", "cmd/bench"},
		"it runs nodes from outside, for the demo, the bench and the fault tests: it knows their program, ports and API, and none of its users; what ships in a node does not use it"},
}

const (
	whyClock  = "reads the clock: two replicas applying one entry would differ; take the instant as an argument, stamped once at the edge"
	whyRandom = "is random: two replicas applying one entry would differ; resolve it at the edge and carry it in the entry"
	whyIO     = "touches this machine: the same entry must give the same state on every node; take the content as an argument"
	whyOrder  = "starts a goroutine: what runs beside the caller has no fixed order, and replay needs one"
	whyDot    = "is imported with a dot, which hides the names this test looks for"
)

// bannedImports may not be imported at all where results must be replayable.
// A path ending in "/" stands for everything below it.
var bannedImports = []struct{ path, why string }{
	{"math/rand", whyRandom}, {"math/rand/", whyRandom}, {"crypto/rand", whyRandom}, {"hash/maphash", whyRandom},
	{"os", whyIO}, {"os/", whyIO}, {"syscall", whyIO}, {"golang.org/x/sys/", whyIO},
	{"net", whyIO}, {"net/", whyIO},
}

// pureNet are the packages below net that only parse text.
var pureNet = []string{"net/netip", "net/url", "net/mail", "net/textproto"}

// bannedNames may not be mentioned, called or not, where results must be
// replayable.
var bannedNames = map[string]struct {
	names []string
	why   string
}{
	"time":                   {[]string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep", "Local"}, whyClock},
	"github.com/google/uuid": {[]string{"New", "NewString", "NewRandom", "NewUUID", "NewV6", "NewV7"}, whyRandom},
	"crypto/ed25519":         {[]string{"GenerateKey"}, whyRandom},
	"crypto/ecdsa":           {[]string{"GenerateKey", "Sign", "SignASN1"}, whyRandom},
	"crypto/rsa":             {[]string{"GenerateKey"}, whyRandom},
}

// replayable reports whether a file's results must be the same on every node:
// the domain, and the part of store that applies entries.
func replayable(file string) bool {
	return strings.HasPrefix(file, "node/") || strings.HasPrefix(file, "store/apply")
}

func TestImportLaw(t *testing.T) {
	root := filepath.Join("..", "..")
	broken, files, err := inspect(root)
	if err != nil {
		t.Fatal(err)
	}
	if files < 2 {
		t.Fatalf("looked at %d files below %s: this is not the repository", files, root)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

// The law is worth nothing if a breach goes unseen: each is planted in a tree
// of its own, beside what is allowed.
func TestImportLawSeesBreaches(t *testing.T) {
	rows := []struct{ name, file, source, want string }{
		{"up one floor", "store/a.go", `import _ "` + module + `/federation/feed"`, "the store floor may not import federation"},
		{"up from the ground", "node/casework/a.go", `import _ "` + module + `/store"`, "the node floor may not import store"},
		{"up in a test", "federation/feed/a_test.go", `import _ "` + module + `/api"`, "the federation floor may not import api"},
		{"settings in a room", "federation/feed/a.go", `import _ "` + module + `/configs"`, "may not import configs"},
		{"settings import", "configs/a.go", `import _ "` + module + `/node"`, "the configs floor may not import node"},
		{"unknown room", "util/a.go", ``, "not a room"},
		{"down", "api/a.go", `import (_ "` + module + `/store"; _ "` + module + `/node/division")`, ""},
		{"own floor", "node/casework/a.go", `import _ "` + module + `/node/ledger"`, ""},

		{"annex upwards", "cmd/tongban/loopback/a.go", `import _ "` + module + `/cmd/tongban/demo"`, "cmd/tongban/loopback may not import cmd/tongban/demo"},
		{"annex into a node", "cmd/tongban/loopback/a_test.go", `import _ "` + module + `/federation"`, "cmd/tongban/loopback may not import federation"},
		{"annex shipped", "cmd/tongban/serve.go", `import _ "` + module + `/cmd/tongban/loopback"`, "cmd/tongban may not import cmd/tongban/loopback"},
		{"annex used", "cmd/bench/a.go", `import _ "` + module + `/cmd/tongban/loopback"`, ""},
		{"annex down", "cmd/tongban/loopback/a.go", `import _ "` + module + `/api/client"`, ""},

		{"library on the ground", "node/a.go", `import _ "github.com/klauspost/compress/zstd"`, "pure libraries"},
		{"pure library on the ground", "node/a.go", `import _ "golang.org/x/mod/sumdb/tlog"`, ""},
		{"SQL outside", "api/a.go", `import _ "database/sql"`, "SQL lives in store only"},
		{"driver outside", "cmd/bench/a.go", `import _ "github.com/mattn/go-sqlite3"`, "SQL lives in store only"},
		{"SQL in a test", "federation/county/a_test.go", `import _ "database/sql"`, ""},
		{"SQL at home", "store/a.go", `import _ "database/sql"`, ""},
		{"HTTP in store", "store/a.go", `import _ "net/http/httputil"`, "HTTP is an edge"},
		{"Raft in feed", "federation/feed/a.go", `import _ "github.com/hashicorp/raft"`, "consensus"},
		{"Raft store in cmd", "cmd/tongban/a.go", `import _ "github.com/hashicorp/raft-boltdb/v2"`, "consensus"},
		{"Raft beside county", "federation/countyfair/a.go", `import _ "github.com/hashicorp/raft"`, "consensus"},
		{"Raft at home", "federation/county/a.go", `import _ "github.com/hashicorp/raft"`, ""},
		{"cobra in api", "api/a.go", `import _ "github.com/spf13/cobra"`, "flags live in cmd"},
		{"flag in api", "api/a.go", `import _ "flag"`, "flags live in cmd"},

		{"now", "node/a.go", `import "time"; var x = time.Now()`, "time.Now reads the clock"},
		{"now as a value", "node/a.go", `import "time"; var x = time.Now`, "time.Now reads the clock"},
		{"now renamed", "node/a.go", `import clock "time"; var x = clock.Now()`, "time.Now reads the clock"},
		{"now by dot", "node/a.go", `import . "time"; var x = Now()`, "imported with a dot"},
		{"since", "store/apply_case.go", `import "time"; func f(t time.Time) any { return time.Since(t) }`, "time.Since reads the clock"},
		{"after", "store/apply.go", `import "time"; var x = time.After(1)`, "time.After reads the clock"},
		{"now in store at large", "store/open.go", `import "time"; var x = time.Now()`, ""},
		{"now in a test", "node/a_test.go", `import "time"; var x = time.Now()`, ""},
		{"time as an argument", "node/a.go", `import "time"; func f(t time.Time) int64 { return t.UnixMilli() }`, ""},
		{"shadowed", "node/a.go", `import "time"; type s struct{ Now int }; func f(time s) int { return time.Now }; var _ time.Time`, ""},
		{"math/rand", "node/a.go", `import _ "math/rand"`, "is random"},
		{"math/rand/v2", "node/a.go", `import _ "math/rand/v2"`, "is random"},
		{"crypto/rand", "store/applycard.go", `import _ "crypto/rand"`, "is random"},
		{"new id", "node/a.go", `import "github.com/google/uuid"; var x = uuid.New()`, "is random"},
		{"parsed id", "node/a.go", `import "github.com/google/uuid"; var x = uuid.MustParse("")`, ""},
		{"new key", "node/a.go", `import "crypto/ed25519"; func f() { ed25519.GenerateKey(nil) }`, "is random"},
		{"os", "node/a.go", `import "os"; var x = os.Getpid()`, "touches this machine"},
		{"os/exec", "node/a.go", `import _ "os/exec"`, "touches this machine"},
		{"net", "node/a.go", `import _ "net"`, "touches this machine"},
		{"net/netip", "node/a.go", `import _ "net/netip"`, ""},
		{"goroutine", "node/a.go", `func f() { go f() }`, "starts a goroutine"},
		{"goroutine in apply", "store/apply/a.go", `func f() { go f() }`, "starts a goroutine"},
		{"goroutine in store at large", "store/a.go", `func f() { go f() }`, ""},

		{"another module", "store/shim/a.go", `import _ "` + module + `/api"`, ""},
		{"test data", "node/testdata/a.go", `import _ "os"`, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			root := t.TempDir()
			plant(t, root, "go.mod", "module "+module+"\n")
			plant(t, root, "store/shim/go.mod", "module example.org/shim\n")
			plant(t, root, row.file, "package p\n\n"+row.source+"\n")
			broken, _, err := inspect(root)
			if err != nil {
				t.Fatal(err)
			}
			if row.want == "" {
				if len(broken) > 0 {
					t.Errorf("allowed, but refused: %q", broken)
				}
				return
			}
			if !slices.ContainsFunc(broken, func(b string) bool {
				return strings.HasPrefix(b, row.file+":") && strings.Contains(b, row.want)
			}) {
				t.Errorf("want %q at %s, got %q", row.want, row.file, broken)
			}
		})
	}
}

// inspect reads every Go file of the module at root, whatever its build tags,
// and lists the breaches of the law as "file:line: what and why".
func inspect(root string) (broken []string, files int, err error) {
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && skipped(name, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		found, err := inspectFile(name, filepath.ToSlash(rel))
		broken = append(broken, found...)
		files++
		return err
	})
	return broken, files, err
}

// skipped leaves out what the go command leaves out, and modules of their own.
func skipped(name, base string) bool {
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil
}

func inspectFile(name, rel string) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, 0)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", rel, err)
	}
	var broken []string
	report := func(at token.Pos, format string, args ...any) {
		broken = append(broken, fmt.Sprintf("%s:%d: ", rel, set.Position(at).Line)+fmt.Sprintf(format, args...))
	}
	room, _, nested := strings.Cut(rel, "/")
	floor, known := floors[room]
	if !known || !nested {
		report(file.Package, "%s is not a room: Go code lives in cmd, api, federation, store, node or configs, where readers look for it", room)
		return broken, nil
	}
	test := strings.HasSuffix(rel, "_test.go")
	strict := replayable(rel) && !test
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", rel, err)
		}
		if own, ok := strings.CutPrefix(imported, module+"/"); ok {
			other, _, _ := strings.Cut(own, "/")
			if other != room && !slices.Contains(floor.below, other) {
				report(spec.Pos(), "the %s floor may not import %s: %s", room, other, floor.why)
			}
			for _, a := range annexes {
				from := path.Dir(rel)
				switch {
				case within(from, a.room) && !within(own, a.room) && !slices.Contains(a.below, own):
					report(spec.Pos(), "%s may not import %s: %s", a.room, own, a.why)
				case within(own, a.room) && !within(from, a.room) && !slices.Contains(a.users, from):
					report(spec.Pos(), "%s may not import %s: %s", from, a.room, a.why)
				}
			}
			continue
		}
		if test {
			continue
		}
		for _, home := range homes {
			if slices.ContainsFunc(home.imports, func(p string) bool { return within(imported, p) }) &&
				!slices.ContainsFunc(home.rooms, func(p string) bool { return within(path.Dir(rel), p) }) {
				report(spec.Pos(), "%s is for %s only: %s", imported, strings.Join(home.rooms, ", "), home.why)
			}
		}
		if room == "node" && thirdParty(imported) && !slices.ContainsFunc(groundModules, func(p string) bool { return within(imported, p) }) {
			report(spec.Pos(), "%s: the ground floor may use the standard library and small pure libraries only (%s)", imported, strings.Join(groundModules, ", "))
		}
		if strict {
			if why := bannedImport(imported); why != "" {
				report(spec.Pos(), "%s %s", imported, why)
			}
			if spec.Name != nil && spec.Name.Name == "." {
				report(spec.Pos(), "%s %s", imported, whyDot)
			}
		}
	}
	if strict {
		inspectNames(file, report)
	}
	return broken, nil
}

// inspectNames looks for what may not be mentioned where results must be
// replayable.
func inspectNames(file *ast.File, report func(token.Pos, string, ...any)) {
	imports := map[string]string{}
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			local := path.Base(imported)
			if spec.Name != nil {
				local = spec.Name.Name
			}
			imports[local] = imported
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n.Pos(), "go statement %s", whyOrder)
		case *ast.SelectorExpr:
			// An identifier that the parser resolved is a variable, not a package.
			base, ok := n.X.(*ast.Ident)
			if !ok || base.Obj != nil {
				return true
			}
			banned := bannedNames[imports[base.Name]]
			if slices.Contains(banned.names, n.Sel.Name) {
				report(n.Pos(), "%s.%s %s", path.Base(imports[base.Name]), n.Sel.Name, banned.why)
			}
		}
		return true
	})
}

func bannedImport(imported string) string {
	for _, b := range bannedImports {
		below := strings.HasSuffix(b.path, "/") && strings.HasPrefix(imported, b.path)
		if (imported == b.path || below) && !slices.Contains(pureNet, imported) {
			return b.why
		}
	}
	return ""
}

// within reports whether p is base or lies below it.
func within(p, base string) bool { return p == base || strings.HasPrefix(p, base+"/") }

// thirdParty tells libraries from the standard library by the dot of a host.
func thirdParty(imported string) bool {
	host, _, _ := strings.Cut(imported, "/")
	return strings.Contains(host, ".")
}

func plant(t *testing.T, root, name, content string) {
	t.Helper()
	full := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
