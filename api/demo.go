package api

import (
	"context"

	"github.com/tongban/tongban/api/gen"
)

// GetDemo tells whoever looks at a demonstration who its people are. A node that
// is none has nobody to tell of, whatever it was given.
func (s *Server) GetDemo(context.Context, gen.GetDemoRequestObject) (gen.GetDemoResponseObject, error) {
	if !s.o.Demo || s.o.People == nil {
		return nil, errNotFound
	}
	return gen.GetDemo200JSONResponse(*s.o.People), nil
}
