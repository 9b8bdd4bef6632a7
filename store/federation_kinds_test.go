package store_test

import (
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	volumes "github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/guide"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// tried notes what was recorded. A refusal at the desk records nothing, and is
// what the rules say of a step drawn blindly; anything else is not.
func (f *federation) tried(r store.Result, err error) bool {
	var no *store.Refused
	var rule *casework.Refusal
	if errors.As(err, &no) || errors.As(err, &rule) {
		return false
	}
	f.note(r, err)
	return true
}

// beyond does what stands beside the steps of a case: questions of people
// without one, hearings, volumes, draws and appraisals.
func (f *federation) beyond(n *storetest.Node) {
	switch rapid.SampledFrom([]string{"guide", "hearing", "refusal", "archive", "sample", "appraise", "device", "fee", "call back"}).Draw(f.t.T, "beyond") {
	case "guide":
		if n != f.Hub() {
			f.guide(n)
		}
	case "device":
		f.device(n)
	case "fee":
		f.fee(n)
	case "hearing":
		f.hearing(n)
	case "call back":
		f.callBack()
	case "refusal":
		f.refusal(n)
	case "archive":
		f.archive(n)
	case "sample":
		today := calendar.DateOf(f.Clock.Now())
		f.tried(f.Hub().Do(f.Hub().Actor(identity.Supervisor), &ledger.SampleDrawV1{From: today, To: today, By: "department", Permille: 500, After: 20, Reason: "日常抽查"}, storetest.About{Scope: storetest.Code}))
	case "appraise":
		who := f.village.Actor(identity.VillageWorker)
		f.tried(f.Hub().Do(f.Hub().Actor(identity.Supervisor), &ledger.AppraisalMarkV1{Month: f.Clock.Now().Format("2006-01"), Points: 100, Reason: "群众来信表扬",
			Of: ledger.Appraised{Kind: "person", Division: here, Staff: who.Staff}}, storetest.About{Scope: storetest.Code}))
	}
}

// guide takes a question in, or hands on, accepts or ends one that is known.
func (f *federation) guide(n *storetest.Node) {
	by := n.Actor(deskRole(n))
	known, err := n.Guides(ctx, store.GuideFilter{Within: storetest.Code, Open: true, Limit: 100})
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	if len(known) == 0 || rapid.Bool().Draw(f.t.T, "asked anew") {
		f.tried(n.Do(by, &ledger.GuideOpenV1{Guide: fmt.Sprintf("g-%s-%d", n.ID(), len(f.acknowledged)), Division: n.Division(), About: "低保怎么办"}, storetest.About{}))
		return
	}
	g := rapid.SampledFrom(known).Draw(f.t.T, "guide")
	var body ledger.Body
	switch {
	case g.State == guide.Handed && n == f.township:
		body = &ledger.GuideAcceptV1{Guide: g.ID}
	case n == f.village && rapid.Bool().Draw(f.t.T, "hand on"):
		body = &ledger.GuideHandV1{Guide: g.ID, To: town, Note: "已陪同"}
	default:
		body = &ledger.GuideCloseV1{Guide: g.ID, Answer: "已当场答复"}
	}
	f.tried(n.Do(by, body, storetest.About{}))
}

// device registers a device of the village's, or revokes it from anywhere, also
// before its registration has come there.
func (f *federation) device(n *storetest.Node) {
	owner := f.village.Actor(identity.VillageWorker)
	id := fmt.Sprintf("DEVICE%d", rapid.IntRange(0, 2).Draw(f.t.T, "device"))
	revoke := &ledger.DeviceRevokeV1{Device: id, Staff: owner.Staff, Division: here, Reason: "遗失"}
	switch {
	case n == f.village && rapid.Bool().Draw(f.t.T, "register"):
		f.tried(n.Do(owner, &ledger.DeviceRegisterV1{Device: id, Staff: owner.Staff, Division: here, Name: "平板"}, storetest.About{}))
	case n == f.village:
		f.tried(n.Do(owner, revoke, storetest.About{}))
	case n == f.Hub():
		f.tried(n.Do(f.Operator(), revoke, storetest.About{}))
	default:
		f.tried(n.Do(n.Actor(identity.TownshipClerk), revoke, storetest.About{}))
	}
}

// fee charges for a case, or pays, waives or cancels what is owed in it.
func (f *federation) fee(n *storetest.Node) {
	c := f.known(n, func(c *casework.Case) bool { return c.Item == birth && c.AcceptedMS > 0 })
	if c == nil || n == f.village {
		return
	}
	account, err := n.FeeAccount(ctx, c)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	var body ledger.Body = &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "工本费", Quantity: 1, Amount: 1000}}}
	if i := slices.IndexFunc(account, func(c fee.Charge) bool { return c.Due() > 0 }); i >= 0 {
		body = rapid.SampledFrom([]ledger.Body{&ledger.FeeCancelV1{Charge: account[i].ID, Reason: "开错件"},
			&ledger.FeePayV1{Charge: account[i].ID, Amount: account[i].Due(), Method: "cash", Bill: fmt.Sprintf("b-%s-%d", n.ID(), len(f.acknowledged))}}).Draw(f.t.T, "of what is owed")
	}
	f.tried(n.Do(desk(n, c.Department), body, storetest.About{Case: c.ID, Scope: c.Division}))
}

// callBack lets the county call back who gave a bad rating, or try to.
func (f *federation) callBack() {
	open, err := f.Hub().Ratings(ctx, store.OfficeFilter{Open: true, Limit: 100})
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	open = slices.DeleteFunc(open, func(v store.RatingView) bool { return v.State() != rating.Opened })
	if len(open) == 0 {
		return
	}
	reached := rapid.Bool().Draw(f.t.T, "reached")
	f.note(f.Hub().Do(f.Hub().Actor(identity.Supervisor), &ledger.RatingContactV2{Rating: rapid.SampledFrom(open).Draw(f.t.T, "rating").ID, Channel: ledger.ByPhone,
		AtMS: f.Clock.UnixMilli(), Reached: reached, Verified: reached, Note: "已电话回访"}, storetest.About{}))
}

// hearing tells of the right to one, which the applicant gives up at once: the
// case then goes on as any other does.
func (f *federation) hearing(n *storetest.Node) {
	c := f.known(n, func(c *casework.Case) bool { return c.Holder == n.Division() && c.Status == casework.Accepted })
	if c == nil {
		return
	}
	told, err := n.Step(c.ID, &ledger.HearingTellV1{Matter: "临近住宅", Before: calendar.DateOf(f.Clock.Now()).AddDays(14)})
	if f.tried(told, err) {
		body := ledger.Body(&ledger.HearingAskV1{Party: c.Applicant.Name, Waived: true})
		if rapid.Bool().Draw(f.t.T, "signed") {
			body = &ledger.HearingAskV2{Party: c.Applicant.Name, Waived: true, Proof: []catalog.AttachmentRef{storetest.Attachment("放弃听证 " + c.ID)}}
		}
		f.note(n.Do(desk(n, c.Department), body, storetest.About{Case: c.ID, Scope: c.Division}))
	}
}

// refusal tells of one that is intended, to which the applicant has something to say:
// the case then goes on as any other does.
func (f *federation) refusal(n *storetest.Node) {
	c := f.known(n, func(c *casework.Case) bool { return c.Holder == n.Division() && c.Status == casework.Accepted })
	if c == nil {
		return
	}
	told, err := n.Step(c.ID, &ledger.RefusalTellV1{Reason: "不符合规定条件", Before: calendar.DateOf(f.Clock.Now()).AddDays(casework.HeardDays)})
	if f.tried(told, err) {
		f.note(n.Do(desk(n, c.Department), &ledger.RefusalStateV1{Proposal: told.ID, Party: c.Applicant.Name, Text: "已按要求整改"}, storetest.About{Case: c.ID, Scope: c.Division}))
	}
}

// archive puts a case that ended into its volume, where the authority does.
func (f *federation) archive(n *storetest.Node) {
	c := f.known(n, func(c *casework.Case) bool { return c.Status.Ended() })
	if c == nil || n == f.village {
		return
	}
	entries, err := n.Standing(ctx, c.ID)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	pieces, err := volumes.Pieces(entries, func(k ledger.Kind) string { return string(k) })
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	f.tried(n.Do(desk(n, c.Department), &ledger.CaseArchiveV1{Volume: volumes.Volume(c), Pieces: pieces}, storetest.About{Case: c.ID, Scope: c.Division}))
}
