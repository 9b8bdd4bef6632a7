package main

import (
	"context"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/division"
)

// places are the county's divisions by their codes.
type places map[division.Code]division.Division

// places asks the node for the divisions. They only put names beside codes: where
// they cannot be had, the codes stand alone.
func (c *connection) places(ctx context.Context) places {
	a, err := answered[client.DivisionList](c.api.ListDivisions(ctx, &client.ListDivisionsParams{}))
	if err != nil {
		return nil
	}
	p := make(places, len(a.value.Divisions))
	for _, d := range a.value.Divisions {
		p[d.Code] = d
	}
	return p
}

// name is a division as people call it, with its code.
func (p places) name(code division.Code) string {
	if d := p[code]; d.Name != "" {
		return d.Name + " " + string(code)
	}
	return string(code)
}

// authority is who is competent for a case, by its real name.
func (p places) authority(s *client.CaseSummary) string {
	matter := s.Division
	if matter.Township() == "" {
		matter = s.HandedInAt
	}
	return division.Authority(s.Department, p[matter.County()], p[matter.Township()])
}
