package feed

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/store/storetest"
)

// interruptions keeps what a follower logs of its failures.
type interruptions struct {
	slog.Handler
	mu   sync.Mutex
	list []slog.Record
}

func (i *interruptions) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "feed interrupted" {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.list = append(i.list, r)
	}
	return nil
}

// warned are the failures told at WARN so far, as "upstream code times".
func (i *interruptions) warned() (told []string, all int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.list {
		if r.Level < slog.LevelWarn {
			continue
		}
		text := ""
		r.Attrs(func(a slog.Attr) bool {
			if a.Key != "error" {
				text += a.Value.String() + " "
			}
			return true
		})
		told = append(told, text)
	}
	return told, len(i.list)
}

// A line that is down for days is told when it goes down, when the reason
// changes, and once an hour with how often it was tried; not at every try.
func TestInterruptionIsToldSeldom(t *testing.T) {
	clock := newManual(storetest.Beginning)
	log := &interruptions{Handler: slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})}
	f := NewFollower(newRealm(t).Hub().Store, FollowerOptions{Clock: clock, Trust: sharedKeys().Trust, Logger: slog.New(log)})
	want := func(what string, all int, told ...string) {
		t.Helper()
		got, n := log.warned()
		if n != all || len(got) != len(told) {
			t.Fatalf("%s: %d told of %d, want %d of %d: %q", what, len(got), n, len(told), all, got)
		}
		for i := range told {
			if got[i] != told[i] {
				t.Errorf("%s: %q, want %q", what, got[i], told[i])
			}
		}
	}
	for range 3 {
		f.fail("town", ErrUnreachable)
		f.fail("county-1", ErrUnreachable)
		clock.Advance(time.Minute)
	}
	told := []string{"town unreachable 1 ", "county-1 unreachable 1 "}
	want("the first hour", 6, told...)
	f.fail("town", ErrSilent)
	told = append(told, "town silent 1 ")
	want("another reason", 7, told...)
	clock.Advance(time.Hour)
	f.fail("county-1", ErrUnreachable)
	f.fail("county-1", ErrUnreachable)
	told = append(told, "county-1 unreachable 4 ")
	want("an hour later", 9, told...)
	f.mu.Lock()
	f.back("county-1")
	f.mu.Unlock()
	f.fail("county-1", ErrUnreachable)
	want("down again", 10, append(told, "county-1 unreachable 1 ")...)
}

// An upstream that cannot be reached is not why this node does not follow, where
// another was just reached and sent what is not taken; a day later it is.
func TestALineThatFailsDoesNotHideWhatIsGraver(t *testing.T) {
	clock := newManual(storetest.Beginning)
	f := NewFollower(newRealm(t).Hub().Store, FollowerOptions{Clock: clock, Trust: sharedKeys().Trust})
	for _, row := range []struct {
		wait  time.Duration
		fault *Fault
		says  string
	}{
		{0, ErrUnreachable, "unreachable"}, {time.Second, ErrMalformed, "malformed_feed"}, {time.Second, ErrUnreachable, "malformed_feed"},
		{time.Second, ErrTrouble, "malformed_feed"}, {time.Second, ErrOldEpoch, "older_epoch"}, {24 * time.Hour, ErrUnreachable, "unreachable"},
		{time.Second, ErrSilent, "silent"},
	} {
		clock.Advance(row.wait)
		f.fail("county-1", row.fault)
		if got := f.Status().LastError; got == nil || got.Code != row.says {
			t.Errorf("after %s: %v, want %s", row.fault.Code, got, row.says)
		}
	}
}
