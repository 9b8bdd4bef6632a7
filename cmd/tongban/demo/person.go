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

// piece is how much of a scanned paper is sent at once, as by a page.
const piece = 128 << 10

// await asks again until there is no error.
func await(ctx context.Context, what string, within time.Duration, ask func(context.Context) error) error {
	return loopback.Await(ctx, what, within, 50*time.Millisecond, ask)
}
