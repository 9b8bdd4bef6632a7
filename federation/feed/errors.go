package feed

import (
	"errors"

	"github.com/tongban/tongban/federation/fault"
)

// Fault is a failure of the feed that a person may have to read.
type Fault = fault.Fault[area]

type area struct{}

func (area) Area() string { return "feed" }

// The faults, to compare with errors.Is.
var (
	// ErrUnreachable: no connection, or it broke.
	ErrUnreachable = &Fault{Code: "unreachable", ZH: "连接不上上级节点，将自动重试", EN: "the node above cannot be reached; retrying"}
	// ErrSilent: the connection stands and nothing comes.
	ErrSilent = &Fault{Code: "silent", ZH: "上级节点长时间没有应答，将重新连接", EN: "the node above has gone silent; reconnecting"}
	// ErrBehind: the node above has itself lost the county.
	ErrBehind = &Fault{Code: "upstream_cut_off", ZH: "上级节点自身与县中心失去联系", EN: "the node above has itself lost the county"}
	// ErrBusy: the node above serves as many followers as it may.
	ErrBusy = &Fault{Code: "busy", ZH: "上级节点连接数已满，将自动重试", EN: "the node above has too many followers; retrying"}
	// ErrClosing: the node above is being stopped.
	ErrClosing = &Fault{Code: "closing", ZH: "上级节点正在重启", EN: "the node above is being stopped"}
	// ErrReplaced: the same node opened a newer connection.
	ErrReplaced = &Fault{Code: "replaced", ZH: "本机有了新的连接，旧连接已关闭", EN: "a newer connection of the same node replaced this one"}
	// ErrNotAllowed: the node above does not serve this node.
	ErrNotAllowed = &Fault{Code: "not_allowed", ZH: "上级节点不为本机提供数据，请联系县中心", EN: "the node above does not serve this node; ask the county"}
	// ErrRevoked: the county cast this node out.
	ErrRevoked = &Fault{Code: "revoked", ZH: "本机已被县中心吊销，不再同步；请联系县中心，要继续使用这台机器须重新登记", EN: "the county has revoked this node, which follows no more; ask the county, and enrol the machine anew to go on using it"}
	// ErrRequest: the node above does not understand the request.
	ErrRequest = &Fault{Code: "bad_request", ZH: "上级节点不接受请求，两端版本可能不一致", EN: "the node above refused the request; versions may differ"}
	// ErrTrouble: the node above failed by itself.
	ErrTrouble = &Fault{Code: "upstream_trouble", ZH: "上级节点发生故障，将自动重试", EN: "the node above has trouble of its own; retrying"}
	// ErrLevel: the county's ledger has kinds this program cannot read.
	ErrLevel = &Fault{Code: "needs_newer", ZH: "县中心数据已升级，本机需要更新版本的通办才能继续同步", EN: "the county's ledger needs a newer tongban on this node"}
	// ErrWrongCounty: the node above belongs to another county.
	ErrWrongCounty = &Fault{Code: "wrong_county", ZH: "上级节点属于另一个县，请检查地址设置", EN: "the node above belongs to another county; check the address"}
	// ErrMalformed: what came is not the feed.
	ErrMalformed = &Fault{Code: "malformed_feed", ZH: "上级节点发来的数据有误，已拒收", EN: "what the node above sent is not well-formed and was refused"}
	// ErrSignature: an entry or checkpoint was not signed by who it names.
	ErrSignature = &Fault{Code: "bad_signature", ZH: "上级节点发来的数据签名不符，已拒收", EN: "a signature in what the node above sent does not hold; it was refused"}
	// ErrRewritten: a checkpoint does not continue the ledger this node has
	// seen. The evidence is kept.
	ErrRewritten = &Fault{Code: "ledger_rewritten", ZH: "严重：县中心台账与本机见过的不一致，已停止从该节点同步并保留证据，请立即报告县中心和监察人员",
		EN: "SERIOUS: the county's ledger does not continue the one this node has seen; not following this node any more, evidence kept. Report it to the county and the supervisors"}
	// ErrWentBack: the county's ledger ends before what this node has of it.
	ErrWentBack = &Fault{Code: "county_went_back", ZH: "县中心的账本比本机已收到的少，可能是从旧备份恢复。请立即电话联系县中心；本机数据完好，请勿删除或重装",
		EN: "the county's ledger has less than this node received from it; it was probably restored from an older backup. Call the county at once; this node's data is whole, do not delete or reinstall it"}
	// ErrOldEpoch: the node above has the ledger of before a recovery that this
	// node followed.
	ErrOldEpoch = &Fault{Code: "older_epoch", ZH: "上级节点的账本还停在县中心声明恢复之前，暂不从该节点同步；若县中心又一次由旧备份恢复，请县中心重新声明",
		EN: "the node above still has the ledger of before the county's recovery; not following it. If the county was restored once more, it must declare that again"}
	// ErrMissing: the county's ledger does not hold what it had confirmed.
	ErrMissing = &Fault{Code: "record_missing", ZH: "严重：县中心无法证明本机已确认的条目在台账中，已保留证据，请立即报告县中心和监察人员",
		EN: "SERIOUS: the county cannot prove that an entry it confirmed is in its ledger; evidence kept. Report it to the county and the supervisors"}
	// ErrStorage: this node's own disk.
	ErrStorage = &Fault{Code: "storage", ZH: "本机存储故障，无法写入同步数据", EN: "this node's storage failed; what came cannot be written"}
	// ErrApply: what came could not be made part of this node's state.
	ErrApply = &Fault{Code: "apply_failed", ZH: "上级节点发来的数据无法并入本机，请联系县中心", EN: "what the node above sent does not fit this node's state; ask the county"}
	// ErrRestored: this node's database is older than what it had sent; it is
	// filled again.
	ErrRestored = &Fault{Code: "restored_old_copy", ZH: "本机数据库是旧副本，正在从上级重新补齐", EN: "this node's database is an old copy; what it lost is being fetched again"}
	// ErrNoProof: the proof asked for cannot be had here now.
	ErrNoProof = &Fault{Code: "no_proof", ZH: "暂时取不到台账证明", EN: "the proof cannot be had here now"}
)

var wireFaults = func() map[string]*Fault {
	m := map[string]*Fault{}
	for _, f := range []*Fault{ErrBusy, ErrClosing, ErrReplaced, ErrNotAllowed, ErrRevoked, ErrRequest, ErrTrouble, ErrLevel, ErrWrongCounty, ErrNoProof} {
		m[f.Code] = f
	}
	m["node_revoked"] = ErrRevoked // as the gate before all routes of a node says it
	return m
}()

// asFault is an error as a fault; fallback is the one it becomes when it is
// none yet.
func asFault(err error, fallback *Fault) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return fallback.Because(err)
}
