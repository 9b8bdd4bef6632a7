package storetest

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Node is one node of the county with its open store.
type Node struct {
	*store.Store
	County     *County
	Credential identity.Credential
	Key        ed25519.PrivateKey
	// SkewMS is by how much the node's clock is ahead of the county's, and
	// KnownSkewMS how much of that the node knows of and states.
	SkewMS, KnownSkewMS int64

	dir string
}

func (n *Node) open() {
	tb := n.County.tb
	tb.Helper()
	s, err := store.Open(context.Background(), store.Options{Dir: n.dir, Key: Key, Limits: catalog.DefaultLimits(),
		Self: store.Self{Node: n.Credential.Node, Tier: n.Credential.Tier, Division: n.Credential.Division, Ordinal: n.Credential.Ordinal}})
	n.County.must(err, "open "+n.Credential.Node)
	n.Store = s
	tb.Cleanup(func() { s.Close() })
}

// ID is the node's id, Division where it stands.
func (n *Node) ID() string { return n.Credential.Node }

// Division is the division the node stands in.
func (n *Node) Division() division.Code { return n.Credential.Division }

// Follower is the node as the feed knows it.
func (n *Node) Follower() store.Follower {
	return store.Follower{Node: n.ID(), Division: n.Division()}
}

// Reopen closes the node's databases and opens them again, as a restart does.
func (n *Node) Reopen() {
	n.County.tb.Helper()
	n.County.must(n.Store.Close(), "close "+n.ID())
	n.open()
}

// About is where an entry belongs.
type About struct {
	Scope      division.Code
	Subtree    bool
	Case, Prev string
	// ID is the entry's id; empty takes the node's next one.
	ID string
	// At is when it happened, Unix milliseconds; 0 is now by the node's clock.
	At int64
}

// Entry makes an entry of this node, signed. Below the county its seq must be
// the node's next one.
func (n *Node) Entry(seq uint64, actor identity.Actor, body ledger.Body, about About) ledger.Entry {
	n.County.tb.Helper()
	raw, err := json.Marshal(body)
	n.County.must(err, "body")
	if about.ID == "" {
		about.ID = n.County.nextID(n.ID())
	}
	if about.At == 0 {
		about.At = n.County.Clock.UnixMilli() + n.SkewMS
	}
	kind := KindOf(body)
	info, _ := ledger.InfoOf(kind, body)
	e := ledger.Entry{ID: about.ID, Kind: kind, V: info.V, Origin: n.ID(), Seq: seq, Actor: actor, Scope: about.Scope, Subtree: about.Subtree,
		Case: about.Case, Prev: about.Prev, OccurredAt: about.At, SkewMS: n.KnownSkewMS, Body: raw}
	n.County.must(e.Sign(n.Key), "sign")
	return e
}

// Raw is an entry's canonical JSON.
func (n *Node) Raw(e ledger.Entry) []byte {
	n.County.tb.Helper()
	raw, err := json.Marshal(&e)
	n.County.must(err, "entry")
	return raw
}

// Do records an entry at this node: proposed at the hub, recorded in the
// outbox below it. A refusal is returned as *store.Refused at every tier.
func (n *Node) Do(actor identity.Actor, body ledger.Body, about About) (store.Result, error) {
	n.County.tb.Helper()
	if about.Case == "" {
		about = n.scoped(body, about)
	}
	if about.ID == "" {
		about.ID = n.County.nextID(n.ID())
	}
	if n.Credential.Tier == node.County {
		r := n.County.Propose(n.Raw(n.Entry(0, actor, body, about)))[0]
		if r.Outcome != ledger.Applied {
			return r, &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN, Faults: r.Faults}
		}
		return r, nil
	}
	return n.Record(context.Background(), store.Draft{ID: about.ID, Stamp: func(seq uint64, _ func(string) (int, error)) (ledger.Entry, error) {
		return n.Entry(seq, actor, body, about), nil
	}})
}

// MustDo is Do of something that must be applied.
func (n *Node) MustDo(actor identity.Actor, body ledger.Body, about ...About) store.Result {
	n.County.tb.Helper()
	r, err := n.Do(actor, body, append(about, About{})[0])
	n.County.must(err, fmt.Sprintf("%s at %s", KindOf(body), n.ID()))
	return r
}

// Actor is the person who holds a role at this node; a township's or a
// village's, or a county-wide role. Departments' people: DepartmentActor.
func (n *Node) Actor(role identity.Role) identity.Actor {
	n.County.tb.Helper()
	if role == identity.CountyOperator || role == identity.Supervisor || role == identity.Auditor {
		return identity.Actor{Staff: OperatorID, Name: nameOf(OperatorID), Role: role, Node: n.ID()}
	}
	return n.person(fmt.Sprintf("%s-%s", role, n.Division()), role, "")
}

// System is the node itself as an actor.
func (n *Node) System() identity.Actor {
	return identity.Actor{Staff: n.ID(), Role: identity.System, Node: n.ID()}
}

// DepartmentActor is the person who holds a role in a department's office at
// the county, taken on when first asked for.
func (n *Node) DepartmentActor(role identity.Role, department string) identity.Actor {
	n.County.tb.Helper()
	return n.person(fmt.Sprintf("%s-%s", role, department), role, department)
}

func (n *Node) person(login string, role identity.Role, department string) identity.Actor {
	hub := n.County.hub
	id := ledger.IDFromKey(n.ID(), "staff", login)[:13]
	if _, err := hub.Staff(context.Background(), id); err != nil {
		b := n.County.StaffAdd(id, n.Division(), department, role)
		b.Login = id
		hub.MustDo(n.County.Operator(), b)
		if role == identity.TownshipLeader || role == identity.DepartmentLeader {
			hub.MustDo(n.County.Operator(), Qualified(id))
		}
	}
	return identity.Actor{Staff: id, Name: nameOf(id), Role: role, Node: n.ID()}
}

// Qualified is a roster record that lets a person decide.
func Qualified(staff string) *ledger.StaffRosterV1 {
	until, err := calendar.NewDate(2030, 12, 31)
	if err != nil {
		panic(err) // a day that there is
	}
	return &ledger.StaffRosterV1{Staff: staff, Established: true, Rank: identity.RankVice, Heads: identity.InCharge, Reason: "任职登记",
		Qualifications: []identity.Qualification{{Kind: "行政执法证", Until: until}}}
}

// StaffAdd takes somebody on the staff.
func (c *County) StaffAdd(id string, at division.Code, department string, roles ...identity.Role) *ledger.StaffAddV1 {
	return &ledger.StaffAddV1{Staff: id, Login: id, Name: nameOf(id), Division: at, Department: department, Roles: roles,
		PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c3RvcmV0ZXN0$" + id}
}

// scoped is where an entry that is not about a case belongs.
func (n *Node) scoped(body ledger.Body, about About) About {
	ctx := context.Background()
	if about.Scope != "" {
		return about
	}
	staff := func(id string) division.Code {
		s, err := n.Staff(ctx, id)
		if err != nil {
			return n.Division()
		}
		return s.Division
	}
	node := func(id string) division.Code {
		v, err := n.Store.Node(ctx, id)
		if err != nil {
			return n.Division()
		}
		return v.Division
	}
	question := func(id string) division.Code {
		g, err := n.Guide(ctx, id)
		if err != nil {
			return n.Division()
		}
		return g.Asked.Division
	}
	switch b := body.(type) {
	case *ledger.GuideOpenV1:
		about.Scope = b.Division
	case *ledger.GuideHandV1:
		about.Scope = question(b.Guide)
	case *ledger.GuideAcceptV1:
		about.Scope = question(b.Guide)
	case *ledger.GuideCloseV1:
		about.Scope = question(b.Guide)
	case *ledger.DeviceRegisterV1:
		about.Scope = b.Division
	case *ledger.DeviceRevokeV1:
		about.Scope = b.Division
	case *ledger.AccountOpenV1:
		about.Scope = b.Division
	case *ledger.AccountAttestV1:
		about.Scope = b.Division
	case *ledger.AccountConfirmV1:
		about.Scope = Code
	case *ledger.AccountAgentsV1:
		about.Scope = b.Division
	case *ledger.NodeInviteV1, *ledger.SampleDrawV1, *ledger.SampleReviewV1, *ledger.ItemDraftV1, *ledger.PackageDraftV1, *ledger.AccountActivateV1, *ledger.AccountPasswordV1, *ledger.AccountTOTPV1, *ledger.AccountStepV1, *ledger.AccountDisableV1,
		*ledger.AccountBindV1, *ledger.AccountUnbindV1, *ledger.AccountRegisterV1:
		about.Scope = Code
	case *ledger.NodeEnrolV1:
		about.Scope, about.Subtree = b.Credential.Division, true
	case *ledger.NodeRevokeV1:
		about.Scope, about.Subtree = node(b.Node), true
	case *ledger.NodeRenameV1:
		about.Scope, about.Subtree = node(b.Node), true
	case *ledger.StaffAddV1:
		about.Scope = b.Division
	case *ledger.StaffRolesV1:
		about.Scope = staff(b.Staff)
	case *ledger.StaffDisableV1:
		about.Scope = staff(b.Staff)
	case *ledger.StaffPasswordV1:
		about.Scope = staff(b.Staff)
	case *ledger.StaffRosterV1:
		about.Scope = staff(b.Staff)
	case *ledger.StaffSubstituteV1:
		about.Scope = staff(b.Staff)
	case *ledger.LineOutageV1:
		about.Scope = b.Division
	case *ledger.AppraisalScorecardV1, *ledger.AppraisalMarkV1, *ledger.AppraisalDraftV1, *ledger.AppraisalSignV1:
		about.Scope = Code
	case *ledger.AttendanceRecordV1:
		about.Scope = b.Division
	case *ledger.AppraisalResultV1:
		about.Scope = b.Division
	case *ledger.AppraisalObjectV1:
		about.Scope = b.Division
	case *ledger.AppraisalAnswerV1:
		about.Scope = b.Division
	case *ledger.OverlaySetV1:
		about.Scope, about.Subtree = b.Overlay.Office, true
	case *ledger.AttentionResolveV1:
		list, err := n.AttentionList(ctx, Code, true)
		n.County.must(err, "attention")
		for _, a := range list {
			if a.Entry == b.Entry {
				about.Scope = a.Scope
			}
		}
	case *ledger.ServiceRulesV1, *ledger.RatingGiveV1, *ledger.RatingContactV1, *ledger.RatingContactV2, *ledger.RatingOrderV1, *ledger.RatingRectifyV1, *ledger.RatingContestV1,
		*ledger.RatingReportV1, *ledger.RatingMarkV1, *ledger.ComplaintOpenV1, *ledger.ComplaintAssignV1, *ledger.ComplaintReplyV1, *ledger.ComplaintRevealV1:
		// One that names nothing that is here is refused for that.
		if scope, _, err := n.ScopeOf(ctx, "", b); err == nil {
			about.Scope = scope
		}
	}
	return about
}
