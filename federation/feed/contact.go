package feed

import (
	"context"
	"encoding/json"
	"time"
)

// When this node last heard from above is kept over a restart, in the local database:
// whoever starts a machine whose line is down wants to know since when.

const (
	contactSetting = "feed_contact"
	// contactEvery is how often it is written while it changes.
	contactEvery = time.Minute
)

// contact is what is kept. Times are Unix milliseconds.
type contact struct {
	At int64 `json:"at"`
	// Current is when all that there was above was here last, 0 for never.
	Current int64 `json:"current,omitempty"`
}

func (f *Follower) contact() contact {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := contact{At: f.state.LastContact}
	switch {
	case f.state.current:
		c.Current = c.At
	case !f.state.currentAt.IsZero():
		c.Current = f.state.currentAt.UnixMilli()
	}
	return c
}

// loadContact takes up what was kept. What cannot be read is as if it never was.
func (f *Follower) loadContact(ctx context.Context) error {
	text, err := f.st.Setting(ctx, contactSetting)
	if err != nil {
		return err
	}
	var c contact
	if json.Unmarshal([]byte(text), &c) != nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.LastContact = c.At
	if c.Current > 0 {
		f.state.currentAt = time.UnixMilli(c.Current)
	}
	return nil
}

// KeepContact writes it now and then, and at the end, until the context ends.
func (f *Follower) KeepContact(ctx context.Context, after func(time.Duration) <-chan time.Time) {
	var kept contact
	keep := func(ctx context.Context) {
		now := f.contact()
		if now == kept || now.At == 0 {
			return
		}
		text, err := json.Marshal(now)
		if err == nil {
			err = f.st.SetSetting(ctx, contactSetting, string(text))
		}
		if err != nil {
			f.o.Logger.Warn("when the node above was heard last is not kept", "error", err)
			return
		}
		kept = now
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-after(contactEvery):
			keep(ctx)
		}
	}
	keep(context.WithoutCancel(ctx))
}
