// Package federationtest makes whole federations in one process: hubs,
// townships and villages with keys of their own, enrolled with real tokens over
// the real federation port, over TCP and TLS on this machine. Lines between
// nodes can be cut, requests lost, repeated and held back, nodes killed and
// brought back, and every node's clock set wrong.
//
//	f := federationtest.New(t, federationtest.Config{})
//	village := f.Village(0)
//	f.Cut(village.ID, "*")
//	c := f.Submit(village, "TB-MZJ-004")
//	f.Heal(village.ID, "*")
//	f.Confirmed(village)
package federationtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// Code is the county's division code.
const Code = storetest.Code

// TB is what a federation needs of a test. A property test gives its own,
// with a directory for each run.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	TempDir() string
	Cleanup(func())
}

// Config says what a federation consists of.
type Config struct {
	// Hubs is how many hub processes the county has; 0 means one.
	Hubs int
	// Townships and Villages are the divisions with a node; nil means one
	// township and one village of it.
	Townships, Villages []division.Code
	// Items are published; nil means the six of storetest.
	Items []catalog.Item
	// DeemEvery is how often nodes look for cases that count as accepted; 0 is
	// the usual.
	DeemEvery time.Duration
	// Heartbeat is how often nodes tell how they are; 0 is as often as tests like it.
	Heartbeat time.Duration
	// UnnamedDays is after how many daily looks nodes remove uploads that nothing
	// names; 0 keeps all.
	UnnamedDays int
	// LAN has every node serve a local network.
	LAN bool
	// Notices are how hubs tell applicants; nil tells nobody.
	Notices func() *notify.Settings
	// Log takes what the nodes log; nil shows the end of it where a test waits
	// in vain.
	Log slog.Handler
}

// Federation is a county with its nodes. Its methods fail the test instead of
// returning an error, and are called from the test's own goroutine.
type Federation struct {
	tb    TB
	log   *slog.Logger
	last  lastLines
	dir   string
	began time.Time
	items []catalog.Item
	nodes []*Node
	cut   map[[2]string]bool

	deemEvery time.Duration
	heartbeat time.Duration
	unnamed   int
	lan       bool
	notices   func() *notify.Settings
	keys      int
	next      int // the number of the next applicant
}

// New makes a federation whose nodes are all up and up to date.
func New(tb TB, c Config) *Federation {
	tb.Helper()
	f := &Federation{tb: tb, dir: tb.TempDir(), began: time.Now(), items: c.Items, cut: map[[2]string]bool{}, deemEvery: c.DeemEvery, heartbeat: c.Heartbeat, unnamed: c.UnnamedDays, lan: c.LAN, notices: c.Notices}
	f.log = slog.New(slog.NewTextHandler(&f.last, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if c.Log != nil {
		f.log = slog.New(c.Log)
	}
	if f.items == nil {
		f.items = storetest.Items(tb)
	}
	if c.Townships == nil {
		c.Townships = []division.Code{"330523110"}
	}
	if c.Villages == nil {
		c.Villages = []division.Code{"330523110200"}
	}
	tb.Cleanup(f.close)
	f.found()
	for i := 2; i <= c.Hubs; i++ {
		f.Join(fmt.Sprintf("county-%d", i))
	}
	for _, at := range slices.Concat(c.Townships, c.Villages) {
		f.Enrol(fmt.Sprintf("%s-%s-1", at.Tier(), at), at)
		f.people(at, "")
	}
	f.CaughtUp()
	return f
}

func (f *Federation) close() {
	for _, n := range slices.Backward(f.nodes) {
		n.stop()
	}
	for _, n := range f.nodes {
		for _, l := range n.lines {
			l.close()
		}
	}
}

// Nodes are all nodes, hubs first.
func (f *Federation) Nodes() []*Node { return f.nodes }

// Node is the node of an id.
func (f *Federation) Node(id string) *Node {
	f.tb.Helper()
	for _, n := range f.nodes {
		if n.ID == id {
			return n
		}
	}
	f.tb.Fatalf("federationtest: no node %s", id)
	return nil
}

func (f *Federation) of(t node.Tier) []*Node {
	var all []*Node
	for _, n := range f.nodes {
		if n.Tier() == t {
			all = append(all, n)
		}
	}
	return all
}

// Hubs are the county's hubs.
func (f *Federation) Hubs() []*Node { return f.of(node.County) }

// Hub is a hub that is up.
func (f *Federation) Hub() *Node {
	f.tb.Helper()
	for _, n := range f.Hubs() {
		if n.Node != nil {
			return n
		}
	}
	f.tb.Fatalf("federationtest: no hub is up")
	return nil
}

// Leader is the hub that leads, once one does.
func (f *Federation) Leader() *Node {
	f.tb.Helper()
	var leader *Node
	f.Eventually("a leader", func() bool {
		for _, n := range f.Hubs() {
			if n.Node != nil && n.Hub().Leading() {
				leader = n
			}
		}
		return leader != nil
	})
	return leader
}

// Township is the i-th township's node, Village the i-th village's.
func (f *Federation) Township(i int) *Node { return f.of(node.Township)[i] }

// Village is the i-th village's node.
func (f *Federation) Village(i int) *Node { return f.of(node.Village)[i] }

// add makes a node that is not up yet, with lines to those above it.
func (f *Federation) add(id string, at division.Code) *Node {
	f.tb.Helper()
	n := &Node{f: f, ID: id, Division: at, dir: filepath.Join(f.dir, id), Clock: &Clock{began: f.began}, faults: &faults{}, lines: map[string]*line{}}
	for _, above := range f.above(n) {
		l, err := newLine(above.port)
		f.must(err, "line")
		n.lines[above.ID] = l
	}
	f.nodes = append(f.nodes, n)
	return n
}

// above are the nodes a node sends to and follows, in its order of preference.
func (f *Federation) above(n *Node) []*Node {
	if n.Tier() == node.County {
		return nil
	}
	var all []*Node
	for _, other := range f.nodes {
		if other.Tier() == node.Township && n.Tier() == node.Village && other.Division == n.Division.Township() && !other.gone {
			all = append(all, other)
		}
	}
	return append(all, f.Hubs()...)
}

const operatorID = "s-operator"

// Operator is the county's first operator as an actor.
func (f *Federation) Operator() identity.Actor {
	return identity.Actor{Staff: operatorID, Name: "中心管理员", Role: identity.CountyOperator}
}

func (f *Federation) secondOperator() identity.Actor {
	a := f.Operator()
	a.Staff += "-2"
	return a
}

// found makes the county with its first hub, and everything that it needs
// before its first case.
func (f *Federation) found() {
	f.tb.Helper()
	first := f.add("county-1", Code)
	m, err := federation.NewCounty(rand.Reader, Code, first.ID, "县政务服务中心", []string{"127.0.0.1"},
		federation.Genesis{Login: "operator", Name: "中心管理员", PasswordHash: passwordHash}, first.Clock.Now())
	f.must(err, "county keys")
	f.must(m.Save(first.dir), "save the county")
	done := make(chan struct{})
	first.start(func() error { close(done); return m.Founded(first.dir) })
	select {
	case <-done:
	case <-time.After(patience):
		f.tb.Fatalf("federationtest: the county was not founded")
	}
	f.Do(first, f.Operator(), &ledger.StaffAddV1{Staff: f.secondOperator().Staff, Login: "operator-2", Name: "中心管理员", Division: Code,
		Roles: []identity.Role{identity.CountyOperator, identity.Supervisor}, PasswordHash: passwordHash})
	f.Do(first, f.Operator(), &ledger.DivisionImportV1{Divisions: storetest.Divisions(f.tb)})
	f.Do(first, f.Operator(), &ledger.CalendarImportV1{Years: storetest.Years(f.tb)})
	departments := map[string]bool{}
	edition := catalog.Edition{Number: 1, EffectiveFrom: first.Clock.Now().UnixMilli()}
	for _, item := range f.items {
		draft := ledger.ItemDraftV1{Code: item.Code, Version: 1, Hash: catalog.Hash(item), Item: catalog.Canonical(item)}
		f.Do(first, f.Operator(), &draft)
		approved := ledger.ItemApproveV1(draft)
		f.Do(first, f.secondOperator(), &approved)
		edition.Entries = append(edition.Entries, catalog.EditionItem{Code: item.Code, Version: 1})
		if !departments[item.Department] {
			departments[item.Department] = true
			f.people(Code, item.Department)
		}
	}
	f.Do(first, f.Operator(), &ledger.EditionPublishV1{Edition: edition})
}

// passwordHash is nobody's password.
const passwordHash = "$argon2id$v=19$m=19456,t=2,p=1$ZmVkZXJhdGlvbnRlc3Q$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Enrol admits a node of a division with a token of its own and starts it.
func (f *Federation) Enrol(id string, at division.Code) *Node {
	f.tb.Helper()
	hub := f.Hub()
	var token trust.JoinToken
	f.persist("invite "+id, func(ctx context.Context) (err error) {
		token, _, err = hub.Invite(ctx, f.Operator(), id, string(at)+"节点", at.Tier(), at, "")
		return err
	})
	n := f.add(id, at)
	keys, err := trust.GenerateNode(rand.Reader)
	f.must(err, "keys")
	port, _ := hub.port()
	var e *federation.Enrolled
	f.persist("enrol "+id, func(ctx context.Context) (err error) {
		e, err = federation.Enrol(ctx, federation.EnrolOptions{County: "https://" + port, Token: token.Encode(), Keys: keys, Names: []string{"127.0.0.1"}, Now: n.Clock.Now})
		return err
	})
	m, err := federation.MembershipOf(e, keys)
	f.must(err, "membership of "+id)
	f.must(m.Save(n.dir), "save "+id)
	n.start(nil)
	return n
}

// Join adds a hub to the county.
func (f *Federation) Join(id string) *Node {
	f.tb.Helper()
	n := f.Enrol(id, Code)
	f.join(n)
	return n
}

// Staffed enrols a node of a division that had none, with people.
func (f *Federation) Staffed(id string, at division.Code) *Node {
	f.tb.Helper()
	n := f.Enrol(id, at)
	f.people(at, "")
	return n
}

// join makes a hub a voter of the county's Raft.
func (f *Federation) join(n *Node) {
	f.tb.Helper()
	f.persist("add voter "+n.ID, func(ctx context.Context) error { return f.Leader().Hub().AddVoter(ctx, n.ID, n.peer) })
	f.Eventually(n.ID+" to be ready", func() bool { return n.Ready() == nil })
}

// people takes on a person for every role of a division or department.
func (f *Federation) people(at division.Code, department string) {
	f.tb.Helper()
	for _, role := range identity.Roles {
		if role.Tier() != at.Tier() || role.Departmental() != (department != "") || role == identity.CountyOperator {
			continue
		}
		a := f.person(at, department, role)
		f.Do(f.Hub(), f.Operator(), &ledger.StaffAddV1{Staff: a.Staff, Login: a.Staff, Name: a.Name, Division: at, Department: department,
			Roles: []identity.Role{role}, PasswordHash: passwordHash})
		if role == identity.TownshipLeader || role == identity.DepartmentLeader {
			f.Do(f.Hub(), f.Operator(), storetest.Qualified(a.Staff))
		}
	}
}

// feedClock is a Clock with the machine's tickers.
type feedClock struct{ *Clock }

func (feedClock) NewTicker(every time.Duration) feed.Ticker { return feed.RealClock{}.NewTicker(every) }

// persist does something that can be done twice, again and again while the
// county has no leader: on a busy machine it may change at any time.
func (f *Federation) persist(what string, do func(context.Context) error) {
	f.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := do(ctx)
	for passing(err) && ctx.Err() == nil {
		err = do(ctx)
	}
	f.must(err, what)
}

// passing tells an error that goes away by itself.
func passing(err error) bool {
	var told *federation.RemoteError
	if errors.As(err, &told) {
		return told.Status == http.StatusServiceUnavailable || told.Status == http.StatusBadGateway
	}
	return errors.Is(err, county.ErrUnknown) || errors.Is(err, county.ErrNoLeader)
}

func (f *Federation) must(err error, what string) {
	f.tb.Helper()
	if err != nil {
		f.tb.Fatalf("federationtest: %s: %v", what, err)
	}
}
