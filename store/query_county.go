package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// ItemVersion is a version of an item as the catalog holds it.
type ItemVersion struct {
	catalog.Item
	Version int    `json:"version"`
	Hash    string `json:"hash"`
	// Drafter and Approver are staff numbers; a version without approver is
	// a draft, which only the county has.
	Drafter  string `json:"drafter,omitempty"`
	Approver string `json:"approver,omitempty"`
}

const selectItem = `SELECT body, version, hash, drafter, approver FROM items `

func scanItem(rows *sql.Rows) (v ItemVersion, err error) {
	var body []byte
	if err := rows.Scan(&body, &v.Version, &v.Hash, &v.Drafter, &v.Approver); err != nil {
		return v, err
	}
	return v, json.Unmarshal(body, &v.Item)
}

// ItemsInForce lists the items in force at an instant (Unix milliseconds), by
// code.
func (s *Store) ItemsInForce(ctx context.Context, at int64) ([]ItemVersion, error) {
	return rowsOf(ctx, s.read, scanItem, selectItem+`i JOIN (
		SELECT code AS c, version AS v, withdrawn,
			row_number() OVER (PARTITION BY code ORDER BY effective_from DESC, edition DESC) AS latest
		FROM edition_items WHERE effective_from <= ?) ON c = i.code AND v = i.version AND latest = 1 AND NOT withdrawn
		ORDER BY i.code`, at)
}

// ItemsKnown tells whether any edition of the catalog is in force at an instant.
func (s *Store) ItemsKnown(ctx context.Context, at int64) (bool, error) {
	n, err := count(ctx, s.read, `SELECT EXISTS (SELECT 1 FROM editions WHERE effective_from <= ?)`, at)
	return n != 0, err
}

// ItemInForce is the version of an item in force at an instant; ErrNotFound
// when there is none or it is withdrawn.
func (s *Store) ItemInForce(ctx context.Context, code string, at int64) (*ItemVersion, error) {
	var version int
	var withdrawn bool
	err := s.read.QueryRowContext(ctx, selectInForce, code, at).Scan(&version, &withdrawn)
	if errors.Is(err, sql.ErrNoRows) || err == nil && withdrawn {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("read edition", err)
	}
	return s.Item(ctx, code, version)
}

// Item is one version of an item.
func (s *Store) Item(ctx context.Context, code string, version int) (*ItemVersion, error) {
	found, err := rowsOf(ctx, s.read, scanItem, selectItem+`WHERE code = ? AND version = ?`, code, version)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// ItemVersions lists all versions of an item, the oldest first.
func (s *Store) ItemVersions(ctx context.Context, code string) ([]ItemVersion, error) {
	return rowsOf(ctx, s.read, scanItem, selectItem+`WHERE code = ? ORDER BY version`, code)
}

// LatestItems lists the latest version of every item, drafts included.
func (s *Store) LatestItems(ctx context.Context) ([]ItemVersion, error) {
	return rowsOf(ctx, s.read, scanItem, selectItem+`i WHERE version = (SELECT max(version) FROM items WHERE code = i.code) ORDER BY code`)
}

// Editions lists the editions in the order they were published, those that
// were cancelled included.
func (s *Store) Editions(ctx context.Context) ([]catalog.Edition, error) {
	return all[catalog.Edition](ctx, s.read, `SELECT body FROM editions ORDER BY number`)
}

// Overlays lists the offices' own details for an item.
func (s *Store) Overlays(ctx context.Context, item string) ([]catalog.Overlay, error) {
	return all[catalog.Overlay](ctx, s.read, `SELECT body FROM overlays WHERE item = ? ORDER BY office`, item)
}

// Divisions lists the county's divisions by code.
func (s *Store) Divisions(ctx context.Context) ([]division.Division, error) {
	return all[division.Division](ctx, s.read, `SELECT body FROM divisions ORDER BY code`)
}

// Division finds a division; ErrNotFound where none of the code was imported.
func (s *Store) Division(ctx context.Context, code division.Code) (*division.Division, error) {
	return one[division.Division](ctx, s.read, `SELECT body FROM divisions WHERE code = ?`, string(code))
}

// CalendarYears lists the years whose working days are known.
func (s *Store) CalendarYears(ctx context.Context) ([]calendar.Year, error) {
	return all[calendar.Year](ctx, s.read, `SELECT body FROM calendar_years ORDER BY year`)
}

// Staff finds a member of staff by number.
func (s *Store) Staff(ctx context.Context, id string) (*identity.Staff, error) {
	return one[identity.Staff](ctx, s.read, `SELECT body FROM staff WHERE id = ?`, id)
}

// StaffByLogin finds a member of staff by login.
func (s *Store) StaffByLogin(ctx context.Context, login string) (*identity.Staff, error) {
	return one[identity.Staff](ctx, s.read, `SELECT body FROM staff WHERE login = ?`, login)
}

// StaffWithin lists the staff of a division and those below it.
func (s *Store) StaffWithin(ctx context.Context, within division.Code) ([]identity.Staff, error) {
	return all[identity.Staff](ctx, s.read, `SELECT body FROM staff WHERE division >= ? AND division < ? ORDER BY division, login`, string(within), string(within)+":")
}

// Node is an enrolled node.
type Node struct {
	identity.Credential
	// Root is the county's signature over the credential.
	Root       []byte `json:"-"`
	Name       string `json:"name"`
	Federation string `json:"federation,omitempty"`
	Peer       string `json:"peer,omitempty"`
	EnrolledAt int64  `json:"enrolled_at"`
	// RevokedAt is 0 while the node is in good standing.
	RevokedAt int64  `json:"revoked_at,omitempty"`
	Reason    string `json:"reason,omitempty"`
	// Succeeds is the node whose machine went on as this one after its state had
	// been restored, SucceededBy the last one that this one's went on as.
	Succeeds    string `json:"succeeds,omitempty"`
	SucceededBy string `json:"succeeded_by,omitempty"`
	// Keys are those it has signed with; the credential's is the last.
	Keys ledger.Keys `json:"-"`
}

const selectNode = `SELECT credential, root, name, federation, peer, enrolled_at, revoked_at, reason, succeeds,
	coalesce((SELECT later.id FROM nodes later WHERE later.succeeds = nodes.id ORDER BY later.ordinal DESC LIMIT 1), ''),
	(SELECT json_group_array(json_object('since', since, 'key', key)) FROM (SELECT since, key FROM node_keys WHERE node = nodes.id ORDER BY since, key)) FROM nodes `

func scanNode(rows *sql.Rows) (n Node, err error) {
	var credential, keys []byte
	if err := rows.Scan(&credential, &n.Root, &n.Name, &n.Federation, &n.Peer, &n.EnrolledAt, &n.RevokedAt, &n.Reason, &n.Succeeds, &n.SucceededBy, &keys); err != nil {
		return n, err
	}
	return n, errors.Join(json.Unmarshal(credential, &n.Credential), json.Unmarshal(keys, &n.Keys))
}

// Node finds an enrolled node.
func (s *Store) Node(ctx context.Context, id string) (*Node, error) {
	found, err := rowsOf(ctx, s.read, scanNode, selectNode+`WHERE id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// NodesWithin lists the nodes of a division and those below it.
func (s *Store) NodesWithin(ctx context.Context, within division.Code) ([]Node, error) {
	return rowsOf(ctx, s.read, scanNode, selectNode+`WHERE division >= ? AND division < ? ORDER BY division, ordinal`, string(within), string(within)+":")
}

// Predecessors lists the nodes that a node's machine was before its state was
// restored.
func (s *Store) Predecessors(ctx context.Context, node string) ([]string, error) {
	return predecessorsOf(ctx, s.read, node)
}

// NextOrdinal is the number the next node of a division gets.
func (s *Store) NextOrdinal(ctx context.Context, d division.Code) (int, error) {
	n, err := count(ctx, s.read, `SELECT max(ordinal) FROM nodes WHERE division = ?`, string(d))
	return int(n) + 1, err
}

// Invitation is what a one-time token admits.
type Invitation struct {
	TokenHash string
	Node      string
	Name      string
	Tier      node.Tier
	Division  division.Code
	ExpiresAt int64
	UsedBy    string
}

// Invitation finds an invitation by its token's hash.
func (s *Store) Invitation(ctx context.Context, tokenHash string) (*Invitation, error) {
	v := Invitation{TokenHash: tokenHash}
	err := s.read.QueryRowContext(ctx, `SELECT node, name, tier, division, expires_at, used_by FROM invitations WHERE token_hash = ?`, tokenHash).
		Scan(&v.Node, &v.Name, &v.Tier, &v.Division, &v.ExpiresAt, &v.UsedBy)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &v, storage("read invitation", err)
}

// TrustChain lists the county's bundles of public keys as they were recorded,
// the oldest first.
func (s *Store) TrustChain(ctx context.Context) ([]json.RawMessage, error) {
	return trustChain(ctx, s.read)
}

func trustChain(ctx context.Context, db querier) ([]json.RawMessage, error) {
	return rowsOf(ctx, db, func(r *sql.Rows) (json.RawMessage, error) {
		var bundle string
		err := r.Scan(&bundle)
		return json.RawMessage(bundle), err
	}, `SELECT bundle FROM trust ORDER BY n`)
}

// Attention is something a person has to look at.
type Attention struct {
	Entry      string        `json:"entry"`
	Index      uint64        `json:"index,omitempty"`
	Case       string        `json:"case,omitempty"`
	Origin     string        `json:"origin"`
	Scope      division.Code `json:"scope"`
	Code       string        `json:"code"`
	Reason     string        `json:"reason"`
	At         int64         `json:"at"`
	ResolvedBy string        `json:"resolved_by,omitempty"`
	Note       string        `json:"note,omitempty"`
	ReplacedBy string        `json:"replaced_by,omitempty"`
}

const selectAttention = `SELECT entry, idx, case_id, origin, scope, code, reason, at, resolved_by, note, replaced_by FROM attention WHERE `

func scanAttention(r *sql.Rows) (a Attention, err error) {
	return a, r.Scan(&a.Entry, &a.Index, &a.Case, &a.Origin, &a.Scope, &a.Code, &a.Reason, &a.At, &a.ResolvedBy, &a.Note, &a.ReplacedBy)
}

// AttentionFor finds what asks, or asked, for attention under an entry.
func (s *Store) AttentionFor(ctx context.Context, entry string) (*Attention, error) {
	found, err := rowsOf(ctx, s.read, scanAttention, selectAttention+`entry = ?`, entry)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// AttentionList lists what needs attention within a division; with resolved,
// what was settled too. The newest comes first.
func (s *Store) AttentionList(ctx context.Context, within division.Code, resolved bool) ([]Attention, error) {
	return rowsOf(ctx, s.read, scanAttention, selectAttention+`(scope = '' OR scope >= ?1 AND scope < ?1 || ':') AND (?2 OR resolved_by = '') ORDER BY at DESC, entry LIMIT 1000`, string(within), resolved)
}
