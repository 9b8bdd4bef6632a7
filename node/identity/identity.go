// Package identity says who may do what: the roles of a county's staff, the
// actions they take, and one table of grants that every tier enforces. It is
// pure; keys, tokens and passwords live in federation/trust.
package identity

import (
	"slices"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

// Role is a function a member of staff fulfils. A person may hold several;
// every action names the one it was taken in.
type Role string

// The roles, each of which exists at exactly one tier (see Role.Tier).
const (
	VillageWorker      Role = "village_worker"      // 村(社区)代办员
	TownshipClerk      Role = "township_clerk"      // 乡镇窗口
	TownshipReviewer   Role = "township_reviewer"   // 乡镇审核
	TownshipLeader     Role = "township_leader"     // 乡镇分管领导
	DepartmentWindow   Role = "department_window"   // 部门窗口
	DepartmentReviewer Role = "department_reviewer" // 行政审批股
	DepartmentLeader   Role = "department_leader"   // 首席代表、分管领导
	FeeCounter         Role = "fee_counter"         // 收费窗口
	Supervisor         Role = "supervisor"          // 电子监察
	CountyOperator     Role = "county_operator"     // 中心管理员
	Auditor            Role = "auditor"             // 审计，只读
	// System is the node itself: it confirms that attachments arrived. No
	// person can hold it and no token can carry it.
	System Role = "system"
	// Applicant is somebody who applies by themselves, from home. No member of
	// staff can hold it, and no token of staff can carry it.
	Applicant Role = "applicant"
)

// Roles lists every role a person can hold, lowest tier first.
var Roles = []Role{
	VillageWorker,
	TownshipClerk, TownshipReviewer, TownshipLeader,
	DepartmentWindow, DepartmentReviewer, DepartmentLeader,
	FeeCounter, Supervisor, CountyOperator, Auditor,
}

// Valid reports whether r is a role a person can hold.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Tier is the tier whose nodes may issue tokens for r. It is empty for an
// unknown role and for System, which exists at every tier.
func (r Role) Tier() node.Tier {
	switch r {
	case VillageWorker:
		return node.Village
	case TownshipClerk, TownshipReviewer, TownshipLeader:
		return node.Township
	case DepartmentWindow, DepartmentReviewer, DepartmentLeader, FeeCounter, Supervisor, CountyOperator, Auditor:
		return node.County
	}
	return ""
}

// Departmental reports whether r acts for one department only.
func (r Role) Departmental() bool {
	return r == DepartmentWindow || r == DepartmentReviewer || r == DepartmentLeader
}

// Actor is who took an action, as an entry records it for good: the staff
// number, the role acted in and the node it was done at. Name is the name
// shown on documents at that time.
type Actor struct {
	Staff string `json:"staff"`
	Name  string `json:"name,omitempty"`
	Role  Role   `json:"role"`
	Node  string `json:"node"`
}

// Credential is what the county certifies of a node at enrolment. A node can
// never issue a token or record an entry beyond it.
type Credential struct {
	Node     string        `json:"node"`
	Tier     node.Tier     `json:"tier"`
	Division division.Code `json:"division"`
	// Ordinal numbers the nodes a division has had (1–99); it is part of
	// every case number, so that a replaced PC never repeats one.
	Ordinal int `json:"ordinal"`
	// SignKey is the node's ed25519 public key, 32 bytes.
	SignKey []byte `json:"sign_key"`
	// IssuedAt and ExpiresAt are Unix milliseconds.
	IssuedAt  int64 `json:"issued_at"`
	ExpiresAt int64 `json:"expires_at"`
}

// Subject is an actor with what the rules need to know of it.
type Subject struct {
	Role       Role
	Tier       node.Tier
	Division   division.Code
	Department string
}

// Target is what an action touches: the division it belongs to and, for a
// case or an item, the department that answers for it.
type Target struct {
	Division   division.Code
	Department string
}
