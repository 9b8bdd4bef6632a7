package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// Node is the running node, as the API needs it: a *federation.Node.
type Node interface {
	// ActionID is the id of the entry that an action under an idempotency key
	// becomes.
	ActionID(staff, key string) string
	// FetchAttachment brings content that an entry here names and that this
	// node does not hold, from a node that should.
	FetchAttachment(ctx context.Context, hash string) error
	// FetchUploaded brings to a hub what was uploaded at another one and nothing
	// names yet.
	FetchUploaded(ctx context.Context, hash string, size int64) error
	// Record makes an entry of an action.
	Record(ctx context.Context, a Action) (store.Result, error)
	// RecordTogether makes entries of several actions at the county, of all
	// or of none.
	RecordTogether(ctx context.Context, actions []Action) ([]store.Result, error)
	// Issuer signs staff tokens in this node's name, Verifier checks those of
	// the county, and Trust is the county's present keys.
	Issuer() *trust.Issuer
	Verifier() *trust.Verifier
	// ApplicantVerifier checks the tokens of those who apply by themselves.
	ApplicantVerifier() *trust.ApplicantVerifier
	Trust() trust.CountyTrust
	// Health is everything that is wrong with the node, what stops it first.
	Health(ctx context.Context) ([]federation.Reason, error)
	// Renew gives the node new keys, which end at Expires.
	Renew(ctx context.Context) (store.Result, error)
	Expires() time.Time
	// Levels are the level of entries in force and what each node reads;
	// RaiseLevel raises it.
	Levels(ctx context.Context) (int, []federation.Reader, error)
	RaiseLevel(ctx context.Context, by identity.Actor, level int, evenThough []string, key string) (store.Result, error)
	// Fresh makes reads at a hub see everything that was acknowledged at any
	// hub before.
	Fresh(ctx context.Context) error
	// Report is how this node is, Reports what the nodes below it last said.
	Report(ctx context.Context) (federation.Report, error)
	Reports(ctx context.Context) ([]store.PeerReport, error)
	// UnnamedRemoved is how many uploads, and bytes, this node removed since its
	// start because nothing had named them.
	UnnamedRemoved() (files, bytes int64)
	// NoticeFigures are what this hub told applicants since it started.
	NoticeFigures() []notify.Figures
	// SendContactCode sends the code that confirms the address an account has named,
	// and CheckContactCode tells whether what came back is it.
	SendContactCode(ctx context.Context, k *account.Account) error
	CheckContactCode(k *account.Account, typed string) bool
	// Revocation tells whether the county has cast this node out.
	Revocation() (federation.Revocation, bool)
	// LANCertificate is what the local network is served with, and LANAuthority
	// what a phone has to trust for it; nil while there is none.
	LANCertificate() *tls.Certificate
	LANAuthority() (*x509.Certificate, error)
	// AskAbove asks the nodes above what a number and its code are, until one knows;
	// AnswerPublic sets who answers the nodes below.
	AskAbove(ctx context.Context, ask federation.PublicAsk, knows func(federation.PublicAnswer) bool) (federation.PublicAnswer, error)
	AnswerPublic(answer func(ctx context.Context, below string, ask federation.PublicAsk) federation.PublicAnswer)
	// Kick ends the pause between two tries to reach the node above.
	Kick()
	// Invite makes a one-time token that lets one node enrol.
	Invite(ctx context.Context, by identity.Actor, id, name string, tier node.Tier, at division.Code, key string) (trust.JoinToken, store.Result, error)
	// Carry makes and takes in bundles for a USB stick, and knows the newest
	// checkpoint.
	Carry() *carry.Node
	// SealBackup encrypts a backup to this node and the county.
	SealBackup(w io.Writer) (io.WriteCloser, error)
	// OpenBackup reads one with this node's keys, and at a hub with the county's.
	OpenBackup(r io.Reader) (io.Reader, error)
	// RotateCountyKeys makes new keys for the county.
	RotateCountyKeys(ctx context.Context, by identity.Actor, key string) (store.Result, error)
	// MakeSeal makes the next seal of a department or of this township; SealCode
	// signs a document's code with the seal in use, SignCode with this node's own
	// key; Keyring is what documents are checked with.
	MakeSeal(ctx context.Context, by identity.Actor, department, key string) (store.Result, error)
	SealCode(ctx context.Context, code *proof.Code, department string) error
	// SealOutdated tells of a seal in use whether it has to be made anew first.
	SealOutdated(ctx context.Context, s *store.Seal) (bool, error)
	SignCode(code *proof.Code) error
	Keyring(ctx context.Context) (trust.Keyring, error)
	// ForeignKey looks above for a key that the ledger here does not have.
	ForeignKey(ctx context.Context, id string) (federation.ForeignKey, error)
	// Following is how following the county's ledger stands; false at a hub.
	Following() (feed.Status, bool)
	// DeclareRecovery has the ledger say that it went back; RecordAgain records
	// again, as they were, entries that it lost.
	DeclareRecovery(ctx context.Context, by identity.Actor, reason string) (ledger.Recovery, error)
	RecordAgain(ctx context.Context, by identity.Actor, entries []string) ([]federation.Again, error)
	// Hub is the node's part in the county's Raft; nil below the county.
	Hub() *county.Hub
}

var _ Node = (*federation.Node)(nil)

// Action is what somebody does, on its way to becoming an entry.
type Action = federation.Action

// record makes an entry of an action and says how far it has come. A refusal
// that is remembered under the same key is the same refusal again.
func (s *Server) record(ctx context.Context, a Action) (gen.Recorded, error) {
	var r store.Result
	if err := s.once(ctx, a, func() (err error) { r, err = s.node.Record(ctx, a); return err }); err != nil {
		return gen.Recorded{}, err
	}
	if a.Kind == ledger.EditionPublish || a.Kind == ledger.EditionCancel {
		s.offered.forget()
	}
	if r.Outcome == ledger.Refused {
		return gen.Recorded{}, &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN, Faults: r.Faults}
	}
	if r.Status != store.Recorded {
		return s.recorded(ctx, r.ID)
	}
	// What was recorded just now is known without looking it up.
	w := s.word(&store.EntryView{Entry: ledger.Entry{ID: r.ID, Kind: a.Kind, Origin: s.self.Node}, Index: r.Index, Status: r.Outcome}, nil)
	return gen.Recorded{Entry: r.ID, Index: int64(r.Index), Word: w, WordZh: wordZH[w]}, nil
}

// recordOf records what somebody does to a case beside its chain, with the right
// that the kind asks for.
func (s *Server) recordOf(ctx context.Context, c *casework.Case, kind ledger.Kind, body ledger.Body, key string) (gen.Recorded, error) {
	info, _ := ledger.Lookup(kind, 1)
	actor, err := as(ctx, info.Action, targetOf(c))
	if err != nil {
		return gen.Recorded{}, err
	}
	return s.record(ctx, Action{Actor: actor, Kind: kind, Body: body, Case: c.ID, Key: key})
}

// recorded says how far an entry of this node's store has come.
func (s *Server) recorded(ctx context.Context, id string) (gen.Recorded, error) {
	e, err := s.store.Entry(ctx, id)
	if err != nil {
		return gen.Recorded{}, err
	}
	w := s.word(e, nil)
	return gen.Recorded{Entry: id, Index: int64(e.Index), Word: w, WordZh: wordZH[w]}, nil
}

// found turns a look-up of something that is not here into its problem.
func found(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotFound
	}
	return err
}

// name is what people know this node by: the county's word, once it has
// arrived, and until then the settings'.
func (s *Server) name(ctx context.Context) string {
	if known, err := s.store.Node(ctx, s.self.Node); err == nil && known.Name != "" {
		return known.Name
	}
	return s.o.Name
}
