package storetest

import (
	"maps"
	"os"
	"path/filepath"
	"sync"
)

// usual is the hub of a county that is made without options, as it is when its
// offices open: the same in every test, so it is made once in a process and
// copied from then on.
var usual struct {
	sync.Mutex
	files map[string][]byte
	ids   map[string]int
}

// found opens the hub with everything a county needs before its first case.
func (c *County) found(asUsual bool) {
	c.tb.Helper()
	if !asUsual {
		c.hub.open()
		c.genesis()
		return
	}
	usual.Lock()
	defer usual.Unlock()
	if usual.files == nil {
		c.hub.open()
		c.genesis()
		c.must(c.hub.Store.Close(), "close the hub")
		files, err := filesIn(c.hub.dir)
		c.must(err, "read the hub")
		usual.files, usual.ids = files, maps.Clone(c.ids)
	} else {
		c.must(os.MkdirAll(c.hub.dir, 0o700), "make the hub's folder")
		for name, content := range usual.files {
			c.must(os.WriteFile(filepath.Join(c.hub.dir, name), content, 0o600), "lay down "+name)
		}
		c.ids = maps.Clone(usual.ids)
	}
	c.hub.open()
}

func filesIn(dir string) (map[string][]byte, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, n := range names {
		if files[n.Name()], err = os.ReadFile(filepath.Join(dir, n.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}
