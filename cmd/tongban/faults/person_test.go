package faults

import (
	"context"
	"net/http"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// password is everybody's.
const password = "Faults-tongban-2026"

// person is somebody at a node; several may ask in that name at once.
type person = loopback.Seat

// refusal is a node's no, as opposed to no answer.
type refusal = loopback.Refusal

func newPerson(url, login string) *person {
	web := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	return (&loopback.Person{Login: login, Password: password, Web: web}).At(url)
}

// piece is how much of a file is sent at once: little, so that much can break.
const piece = 16 << 10

// await asks until there is no error.
func await(ctx context.Context, what string, within time.Duration, ask func(context.Context) error) error {
	return loopback.Await(ctx, what, within, 20*time.Millisecond, ask)
}
