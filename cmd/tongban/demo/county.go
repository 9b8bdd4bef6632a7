package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// county is the running demo.
type county struct {
	o    Options
	s    *screen
	plan *plan

	mu    sync.Mutex
	procs map[string]*loopback.Process
	lines map[int]*loopback.Line
	died  chan error
	// earlier is how long each node's log was when this demo first started it.
	earlier map[string]int64
	// absent are the nodes that this start goes on without.
	absent map[string]bool
}

// start brings all nodes up; the first time, it founds the county on the way.
func (c *county) start(ctx context.Context) error {
	if err := c.layLines(); err != nil {
		return err
	}
	if err := c.introduce(); err != nil {
		return err
	}
	hubs := c.plan.of("county")
	if err := c.found(ctx, hubs); err != nil {
		return err
	}
	if err := c.people(ctx); err != nil {
		return err
	}
	below := append(c.plan.of("township"), c.plan.of("village")...)
	for i, m := range below {
		c.s.step("启动 %s %s (%d/%d)", m.ID, m.Name, i+1, len(below))
		if err := c.enrolAndServe(ctx, m); err != nil && !c.goOnWithout(m, err) {
			return err
		}
	}
	return c.catchUp(ctx, c.here(below))
}

func (c *county) layLines() error {
	for _, m := range c.plan.Nodes {
		if err := c.configure(m); err != nil {
			return err
		}
		for _, l := range m.Above {
			w := loopback.NewLine(l.Port, c.plan.node(l.To).Fed)
			if err := w.Mend(); err != nil {
				return err
			}
			c.lines[l.Port] = w
		}
	}
	return nil
}

// cut and mend the line between a node and those above it; an empty tier
// means all of them.
func (c *county) cut(m *member, tier string) {
	c.eachLine(m, tier, func(w *loopback.Line) error { w.Cut(); return nil })
}

func (c *county) mend(m *member, tier string) error {
	return c.eachLine(m, tier, (*loopback.Line).Mend)
}

func (c *county) eachLine(m *member, tier string, do func(*loopback.Line) error) error {
	var errs []error
	for _, l := range m.Above {
		if tier == "" || c.plan.node(l.To).Tier == tier {
			errs = append(errs, do(c.lines[l.Port]))
		}
	}
	return errors.Join(errs...)
}

// found starts the hubs: the first makes the county, the others join it.
func (c *county) found(ctx context.Context, hubs []*member) error {
	first := hubs[0]
	if !first.Enrolled {
		c.s.step("生成县的密钥，新建县中心 (keys of the county, its first hub)")
		secret := filepath.Join(c.dirOf(first), "operator-password")
		if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
			return err
		}
		if err := c.tongban(ctx, "", "init", "--config", c.config(first), "--login", "admin", "--name", "中心管理员", "--password-file", secret); err != nil {
			return err
		}
		first.Enrolled = true
		if err := c.plan.save(c.o.Dir); err != nil {
			return err
		}
	}
	c.s.step("启动 %s (1/%d)", first.ID, len(hubs))
	if err := c.serve(first); err != nil {
		return err
	}
	if !c.plan.Founded {
		if err := c.ready(ctx, first); err != nil {
			return err
		}
	}
	for i, m := range hubs[1:] {
		c.s.step("启动 %s (%d/%d)", m.ID, i+2, len(hubs))
		if err := c.enrolAndServe(ctx, m); err != nil {
			return err
		}
	}
	admin := at(first, "admin")
	for _, m := range hubs[1:] {
		if c.plan.Founded {
			break
		}
		err := await(ctx, m.ID+" to vote", 3*time.Minute, func(ctx context.Context) error {
			return admin.Post(ctx, "/api/v1/hubs", client.HubRequest{Id: m.ID, Address: fmt.Sprintf("127.0.0.1:%d", m.Peer)}, loopback.NewKey(), nil)
		})
		if err != nil {
			return err
		}
	}
	for _, m := range hubs {
		if err := c.ready(ctx, m); err != nil && !c.goOnWithout(m, err) {
			return err
		}
	}
	if len(c.here(hubs)) == 0 {
		return errors.New("没有一台县中心主机能用；请看上面的原因，或 make demo-reset 重新开始 (no hub serves)")
	}
	c.plan.Founded = true
	return c.plan.save(c.o.Dir)
}

// enrolAndServe starts a node, with a one-time token the first time.
func (c *county) enrolAndServe(ctx context.Context, m *member) error {
	if !m.Enrolled {
		admin := at(c.plan.of("county")[0], "admin")
		var inv client.Invitation
		if err := admin.Post(ctx, "/api/v1/nodes/invitations", client.InvitationRequest{Node: m.ID, Name: m.Name, Tier: client.Tier(m.Tier), Division: client.Division(m.Division)}, loopback.NewKey(), &inv); err != nil {
			return err
		}
		command := "enroll"
		if m.Tier == "county" {
			command = "join"
		}
		hub := fmt.Sprintf("https://127.0.0.1:%d", c.plan.of("county")[0].Fed)
		if err := c.tongban(ctx, inv.Token, command, "--config", c.config(m), "--county", hub, "--token-file", "-"); err != nil {
			return err
		}
		m.Enrolled = true
		if err := c.plan.save(c.o.Dir); err != nil {
			return err
		}
	}
	if err := c.serve(m); err != nil {
		return err
	}
	if m.Tier == "county" {
		return nil
	}
	return c.ready(ctx, m)
}

// ready waits until a node says that it serves.
func (c *county) ready(ctx context.Context, m *member) error {
	c.mu.Lock()
	p := c.procs[m.ID]
	c.mu.Unlock()
	told := time.Now()
	return await(ctx, m.ID+" to be ready", 3*time.Minute, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, silence)
		defer cancel()
		err := p.Ready(ctx, web, m.url())
		switch {
		case err == nil:
		case errors.Is(err, loopback.ErrEnded), hopeless(err):
			err = fmt.Errorf("%w%s", &willNotServe{err}, c.lastWords(m.ID))
		case time.Since(told) >= silence:
			told = time.Now()
			c.s.step("仍在等待 %s：%v (still waiting)%s", m.ID, err, c.lastWords(m.ID))
		}
		return err
	})
}

// silence is how long a start says nothing of a node that it waits for.
const silence = 10 * time.Second

// willNotServe is why there is no use in waiting for a node, as ErrEnded is.
type willNotServe struct{ why error }

func (e *willNotServe) Error() string        { return e.why.Error() }
func (e *willNotServe) Unwrap() error        { return e.why }
func (e *willNotServe) Is(target error) bool { return target == loopback.ErrEnded }

// hopeless reports whether a node says that it will not serve until somebody does
// something about it.
func hopeless(err error) bool {
	var no *loopback.Refusal
	return errors.As(err, &no) && slices.ContainsFunc(no.Fields, func(f client.Fault) bool {
		return slices.Contains([]string{"forked_origin", "node_revoked", "keys_expired", "hub_outside"}, string(f.Code))
	})
}

// whileAllLive does what takes all nodes. One that ends by itself ends it at once.
func (c *county) whileAllLive(ctx context.Context, do func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case died := <-c.died:
				var which *nodeEnded
				if errors.As(died, &which) && c.goOnWithout(c.plan.node(which.id), &willNotServe{died}) {
					continue
				}
				stop(died)
			case <-done:
			}
			return
		}
	})
	err := do(ctx)
	close(done)
	watching.Wait()
	var died *nodeEnded
	if errors.As(context.Cause(ctx), &died) {
		return fmt.Errorf("%w%s", died, c.lastWords(died.id))
	}
	return err
}

// lastWords are the last lines of a node's log.
func (c *county) lastWords(id string) string {
	lines := c.logged(id)
	if len(lines) == 0 {
		return ""
	}
	return "\n  " + id + ": " + strings.Join(lines[max(0, len(lines)-5):], "\n  "+id+": ")
}

// staff are the demo's people: a login for every role.
var staff = []client.StaffRequest{
	{Login: "admin2", Name: "目录审核员", Division: countyCode, Roles: []client.Role{"county_operator"}},
	{Login: "jiancha", Name: "监察员", Division: countyCode, Roles: []client.Role{"supervisor"}},
	{Login: "shenji", Name: "审计员", Division: countyCode, Roles: []client.Role{"auditor"}},
	{Login: "shoufei", Name: "收费窗口", Division: countyCode, Roles: []client.Role{"fee_counter"}},
	{Login: "yibao-chuangkou", Name: "医保局窗口", Division: countyCode, Department: "县医疗保障局", Roles: []client.Role{"department_window"}},
	{Login: "yibao-shenhe", Name: "医保局审核", Division: countyCode, Department: "县医疗保障局", Roles: []client.Role{"department_reviewer"}},
	{Login: "yibao-lingdao", Name: "医保局首席代表", Division: countyCode, Department: "县医疗保障局", Roles: []client.Role{"department_leader"}},
	{Login: "minzheng-chuangkou", Name: "民政局窗口", Division: countyCode, Department: "县民政局", Roles: []client.Role{"department_window"}},
	{Login: "minzheng-shenhe", Name: "民政局审核", Division: countyCode, Department: "县民政局", Roles: []client.Role{"department_reviewer"}},
	{Login: "minzheng-lingdao", Name: "民政局首席代表", Division: countyCode, Department: "县民政局", Roles: []client.Role{"department_leader"}},
	{Login: "meixi-chuangkou", Name: "梅溪镇窗口", Division: "330523110", Roles: []client.Role{"township_clerk"}},
	{Login: "meixi-shenhe", Name: "梅溪镇审核", Division: "330523110", Roles: []client.Role{"township_reviewer"}},
	{Login: "meixi-lingdao", Name: "梅溪镇分管领导", Division: "330523110", Roles: []client.Role{"township_leader"}},
	{Login: "tianzihu-chuangkou", Name: "天子湖镇窗口", Division: "330523111", Roles: []client.Role{"township_clerk"}},
	{Login: "tianzihu-shenhe", Name: "天子湖镇审核", Division: "330523111", Roles: []client.Role{"township_reviewer"}},
	{Login: "tianzihu-lingdao", Name: "天子湖镇分管领导", Division: "330523111", Roles: []client.Role{"township_leader"}},
	{Login: "qiankengqiao", Name: "钱坑桥村代办员", Division: "330523110220", Roles: []client.Role{"village_worker"}},
	{Login: "wukangqiao", Name: "武康桥村代办员", Division: "330523110221", Roles: []client.Role{"village_worker"}},
	{Login: "lingshi", Name: "呤诗村代办员", Division: "330523111219", Roles: []client.Role{"village_worker"}},
	{Login: "wuzhi", Name: "吴址村代办员", Division: "330523111218", Roles: []client.Role{"village_worker"}},
}

// people fills the county: divisions, calendar, the catalog, staff.
func (c *county) people(ctx context.Context) error {
	if c.plan.Peopled {
		return nil
	}
	hub := c.plan.of("county")[0]
	admin, second := at(hub, "admin"), at(hub, "admin2")
	c.s.step("导入区划和工作日历 (divisions, calendar)")
	if err := send(ctx, admin, "/api/v1/divisions/import", data.Divisions, loopback.NewKey(), nil); err != nil {
		return err
	}
	if err := send(ctx, admin, "/api/v1/calendar/import", data.Calendar, loopback.NewKey(), nil); err != nil {
		return err
	}
	c.s.step("建立工作人员 (%d 人，每个岗位都有)", len(staff)+1)
	for _, p := range staff {
		no := false
		p.Password, p.MustChangePassword = password, &no
		if err := send(ctx, admin, "/api/v1/staff", p, "demo-staff-"+p.Login, nil); err != nil && !loopback.IsRefused(err, "login_taken") {
			return err
		}
	}
	if err := roster(ctx, admin); err != nil {
		return err
	}
	c.s.step("导入事项和一件事，第二人审核，发布第 1 期目录 (items and joint matters, reviewed by a second person, edition 1)")
	if err := publishCatalog(ctx, admin, second); err != nil {
		return err
	}
	c.plan.Peopled = true
	return c.plan.save(c.o.Dir)
}

// publishCatalog imports the items and the joint matters and publishes them. It goes
// on where an earlier start was interrupted: what that one drafted is no news to an
// import, and waits to be approved all the same.
func publishCatalog(ctx context.Context, admin, second *person) error {
	// Joint matters are of approved items, and published with them.
	for _, file := range []struct {
		path    string
		content any
	}{{"/api/v1/items/import", data.Items()}, {"/api/v1/packages/import", data.Packages}} {
		if err := send(ctx, admin, file.path, file.content, loopback.NewKey(), nil); err != nil {
			return err
		}
		if err := approveAll(ctx, second); err != nil {
			return err
		}
	}
	publish := func() error {
		return send(ctx, admin, "/api/v1/editions", client.PublishRequest{Unstaffed: true, Note: "首期目录"}, loopback.NewKey(), nil)
	}
	err := publish()
	if loopback.IsRefused(err, "edition_number") || loopback.IsRefused(err, "edition_twice") {
		err = publish() // a sending of unknown outcome had been recorded; the hub knows it by now
	}
	if loopback.IsRefused(err, "nothing_to_publish") {
		return nil
	}
	return err
}

// approveAll approves every draft there is.
func approveAll(ctx context.Context, second *person) error {
	var waiting client.VersionList
	fresh := map[string]string{"Tongban-Fresh": "1"}
	if err := second.Call(ctx, loopback.Request{Method: http.MethodGet, URL: "/api/v1/drafts", Header: fresh}, &waiting); err != nil {
		return err
	}
	var drafts client.ApproveRequest
	for _, v := range waiting.Versions {
		if v.Status == client.StatusDraft {
			drafts.Items = append(drafts.Items, client.ItemRef{Code: v.Code, Version: v.Version})
		}
	}
	if len(drafts.Items) == 0 {
		return nil
	}
	return send(ctx, second, "/api/v1/items/approve", drafts, loopback.NewKey(), nil)
}

// catchUp waits until the catalog is at every node.
func (c *county) catchUp(ctx context.Context, below []*member) error {
	for _, m := range below {
		err := await(ctx, "the catalog at "+m.ID, 3*time.Minute, func(ctx context.Context) error {
			n, err := c.itemsAt(ctx, m)
			if err == nil && n == 0 {
				err = errors.New("there is none")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(below) == 0 {
		return nil
	}
	n, err := c.itemsAt(ctx, below[len(below)-1])
	c.s.step("目录已到各节点：%d 个事项 (the catalog is at every node)", n)
	return err
}

func (c *county) itemsAt(ctx context.Context, m *member) (int, error) {
	var list client.ItemList
	err := loopback.Ask(ctx, web, loopback.Request{Method: http.MethodGet, URL: m.url() + "/api/v1/items?limit=1"}, &list)
	return list.Total, err
}

func (s *screen) reconciliation(sum Summary) {
	s.say("\n对账 reconciliation：收件 handed in %d，确认 confirmed %d，需处理 needs attention %d，重复 duplicated %d，丢失 lost %d",
		sum.HandedIn, sum.Confirmed, sum.NeedsAttention, sum.Duplicated, sum.Lost)
}

func (s *screen) addresses(c *county) {
	s.say("\n各节点地址 (addresses)，所有人的密码都是 %s (everybody's password)：", password)
	for _, m := range c.plan.Nodes {
		var logins []string
		if m.Tier == "county" {
			logins = append(logins, "admin")
		}
		for _, p := range staff {
			if string(p.Division) == m.Division {
				logins = append(logins, p.Login)
			}
		}
		s.say("  %-22s %-24s %s\n      %s", m.ID, m.url(), m.Name, strings.Join(logins, " "))
	}
	village := c.plan.of("village")[0]
	s.say(`
可以试试 (try next):
  export TONGBAN_NODE=%s
  bin/tongban login --user %s
  bin/tongban item list --query 高龄
  bin/tongban case list
  bin/tongban sync status
  bin/tongban --help

请用浏览器打开 (open in a browser)：%s
  这一页说明各个岗位，点一下就以其身份登录 (it explains who is who; one click logs in)
接口说明 API: %s/api/docs
按 Ctrl-C 停止 (Ctrl-C stops everything)；再次 make demo 接着用这些数据；make demo-reset 重新开始。`,
		village.url(), loginAt(village), c.plan.of("county")[0].url(), c.plan.of("county")[0].url())
}
