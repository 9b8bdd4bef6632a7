package federation

import (
	"context"
	"time"

	"github.com/tongban/tongban/store"
)

// Disk is the room a node's data has.
type Disk struct {
	// Free measures what may still be written, in bytes; nil measures nothing.
	Free func() (int64, error)
	// Low is the mark below which no new case is taken in: what is under way
	// must still find room.
	Low int64
}

// diskEvery is how often the room is measured.
const diskEvery = 5 * time.Second

// watchDisk keeps a node from filling its disk, and a hub that is short of
// room from leading.
func (n *Node) watchDisk(ctx context.Context) {
	if n.disk.Free == nil {
		return
	}
	for {
		free, err := n.disk.Free()
		if err != nil {
			n.log.Warn("free disk space is not known", "error", err)
		}
		low := err == nil && free < n.disk.Low
		if n.diskLow.Swap(low) != low {
			n.log.Warn("free disk space passed the mark", "low", low, "free_mb", free>>20)
		}
		if low && n.hub != nil && n.hub.Leading() {
			if err := n.hub.TransferLeadership(ctx, ""); err != nil {
				n.log.Warn("leadership was not handed on although the disk is nearly full", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-n.after(diskEvery):
		}
	}
}

// errDiskLow refuses new cases; acting on those that are there goes on.
var errDiskLow = &store.Refused{Code: "disk_low", ZH: "本机磁盘空间不足，暂停收件：请清理磁盘或联系县中心，已收的办件不受影响",
	EN: "this machine is short of disk space and takes no new cases; make room or ask the county. What was handed in is safe"}
