package main

import (
	"net/http/httptest"
	"testing"
)

func TestProfilesStayOnLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", "192.0.2.1:6060", "localhost:6060", "6060", ":6060"} {
		t.Setenv(profileVariable, address)
		if err := serveProfiles(t.Context()); err == nil {
			t.Errorf("%s was taken", address)
		}
	}
	for _, address := range []string{"", "127.0.0.1:0", "[::1]:0"} {
		t.Setenv(profileVariable, address)
		if err := serveProfiles(t.Context()); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestProfiles(t *testing.T) {
	for path, want := range map[string]int{"/debug/pprof/heap": 200, "/debug/pprof/goroutine?debug=1": 200, "/debug/pprof/none": 404, "/": 404} {
		w := httptest.NewRecorder()
		profiles().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
