package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/division"
)

// TestFirstHubIsNamedAsTheRunbooksNameIt: their commands work as they stand,
// and so does the example's line with the id when it is taken in.
func TestFirstHubIsNamedAsTheRunbooksNameIt(t *testing.T) {
	c := configs.Default(configs.County)
	c.Division, c.Name, c.DataDir = "330523", "县中心", filepath.Join(t.TempDir(), "data")
	c.Listen = configs.Listen{API: "127.0.0.1:0", Federation: "127.0.0.1:0", Peer: "127.0.0.1:0"}
	must(t, initialise(t.Context(), c, "admin", "管理员", "", new(bytes.Buffer)))
	m, err := federation.LoadMembership(c.DataDir)
	must(t, err)
	first := m.Credential.Credential.Node
	for file, pattern := range map[string]string{"configs/county.yaml": `# node: (\S+)`, "docs/operations.md": `raft remove (\S+)`} {
		text, err := os.ReadFile(filepath.Join("../..", file))
		must(t, err)
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil || string(found[1]) != first {
			t.Errorf("%s names the first hub %s, init %q", file, found, first)
		}
	}
	if next := federation.NodeID(division.Code(c.Division), 1); next != first {
		t.Errorf("an invitation would name it %q, init names it %q", next, first)
	}
}
