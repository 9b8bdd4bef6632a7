package federation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/node"
)

// Reason is something about a node that whoever looks after it must know: a
// stable code, and what to do in Chinese and English.
type Reason struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	// Stops says that the node does not do its work because of it; else it
	// still does.
	Stops bool `json:"stops"`
}

const (
	// clockWrong is by how much a clock may be off before a node is not ready:
	// case numbers carry its day, and tokens its minutes.
	clockWrong = time.Hour
	// KeysSoon is how long before a node's keys end they are spoken of. The
	// node should have renewed them by itself long before.
	KeysSoon = 90 * 24 * time.Hour
	// fullBelow is the room in bytes below which SQLite cannot be expected to
	// commit.
	fullBelow = 4 << 20
)

// Health is everything that is wrong with this node, what stops it first;
// none when all is well.
func (n *Node) Health(ctx context.Context) ([]Reason, error) {
	c := &checkup{n: n, ctx: ctx}
	for _, look := range []func() error{c.disk, c.standing, c.hub, c.keys, c.clock, c.catalog, c.level, c.feed} {
		if err := look(); err != nil {
			return nil, err
		}
	}
	return append(c.stops, c.warns...), nil
}

// Ready is nil when the node does its work truthfully, else the first reason
// why it does not.
func (n *Node) Ready() error {
	reasons, err := n.Health(n.ctx)
	if err != nil {
		return err
	}
	if len(reasons) > 0 && reasons[0].Stops {
		return fmt.Errorf("%s: %s (%s)", reasons[0].Code, reasons[0].ZH, reasons[0].EN)
	}
	return nil
}

type checkup struct {
	n            *Node
	ctx          context.Context
	stops, warns []Reason
}

func (c *checkup) stop(code, zh, en string) {
	c.stops = append(c.stops, Reason{Code: code, ZH: zh, EN: en, Stops: true})
}

func (c *checkup) warn(code, zh, en string) {
	c.warns = append(c.warns, Reason{Code: code, ZH: zh, EN: en})
}

func (c *checkup) disk() error {
	n := c.n
	if err := n.Store.Failed(); err != nil {
		c.stop("storage_failed", "本机磁盘出过故障，已停止写入：请停用本机并告知管理员，检查磁盘、重新启动后方可再用",
			"the disk failed and this node writes nothing; leave it and tell its administrator, who examines the disk and starts it again")
		return nil
	}
	free, measured := int64(math.MaxInt64), n.disk.Free != nil
	if measured {
		var err error
		if free, err = n.disk.Free(); err != nil {
			c.warn("disk_unknown", "无法得知磁盘剩余空间，请检查数据目录所在的磁盘", "free disk space cannot be measured; look at the disk of the data directory")
			return nil
		}
	}
	switch {
	case measured && free < fullBelow, n.Store.Full() && !hasRoom(n.Store.Dir()):
		c.stop("disk_full", "本机磁盘已满，不能写入：请立即清理磁盘，清理后自动恢复", "the disk is full and nothing can be written; make room, it goes on by itself")
	case measured && free < n.disk.Low:
		c.stop(errDiskLow.Code, errDiskLow.ZH, errDiskLow.EN)
	case measured && free < n.disk.Warn:
		c.warn("disk_warn", fmt.Sprintf("磁盘剩余 %d MB，请尽快清理", free>>20), fmt.Sprintf("%d MB of disk are free; make room soon", free>>20))
	}
	return nil
}

// hasRoom tries what a measurement cannot tell: quotas, and disks that lie.
func hasRoom(dir string) bool {
	f, err := os.CreateTemp(dir, "room-*")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 64<<10))
	return errors.Join(err, f.Sync(), f.Close()) == nil
}

func (c *checkup) hub() error {
	h := c.n.hub
	if c.n.founding.Load() {
		c.stop("founding", "正在新建县，请稍候", "the county is being founded; wait")
		return nil
	}
	if h == nil {
		return nil
	}
	err := h.Ready()
	if err == nil {
		return nil
	}
	switch place := h.Place(); {
	case errors.Is(err, county.ErrStopped), errors.Is(err, county.ErrClosed):
		c.stop("hub_stopped", "县中心进程因故障停止：请查看日志和磁盘后重启", "this hub stopped after a failure; look at its log and disk, then restart it")
	case place == county.PlaceNone:
		c.stop("hub_not_added", "本主机已登记，尚未加入县中心：请管理员在另一台主机上将其加入（手册“新增主机”）", "this hub is enrolled and has no vote yet; the administrator gives it one at another hub (handbook: Add a hub)")
	case place == county.PlaceRemoved:
		if _, cast := c.n.Revocation(); cast {
			c.stop("hub_removed", "本主机已从县中心移除，并已被吊销：请停止它；仍要使用这台机器的，请以新的编号重新登记", "this hub was removed from the county and revoked; stop it. To use the machine again, enrol it under a new id")
			return nil
		}
		c.stop("hub_removed", "本主机已从县中心移除：请停止它，或清空后重新加入（手册“旧主机又被启动”一节）", "this hub was removed from the county; stop it, or empty it and add it again (handbook: An old hub is started)")
	case errors.Is(err, county.ErrOutside):
		c.stop("hub_outside", "县中心由主机 "+h.Outside()+" 主持，其中没有本机：本机已被移除，或县中心已在另一台主机上重新开始；本机的账本不再是县中心的，已停止收件。请到其他主机办理，并请管理员清空本机后重新加入；若 "+h.Outside()+" 的重新开始是误操作，请停止 "+h.Outside(),
			h.Outside()+" leads the county without this hub: it was removed, or the county began anew at another hub. What is here is not the county's ledger any more, and nothing is taken. Work at another hub; the administrator empties this one and adds it again. If "+h.Outside()+" began anew by mistake, stop "+h.Outside())
	case errors.Is(err, county.ErrNoLeader):
		c.stop("no_leader", "县中心暂无主节点：请查看其他主机是否运行、互联端口是否可达", "the county has no leader; see that the other hubs run and reach each other's peer ports")
	default:
		c.stop("hub_behind", "县中心进程正在追赶账本，稍后自动就绪", "this hub is catching up with the ledger and will be ready by itself")
	}
	return nil
}

func (c *checkup) standing() error {
	n := c.n
	if _, cast := n.Revocation(); cast {
		c.stop("node_revoked", "本节点已被县中心吊销：请联系县中心，已收的办件用携带包交县中心", "this node was revoked; ask the county, and bring it with a bundle what was handed in here")
	}
	_, forked, err := n.Store.LastSeq(c.ctx, n.self.Node)
	if err != nil {
		return err
	}
	if forked {
		c.stop("forked_origin", "本机数据与县中心记录冲突，已停用：请按手册“分叉”一节处理并重新登记", "this node's data conflicts with the county's and is out of use; see Forked origin in the handbook, and enrol it anew")
	}
	restored, err := n.Store.Restored(c.ctx)
	if err != nil {
		return err
	}
	if restored {
		c.stop("restored", "本机数据由备份恢复，正在从上级取回之后的记录并换用新的节点编号，完成前不收件：请保持线路畅通", "this node was restored from a backup: it takes nothing until it has back what the nodes above have of it, and goes on under a new id; keep its line up")
	}
	return nil
}

func (c *checkup) keys() error {
	switch left, until := c.n.Expires().Sub(c.n.now()), c.n.Expires().Format(time.DateOnly); {
	case left <= 0:
		c.stop("keys_expired", "本节点的密钥已于 "+until+" 过期：请重新登记", "this node's keys ended "+until+"; enrol it anew")
	case left < KeysSoon:
		c.warn("keys_expiring", "本节点的密钥将于 "+until+" 过期：请保持线路畅通，届时未自动更新的，请管理员更新密钥（手册“节点的密钥和证书”）", "this node's keys end "+until+"; keep the line up, and where they do not renew by themselves the administrator renews them (handbook: Keys and certificates of a node)")
	}
	return nil
}

func (c *checkup) clock() error {
	if c.n.follower == nil {
		return nil
	}
	skew, known := c.n.follower.Skew()
	zh := fmt.Sprintf("本机时钟与县中心相差 %d 秒：请校准时间（chronyc makestep）", int(skew.Seconds()))
	en := fmt.Sprintf("this clock differs from the county's by %d s; set it (chronyc makestep)", int(skew.Seconds()))
	switch {
	case known && skew.Abs() >= clockWrong:
		c.stop("clock_wrong", zh, en)
	case known && skew.Abs() >= c.n.skewWarn:
		c.warn("clock_skew", zh, en)
	}
	return nil
}

// level reminds whoever runs the county of what waits for its level, once every hub can
// do it: nodes below that cannot yet are listed when it is raised.
func (c *checkup) level() error {
	n := c.n
	if n.hub == nil || n.founding.Load() { // a county begins at the newest
		return nil
	}
	inForce, err := n.Store.Level(c.ctx)
	if err != nil || inForce >= n.ownLevel() {
		return err
	}
	_, readers, err := n.Levels(c.ctx)
	if err != nil {
		return err
	}
	can := n.ownLevel()
	for _, r := range readers {
		if r.Node.Tier == node.County {
			can = min(can, r.Level)
		}
	}
	if can > inForce {
		c.warn("level_behind", fmt.Sprintf("全县账本级别仍是 %d，县中心各主机都已支持 %d：请用 tongban node levels 查看其他节点，升级完成后运行 tongban node raise-level %d", inForce, can, can),
			fmt.Sprintf("the county is at level %d, and all its hubs can do %d: look at the other nodes with tongban node levels, and run tongban node raise-level %d when they are upgraded", inForce, can, can))
	}
	return nil
}

// catalog is what cases are handed in under. A county makes its own, and is
// ready for that without one.
func (c *checkup) catalog() error {
	in, err := c.n.Store.ItemsKnown(c.ctx, c.n.now().UnixMilli())
	switch {
	case err != nil:
		return err
	case !in && c.n.self.Tier == node.County:
		c.warn("catalog_missing", "还没有发布事项目录：请导入、审核并发布事项", "no catalog is published; import, approve and publish the items")
	case !in:
		c.warn("catalog_missing", "本机还没有事项目录，不能收件：请检查与上级的线路，目录会自动下发", "this node has no catalog yet and can take no cases; see that a line is up, it comes by itself")
	}
	return nil
}

// feed is what keeps a node from following the county although it reaches it.
func (c *checkup) feed() error {
	if c.n.follower == nil {
		return nil
	}
	e := c.n.follower.Status().LastError
	for _, grave := range []error{feed.ErrRewritten, feed.ErrWentBack, feed.ErrMissing, feed.ErrLevel, feed.ErrApply, feed.ErrStorage, feed.ErrWrongCounty, feed.ErrSignature} {
		if e != nil && errors.Is(e, grave) {
			c.warn(e.Code, e.ZH, e.EN)
		}
	}
	return nil
}
