package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// What an applicant sees of a case by its number and query code:
//
//	POST /api/v1/public/lookup  LookUpCase

// lookupFloor is how long a look-up that fails takes at least, so that its time
// does not tell whether there is such a number.
const lookupFloor = 80 * time.Millisecond

var errLookup = &problem{http.StatusNotFound, "lookup_failed", "number and query code do not belong together", "办件编号与查询码不符", "请核对收件凭证或受理通知书上的编号与查询码", nil, 0}

// LookUpCase tells how far a case is.
func (s *Server) LookUpCase(ctx context.Context, in gen.LookUpCaseRequestObject) (gen.LookUpCaseResponseObject, error) {
	var out gen.LookupAnswer
	found, err := guarded(ctx, s, in.Body.Number, errLookup, func(number string) (lookedUp, error) {
		found, err := s.lookedUp(ctx, number, in.Body.Code)
		if errors.Is(err, errLookup) {
			err = s.elsewhere(ctx, number, lookupPath, "", in.Body, &out)
		}
		return found, err
	})
	if errors.Is(err, errHandedOn) {
		return gen.LookUpCase200JSONResponse(out), nil
	}
	if err != nil {
		return nil, err
	}
	if found.whole != nil {
		out, err = s.lookupJoint(ctx, found.whole)
	} else {
		out, err = s.lookupAnswer(ctx, found.single)
	}
	return gen.LookUpCase200JSONResponse(out), err
}

// lookedUp is what a number and its code prove: a case, or a joint matter by its
// own number.
type lookedUp struct {
	single *casework.Case
	whole  *joint.Case
}

// proven is the case of who shows its number and query code. Wrong tries are
// throttled (tries), and one that fails does not tell by its time
// whether there is such a number. What is not found here is asked with elsewhere.
func (s *Server) proven(ctx context.Context, number, code string, elsewhere func(number string) error) (*casework.Case, error) {
	return guarded(ctx, s, number, errLookup, func(number string) (*casework.Case, error) {
		found, err := s.lookedUp(ctx, number, code)
		switch {
		case errors.Is(err, errLookup):
			err = elsewhere(number)
		case err == nil && found.single == nil:
			err = errLookup
		}
		return found.single, err
	})
}

// guarded looks a case up for somebody who is not logged in: what fails with wrong
// is counted as a guess at the number.
func guarded[T any](ctx context.Context, s *Server, number string, wrong *problem, look func(number string) (T, error)) (T, error) {
	var none T
	floor := time.NewTimer(lookupFloor)
	defer floor.Stop()
	if n, err := casework.ParseNumber(number); err == nil {
		number = n.Compact()
	} else if err := noSuchNumber(number, errNotFound); !errors.Is(err, errNotFound) {
		return none, err // the digits alone say so, whether there is such a case or not
	}
	right, err := s.try(requestOf(ctx).http, number)
	if err != nil {
		return none, err
	}
	out, err := look(number)
	if !errors.Is(err, wrong) && !errors.Is(err, errElsewhere) {
		right()
		return out, err
	}
	select {
	case <-floor.C:
	case <-ctx.Done():
	}
	return out, err
}

// lookedUp is what has a number, for who has its code; errLookup whichever is
// wrong.
func (s *Server) lookedUp(ctx context.Context, number, code string) (lookedUp, error) {
	var none lookedUp
	c, err := s.store.Case(ctx, number)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return none, err
	}
	whole, err := s.store.Joint(ctx, number)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return none, err
	}
	is, opened := none, "none"
	switch {
	case c != nil && c.Number == number:
		is.single, opened = c, c.OpenedBy()
	case whole != nil && whole.Number == number:
		is.whole, opened = whole, whole.ID
	}
	e, err := s.store.Entry(ctx, opened)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return none, err
	}
	var submission *ledger.Entry
	if e != nil {
		submission = &e.Entry
	}
	if !proof.CheckQueryCode(submission, code) {
		return none, errLookup
	}
	return is, nil
}

// lookupJoint is how far a joint matter is, and each of its cases.
func (s *Server) lookupJoint(ctx context.Context, c *joint.Case) (gen.LookupAnswer, error) {
	members, err := s.store.JointMembers(ctx, c)
	if err != nil {
		return gen.LookupAnswer{}, err
	}
	summary, err := s.jointSummary(ctx, c, members)
	if err != nil {
		return gen.LookupAnswer{}, err
	}
	out := gen.LookupAnswer{Number: summary.Number, ItemName: summary.Name, Word: summary.Word, WordZh: summary.WordZh, Status: string(summary.Status), StatusZh: summary.StatusZh,
		Steps: []gen.LookupStep{}, ToDo: "一次办理，各部门进度见下。", ToDoEn: "Handled as one; each department's progress is below."}
	switch waits := departments(summary.Answered.Windows); {
	case len(waits) > 0:
		out.Answered = summary.Answered
		out.ToDo = "要求补正的已全部收到，请等候“" + strings.Join(waits, "”“") + "”核对受理。"
		out.ToDoEn = "All that was asked for has been received; it waits for: " + strings.Join(waits, ", ") + "."
	case summary.Status == joint.Supplementing:
		todo := toDo(&casework.Case{Status: casework.Supplementing})
		out.ToDo, out.ToDoEn, out.BringBefore = todo[0], todo[1], c.Notice.Before
		for _, told := range c.NoticeMembers {
			for i := range members {
				if members[i].ID != told.Case {
					continue
				}
				item, err := s.store.Item(ctx, members[i].Item, members[i].ItemVersion)
				if err != nil {
					return out, found(err)
				}
				for _, name := range askedFor(&item.Item, told.Points) {
					if !slices.Contains(out.Bring, name) { // what several ask for is brought once
						out.Bring = append(out.Bring, name)
					}
				}
			}
		}
	}
	limits, err := s.jointLimits(ctx, c, members)
	var missing *calendar.MissingYearError
	if err != nil && !errors.As(err, &missing) {
		return out, err
	}
	dues := duesIn(limits)
	out.Promised, out.Statutory = dues.Promised, dues.Statutory
	for _, m := range members {
		part, err := s.lookupAnswer(ctx, m)
		if err != nil {
			return out, err
		}
		out.Parts = append(out.Parts, part)
	}
	out.AsOf, err = s.asOf(ctx)
	return out, err
}

func (s *Server) lookupAnswer(ctx context.Context, c *casework.Case) (gen.LookupAnswer, error) {
	summary, err := s.summary(ctx, c)
	if err != nil {
		return gen.LookupAnswer{}, err
	}
	asOf, err := s.asOf(ctx)
	if err != nil {
		return gen.LookupAnswer{}, err
	}
	dues, err := s.heardDues(ctx, c)
	if err != nil {
		return gen.LookupAnswer{}, err
	}
	out := gen.LookupAnswer{Number: printed(c.Number), ItemName: c.ItemName, Word: summary.Word, WordZh: summary.WordZh, Status: string(c.Status), StatusZh: statusZH[c.Status],
		Steps: []gen.LookupStep{}, Promised: dues.Promised, Statutory: dues.Statutory, AsOf: asOf}
	for i, step := range c.Steps {
		state := gen.StepAhead
		switch {
		case i < c.Step:
			state = gen.StepDone
		case c.Status.Ended():
			state = gen.StepNotTaken
		case i == c.Step:
			state = gen.StepNow
		}
		out.Steps = append(out.Steps, gen.LookupStep{Tier: string(step.Tier), Name: tierZH[step.Tier] + verbZH[step.Verb], State: state})
	}
	todo := toDo(c)
	switch c.Status {
	case casework.NotAccepted:
		waits, err := s.waitsForSeal(ctx, c, document.RejectionNotice)
		if err != nil {
			return out, err
		}
		if waits {
			todo = [2]string{"不予受理，不予受理决定书正在加盖电子印章，盖好后即可到收件地点领取；去之前可先打电话询问。", "It was not accepted. The decision is still to get its electronic seal; then you can collect it where you handed in. Ring before you go."}
		}
	case casework.Issued:
		if todo, err = s.toCollect(ctx, c, todo); err != nil {
			return out, err
		}
	}
	out.ToDo, out.ToDoEn = todo[0], todo[1]
	if c.Status == casework.Supplementing && c.Notice != nil {
		out.BringBefore = c.Notice.Before
		item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
		if err != nil {
			return out, found(err)
		}
		out.Bring = askedFor(&item.Item, c.Notice.Points)
	}
	out.Visits, err = s.visitsOf(ctx, c)
	return out, err
}

// toCollect is what is left to do about a result that was made out, for an applicant
// who chose electronic service.
func (s *Server) toCollect(ctx context.Context, c *casework.Case, otherwise [2]string) ([2]string, error) {
	service, err := s.store.Service(ctx, c)
	if err != nil || service != ledger.ServiceElectronic {
		return otherwise, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return otherwise, err
	}
	if slices.ContainsFunc(opened(entries), func(o gen.OpenedDocument) bool { return slices.Contains(decisions, o.Kind) }) {
		return [2]string{"决定文书已按您的选择电子送达，您已打开；另有纸质证照的，再到收件地点领取。", "The decision was served electronically, as you chose, and you have opened it. Where there is a paper licence too, collect it where you handed in."}, nil
	}
	return [2]string{"结果已制发，您选择了电子送达：请登录后在“我的办件”中打开决定文书。", "The result is ready. You chose electronic service: log in and open the decision among your cases."}, nil
}

// askedFor are the papers and answers that were asked for, by the catalog's names:
// what somebody wrote about them stays between the desk and the applicant.
func askedFor(item *catalog.Item, points []ledger.SupplementPoint) []string {
	var names []string
	for _, p := range points {
		for _, m := range item.Materials {
			if m.Name == p.Material && !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
		for _, f := range item.Form {
			if f.Key == p.Field {
				names = append(names, "申请表："+f.Label)
			}
		}
	}
	return names
}

// toDo is what an applicant does next, in Chinese and English.
func toDo(c *casework.Case) [2]string {
	switch c.Status {
	case casework.HandedIn:
		return [2]string{"材料已收下，正在核对；需要补正的，五个工作日内一次性告知。", "Your papers are being checked; what is missing is told once, within five working days."}
	case casework.Supplementing:
		return [2]string{"请携带补正告知书所列材料，到任一服务中心或便民服务站补正。", "Bring what the notice lists to any service centre or village desk."}
	case casework.Accepted:
		return [2]string{"已受理，请等候办理结果，无需另行催办。", "It was accepted; wait for the result."}
	case casework.NotAccepted:
		return [2]string{"不予受理，理由和救济途径见不予受理决定书，请到收件地点领取。", "It was not accepted; the decision says why and where to turn. Collect it where you handed in."}
	case casework.Granted, casework.Declined:
		return [2]string{"已作出决定，十个工作日内制发送达。", "It was decided; the result is made out and served within ten working days."}
	case casework.Issued:
		return [2]string{"结果已制发，请携带有效证件到收件地点领取。", "The result is ready; collect it where you handed in, with your identity card."}
	case casework.Closed:
		return [2]string{"已办结并送达。如有异议，救济途径见决定书。", "It is closed and was served. Where to turn is in the decision."}
	case casework.Terminated:
		return [2]string{"办理已终止，原因见终止办理通知书；可重新申请。", "It was ended; the notice says why. You may apply again."}
	}
	return [2]string{"请到收件地点咨询。", "Ask where you handed in."}
}

var tierZH = map[node.Tier]string{node.County: "县", node.Township: "乡镇", node.Village: "村"}

var verbZH = map[ledger.Verb]string{ledger.VerbCollect: "代收", ledger.VerbRelay: "转报", ledger.VerbAccept: "受理", ledger.VerbPreReview: "初审",
	ledger.VerbReview: "审核", ledger.VerbDecide: "审批", ledger.VerbIssue: "制发", ledger.VerbDeliver: "送达"}
