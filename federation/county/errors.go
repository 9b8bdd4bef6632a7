package county

import (
	"errors"
	"net/http"
)

// Refusal is why a change of the hubs was not made: a stable code, and what to
// do instead in Chinese and English. It is ErrMembership, or ErrForeign where
// the other hub is not what it was said to be.
type Refusal struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// The codes of a Refusal. Add only.
const (
	HubUnknown     = "hub_unknown"       // no hub of this id is in the county
	HubLastVoter   = "hub_last_voter"    // it is the only one with a vote
	HubMajority    = "hub_majority"      // without it too few voters would answer
	HubAddress     = "hub_address"       // no address, or one that another hub has
	HubUnreachable = "hub_unreachable"   // it does not answer at its address
	HubForeign     = "hub_foreign"       // something else answers there
	HubOtherLedger = "hub_other_ledger"  // it holds what the county's ledger does not
	HubBehind      = "hub_behind"        // it has not caught up
	HubNoVote      = "hub_no_vote"       // it is in the county without a vote
	HubNotHandedOn = "hub_not_handed_on" // leadership did not change hands
)

func (r *Refusal) Error() string { return r.ZH + " (" + r.EN + ")" }

// Is makes a Refusal one of this package's errors.
func (r *Refusal) Is(target error) bool {
	return target == ErrMembership && r.Code != HubForeign || target == ErrForeign && r.Code == HubForeign
}

// Errors a caller branches on. Text that may reach people has both languages.
var (
	// ErrUnknown: the proposal was handed to the log and its outcome cannot be
	// told (leadership or connection lost meanwhile). Propose it again.
	ErrUnknown = errors.New("结果未知，请重试 (outcome unknown, propose again)")

	// ErrNoLeader: no leader was found in time; nothing was submitted.
	ErrNoLeader = errors.New("县中心暂无主节点 (no leader)")

	// ErrTooLarge: the proposal exceeds MaxCommand.
	ErrTooLarge = errors.New("提交内容过大 (proposal too large)")

	// ErrBusy: the leader's queue is full; nothing was submitted.
	ErrBusy = errors.New("县中心繁忙，请稍后重试 (leader's queue is full)")

	// ErrClosed: the hub was closed or has stopped.
	ErrClosed = errors.New("县中心进程已停止 (hub is closed)")

	// ErrStopped: the hub met a failure after which it must not go on (storage
	// error, unreadable entry). It serves nothing until restarted.
	ErrStopped = errors.New("县中心进程因故障停止 (hub stopped after a failure)")

	// ErrNotReady: the hub has not caught up since it started, or knows no leader.
	ErrNotReady = errors.New("县中心进程尚未就绪 (hub is not ready)")

	// ErrOutside: another hub leads the county, and this one is not in it.
	ErrOutside = errors.New("县中心由另一台主机主持，其中没有本机：本机已被移除，或县中心已用 restore --lone 重新开始。请停止本机，移走 raft/ 和 state.db*，启动后再 raft add；若那台主机的 restore --lone 是误操作，请停止那台主机 (another hub leads the county without this one: it was removed, or the county began anew with restore --lone. Stop this hub, move raft/ and state.db* away, start it and run raft add; if restore --lone was a mistake there, stop that hub)")

	// ErrDatabaseBehind: the database lacks entries that the log no longer has,
	// and no peer could supply them.
	ErrDatabaseBehind = errors.New("数据库落后于快照，请恢复备份 (database is behind its snapshot and no peer could refill it: restore the latest backup of state.db, or remove this hub and add it again)")

	// ErrLogBehind: the log lacks entries that the database has.
	ErrLogBehind = errors.New("日志落后于数据库：县中心有其他主机时，请在另一台运行 tongban raft remove，移走本机的 raft/ 和 state.db*，启动后再 raft add；只有本机时运行 tongban restore --lone (the raft log lost its end: with other hubs run raft remove at one of them, move raft/ and state.db* of this hub away, start it and run raft add; a single hub is begun again from its database with tongban restore --lone)")

	// ErrLogDamaged: a record of the log or of the stable store fails its checksum.
	ErrLogDamaged = errors.New("日志文件损坏：县中心有其他主机时，请在另一台运行 tongban raft remove，移走本机的 raft/ 和 state.db*，启动后再 raft add；只有本机时运行 tongban restore --lone (raft log is damaged: with other hubs run raft remove at one of them, move raft/ and state.db* of this hub away, start it and run raft add; a single hub is begun again from its database with tongban restore --lone)")

	// ErrSnapshotDamaged: a snapshot header or stream fails its checksum.
	ErrSnapshotDamaged = errors.New("快照损坏 (snapshot is damaged)")

	// ErrForeign: a snapshot, a backup or a hub of another cluster, or a hub
	// that is not what it was said to be.
	ErrForeign = errors.New("不属于本县集群 (of another cluster)")

	// ErrNewer: written by a newer version of tongban than this one.
	ErrNewer = errors.New("需要更新版本的 tongban (written by a newer version)")

	// ErrMembership: the change of membership was refused or did not finish.
	ErrMembership = errors.New("成员变更未完成 (membership change refused or unfinished)")
)

// errNotLeader is internal: asked the wrong hub, nothing was submitted.
var errNotLeader = errors.New("not the leader")

// wireErrors is how errors cross the peer port. Add only; codes are never reused.
var wireErrors = []struct {
	code   string
	status int
	err    error
}{
	{"unknown", http.StatusBadGateway, ErrUnknown},
	{"not_leader", http.StatusMisdirectedRequest, errNotLeader},
	{"outside", http.StatusServiceUnavailable, ErrOutside},
	{"no_leader", http.StatusServiceUnavailable, ErrNoLeader},
	{"too_large", http.StatusRequestEntityTooLarge, ErrTooLarge},
	{"busy", http.StatusTooManyRequests, ErrBusy},
	{"stopped", http.StatusServiceUnavailable, ErrStopped},
	{"closed", http.StatusServiceUnavailable, ErrClosed},
	{"not_ready", http.StatusServiceUnavailable, ErrNotReady},
	{"foreign", http.StatusConflict, ErrForeign},
	{"membership", http.StatusConflict, ErrMembership},
}
