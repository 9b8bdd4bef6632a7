package federation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// ownLevel is the newest level of entries that this program reads: what it
// tells those above, what it may raise the county to, and how far it follows.
func (n *Node) ownLevel() int { return ledger.Level + int(n.ahead.Load()) }

// Reader is an enrolled node with the level of entries it last said it reads;
// 0 when it has not said.
type Reader struct {
	Node  store.Node
	Level int
	// SeenAt is when it was last heard, Unix milliseconds.
	SeenAt int64
}

// Levels are the level in force in the county and what each node that is
// enrolled and not revoked reads.
func (n *Node) Levels(ctx context.Context) (inForce int, readers []Reader, err error) {
	if inForce, err = n.Store.Level(ctx); err != nil {
		return 0, nil, err
	}
	nodes, err := n.Store.NodesWithin(ctx, n.self.County())
	if err != nil {
		return 0, nil, err
	}
	reports, err := n.Store.PeerReports(ctx)
	if err != nil {
		return 0, nil, err
	}
	said := map[string]store.PeerReport{}
	for _, p := range reports {
		said[p.Node] = p
	}
	for _, known := range nodes {
		if known.RevokedAt > 0 || known.SucceededBy != "" {
			continue
		}
		r := Reader{Node: known, SeenAt: said[known.Node].SeenAt}
		var report Report
		if json.Unmarshal(said[known.Node].Report, &report) == nil {
			r.Level = report.Level
		}
		if known.Node == n.self.Node {
			r.Level, r.SeenAt = n.ownLevel(), n.now().UnixMilli()
		}
		readers = append(readers, r)
	}
	return inForce, readers, nil
}

// RaiseLevel opens the kinds of entries of a level, for good. Nodes that cannot
// read them stop following; so every node must have said that it can, or be
// named in evenThough. Hubs are always waited for: each judges what all record.
func (n *Node) RaiseLevel(ctx context.Context, actor identity.Actor, level int, evenThough []string, key string) (store.Result, error) {
	if n.hub == nil {
		return store.Result{}, &store.Refused{Code: "county_only", ZH: "请在县中心节点上操作", EN: "this is done at a hub of the county"}
	}
	if err := n.Fresh(ctx); err != nil {
		return store.Result{}, err
	}
	inForce, readers, err := n.Levels(ctx)
	if err != nil {
		return store.Result{}, err
	}
	switch {
	case level > n.ownLevel():
		return store.Result{}, &store.Refused{Code: "level_unknown", ZH: fmt.Sprintf("本程序最高支持级别 %d，请先升级县中心", n.ownLevel()), EN: fmt.Sprintf("this program reads level %d at most; upgrade the hubs first", n.ownLevel())}
	case level <= inForce:
		return store.Result{}, &store.Refused{Code: "level_reached", ZH: fmt.Sprintf("全县已在级别 %d，级别只升不降", inForce), EN: fmt.Sprintf("the county is at level %d, which never goes down", inForce)}
	}
	no := &store.Refused{Code: "level_unread", ZH: "以下节点还不能读取新级别：请先升级；确要不等它们，请用 --even-though 逐一列出（它们将停止同步，直到升级）",
		EN: "these nodes cannot read the level yet; upgrade them, or name each with --even-though: they stop following until they are upgraded"}
	for _, r := range readers {
		if r.Level >= level || r.Node.Tier != node.County && slices.Contains(evenThough, r.Node.Node) {
			continue
		}
		f := catalog.Fault{Path: r.Node.Node, Code: catalog.FaultConflict, ZH: fmt.Sprintf("%s 支持级别 %d", r.Node.Name, r.Level), EN: fmt.Sprintf("%s reads level %d", r.Node.Node, r.Level)}
		if r.Level == 0 {
			f.ZH, f.EN = r.Node.Name+" 尚未报告", r.Node.Node+" has not said what it reads"
		}
		no.Faults = append(no.Faults, f)
	}
	if len(no.Faults) > 0 {
		return store.Result{}, no
	}
	return n.Record(ctx, Action{Actor: actor, Kind: ledger.LevelRaise, Key: cmp.Or(key, fmt.Sprintf("level-%d", level)), Body: &ledger.LevelRaiseV1{Level: level}})
}
