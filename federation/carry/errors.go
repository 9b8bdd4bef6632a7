package carry

import (
	"errors"

	"github.com/tongban/tongban/federation/fault"
)

// Fault is why a bundle was not made or not taken in, for people.
type Fault = fault.Fault[area]

type area struct{}

func (area) Area() string { return "carry" }

// The faults, to compare with errors.Is. After any of them but ErrStorage and
// ErrUnavailable, nothing was applied.
var (
	// ErrNotBundle: the file is something else.
	ErrNotBundle = &Fault{Code: "not_a_bundle", ZH: "该文件不是通办携带包", EN: "this file is not a tongban bundle"}
	// ErrTruncated: the file ends early, as after a stick was pulled out.
	ErrTruncated = &Fault{Code: "bundle_incomplete", ZH: "携带包不完整（可能未复制完就拔出了U盘），请重新复制或重新导出", EN: "the bundle is incomplete (was the stick pulled out too early?); copy or export it again"}
	// ErrDamaged: its bytes are not those that were written.
	ErrDamaged = &Fault{Code: "bundle_damaged", ZH: "携带包已损坏或被改动，请重新复制或重新导出", EN: "the bundle is damaged or was changed; copy or export it again"}
	// ErrSignature: a signature in it was not made by who it names.
	ErrSignature = &Fault{Code: "bundle_signature", ZH: "携带包签名校验未通过，已拒收，请联系县中心", EN: "a signature in the bundle does not hold; it was refused. Ask the county"}
	// ErrNewer: a newer tongban made it.
	ErrNewer = &Fault{Code: "bundle_newer", ZH: "携带包由更新版本的通办生成，请先升级本机", EN: "a newer tongban made the bundle; upgrade this node first"}
	// ErrFuture: it says to be made later than now.
	ErrFuture = &Fault{Code: "bundle_future", ZH: "携带包的生成时间晚于本机时间，请核对两台机器的时钟", EN: "the bundle was made later than this node's clock says; check the clocks of both machines"}
	// ErrTooLarge: beyond the limits.
	ErrTooLarge = &Fault{Code: "bundle_too_large", ZH: "携带包超出大小限制，请分批导出", EN: "the bundle is larger than allowed; export it in parts"}
	// ErrWrongCounty: of another county.
	ErrWrongCounty = &Fault{Code: "bundle_other_county", ZH: "携带包属于另一个县，不能导入", EN: "the bundle belongs to another county"}
	// ErrNotForMe: made for another node, or by this one.
	ErrNotForMe = &Fault{Code: "bundle_other_node", ZH: "携带包不是给本节点的", EN: "the bundle is not for this node"}
	// ErrNotAllowed: the node that made it has no say here.
	ErrNotAllowed = &Fault{Code: "bundle_not_allowed", ZH: "生成携带包的节点无权向本节点提供这些数据", EN: "the node that made the bundle may not bring this here"}
	// ErrRevoked: a bundle going down, by or for a node that was cast out.
	ErrRevoked = &Fault{Code: "bundle_revoked", ZH: "该节点已被县中心吊销", EN: "the county has revoked the node"}
	// ErrUnknownNode: a node that is not in this node's ledger.
	ErrUnknownNode = &Fault{Code: "bundle_unknown_node", ZH: "本机尚不认识该节点，请先同步后再试", EN: "this node does not know that node yet; synchronise first"}
	// ErrGap: something before it is missing here.
	ErrGap = &Fault{Code: "bundle_gap", ZH: "携带包之前还有数据未到，请先导入较早的携带包，或从更早的位置重新导出", EN: "something before this bundle is missing here; take in the earlier bundle first, or export again from further back"}
	// ErrLostOwn: this node's database is older than what the county confirms.
	ErrLostOwn = &Fault{Code: "bundle_needs_full", ZH: "本机数据库是旧副本，缺少自己办理过的数据，请用“完整”方式重新导出", EN: "this node's database is an old copy and lacks entries of its own; export the bundle again with full"}
	// ErrConflict: it contradicts what this node has.
	ErrConflict = &Fault{Code: "bundle_conflict", ZH: "携带包与本机已有数据不一致，已拒收，请联系县中心", EN: "the bundle contradicts what this node has; it was refused. Ask the county"}
	// ErrRewritten: its checkpoint does not continue the ledger seen here.
	ErrRewritten = &Fault{Code: "ledger_rewritten", ZH: "严重：携带包中的县中心台账与本机见过的不一致，已拒收，请立即报告县中心和监察人员", EN: "SERIOUS: the county's ledger in the bundle does not continue the one this node has seen; refused. Report it to the county and the supervisors"}
	// ErrSealed: it is for this node, and this node's keys do not open it.
	ErrSealed = &Fault{Code: "bundle_sealed", ZH: "本节点的密钥打不开该携带包（可能是给本节点更换前的电脑或密钥的），请重新导出", EN: "this node's keys do not open the bundle (it may be for the computer or keys this node had before); export it again"}
	// ErrEpoch: the ledger went back between the bundle and this node.
	ErrEpoch = &Fault{Code: "bundle_epoch", ZH: "县中心的账本曾恢复过，携带包与本机不在同一份账本上：请先接通一次网络，再用新导出的携带包",
		EN: "the county's ledger went back, and the bundle and this node are not of the same one: connect this node to a line once, then use a bundle exported anew"}
	// ErrUnavailable: the county could not be asked to take the entries.
	ErrUnavailable = &Fault{Code: "bundle_unavailable", ZH: "暂时无法接收，请稍后用同一携带包重新导入", EN: "it cannot be taken in now; import the same bundle again later"}
	// ErrStorage: this node's own disk.
	ErrStorage = &Fault{Code: "bundle_storage", ZH: "本机存储故障或空间不足，请处理后用同一携带包重新导入", EN: "this node's disk failed or is full; put it right and import the same bundle again"}
	// ErrUnstable: the outbox changed again and again while it was read.
	ErrUnstable = &Fault{Code: "bundle_unstable", ZH: "待上报数据正在变化（网络可能已恢复），请稍后再试", EN: "what is to be sent keeps changing (the line may be back); try again"}
)

// asFault is an error as a fault; otherwise is the one it becomes when it is
// none yet.
func asFault(err error, otherwise *Fault) error {
	var f *Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return otherwise.Because(err)
}
