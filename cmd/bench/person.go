package main

import (
	"context"
	"net/http"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// password is everybody's in the county that is measured.
const password = "Bench-tongban-2026"

// web carries all requests; its connections stay open.
var web = &http.Client{
	Timeout:   30 * time.Second,
	Transport: &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 1024, DisableCompression: true},
}

// person is somebody who may ask at any node.
type person struct{ *loopback.Person }

func newPerson(login string) *person {
	return &person{&loopback.Person{Login: login, Password: password, Web: web}}
}

func (p *person) get(ctx context.Context, at, path string, out any) error {
	return p.At(at).Get(ctx, path, out)
}

func (p *person) post(ctx context.Context, at, path string, in any, out any) error {
	return p.At(at).Post(ctx, path, in, loopback.NewKey(), out)
}
