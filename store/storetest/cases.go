package storetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Submission is a complete submission of an item as this node's desk would
// make it, with a valid form and all papers; its number is still missing.
func (n *Node) Submission(code string) *ledger.CaseSubmitV1 {
	n.County.tb.Helper()
	item := n.County.Item(code)
	b := &ledger.CaseSubmitV1{Item: item.Code, ItemVersion: 1, Department: item.Department, Division: n.Division(), HandedInAt: n.Division(),
		Form: Form(item, 1), Materials: Materials(item), Steps: casework.Plan(&item, n.Credential.Tier)}
	b.Applicant = ledger.Applicant{Type: "person", Name: "王芳", Phone: "13800000000"}
	for _, v := range b.Form {
		switch v.Key {
		case catalog.KeyIDNumber:
			b.Applicant.IDNumber = v.Value
		case catalog.KeyUSCC:
			b.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司", IDNumber: v.Value}
		}
	}
	if n.Credential.Tier == node.County {
		for _, s := range b.Steps {
			if s.Tier != node.County {
				b.Division = "330523110200"
			}
		}
	}
	return b
}

// TrySubmit hands in a case of an item, changed as given.
func (n *Node) TrySubmit(code string, change ...func(*ledger.CaseSubmitV1)) (store.Result, error) {
	n.County.tb.Helper()
	b := n.Submission(code)
	for _, c := range change {
		c(b)
	}
	actor := n.actorFor(ledger.VerbAccept, b.Department)
	id := n.County.nextID(n.ID())
	about := About{ID: id, Case: id, Scope: b.Division}
	if n.Credential.Tier == node.County {
		counter, err := n.LastCounter(context.Background(), n.prefix())
		n.County.must(err, "counter")
		if b.Number == "" {
			b.Number = n.Number(counter + 1)
		}
		return n.Do(actor, b, about)
	}
	return n.Record(context.Background(), store.Draft{ID: id, Stamp: func(seq uint64, counter func(string) (int, error)) (ledger.Entry, error) {
		if b.Number == "" {
			next, err := counter(n.prefix())
			if err != nil {
				return ledger.Entry{}, err
			}
			b.Number = n.Number(next)
		}
		return n.Entry(seq, actor, b, about), nil
	}})
}

// Submit hands in a case of an item and returns it as this node holds it.
func (n *Node) Submit(code string, change ...func(*ledger.CaseSubmitV1)) *casework.Case {
	n.County.tb.Helper()
	r, err := n.TrySubmit(code, change...)
	n.County.must(err, "submit "+code+" at "+n.ID())
	return n.MustCase(r.ID)
}

// Number is a case number of this node today.
func (n *Node) Number(counter int) string {
	n.County.tb.Helper()
	number, err := casework.NewNumber(n.Division(), n.today(), n.Credential.Ordinal, counter)
	n.County.must(err, "case number")
	return number.Compact()
}

// ComplaintNumber is the next number of a complaint at this node today.
func (n *Node) ComplaintNumber() string {
	n.County.tb.Helper()
	counter, err := n.LastCounter(context.Background(), "T"+n.prefix())
	n.County.must(err, "counter")
	return "T" + n.Number(counter+1)
}

func (n *Node) today() calendar.Date {
	return calendar.DateOf(time.UnixMilli(n.County.Clock.UnixMilli() + n.SkewMS))
}

func (n *Node) prefix() string { return n.Number(1)[:22] }

// MustCase is a case this node must have.
func (n *Node) MustCase(id string) *casework.Case {
	n.County.tb.Helper()
	c, err := n.Case(context.Background(), id)
	n.County.must(err, "case "+id+" at "+n.ID())
	return c
}

// Step records a step of a case, or a comment beside it, as the person whose
// task it is.
func (n *Node) Step(id string, body ledger.Body) (store.Result, error) {
	n.County.tb.Helper()
	c := n.MustCase(id)
	about := About{Case: c.ID, Scope: c.Division, Prev: c.Head}
	verb := ledger.VerbAccept
	if step, open := c.Current(); open {
		verb = step.Verb
	}
	switch b := body.(type) {
	case *ledger.CaseCommentV1, *ledger.CaseRevealV1:
		about.Prev = ""
	case *ledger.CaseSupplementV1, *ledger.CaseWithdrawV1, *ledger.PackageFindingV1, *ledger.HearingAskV1, *ledger.HearingAskV2, *ledger.RefusalStateV1, *ledger.ResultStateV1, *ledger.ResultProposeV1, *ledger.ResultReissueV1, *ledger.ResultServeV1, *ledger.CustodySendV1, *ledger.CustodyReceiveV1:
		about.Prev, verb = "", ledger.VerbAccept
	case *ledger.CaseSealV1, *ledger.CasePrintV1, *ledger.CaseVoidV1:
		about.Prev, verb = "", ledger.VerbAccept
	case *ledger.CaseRequestSupplementV1:
		verb = ledger.VerbAccept
	case *ledger.CaseTerminateV1:
		verb = ledger.VerbAccept
		if b.Cause == ledger.CauseMoot && c.AcceptedMS != 0 {
			verb = ledger.VerbDecide // whoever heads the authority
		}
	case *ledger.CaseExtendV1, *ledger.CaseSuspendV1, *ledger.CaseResumeV1, *ledger.HearingTellV1, *ledger.RefusalTellV1, *ledger.HearingConveneV1, *ledger.HearingRecordV1:
		verb = ledger.VerbDecide
	case *ledger.CaseReturnV1:
		if n.Credential.Tier == node.Village {
			verb = ledger.VerbAccept
		}
	case *ledger.CaseRejectV1, *ledger.CaseAcceptV1, *ledger.CaseIssueV1, *ledger.CaseDeliverV1, *ledger.CaseRelayV1, *ledger.CaseCorrectV1:
		verb = ledger.VerbAccept
	case *ledger.CaseReviewV1:
		verb = ledger.VerbReview
	case *ledger.ResultDecideV1:
		about.Prev, verb = "", ledger.VerbDecide
	case *ledger.CaseDecideV1:
		verb = ledger.VerbDecide
	}
	return n.Do(n.actorFor(verb, c.Department), body, about)
}

// MustStep is Step of something that must be applied.
func (n *Node) MustStep(id string, body ledger.Body) *casework.Case {
	n.County.tb.Helper()
	_, err := n.Step(id, body)
	n.County.must(err, fmt.Sprintf("%s of %s at %s", KindOf(body), id, n.ID()))
	return n.MustCase(id)
}

// Advance does what a case's current step asks for, granting what was applied
// for.
func (n *Node) Advance(id string) *casework.Case {
	n.County.tb.Helper()
	step, open := n.MustCase(id).Current()
	if !open {
		n.County.tb.Fatalf("storetest: case %s has ended", id)
	}
	return n.MustStep(id, BodyFor(n.MustCase(id), step.Verb))
}

// BodyFor is an ordinary body of the entry that completes a step of a case.
func BodyFor(c *casework.Case, v ledger.Verb) ledger.Body {
	switch v {
	case ledger.VerbRelay:
		return &ledger.CaseRelayV1{Opinion: "材料齐全，转报"}
	case ledger.VerbAccept:
		return &ledger.CaseAcceptV1{Note: "予以受理"}
	case ledger.VerbPreReview, ledger.VerbReview:
		return &ledger.CaseReviewV1{Opinion: "符合条件"}
	case ledger.VerbDecide:
		return &ledger.CaseDecideV1{Granted: true, Opinion: "准予"}
	case ledger.VerbIssue:
		return &ledger.CaseIssueV1{Documents: []ledger.IssuedDocument{{Name: resultOf(c), Number: "安民" + c.Number}}, Free: freeOf(c)}
	}
	d := &ledger.CaseDeliverV1{Recipient: c.Applicant.Name, Method: "direct"}
	if c.Applicant.Type == "organisation" {
		d.Relation = "单位工作人员"
	}
	return d
}

// freeOf is why nothing is charged in a case of the shipped catalog's items that
// charge.
func freeOf(c *casework.Case) string {
	for _, item := range usualItems() {
		if item.Code == c.Item && item.Fee.Charged && c.Decision == casework.Granted {
			return "首次申领免费"
		}
	}
	return ""
}

// resultOf is what may be issued in a case.
func resultOf(c *casework.Case) string {
	for _, item := range usualItems() {
		if item.Code == c.Item {
			return casework.Issuable(&item, c.Decision)[0]
		}
	}
	return "决定书"
}

var usualItems = sync.OnceValue(func() []catalog.Item {
	items, _ := catalog.ParseItems(itemsFile)
	return items
})

// actorFor is the person at this node who takes a step.
func (n *Node) actorFor(v ledger.Verb, department string) identity.Actor {
	n.County.tb.Helper()
	switch n.Credential.Tier {
	case node.Village:
		return n.Actor(identity.VillageWorker)
	case node.Township:
		switch v {
		case ledger.VerbPreReview, ledger.VerbReview:
			return n.Actor(identity.TownshipReviewer)
		case ledger.VerbDecide:
			return n.Actor(identity.TownshipLeader)
		}
		return n.Actor(identity.TownshipClerk)
	}
	switch v {
	case ledger.VerbPreReview, ledger.VerbReview:
		return n.DepartmentActor(identity.DepartmentReviewer, department)
	case ledger.VerbDecide:
		return n.DepartmentActor(identity.DepartmentLeader, department)
	}
	return n.DepartmentActor(identity.DepartmentWindow, department)
}

// Form fills in an item's form; person numbers the applicant.
func Form(item catalog.Item, person int) []catalog.FieldValue {
	var form []catalog.FieldValue
	for _, f := range item.Form {
		either := item.Subject == catalog.SubjectBoth && (f.Key == catalog.KeyIDNumber || f.Key == catalog.KeyApplicantType)
		if f.Required || either {
			form = append(form, catalog.FieldValue{Key: f.Key, Value: valueOf(f, person)})
		}
	}
	for i := range form {
		if form[i].Key == "applicant_name" {
			form[i].Value = ApplicantOf(form).Name
		}
	}
	return form
}

func valueOf(f catalog.Field, person int) string {
	switch f.Type {
	case catalog.TypeNumber:
		return "3"
	case catalog.TypeDate:
		return "2026-12-01"
	case catalog.TypeEnum:
		return f.Options[0]
	case catalog.TypeIDNumber:
		return IDNumber(person)
	case catalog.TypeUSCC:
		return USCC(person)
	case catalog.TypePhone:
		return fmt.Sprintf("138%08d", person)
	}
	return f.Label
}

// Materials hands in every required paper of an item in the form it wants.
func Materials(item catalog.Item) []catalog.SubmittedMaterial {
	materials := []catalog.SubmittedMaterial{}
	add := func(m catalog.Material, form catalog.SubmittedForm, files ...catalog.AttachmentRef) {
		materials = append(materials, catalog.SubmittedMaterial{Name: m.Name, Form: form, Copies: m.Copies, Attachments: append([]catalog.AttachmentRef{}, files...)})
	}
	for i, m := range item.Materials {
		switch {
		case !m.Required:
		case m.Form == catalog.FormOriginal:
			add(m, catalog.SubmittedOriginal)
		case m.Form == catalog.FormCopy:
			add(m, catalog.SubmittedCopy)
		case m.Form == catalog.FormOriginalAndCopy:
			add(m, catalog.SubmittedOriginal)
			add(m, catalog.SubmittedCopy)
		default:
			add(m, catalog.SubmittedElectronic, Attachment(item.Code+strconv.Itoa(i)))
		}
	}
	return materials
}

// IDNumber is a valid GB 11643 number, one for each n.
func IDNumber(n int) string {
	digits := fmt.Sprintf("330523%04d0615%03d", 1950+n/1000%50, n%1000)
	weights := [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(digits[i]-'0') * w
	}
	return digits + string("10X98765432"[sum%11])
}

// USCC is a valid GB 32100 code, one for each n.
func USCC(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	body := fmt.Sprintf("%08d", n)
	check := func(s string, modulus int, weight func(int) int) int {
		sum := 0
		for i := range len(s) {
			sum += strings.IndexByte(alphabet, s[i]) * weight(i)
		}
		return (modulus - sum%modulus) % modulus
	}
	organisation := [...]int{3, 7, 9, 10, 5, 8, 4, 2}
	inner := "0123456789X"[check(body, 11, func(i int) int { return organisation[i] })]
	code := "91330523" + body + string(inner)
	if inner == 'X' {
		return USCC(n + 1)
	}
	power := 1
	return code + string(alphabet[check(code, 31, func(i int) int {
		if i > 0 {
			power = power * 3 % 31
		}
		return power
	})])
}

// Matter makes a submission belong to a division other than the desk's own.
func Matter(at division.Code) func(*ledger.CaseSubmitV1) {
	return func(b *ledger.CaseSubmitV1) { b.Division = at }
}
