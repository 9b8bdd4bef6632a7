package api

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// What is worth nothing without its seal is listed to who seals it and who answers for
// it, until it is sealed, and again once it was declared void. Others see nothing of it.
func TestUnsealedIsListed(t *testing.T) {
	r := newRegion(t)
	h := r.hub
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	h.person("other", theCounty, "县民政局", identity.DepartmentWindow)
	h.person("watch", theCounty, "", identity.Supervisor)
	h.must("operator", "POST", "/api/v1/seals", gen.SealRequest{Department: department}, 201)
	hand := func(name string) gen.CaseReceipt {
		in := r.township.submission(item, theTownship)
		in.Applicant = ledger.Applicant{Type: "organisation", Name: name}
		var receipt gen.CaseReceipt
		r.township.decode(r.township.must("clerk", "POST", "/api/v1/cases", in, 201), &receipt)
		until(t, "the case to be at the county", func() bool {
			_, err := h.node.Store.Case(t.Context(), receipt.Case.Id)
			return err == nil
		})
		return receipt
	}
	listed := func(login string) (says []string) {
		var out gen.UnsealedList
		h.decode(h.must(login, "GET", "/api/v1/unsealed", nil, 200), &out)
		for _, d := range out.Documents {
			if d.Title == "" || time.Since(time.UnixMilli(d.SinceMs)) > time.Hour {
				t.Errorf("%+v", d)
			}
			says = append(says, d.Case.Id+" "+string(d.Kind))
		}
		return says
	}
	want := func(what string, documents ...string) {
		t.Helper()
		for login, sees := range map[string]bool{"window": true, "chief": true, "watch": true, "other": false} {
			want := documents
			if !sees {
				want = nil
			}
			if got := listed(login); strings.Join(got, ", ") != strings.Join(want, ", ") {
				t.Errorf("%s: %s sees %q, want %q", what, login, got, want)
			}
		}
	}
	want("at first")

	granted := hand("梅溪竹业有限公司")
	id := granted.Case.Id
	h.act("window", id, gen.CaseAction{Kind: gen.ActAccept})
	want("accepted, which a print is enough for")
	h.act("chief", id, gen.CaseAction{Kind: gen.ActExtend, Days: 2, Reason: "案情复杂，需延长"})
	want("extended", id+" extension_notice")
	h.seal("window", id, "extension_notice", gen.PaperRequest{})
	want("sealed")
	h.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	want("decided", id+" grant_decision")
	refused := hand("梅溪竹业有限公司")
	h.act("window", refused.Case.Id, gen.CaseAction{Kind: gen.ActReject, Ground: gen.RejectOther, Reason: "不属于本机关职权范围"})
	want("one refused beside it", id+" grant_decision", refused.Case.Id+" rejection_notice")

	e, err := h.node.Store.Entry(t.Context(), refused.Case.Id)
	check(t, err)
	toDo := func() string {
		var out gen.LookupAnswer
		h.decode(h.must("", "POST", "/api/v1/public/lookup", gen.LookupRequest{Number: refused.Case.Number, Code: proof.QueryCode(&e.Entry)}, 200), &out)
		return out.ToDo
	}
	if got := toDo(); !strings.Contains(got, "正在加盖电子印章") {
		t.Errorf("sent for a decision that is none yet: %s", got)
	}
	h.seal("window", refused.Case.Id, string(document.RejectionNotice), gen.PaperRequest{})
	if got := toDo(); strings.Contains(got, "正在加盖电子印章") || !strings.Contains(got, "领取") {
		t.Errorf("not sent for a decision that is sealed: %s", got)
	}
	want("the refusal sealed", id+" grant_decision")

	h.seal("window", id, "grant_decision", gen.PaperRequest{})
	want("all sealed")
	h.must("window", "POST", "/api/v1/cases/"+id+"/documents/grant_decision/void", gen.VoidRequest{Reason: "所载名称有误"}, 200)
	want("declared void", id+" grant_decision")
	h.seal("window", id, "grant_decision", gen.PaperRequest{Reissue: true, Why: "作废后重新出具"})
	want("sealed anew")
}
