package api

import (
	"context"
	"crypto/rand"

	"github.com/tongban/tongban/api/gen"
)

// browserKeyBytes is the size of a key for XChaCha20-Poly1305.
const browserKeyBytes = 32

// GetBrowserKey gives a person the key with which the pages seal what was typed
// and not handed in: nobody else gets it, and the browser does not keep it.
func (s *Server) GetBrowserKey(ctx context.Context, _ gen.GetBrowserKeyRequestObject) (gen.GetBrowserKeyResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	offered := make([]byte, browserKeyBytes)
	rand.Read(offered) // never fails: it ends the process instead
	key, err := s.store.BrowserKey(ctx, actor.Staff, offered)
	if err != nil {
		return nil, err
	}
	return gen.GetBrowserKey200JSONResponse{Staff: actor.Staff, Key: key}, nil
}

// GetMyBrowserKey does the same for an applicant: what they typed at home is there
// again after a new login.
func (s *Server) GetMyBrowserKey(ctx context.Context, _ gen.GetMyBrowserKeyRequestObject) (gen.GetMyBrowserKeyResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	offered := make([]byte, browserKeyBytes)
	rand.Read(offered)
	key, err := s.store.BrowserKey(ctx, applicantSession+v.ID, offered)
	if err != nil {
		return nil, err
	}
	return gen.GetMyBrowserKey200JSONResponse{Account: v.ID, Key: key}, nil
}
