package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Membership is a node's place in its county: what enrolling gave it. It lies
// in the node's data directory, apart from the databases, and is never sent
// anywhere.
type Membership struct {
	Name        string                 `json:"name"`
	Credential  trust.SignedCredential `json:"credential"`
	Certificate []byte                 `json:"certificate"`
	Trust       trust.CountyTrust      `json:"trust"`
	// Founding is the fingerprint of the county's first bundle. It tells the
	// county from every other founding under the same names, whatever became of
	// its keys.
	Founding string `json:"founding"`
	// Hubs and Township are the federation addresses above.
	Hubs     []string `json:"hubs,omitempty"`
	Township []string `json:"township,omitempty"`
	// Predecessors are the nodes that this machine was before, each until its
	// state had to be restored from a backup.
	Predecessors []string `json:"predecessors,omitempty"`
	// Genesis is set on a county's first hub until it has founded the county.
	Genesis *Genesis `json:"genesis,omitempty"`

	Keys *trust.NodeKeys `json:"-"`
	// County are the county's private keys, which hubs have.
	County *trust.CountyKeys `json:"-"`
}

// Genesis is what the first hub enters into an empty county: itself and the
// first operator.
type Genesis struct {
	Login        string `json:"login"`
	Name         string `json:"name"`
	PasswordHash string `json:"password_hash"`
	MustChange   bool   `json:"must_change"`
	Federation   string `json:"federation,omitempty"`
	Peer         string `json:"peer,omitempty"`
}

const (
	membershipFile = "membership.json"
	keysFolder     = "keys"
)

// ErrNotEnrolled is a data directory without a membership.
var ErrNotEnrolled = errors.New("本目录尚未登记为节点，请先运行 init、join 或 enroll (this directory is not a node yet: run init, join or enroll first)")

// ErrEnrolled is a data directory that has a membership already.
var ErrEnrolled = errors.New("本目录已登记为节点 (this directory is a node already)")

// LoadMembership reads what enrolling left in a data directory.
func LoadMembership(dir string) (*Membership, error) {
	raw, err := os.ReadFile(filepath.Join(dir, membershipFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNotEnrolled)
	}
	if err != nil {
		return nil, err
	}
	m, err := readMembership(raw)
	if err != nil {
		return nil, fmt.Errorf("登记文件 %s 已损坏，请用离线保存的副本恢复 (the membership is damaged; put the copy kept offline back): %w", filepath.Join(dir, membershipFile), err)
	}
	if m.Keys, err = trust.LoadNode(filepath.Join(dir, keysFolder)); err != nil {
		return nil, err
	}
	next, err := loadRenewal(dir)
	if err != nil {
		return nil, err
	}
	if next.vouched() && next.is(m.Keys.SignPublic()) {
		// A renewal was cut off after the keys were replaced.
		m.Credential, m.Certificate = next.Credential, next.Certificate
	}
	if m.Credential.Credential.Tier == node.County {
		if m.County, err = trust.LoadCounty(filepath.Join(dir, keysFolder)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// trusted is the county's bundle as the membership has it. A hub's keys folder
// may be ahead of it, and of a ledger that was restored.
func (m *Membership) trusted() trust.CountyTrust {
	if m.County != nil {
		if newer, err := m.Trust.Advance(m.County.Chain()...); err == nil {
			return newer
		}
	}
	return m.Trust
}

func readMembership(raw []byte) (*Membership, error) {
	m := new(Membership)
	return m, errors.Join(json.Unmarshal(raw, m), m.whole())
}

// whole is nil for a membership in which nothing is missing that every node has.
func (m *Membership) whole() error {
	is := m.Credential.Credential
	if is.Node == "" || is.Tier == "" || is.Division == "" || len(m.Certificate) == 0 || len(m.Trust.Roots) == 0 || m.Founding == "" {
		return errors.New("node, credential, certificate or the county's keys are missing in it")
	}
	return nil
}

// Save writes a membership and its keys into a data directory that has none.
func (m *Membership) Save(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, membershipFile)); err == nil {
		return fmt.Errorf("%s: %w", dir, ErrEnrolled)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if m.Genesis != nil {
		return m.saveFounding(dir)
	}
	keys := filepath.Join(dir, keysFolder)
	err := m.Keys.Create(keys)
	if errors.Is(err, trust.ErrKeysExist) {
		// Those of an enrolment that was cut off are the same ones.
		if have, unreadable := trust.LoadNode(keys); unreadable != nil || !have.SignPublic().Equal(m.Keys.SignPublic()) {
			return fmt.Errorf("%s: %w", keys, ErrKeysLeft)
		}
		err = nil
	}
	if err == nil && m.County != nil {
		err = m.County.Create(keys)
		if errors.Is(err, trust.ErrKeysExist) {
			if have, unreadable := trust.LoadCounty(keys); unreadable != nil || !sameBundle(have.Trust(), m.County.Trust()) {
				return fmt.Errorf("%s: %w", keys, ErrKeysLeft)
			}
			err = nil
		}
	}
	if err == nil && m.County == nil {
		err = writeDurably(dir, unstartedFile, nil)
	}
	if err != nil {
		return err
	}
	return m.write(dir)
}

// ErrKeysLeft is a directory with keys and without the membership they belong
// to.
var ErrKeysLeft = errors.New("目录里有密钥而没有 membership.json：请放回离线保存的 membership.json；确是 init 中断留下的，把 keys 移走后重试 (there are keys without their membership.json: put the copy kept offline back, or, if an init was cut off, move keys away and try again)")

// ErrDataLeft is a directory that holds another node's data.
var ErrDataLeft = errors.New("目录里有旧节点的数据，请先移走整个目录，或换一个 data_dir (there is data of another node; move the whole directory away, or choose another data_dir)")

// Vacant refuses a directory that cannot become a node: one that is a node
// already, or holds the data of one. What is not tongban's is left alone.
func Vacant(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, membershipFile)); err == nil {
		return fmt.Errorf("%s: %w", dir, ErrEnrolled)
	}
	if name := dataIn(dir); name != "" {
		return fmt.Errorf("%s: %w", filepath.Join(dir, name), ErrDataLeft)
	}
	return nil
}

// dataIn names something in a directory that a node has made which was started.
func dataIn(dir string) string {
	for _, name := range []string{"state.db", "local.db", "raft", "attachments"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return name
		}
	}
	return ""
}

// EnrolmentKeys are the keys with which a directory enrols: new ones, kept
// before they are used, so that an enrolment that was cut off can be repeated
// with the same.
func EnrolmentKeys(rand io.Reader, dir string) (*trust.NodeKeys, error) {
	folder := filepath.Join(dir, keysFolder)
	if _, err := os.Stat(filepath.Join(folder, trust.NodeKeyFile)); err == nil {
		return trust.LoadNode(folder)
	}
	keys, err := trust.GenerateNode(rand)
	if err != nil {
		return nil, err
	}
	return keys, keys.Create(folder)
}

// EnrolmentKeyFile is where EnrolmentKeys keeps the keys.
func EnrolmentKeyFile(dir string) string { return filepath.Join(dir, keysFolder, trust.NodeKeyFile) }

// Founded notes that the county has its first hub and operator.
func (m *Membership) Founded(dir string) error {
	m.Genesis = nil
	return m.write(dir)
}

func (m *Membership) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(dir, membershipFile, b)
}

// writeDurably puts a file in the place of another: after a crash it is either
// as before or complete. It is for its owner alone.
func writeDurably(dir, name string, b []byte) error {
	f, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// NewCounty makes a county's keys and its first hub.
func NewCounty(rand io.Reader, code division.Code, nodeID, name string, names []string, g Genesis, now time.Time) (*Membership, error) {
	if code.Tier() != node.County {
		return nil, fmt.Errorf("县区划代码应为 6 位数字 (a county's code has 6 digits): %q", code)
	}
	if !trust.ValidNodeID(nodeID) {
		return nil, fmt.Errorf("节点编号只能用 3 到 40 个小写字母、数字和短横线 (a node id is 3 to 40 of a-z, 0-9 and -): %q", nodeID)
	}
	keys, err := trust.GenerateCounty(rand, code, now)
	if err != nil {
		return nil, err
	}
	own, err := trust.GenerateNode(rand)
	if err != nil {
		return nil, err
	}
	signed, err := keys.SignCredential(identity.Credential{Node: nodeID, Tier: node.County, Division: code, Ordinal: 1,
		SignKey: own.SignPublic(), IssuedAt: now.UnixMilli(), ExpiresAt: now.Add(credentialLife).UnixMilli()})
	if err != nil {
		return nil, err
	}
	certificate, err := keys.IssueCertificate(rand, trust.Place{County: code, Node: nodeID, Tier: node.County, Division: code}, &own.TLS.PublicKey, names, now, credentialLife)
	if err != nil {
		return nil, err
	}
	founding, err := keys.Trust().Fingerprint()
	if err != nil {
		return nil, err
	}
	return &Membership{Name: name, Credential: signed, Certificate: certificate, Trust: keys.Trust(), Founding: founding.String(), Genesis: &g, Keys: own, County: keys}, nil
}

// MembershipOf is the membership of a node that enrolled.
func MembershipOf(e *Enrolled, keys *trust.NodeKeys) (*Membership, error) {
	m := &Membership{Name: e.Name, Credential: e.Credential, Certificate: e.Certificate, Trust: e.Trust, Founding: e.Founding, Hubs: e.Welcome.County, Township: e.Township, Keys: keys}
	if len(e.CountyKeys) > 0 {
		county, err := trust.DecodeCounty(e.CountyKeys)
		if err != nil {
			return nil, err
		}
		m.County = county
	}
	return m, nil
}

// found enters the first hub and the first operator into the empty county.
// It may be repeated: what is there already is left as it is.
func (n *Node) found(ctx context.Context, g Genesis) error {
	for {
		if err := n.hub.Ready(); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.after(50 * time.Millisecond):
		}
	}
	people, err := n.Store.StaffAt(ctx, n.self.County())
	if err != nil || len(people) > 0 { // the first operator is its end
		return err
	}
	for _, b := range n.county.now().Chain() {
		if err := n.foundOne(ctx, ledger.CountyTrust, &ledger.CountyTrustV1{Bundle: raw(b)}, fmt.Sprintf("trust-%x", b.Sig[:8])); err != nil {
			return err
		}
	}
	signed, err := n.county.now().SignCredential(n.own.Load().credential.Credential)
	if err != nil {
		return err
	}
	if err := n.foundOne(ctx, ledger.NodeEnrol, &ledger.NodeEnrolV1{Credential: signed.Credential, Root: signed.Sig, Name: n.name, Federation: g.Federation, Peer: g.Peer}, "first-hub"); err != nil {
		return err
	}
	if err := n.foundOne(ctx, ledger.LevelRaise, &ledger.LevelRaiseV1{Level: ledger.Level}, "first-level"); err != nil {
		return err
	}
	return n.foundOne(ctx, ledger.StaffAdd, &ledger.StaffAddV1{Staff: "s-" + g.Login, Login: g.Login, Name: g.Name, Division: n.self.County(),
		Roles: []identity.Role{identity.CountyOperator}, PasswordHash: g.PasswordHash, MustChange: g.MustChange}, "first-operator")
}

func (n *Node) foundOne(ctx context.Context, k ledger.Kind, b ledger.Body, key string) error {
	_, err := n.Record(ctx, Action{Actor: identity.Actor{Staff: "system", Role: identity.System}, Kind: k, Body: b, Key: key})
	point("found." + string(k))
	return err
}
