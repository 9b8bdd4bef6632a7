package county

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// trimLog makes a snapshot when the log has grown beyond Timing.SnapshotBytes,
// until the hub ends. raft counts entries, but one entry may carry a single case
// or thousands of them; and a start reads and checks all of the log.
func (h *Hub) trimLog() {
	tick := time.NewTicker(h.o.Timing.SnapshotInterval)
	defer tick.Stop()
	for {
		select {
		case <-h.life.Done():
			return
		case <-tick.C:
		}
		if err := h.trim(); err != nil && h.life.Err() == nil {
			h.log.Warn("county hub: the log was not trimmed", "error", err)
		}
	}
}

// trim makes a snapshot of a log that is too large, and leaves half of what is
// allowed for peers that are a little behind.
func (h *Hub) trim() error {
	entries, bytes := h.disk.size()
	limit := h.o.Timing.SnapshotBytes
	if bytes <= limit {
		return nil
	}
	asSet := h.raft.ReloadableConfig()
	short := asSet
	short.TrailingLogs = min(asSet.TrailingLogs, entries*(limit/2)/bytes)
	if err := h.raft.ReloadConfig(short); err != nil {
		return fmt.Errorf("trim the log: %w", err)
	}
	err := h.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		err = nil
	}
	return errors.Join(err, h.raft.ReloadConfig(asSet))
}
