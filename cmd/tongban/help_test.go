package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Help is what people read first: it is looked at as a whole, and every
// command shows how it is used.
func TestHelpOfEveryCommand(t *testing.T) {
	desk(t)
	for _, top := range clientCommands() {
		root := newRoot()
		cmd, _, err := root.Find([]string{top.Name()})
		if err != nil {
			t.Fatal(err)
		}
		eachCommand(cmd, func(cmd *cobra.Command) {
			path := strings.Fields(cmd.CommandPath())[1:]
			name := filepath.Join("testdata", "help", strings.Join(path, "-")+".txt")
			r := tongban(t, append(path, "--help")...)
			if r.code != exitOK || r.err != "" {
				t.Errorf("%s --help: %+v", cmd.CommandPath(), r)
			}
			if *update {
				mustWrite(t, name, r.out)
			}
			want, err := os.ReadFile(name)
			if err != nil || string(want) != r.out {
				t.Errorf("%s: help differs from %s (-update writes it): %v\n%s", cmd.CommandPath(), name, err, r.out)
			}
		})
	}
}

func TestEveryCommandIsDocumented(t *testing.T) {
	commands := 0
	eachCommand(newRoot(), func(cmd *cobra.Command) {
		commands++
		path := cmd.CommandPath()
		if cmd.Example == "" || !strings.Contains(cmd.Example, "tongban") {
			t.Errorf("%s has no example", path)
		}
		if !strings.ContainsFunc(cmd.Short, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || !strings.ContainsFunc(cmd.Short, func(r rune) bool { return r >= 'a' && r <= 'z' }) {
			t.Errorf("%s is not described in both languages: %q", path, cmd.Short)
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if !strings.HasPrefix(line, "  ") || strings.HasSuffix(line, " ") {
				t.Errorf("%s: example line %q should be indented by two", path, line)
			}
		}
		if cmd.RunE == nil && cmd.Run == nil {
			t.Errorf("%s does nothing", path)
		}
	})
	if commands < 50 {
		t.Errorf("the walk met %d commands only", commands)
	}
}

// Examples are copied: each must be a command line that is right.
func TestExamplesParse(t *testing.T) {
	for _, top := range clientCommands() {
		eachCommand(top, func(cmd *cobra.Command) {
			for _, example := range strings.Split(strings.ReplaceAll(cmd.Example, "\\\n", " "), "\n") {
				words := strings.Fields(example)
				if len(words) < 2 || words[0] != "tongban" {
					continue // a shell's line
				}
				for i, word := range words {
					if word == ">" || word == "<" || word == "|" {
						words = words[:i]
						break
					}
				}
				root := newRoot()
				found, rest, err := root.Find(words[1:])
				if err != nil {
					t.Errorf("%s: %v", example, err)
					continue
				}
				if err := found.ParseFlags(rest); err != nil {
					t.Errorf("%s: %v", example, err)
				} else if err := found.ValidateArgs(found.Flags().Args()); err != nil {
					t.Errorf("%s: %v", example, err)
				} else if err := found.ValidateRequiredFlags(); err != nil {
					t.Errorf("%s: %v", example, err)
				}
			}
		})
	}
}

func TestHelpCommand(t *testing.T) {
	desk(t)
	if r := tongban(t, "help", "case", "submit"); r.code != exitOK || !strings.Contains(r.out, "tongban case submit [flags]") {
		t.Errorf("%+v", r)
	}
	if r := tongban(t, "help", "frob"); r.code != exitUsage {
		t.Errorf("%+v", r)
	}
	if r := tongban(t); r.code != exitOK || !strings.Contains(r.out, "tongban") {
		t.Errorf("%+v", r)
	}
}

func TestCompletionScripts(t *testing.T) {
	desk(t)
	for shell, sign := range map[string]string{
		"bash": "__start_tongban", "zsh": "#compdef tongban", "fish": "complete -c tongban", "powershell": "Register-ArgumentCompleter",
	} {
		if r := tongban(t, "completion", shell); r.code != exitOK || !strings.Contains(r.out, sign) {
			t.Errorf("%s: code %d, %d bytes", shell, r.code, len(r.out))
		}
	}
	if r := tongban(t, "completion", "tcsh"); r.code != exitUsage {
		t.Errorf("%+v", r)
	}
}

func TestItemCodesAreCompleted(t *testing.T) {
	items := client.ItemList{Total: 2, Items: []client.ItemSummary{
		{Code: "TB-XZRZ-005", Name: "生育登记", AcceptTiers: []client.Tier{"village"}, DecideTier: "township", Status: client.StatusInForce},
		{Code: "TB-OTHER-001", Name: "按名称相符", AcceptTiers: []client.Tier{"village"}, DecideTier: "township", Status: client.StatusInForce},
	}}
	n := signedIn(t, map[string]any{"listItems": items})
	for _, line := range [][]string{{"item", "show", "TB-X"}, {"case", "submit", "--item", "TB-X"}, {"case", "list", "--item", "TB-X"}} {
		if r := tongban(t, append([]string{"__complete"}, line...)...); !strings.HasPrefix(r.out, "TB-XZRZ-005\t生育登记\n:4\n") {
			t.Errorf("%v: %+v", line, r)
		}
	}
	if got := n.calls("listItems"); len(got) != 3 || got[0].query != "limit=500&query=TB-X" {
		t.Errorf("%+v", got)
	}
	if r := tongban(t, "__complete", "case", "act", "X", ""); !strings.Contains(r.out, "accept\n") || !strings.Contains(r.out, "deliver\n") {
		t.Errorf("%+v", r)
	}
	// Without a session nothing is asked, and nothing is said.
	tongban(t, "logout")
	if r := tongban(t, "__complete", "item", "show", "TB-X"); r.out != ":4\n" {
		t.Errorf("%+v", r)
	}
}

func TestLanguage(t *testing.T) {
	desk(t)
	for _, row := range []struct{ lang, all, flag, want string }{
		{"zh_CN.UTF-8", "", "", "到期日"}, {"", "", "", "到期日"}, {"C", "", "", "到期日"}, {"de_DE", "", "", "到期日"},
		{"en_GB.UTF-8", "", "", "due"}, {"en_GB.UTF-8", "zh_CN", "", "到期日"}, {"zh_CN", "", "en", "due"}, {"en_US", "", "zh", "到期日"},
	} {
		t.Setenv("LANG", row.lang)
		t.Setenv("LC_ALL", row.all)
		r := tongban(t, "calendar", "due", "--from", "2026-09-29", "--days", "5", "--lang", row.flag)
		if !strings.HasPrefix(r.out, row.want) {
			t.Errorf("%+v: %+v", row, r)
		}
	}
}

// A tree of commands is made anew for every run: flags of one run must not
// linger in the next.
func TestRunsAreIndependent(t *testing.T) {
	desk(t)
	first := tongban(t, "calendar", "due", "--from", "2026-09-29", "--days", "5", "--suspend", "2026-09-30..2026-10-09")
	second := tongban(t, "calendar", "due", "--from", "2026-09-29", "--days", "5")
	if first.out == second.out {
		t.Errorf("%+v %+v", first, second)
	}
	var out bytes.Buffer
	if code := run(context.Background(), nil, strings.NewReader(""), &out, &out); code != exitOK {
		t.Error(code)
	}
}

func mustWrite(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
