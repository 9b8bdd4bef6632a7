package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
)

// What the applicant was told of each special procedure stays theirs to open (licence
// law art. 45: told in writing), the newest first; not the last alone.
func TestMyNoticesOfSpecialProcedures(t *testing.T) {
	g := newGuests(t)
	var made gen.MyReceipt
	g.one.want("POST", "/api/v1/my/cases", g.one.application("TB-XZRZ-005"), 201, &made)
	id := made.Case.Id
	stored, err := g.hub.node.Store.Case(t.Context(), id)
	check(t, err)
	desk, clerk := g.township, "clerk"
	if stored.Holder == theVillage {
		desk, clerk = g.village, "worker"
	}
	until(t, "the desk to have it", func() bool {
		_, err := desk.node.Store.Case(t.Context(), id)
		return err == nil
	})
	desk.act(clerk, id, gen.CaseAction{Kind: gen.ActAccept})
	until(t, "the township to have it accepted", func() bool {
		c, err := g.township.node.Store.Case(t.Context(), id)
		return err == nil && c.AcceptedMS != 0
	})
	path := "/api/v1/my/cases/" + id + "/documents"
	// listed are the titles of the notices, each with what its page says of dates.
	listed := func(n int) (titles []string, notices []gen.DocumentTitle) {
		t.Helper()
		until(t, "the notices to arrive", func() bool {
			var list gen.DocumentList
			g.one.want("GET", path, nil, 200, &list)
			titles, notices = nil, nil
			for _, d := range list.Documents {
				if d.Kind == "special_procedure_notice" {
					titles, notices = append(titles, d.Title), append(notices, d)
				}
			}
			return len(notices) == n
		})
		return titles, notices
	}
	today := dayOf(g.township.api.o.Now().UnixMilli())
	g.township.act("leader", id, gen.CaseAction{Kind: gen.ActSuspend, Procedure: "检验", Until: today.AddDays(5), Reason: "需检验"})
	if titles, notices := listed(1); titles[0] != "特别程序告知书" || notices[0].Nth != 0 {
		t.Errorf("one: %+v", notices)
	}
	g.township.act("leader", id, gen.CaseAction{Kind: gen.ActSuspend, Procedure: "鉴定", Until: today.AddDays(9), Reason: "需鉴定"})
	titles, notices := listed(2)
	if got := strings.Join(titles, " "); got != "特别程序告知书（2）鉴定 特别程序告知书（1）检验" {
		t.Errorf("listed: %s", got)
	}
	for _, d := range notices {
		said := g.one.ask("GET", path+"/special_procedure_notice?nth="+string(rune('0'+d.Nth)), nil).Body.String()
		want, other := "检验", "鉴定"
		if d.Nth == 2 {
			want, other = other, want
		}
		if !strings.Contains(said, want) || strings.Contains(said, other) {
			t.Errorf("%s: %s", d.Title, said)
		}
	}
	if said := g.one.ask("GET", path+"/special_procedure_notice", nil).Body.String(); !strings.Contains(said, "鉴定") {
		t.Errorf("without a number it is the last: %s", said)
	}
	if r := g.one.ask("GET", path+"/special_procedure_notice?nth=3", nil); r.Code != 409 || !strings.Contains(r.Body.String(), "document_not_yet") {
		t.Errorf("a third: %d %s", r.Code, r.Body)
	}
	if r := g.two.ask("GET", path+"/special_procedure_notice?nth=1", nil); r.Code != 404 {
		t.Errorf("another's: %d", r.Code)
	}
}
