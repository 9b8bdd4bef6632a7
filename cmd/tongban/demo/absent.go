package demo

import (
	"errors"
	"slices"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// goOnWithout reports whether the demo goes on without a node that does not serve,
// and says so. The first start needs every node; after it, somebody may have
// revoked one, or replaced it by another, to see what becomes of it.
func (c *county) goOnWithout(m *member, why error) bool {
	if m == nil || !c.lived() || !errors.Is(why, loopback.ErrEnded) {
		return false
	}
	c.mu.Lock()
	known := c.absent[m.ID]
	if c.absent == nil {
		c.absent = map[string]bool{}
	}
	c.absent[m.ID] = true
	c.mu.Unlock()
	if !known {
		c.s.say("\n节点 %s 未能服务，其余节点继续 (the others go on without it)：\n  %v\n若要整套重来：make demo-reset (to start anew)", m.ID, why)
	}
	return true
}

// lived reports whether everything was shown once, which needs every node.
func (c *county) lived() bool {
	return !c.o.Check && c.plan.Walked && c.plan.Applied && (c.plan.Enlivened || c.o.Bare)
}

// here are those of the nodes that serve.
func (c *county) here(nodes []*member) []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(nodes), func(m *member) bool { return c.absent[m.ID] })
}
