package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// PeopleFile names the demo's people for its first page. It lies beside a node's
// data directory and is read by a demonstration alone.
const PeopleFile = "demo-people.json"

// resident is who applies from home in the demo.
const resident = 9

// introduce tells every node who the demo's people are and where they work.
func (c *county) introduce() error {
	all := client.Demo{Password: password}
	add := func(as, login, name string, m *member) {
		all.People = append(all.People, client.DemoPerson{As: as, Login: login, Name: name, Address: m.url(), Place: m.Name})
	}
	hub := c.plan.of("county")[0]
	add("applicant", idNumber(resident), residentName(resident), hub)
	add("county_operator", "admin", "中心管理员", hub)
	for _, p := range staff {
		for _, m := range c.plan.Nodes {
			if m.Division == string(p.Division) {
				add(string(p.Roles[0]), p.Login, p.Name, m)
				break
			}
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	for _, m := range c.plan.Nodes {
		if err := os.WriteFile(filepath.Join(c.dirOf(m), PeopleFile), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// applyFromHome gives a resident an account, as the window does, and sets its
// password.
func (c *county) applyFromHome(ctx context.Context) error {
	if c.plan.Applied {
		return nil
	}
	hub := c.plan.of("county")[0]
	who := applicant(resident)
	c.s.step("窗口为%s开通网上办事账户 (the window opens a resident's account)", who.Name)
	window := at(hub, "minzheng-chuangkou")
	var opened client.AccountOpened
	if err := send(ctx, window, "/api/v1/accounts", client.AccountOpening{Type: "person", Name: who.Name, Number: who.IDNumber, Phone: who.Phone, Shown: "居民身份证"}, loopback.NewKey(), &opened); err != nil {
		return err
	}
	activation := loopback.Request{Method: http.MethodPost, URL: hub.url() + "/api/v1/my/activation", In: client.Activation{Type: "person", Number: who.IDNumber, Code: strings.TrimSpace(opened.Code), Password: password}}
	if err := loopback.Ask(ctx, web, activation, nil); err != nil {
		return err
	}
	c.plan.Applied = true
	return c.plan.save(c.o.Dir)
}
