package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// reconcile counts what happened, from the nodes' own APIs.
func (c *county) reconcile(ctx context.Context) (Summary, error) {
	var sum Summary
	hubs := c.here(c.plan.of("county"))
	hub := hubs[min(1, len(hubs)-1)]
	admin := at(hub, "admin")
	var err error
	if sum.Items, err = c.itemsAt(ctx, hub); err != nil {
		return sum, err
	}
	for _, m := range c.here(c.plan.Nodes) {
		n, err := c.itemsAt(ctx, m)
		if err == nil && n == sum.Items {
			continue
		}
		differ := fmt.Errorf("%s 有 %d 个事项，县中心有 %d 个 (items differ): %w", m.ID, n, sum.Items, err)
		if !c.lived() {
			return sum, differ
		}
		c.s.say("%v", differ) // what was published since may still be on its way
	}
	if !c.asks(admin, hub, func() error { return c.countNodes(ctx, admin, &sum) }, &err) {
		return sum, err
	}
	return sum, c.count(ctx, admin, hub, &sum)
}

func (c *county) countNodes(ctx context.Context, admin *person, sum *Summary) error {
	var hubs client.HubReport
	if err := admin.Get(ctx, "/api/v1/hubs", &hubs); err != nil {
		return err
	}
	for _, h := range hubs.Hubs {
		if h.Voter && h.Reachable {
			sum.Hubs++
		}
	}
	var nodes client.NodeList
	if err := admin.Get(ctx, "/api/v1/nodes", &nodes); err != nil {
		return err
	}
	for _, n := range nodes.Nodes {
		switch n.Tier {
		case "township":
			sum.Townships++
		case "village":
			sum.Villages++
		}
	}
	return nil
}

// asks has somebody ask a node, and reports whether there was an answer. Whoever is
// not let in any more, since somebody changed the password or took the role, is
// said so, and is no error once everything was shown.
func (c *county) asks(who *person, m *member, ask func() error, failed *error) bool {
	*failed = ask()
	var no *loopback.Refusal
	if errors.As(*failed, &no) && (no.Status == http.StatusUnauthorized || no.Status == http.StatusForbidden) && c.lived() {
		c.s.say("未计入 %s：%s 不能再以演示密码查看——密码改过、已停用或岗位变动 (not counted, for %[2]s is not let in any more)：%v", m.ID, who.Login, no)
		*failed = nil
		return false
	}
	return *failed == nil
}

// count holds what the nodes say was handed in with them against the county's
// ledger, case by case.
func (c *county) count(ctx context.Context, admin *person, hub *member, sum *Summary) error {
	asks := map[string]bool{}
	var own, county []client.CaseSummary
	look := func(p *person, m *member, cases *[]client.CaseSummary) error {
		var err error
		c.asks(p, m, func() error {
			var has client.Reconciliation
			if err := p.Get(ctx, "/api/v1/reconcile", &has); err != nil {
				return err
			}
			sum.Duplicated = max(sum.Duplicated, has.Duplicated)
			var list client.AttentionList
			if err := p.Get(ctx, "/api/v1/attention", &list); err != nil {
				return err
			}
			for _, a := range list.Items {
				asks[a.Entry] = true // what several nodes show is one
			}
			if cases == nil {
				return nil
			}
			all, err := casesAt(ctx, p)
			for _, s := range all {
				if m.Tier == "county" || string(s.HandedInAt) == m.Division {
					*cases = append(*cases, s)
				}
			}
			return err
		}, &err)
		return err
	}
	if err := look(admin, hub, nil); err != nil {
		return err
	}
	for _, m := range c.here(append(c.plan.of("township"), c.plan.of("village")...)) {
		if err := look(at(m, loginAt(m)), m, &own); err != nil {
			return err
		}
	}
	// The county's last, so that what is on its way is there by then or is on its way.
	var err error
	supervisor := at(hub, "jiancha")
	if !c.asks(supervisor, hub, func() (err error) { county, err = casesAt(ctx, supervisor); return err }, &err) {
		return err
	}
	sum.NeedsAttention = int64(len(asks))
	t := tallied(own, county)
	sum.HandedIn, sum.Confirmed, sum.Lost = t.handedIn, t.confirmed, t.lost
	sum.Duplicated = max(sum.Duplicated, t.duplicated)
	return nil
}

// casesAt lists every case that somebody sees at a node.
func casesAt(ctx context.Context, p *person) ([]client.CaseSummary, error) {
	var all []client.CaseSummary
	for cursor := ""; ; {
		var list client.CaseList
		if err := p.Get(ctx, "/api/v1/cases?limit=500&cursor="+url.QueryEscape(cursor), &list); err != nil {
			return nil, err
		}
		all = append(all, list.Cases...)
		if cursor = list.NextCursor; cursor == "" {
			return all, nil
		}
	}
}

// tally is what became of what was handed in.
type tally struct{ handedIn, confirmed, duplicated, lost int64 }

// tallied holds the cases that nodes below took in against those that the county
// has, which are also those taken in there. A case is lost that its node was told
// the county has, and the county has not; it is on its way where its node was not
// told so. It is there twice where two cases have its number.
func tallied(own, county []client.CaseSummary) tally {
	var t tally
	has := map[string]bool{}
	number := map[string]string{}
	see := func(s client.CaseSummary) {
		if id, known := number[s.Number]; known && id != s.Id {
			t.duplicated++
		}
		number[s.Number] = s.Id
	}
	for _, s := range county {
		if has[s.Id] {
			continue
		}
		has[s.Id] = true
		t.handedIn++
		t.confirmed++
		see(s)
	}
	for _, s := range own {
		if has[s.Id] {
			continue
		}
		has[s.Id] = true
		t.handedIn++
		see(s)
		switch s.Word {
		case client.SavedHere, client.AtTownship:
		case client.WordRefused:
			t.confirmed++ // the county said no, and it is in needs attention
		default:
			t.lost++
		}
	}
	return t
}

// loginAt is the first person who works at a node.
func loginAt(m *member) string {
	if m.Tier == "county" {
		return "admin"
	}
	for _, p := range staff {
		if string(p.Division) == m.Division {
			return p.Login
		}
	}
	return ""
}
