package demo

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A check that fails names the folder of its logs, which is still there.
func TestFailedCheckKeepsItsLogs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	err := Run(t.Context(), Options{Check: true, Binary: "/bin/false", Out: io.Discard})
	if err == nil {
		t.Fatal("a program that always fails passed")
	}
	named := regexp.MustCompile(`\S*tongban-demo-\w+`).FindString(strings.TrimPrefix(err.Error()[strings.Index(err.Error(), "日志："):], "日志："))
	if _, statErr := os.Stat(filepath.Join(named, planFile)); named == "" || statErr != nil {
		t.Errorf("%q: %v\n%v", named, statErr, err)
	}
}

// What goes wrong is explained by what the nodes said since this start, and by
// nothing older.
func TestExplainedByThisStart(t *testing.T) {
	c, err := start(t, filepath.Join(t.TempDir(), "demo"), freePlan(t))
	if err != nil {
		t.Fatal(err)
	}
	c.o.Binary = "/bin/false"
	m := c.plan.Nodes[0]
	log := filepath.Join(c.dirOf(m), "log")
	write(t, log, "level=ERROR yesterday\n")
	if err := c.serve(m); err != nil {
		t.Fatal(err)
	}
	died := <-c.died
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("level=ERROR new\n"); err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{c.explain(errors.New("x")).Error(), c.lastWords(m.ID)} {
		if strings.Contains(said, "yesterday") || !strings.Contains(said, "level=ERROR new") {
			t.Errorf("said %s", said)
		}
	}
	if got, want := c.restart(died), filepath.Join(m.ID, "node.yaml"); !strings.HasSuffix(got, want) {
		t.Errorf("to start it again: %s", got)
	}
}
