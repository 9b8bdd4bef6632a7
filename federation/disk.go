package federation

import (
	"context"
	"errors"
	"fmt"
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
	// Warn is the mark below which it is said that room gets short.
	Warn int64
}

// diskEvery is how often the room is measured.
const diskEvery = 5 * time.Second

// watchDisk keeps a node from filling its disk, and a hub that is short of
// room from leading.
func (n *Node) watchDisk(ctx context.Context) {
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

// inspect looks the database over once, beside the work: a node with a damaged
// one stops before it answers or sends from it for long. It reads every page,
// which a start must not wait for.
func (n *Node) inspect(ctx context.Context) {
	err := n.Store.QuickCheck(ctx)
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, store.ErrDamaged):
		n.stopFor(fmt.Errorf("数据库已损坏，本节点停止运行：请用 tongban restore 恢复备份；县中心多进程时可移除本进程、清空数据后重新加入 (the database is damaged; restore a backup, or remove this hub and join anew): %w", err))
	default:
		n.log.Warn("the database was not looked over", "error", err)
	}
}
