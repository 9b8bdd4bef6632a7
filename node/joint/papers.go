package joint

import (
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
)

// Papers is what the papers of a joint matter came to.
type Papers struct {
	// Demanded are those that its items ask for, each by itself; Asked those that
	// the applicant brought, each once; Reused those that were on file.
	Demanded, Asked, Reused int
}

// Papers counts the papers of a joint matter: what several of its cases need is
// brought once, and what one makes for another never.
func (c *Case) Papers(members []*casework.Case) Papers {
	var p Papers
	for _, m := range members {
		p.Demanded += len(m.Materials)
		if m.Package != nil {
			p.Demanded += len(m.Package.Internal)
		}
	}
	for _, m := range c.Materials {
		if m.OnFile == (catalog.OnFile{}) {
			p.Asked++
		} else {
			p.Reused++
		}
	}
	return p
}
