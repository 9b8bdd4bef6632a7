package faults

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/node/division"
)

// work is where the program and the founded counties lie, for all tests.
var work string

// long is whether the large numbers are wanted.
var long = os.Getenv("TONGBAN_LONG") != ""

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tongban-faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	work = dir
	os.Unsetenv("TONGBAN_LONG") // the nodes need not know
	return m.Run()
}

// binary is the program under test, built once. The tag gives it the points
// at which it can be told to die; without being told it is the product.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(work, "tongban")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "sqlite_fts5 faults", "-o", path, "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// lone is a county of one hub, a township and a village, founded once and
// stopped; three is the same county grown to three hubs.
var (
	lone  = sync.OnceValues(foundLone)
	three = sync.OnceValues(growToThree)
)

// people work in the county; their logins say where.
var people = []client.StaffRequest{
	{Login: "admin2", Name: "目录审核员", Division: countyCode, Roles: []client.Role{"county_operator"}},
	{Login: "jiancha", Name: "监察员", Division: countyCode, Roles: []client.Role{"supervisor"}},
	{Login: "chuangkou", Name: "县窗口", Division: countyCode, Department: "乡镇人民政府（街道办事处）", Roles: []client.Role{"department_window"}},
	{Login: "zhen1", Name: "镇窗口甲", Division: townshipCode, Roles: []client.Role{"township_clerk"}},
	{Login: "cun1", Name: "村代办员甲", Division: villageCode, Roles: []client.Role{"village_worker"}},
	{Login: "cun3", Name: "邻村代办员", Division: otherVillage, Roles: []client.Role{"village_worker"}},
	{Login: "cun2", Name: "村代办员乙", Division: villageCode, Roles: []client.Role{"village_worker"}},
}

func foundLone() (string, error) {
	dir := filepath.Join(work, "lone")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	c := &county{dir: dir}
	var err error
	if c.binary, err = binary(); err != nil {
		return "", err
	}
	hub := c.add("county-1", "county", countyCode)
	township := c.add("township-1", "township", townshipCode, hub)
	c.add("village-1", "village", villageCode, township, hub)
	if err := c.lay(); err != nil {
		return "", err
	}
	defer c.close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return "", err
	}
	if _, err := c.run(ctx, "", nil, "init", "--config", hub.config(), "--login", "admin", "--name", "管理员", "--password-file", secret); err != nil {
		return "", err
	}
	if err := c.start(hub); err != nil {
		return "", err
	}
	if err := c.ready(ctx, hub); err != nil {
		return "", err
	}
	if err := c.fill(ctx); err != nil {
		return "", err
	}
	for _, m := range c.nodes[1:] {
		if err := c.enrol(ctx, m, "enroll"); err != nil {
			return "", err
		}
		if err := c.ready(ctx, m); err != nil {
			return "", err
		}
	}
	for _, m := range c.nodes[1:] {
		if err := c.supplied(ctx, m); err != nil {
			return "", err
		}
	}
	c.stop()
	return dir, c.save()
}

// fill gives the county its divisions, calendar, people and catalog.
func (c *county) fill(ctx context.Context) error {
	admin := newPerson(c.hub().url(), "admin")
	for _, s := range []struct {
		path string
		body any
	}{{"/api/v1/divisions/import", data.Divisions}, {"/api/v1/calendar/import", data.Calendar}} {
		if err := admin.Post(ctx, s.path, s.body, loopback.NewKey(), nil); err != nil {
			return err
		}
	}
	for _, p := range people {
		no := false
		p.Password, p.MustChangePassword = password, &no
		if err := admin.Post(ctx, "/api/v1/staff", p, loopback.NewKey(), nil); err != nil {
			return err
		}
	}
	var drafts client.DraftReport
	if err := admin.Post(ctx, "/api/v1/items/import", data.Items(), loopback.NewKey(), &drafts); err != nil {
		return err
	}
	second := newPerson(c.hub().url(), "admin2")
	if err := second.Post(ctx, "/api/v1/items/approve", client.ApproveRequest{Items: drafts.Drafted}, loopback.NewKey(), nil); err != nil {
		return err
	}
	return admin.Post(ctx, "/api/v1/editions", client.PublishRequest{Unstaffed: true, Note: "首期目录"}, loopback.NewKey(), nil)
}

// enrol gives a node its identity and starts it.
func (c *county) enrol(ctx context.Context, m *member, command string) error {
	if err := c.identify(ctx, m, command); err != nil {
		return err
	}
	return c.start(m)
}

// identify gives a node its identity.
func (c *county) identify(ctx context.Context, m *member, command string) error {
	admin := newPerson(c.hub().url(), "admin")
	var inv client.Invitation
	if err := admin.Post(ctx, "/api/v1/nodes/invitations", client.InvitationRequest{Node: m.ID, Name: m.ID, Tier: client.Tier(m.Tier), Division: m.Division}, loopback.NewKey(), &inv); err != nil {
		return err
	}
	hub := fmt.Sprintf("https://127.0.0.1:%d", c.hub().Fed)
	_, err := c.run(ctx, inv.Token, nil, command, "--config", m.config(), "--county", hub, "--token-file", "-")
	return err
}

// supplied waits until a node below has the catalog and the people.
func (c *county) supplied(ctx context.Context, m *member) error {
	p := newPerson(m.url(), workerAt(m))
	return await(ctx, "the catalog at "+m.ID, 2*time.Minute, func(ctx context.Context) error {
		return p.Get(ctx, "/api/v1/items/"+item, new(client.ItemAtVersion))
	})
}

func workerAt(m *member) string {
	return map[division.Code]string{countyCode: "admin", townshipCode: "zhen1", villageCode: "cun1", otherVillage: "cun3"}[m.Division]
}

func growToThree() (string, error) {
	dir := filepath.Join(work, "three")
	c, err := copyOf(lone, dir)
	if err != nil {
		return "", err
	}
	defer c.close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	below := []*member{c.township(), c.village()}
	for _, id := range []string{"county-2", "county-3"} {
		hub := c.add(id, "county", countyCode)
		for _, m := range below {
			m.Above = append(m.Above, &line{To: hub.ID, Port: freePort()})
		}
	}
	if err := c.lay(); err != nil {
		return "", err
	}
	if err := c.start(c.hub()); err != nil {
		return "", err
	}
	if err := c.ready(ctx, c.hub()); err != nil {
		return "", err
	}
	admin := newPerson(c.hub().url(), "admin")
	for _, m := range c.of("county")[1:] {
		if err := c.enrol(ctx, m, "join"); err != nil {
			return "", err
		}
		err := await(ctx, m.ID+" to vote", 3*time.Minute, func(ctx context.Context) error {
			return admin.Post(ctx, "/api/v1/hubs", client.HubRequest{Id: m.ID, Address: fmt.Sprintf("127.0.0.1:%d", m.Peer)}, loopback.NewKey(), nil)
		})
		if err != nil {
			return "", err
		}
		if err := c.ready(ctx, m); err != nil {
			return "", err
		}
	}
	c.stop()
	return dir, c.save()
}

// copyOf makes a stopped county of a founded one, lines open.
func copyOf(template func() (string, error), dir string) (*county, error) {
	from, err := template()
	if err != nil {
		return nil, err
	}
	if err := copyTree(from, dir); err != nil {
		return nil, err
	}
	c := &county{dir: dir}
	if c.binary, err = binary(); err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, c.lay()
}

// copyTree copies files with their modes: keys that others may read are
// refused by a node.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), info.Mode().Perm())
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), content, info.Mode().Perm())
	})
}

// stopped is a copy of a founded county.
func stopped(t *testing.T, template func() (string, error)) *county {
	t.Helper()
	c, err := copyOf(template, filepath.Join(t.TempDir(), "county"))
	if c != nil {
		t.Cleanup(c.close)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// running is the same with all its nodes up.
func running(t *testing.T, template func() (string, error)) *county {
	t.Helper()
	c := stopped(t, template)
	if err := c.startAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}
