package api

import (
	"context"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

// places are the divisions by their codes; empty before they were imported.
type places map[division.Code]division.Division

func (s *Server) places(ctx context.Context) (places, error) {
	all, err := s.store.Divisions(ctx)
	p := make(places, len(all))
	for _, d := range all {
		p[d.Code] = d
	}
	return p, err
}

// centre is the service centre of a division, by another name where the division
// is not known.
func (p places) centre(at division.Code, otherwise string) string {
	if d, known := p[at]; known {
		return d.Centre()
	}
	return otherwise
}

// government is the authority that governs a division.
func (p places) government(at division.Code) string {
	if d, known := p[at]; known {
		return d.Government()
	}
	return "本级人民政府"
}

// centres are the service centres of a division and those above it.
func (p places) centres(at division.Code) map[node.Tier]string {
	names := map[node.Tier]string{}
	for _, code := range append(at.Ancestors(), at) {
		if d, known := p[code]; known {
			names[code.Tier()] = d.Centre()
		}
	}
	return names
}

// authority is the real name of the authority for a matter of a division.
func (p places) authority(department string, matter division.Code) string {
	return division.Authority(department, p[matter.County()], p[matter.Township()])
}
