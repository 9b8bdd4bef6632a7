package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/pprof"
	"strconv"
	"time"
)

// profileVariable names a loopback address at which a node serves profiles of
// itself, for measuring. It is no setting: a node in use has none.
const profileVariable = "TONGBAN_PPROF"

// serveProfiles serves GET /debug/pprof/profile?seconds=n (CPU) and
// /debug/pprof/NAME (heap, goroutine, mutex, ...) until ctx ends, where the
// environment asks for it. Profiles tell much of a process, so only loopback
// will do.
func serveProfiles(ctx context.Context) error {
	address := os.Getenv(profileVariable)
	if address == "" {
		return nil
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("%s 必须是本机回环地址，如 127.0.0.1:6060 (must be a loopback address): %q", profileVariable, address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%s: %w", profileVariable, err)
	}
	s := &http.Server{Handler: profiles(), ReadHeaderTimeout: 10 * time.Second}
	go s.Serve(l)
	context.AfterFunc(ctx, func() { s.Close() })
	return nil
}

// profiles is package net/http/pprof without its pages, whose templates would
// make every binary larger.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		seconds, err := strconv.Atoi(r.FormValue("seconds"))
		if err != nil || seconds < 1 || seconds > 300 {
			seconds = 10
		}
		if err := pprof.StartCPUProfile(w); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		defer pprof.StopCPUProfile()
		select {
		case <-r.Context().Done():
		case <-time.After(time.Duration(seconds) * time.Second):
		}
	})
	mux.HandleFunc("GET /debug/pprof/{name}", func(w http.ResponseWriter, r *http.Request) {
		p := pprof.Lookup(r.PathValue("name"))
		if p == nil {
			http.NotFound(w, r)
			return
		}
		debug, _ := strconv.Atoi(r.FormValue("debug"))
		p.WriteTo(w, debug)
	})
	return mux
}
