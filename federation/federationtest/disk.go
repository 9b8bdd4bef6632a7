package federationtest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// CopyDisk takes a copy of a node's directory, between two lives of the node,
// and returns where it lies.
func (f *Federation) CopyDisk(n *Node) string {
	f.tb.Helper()
	f.keys++
	to := filepath.Join(f.dir, fmt.Sprintf("copy-%d-of-%s", f.keys, n.ID))
	up := n.Node != nil
	n.stop()
	f.must(copyTree(n.dir, to), "copy the disk of "+n.ID)
	if up {
		n.restart()
	}
	return to
}

// PutBack gives a node that is down an old copy of its directory.
func (f *Federation) PutBack(n *Node, from string) {
	f.tb.Helper()
	n.stop()
	f.must(os.RemoveAll(n.dir), "clear "+n.ID)
	f.must(copyTree(from, n.dir), "put back the disk of "+n.ID)
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), info.Mode().Perm())
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, info.Mode().Perm())
	})
}

// Replace revokes a node, whose machine is gone, and enrols another in its
// place, at the same addresses.
func (f *Federation) Replace(old *Node, id string) *Node {
	f.tb.Helper()
	f.Do(f.Hub(), f.Operator(), &ledger.NodeRevokeV1{Node: old.ID, At: f.Hub().Clock.Now().UnixMilli(), Reason: "主机损坏，已更换"})
	old.stop()
	old.gone = true
	n := f.Enrol(id, old.Division)
	for _, below := range f.nodes {
		if l := below.lines[old.ID]; l != nil {
			delete(below.lines, old.ID)
			l.redirect(n.port)
			below.lines[id] = l
		}
	}
	f.mendLines()
	return n
}

// BeginAnew makes a hub that is down the only one of its county, with the data
// it has, as `restore --lone` does.
func (f *Federation) BeginAnew(hub *Node) {
	f.tb.Helper()
	m, err := federation.LoadMembership(hub.dir)
	f.must(err, "membership of "+hub.ID)
	f.must(federation.Recover(context.Background(), federation.Options{Dir: hub.dir, Key: storetest.Key, Membership: m, PeerAdvertise: hub.peer, Now: hub.Clock.Now,
		Logger: f.log, Limits: catalog.DefaultLimits()}), "begin anew")
}
