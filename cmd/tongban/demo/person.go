package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// password is everybody's in the demo, which runs on loopback only and is
// refused in production.
const password = "Demo-tongban-2026"

// web carries everybody's requests.
var web = &http.Client{Timeout: 30 * time.Second}

// person is somebody at a node.
type person = loopback.Seat

func at(m *member, login string) *person {
	return (&loopback.Person{Login: login, Password: password, Web: web}).At(m.url())
}

// send sends in, and asks again under the same key where the answer is that
// nobody knows yet, or that the county has no leader at the moment: on a slow
// machine the hubs may elect another while they found the county.
func send(ctx context.Context, by *person, path string, in any, key string, out any) error {
	return again(ctx, func() error { return by.Post(ctx, path, in, key, out) })
}

// again does what may be repeated until its outcome is known.
func again(ctx context.Context, do func() error) error {
	until := time.Now().Add(3 * time.Minute)
	for {
		err := do()
		if !loopback.IsRefused(err, "outcome_unknown") && !loopback.IsRefused(err, "no_leader") || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// piece is how much of a scanned paper is sent at once, as by a page.
const piece = 128 << 10

// await asks again until there is no error.
func await(ctx context.Context, what string, within time.Duration, ask func(context.Context) error) error {
	return loopback.Await(ctx, what, within, 50*time.Millisecond, ask)
}
