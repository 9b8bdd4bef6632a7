// Package storetest makes a county to test against: real stores in a test's
// own directory, with enrolled nodes, staff of every role, a calendar and a
// published catalog, under a clock that stands still until it is told to move.
// Keys, ids and times are the same in every run, so that what comes out can be
// compared with a golden file.
//
//	c := storetest.NewCounty(t)
//	village := c.Village("330523110200")
//	opened := village.Submit("TB-MZJ-004")
//	c.Settle() // up to the county and back down
package storetest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	_ "embed" // the fixtures
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Code is the county's division code.
const Code division.Code = "330523"

// HubID is the node id of the county's first hub.
const HubID = "county-1"

// Beginning is when a new county has been set up and its offices open.
var Beginning = time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600))

var (
	//go:embed testdata/items.json
	itemsFile []byte
	//go:embed testdata/divisions.json
	divisionsFile []byte
	//go:embed testdata/calendar.json
	calendarFile []byte
)

// TB is what a county needs of a test. A property test can give its own, with
// a directory that is removed after each run.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	TempDir() string
	Cleanup(func())
}

// Trust makes what the county's keys make. The default signs with a fixed key
// and makes a bundle that only tests take for one.
type Trust interface {
	// Bundle is the body of county.trust.
	Bundle() json.RawMessage
	// SignCredential is the root's signature over a credential.
	SignCredential(identity.Credential) []byte
}

// Option changes how a county is made.
type Option func(*County)

// WithTrust makes the county's keys real ones, for tests of floors above.
func WithTrust(t Trust) Option { return func(c *County) { c.trust = t } }

// WithItems publishes these items instead of the usual six.
func WithItems(items []catalog.Item) Option { return func(c *County) { c.items = items } }

// WithDivisions makes the county of these divisions instead of the usual few.
func WithDivisions(file []byte) Option { return func(c *County) { c.divisions = file } }

// WithCalendar gives the county these years instead of the usual.
func WithCalendar(file []byte) Option { return func(c *County) { c.calendar = file } }

// From lets the county's offices open at another time than Beginning.
func From(at time.Time) Option { return func(c *County) { c.begin = at } }

// InDir keeps the databases below a directory instead of the test's own.
func InDir(dir string) Option { return func(c *County) { c.dir = dir } }

// County is a county with one hub. Its methods fail the test instead of
// returning an error.
type County struct {
	Clock *Clock

	tb                  TB
	trust               Trust
	items               []catalog.Item
	divisions, calendar []byte
	begin               time.Time
	dir                 string

	hub   *Node
	nodes map[division.Code]*Node
	order []*Node
	ids   map[string]int
}

// NewCounty makes a county whose hub holds everything a county needs before
// its first case: keys, divisions, calendar, two operators and edition 1 of
// the catalog. Other nodes and staff are enrolled when first asked for.
func NewCounty(tb TB, options ...Option) *County {
	tb.Helper()
	c := &County{tb: tb, Clock: NewClock(Beginning), begin: Beginning, trust: testTrust{}, divisions: divisionsFile, calendar: calendarFile, nodes: map[division.Code]*Node{}, ids: map[string]int{}}
	for _, o := range options {
		o(c)
	}
	if c.dir == "" {
		c.dir = tb.TempDir()
	}
	c.Clock.Set(c.begin.AddDate(0, 0, -7))
	if c.items == nil {
		c.items = Items(tb)
	}
	c.hub = c.node(HubID, node.County, Code)
	c.nodes[Code] = c.hub
	c.found(len(options) == 0)
	c.Clock.Set(c.begin)
	return c
}

// genesis is how a county begins: see authoriseSystem and genesis in store.
func (c *County) genesis() {
	system := identity.Actor{Staff: HubID, Role: identity.System, Node: HubID}
	c.hub.MustDo(system, &ledger.CountyTrustV1{Bundle: c.trust.Bundle()})
	c.hub.MustDo(system, &ledger.NodeEnrolV1{Credential: c.hub.Credential, Root: c.trust.SignCredential(c.hub.Credential), Name: "县政务服务中心"})
	c.hub.MustDo(system, c.StaffAdd(OperatorID, Code, "", identity.CountyOperator, identity.Supervisor, identity.Auditor))
	operator := c.Operator()
	c.hub.MustDo(operator, c.StaffAdd(SecondOperatorID, Code, "", identity.CountyOperator))

	divisions, err := division.ParseFile(c.divisions)
	c.must(err, "divisions")
	c.hub.MustDo(operator, &ledger.DivisionImportV1{Divisions: divisions})
	years, err := calendar.ParseFile(c.calendar)
	c.must(err, "calendar")
	c.hub.MustDo(operator, &ledger.CalendarImportV1{Years: years})

	var named []catalog.EditionItem
	for _, item := range c.items {
		c.ApproveItem(item, 1)
		named = append(named, catalog.EditionItem{Code: item.Code, Version: 1})
	}
	c.Publish(1, named...)
}

// The county's two operators, so that one can approve what the other drafts.
const (
	OperatorID       = "operator-1"
	SecondOperatorID = "operator-2"
)

// Operator is the county's first operator as an actor.
func (c *County) Operator() identity.Actor { return operator(OperatorID) }

// SecondOperator is the one who approves.
func (c *County) SecondOperator() identity.Actor { return operator(SecondOperatorID) }

func operator(id string) identity.Actor {
	return identity.Actor{Staff: id, Name: nameOf(id), Role: identity.CountyOperator, Node: HubID}
}

// ApproveItem drafts and approves a version of an item.
func (c *County) ApproveItem(item catalog.Item, version int) {
	c.tb.Helper()
	draft := ledger.ItemDraftV1{Code: item.Code, Version: version, Hash: catalog.Hash(item), Item: catalog.Canonical(item)}
	c.hub.MustDo(c.Operator(), &draft)
	approve := ledger.ItemApproveV1(draft)
	c.hub.MustDo(c.SecondOperator(), &approve)
}

// Publish publishes an edition that takes effect now.
func (c *County) Publish(number int, named ...catalog.EditionItem) {
	c.tb.Helper()
	c.hub.MustDo(c.Operator(), &ledger.EditionPublishV1{Edition: catalog.Edition{Number: number, EffectiveFrom: c.Clock.UnixMilli(), Entries: named}})
}

// Item is an item of the county's first edition.
func (c *County) Item(code string) catalog.Item {
	c.tb.Helper()
	for _, item := range c.items {
		if item.Code == code {
			return item
		}
	}
	c.tb.Fatalf("storetest: no item %s", code)
	return catalog.Item{}
}

// Hub is the county's hub.
func (c *County) Hub() *Node { return c.hub }

// Township is the node of a township, enrolled and up to date when first asked
// for.
func (c *County) Township(code division.Code) *Node { c.tb.Helper(); return c.Node(code) }

// Village is the node of a village, enrolled and up to date when first asked
// for.
func (c *County) Village(code division.Code) *Node { c.tb.Helper(); return c.Node(code) }

// Node is the node of a division.
func (c *County) Node(code division.Code) *Node {
	c.tb.Helper()
	n, known := c.Join(code)
	if !known {
		n.Pull(c.hub)
	}
	return n
}

// Join is the node of a division, enrolled and with its staff when first asked
// for; it has then still to follow the county.
func (c *County) Join(code division.Code) (n *Node, known bool) {
	c.tb.Helper()
	if n := c.nodes[code]; n != nil {
		return n, true
	}
	n = c.node(NodeID(code), code.Tier(), code)
	n.open()
	c.Enrol(n.Credential)
	c.nodes[code] = n
	c.order = append(c.order, n)
	for _, role := range identity.Roles {
		if role.Tier() == n.Credential.Tier {
			n.Actor(role)
		}
	}
	return n, false
}

// Nodes are the nodes below the county, in the order they were enrolled.
func (c *County) Nodes() []*Node { return append([]*Node(nil), c.order...) }

// Enrol invites a node and admits it with its credential.
func (c *County) Enrol(cred identity.Credential) {
	c.tb.Helper()
	sum := sha256.Sum256([]byte("invitation of " + cred.Node))
	token := hex.EncodeToString(sum[:])
	name := string(cred.Division) + "便民服务站"
	c.hub.MustDo(c.Operator(), &ledger.NodeInviteV1{TokenHash: token, Node: cred.Node, Name: name, Tier: cred.Tier, Division: cred.Division,
		ExpiresAt: c.Clock.UnixMilli() + 86_400_000})
	c.hub.MustDo(identity.Actor{Staff: HubID, Role: identity.System, Node: HubID},
		&ledger.NodeEnrolV1{Credential: cred, Root: c.trust.SignCredential(cred), Name: name, TokenHash: token})
}

// NodeID is the id of a division's node: county-1, township-330523110-1,
// village-330523110200-1.
func NodeID(code division.Code) string {
	if code == Code {
		return HubID
	}
	return fmt.Sprintf("%s-%s-1", code.Tier(), code)
}

// NodeKey is a node's signing key: always the same for the same id.
func NodeKey(id string) ed25519.PrivateKey { return fixedKey("node " + id) }

func fixedKey(of string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("storetest " + of))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Credential is the credential a node gets here.
func Credential(id string, code division.Code, ordinal int) identity.Credential {
	return identity.Credential{Node: id, Tier: code.Tier(), Division: code, Ordinal: ordinal, SignKey: NodeKey(id).Public().(ed25519.PublicKey),
		IssuedAt: Beginning.AddDate(0, -1, 0).UnixMilli(), ExpiresAt: Beginning.AddDate(5, 0, 0).UnixMilli()}
}

// node is a node whose store is still to be opened.
func (c *County) node(id string, tier node.Tier, code division.Code) *Node {
	cred := Credential(id, code, 1)
	cred.IssuedAt, cred.ExpiresAt = c.begin.AddDate(0, -1, 0).UnixMilli(), c.begin.AddDate(5, 0, 0).UnixMilli()
	return &Node{County: c, Credential: cred, Key: NodeKey(id), dir: filepath.Join(c.dir, id)}
}

func (c *County) must(err error, what string) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatalf("storetest: %s: %v", what, err)
	}
}

// nextID is the id of the next action of a node: the same in every run.
func (c *County) nextID(node string) string {
	c.ids[node]++
	return ledger.IDFromKey(node, "storetest", fmt.Sprint(c.ids[node]))
}

// Items are the six items of edition 1: collected at villages, reviewed by
// townships, decided by departments, for persons and for organisations.
func Items(tb TB) []catalog.Item {
	tb.Helper()
	items, faults := catalog.ParseItems(itemsFile)
	if len(faults) > 0 {
		tb.Fatalf("storetest: items: %v", faults)
	}
	return items
}

// Propose applies entries at the hub as one Raft command and returns what
// became of each.
func (c *County) Propose(entries ...[]byte) []store.Result {
	c.tb.Helper()
	results, err := c.hub.Commit(context.Background(), []store.Proposal{{RaftIndex: c.hub.Applied() + 1, At: c.Clock.UnixMilli(), Entries: entries}})
	c.must(err, "commit")
	return results[0]
}

// Clock is a clock that moves only when told.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that stands at an instant.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is the clock's time.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// UnixMilli is the clock's time in Unix milliseconds.
func (c *Clock) UnixMilli() int64 { return c.Now().UnixMilli() }

// Set moves the clock to an instant.
func (c *Clock) Set(at time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = at }

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

type testTrust struct{}

func (testTrust) Bundle() json.RawMessage { return json.RawMessage(`{"bundle":"storetest","sig":""}`) }

func (testTrust) SignCredential(cred identity.Credential) []byte {
	b, err := json.Marshal(cred)
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return ed25519.Sign(fixedKey("county root"), append([]byte("tongban credential v1\n"), b...))
}

func nameOf(staff string) string { return "职员" + strings.ToUpper(staff[:1]) }
