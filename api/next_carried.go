package api

import (
	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/federation/county"
)

// nextHub is what to do when a change of the hubs was refused, nextBundle when a
// bundle was; by the code.
var (
	nextHub = map[string]string{
		county.HubUnknown:     "请在主机列表中核对编号后重试",
		county.HubLastVoter:   "请先加入另一台主机，再移除这一台",
		county.HubMajority:    "请先恢复未应答的主机，或先移除它们，再重试",
		county.HubAddress:     "请核对新主机的编号和 advertise.peer 后重试",
		county.HubUnreachable: "请在那台机器上运行 serve，用 doctor 检查线路后重试",
		county.HubForeign:     "请核对编号和地址；确是这台主机的，移走它的 raft 目录和 state.db 后重新启动，再加入",
		county.HubOtherLedger: "请停止那台主机，移走它的 raft 目录和 state.db 后重新启动，再加入",
		county.HubBehind:      "请等它追上后重试",
		county.HubNoVote:      "请先加入这台主机，使其有表决权",
		county.HubNotHandedOn: "请查看主机状态，其他主机恢复后重试",
	}
	nextBundle = map[string]string{
		carry.ErrNotBundle.Code:   "请选择 tongban carry export 生成的携带包文件",
		carry.ErrTruncated.Code:   "请重新复制该携带包；仍不完整的，请在原机器重新导出",
		carry.ErrDamaged.Code:     "请重新复制该携带包；仍损坏的，请换一个U盘，在原机器重新导出",
		carry.ErrSignature.Code:   "请不要再导入该携带包，连同U盘交县中心核查",
		carry.ErrNewer.Code:       "请先升级本机的通办，再导入同一携带包",
		carry.ErrFuture.Code:      "请校准两台机器的时钟，再重新导出、导入",
		carry.ErrTooLarge.Code:    "请分批导出，再逐个导入",
		carry.ErrWrongCounty.Code: "请核对U盘，导入本县的携带包",
		carry.ErrNotForMe.Code:    "请到携带包所写的节点导入，或为本节点重新导出",
		carry.ErrNotAllowed.Code:  "请由县中心或本节点的上级重新导出",
		carry.ErrRevoked.Code:     "请联系县中心；要继续使用这台机器，须重新登记",
		carry.ErrUnknownNode.Code: "请先接通网络同步，或先导入县中心最新的携带包，再导入本包",
		carry.ErrGap.Code:         "请按先后导入较早的携带包，或在原机器从更早的位置重新导出",
		carry.ErrLostOwn.Code:     "请在上级节点用 carry export --full 重新导出",
		carry.ErrConflict.Code:    "请不要再导入该携带包，连同U盘交县中心核查",
		carry.ErrRewritten.Code:   "请立即报告县中心和监察人员，保留该U盘备查",
		carry.ErrSealed.Code:      "请在原机器为本节点重新导出",
		carry.ErrEpoch.Code:       "请接通一次网络，再用新导出的携带包",
		carry.ErrUnavailable.Code: "请稍后用同一携带包重新导入，不会重复",
		carry.ErrStorage.Code:     "请清理或修复本机磁盘，再用同一携带包重新导入",
		carry.ErrUnstable.Code:    "请稍后重新导出",
	}
)
