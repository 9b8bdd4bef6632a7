package api

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"
)

// The cookies of a browser's session. The first two cannot be read by
// scripts; the third is meant to be, and is repeated in the header below by
// every request that changes something.
const (
	sessionCookie = "tongban_session"
	refreshCookie = "tongban_refresh"
	csrfCookie    = "tongban_csrf"
	csrfHeader    = "X-CSRF-Token"
	// deskCookie marks a browser in which a member of staff logged in, also after
	// they logged out: nobody rates with a receipt's code there.
	deskCookie = "tongban_desk"

	refreshPath = "/api/v1/session"
)

// checkForged refuses a write that a foreign page could have caused: a
// browser adds cookies by itself, but another site can neither read the csrf
// cookie nor set the header. Programs with a bearer token are not asked.
func checkForged(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return errForged
	}
	c, err := r.Cookie(csrfCookie)
	if err != nil || c.Value == "" {
		return errForged
	}
	if subtle.ConstantTimeCompare([]byte(c.Value), []byte(r.Header.Get(csrfHeader))) != 1 {
		return errForged
	}
	return nil
}

// cookies are the three cookies of a session; with empty tokens they clear it.
func (s *Server) cookies(access, refresh, csrf string, accessUntil, refreshUntil time.Time) []*http.Cookie {
	make := func(name, value, path string, until time.Time, scripts bool) *http.Cookie {
		c := &http.Cookie{Name: name, Value: value, Path: path, Expires: until, Secure: s.o.Secure, HttpOnly: !scripts, SameSite: http.SameSiteStrictMode}
		if value == "" {
			c.MaxAge = -1
		}
		return c
	}
	return []*http.Cookie{
		make(sessionCookie, access, "/api", accessUntil, false),
		make(refreshCookie, refresh, refreshPath, refreshUntil, false),
		make(csrfCookie, csrf, "/", refreshUntil, true),
	}
}

// deskFor is how long a browser counts as one of the staff's after a login.
const deskFor = 30 * 24 * time.Hour

func (s *Server) deskMark() *http.Cookie {
	return &http.Cookie{Name: deskCookie, Value: "1", Path: "/api/v1/ratings", Expires: s.o.Now().Add(deskFor), Secure: s.o.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// atDesk reports whether a request comes from a browser in which a member of staff
// logged in lately.
func atDesk(r *http.Request) bool {
	if r == nil {
		return false
	}
	c, err := r.Cookie(deskCookie)
	return err == nil && c.Value != ""
}

func newCSRF() string {
	var b [24]byte
	rand.Read(b[:]) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
