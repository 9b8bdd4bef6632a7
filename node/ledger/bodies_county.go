package ledger

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// The bodies in this file are frozen: a change is a new version.

// CountyTrustV1 publishes the county's public keys, signed by the root that
// was trusted before (the first one by itself).
type CountyTrustV1 struct {
	// Bundle is the signed bundle as federation/trust encodes it.
	Bundle json.RawMessage `json:"bundle"`
}

// Check implements Body.
func (b *CountyTrustV1) Check() error { return document("bundle", b.Bundle) }

// NodeInviteV1 lets one new node enrol with a one-time token.
type NodeInviteV1 struct {
	// TokenHash is the SHA-256 of the token's secret, lower-case hex.
	TokenHash string        `json:"token_hash"`
	Node      string        `json:"node"`
	Name      string        `json:"name"`
	Tier      node.Tier     `json:"tier"`
	Division  division.Code `json:"division"`
	ExpiresAt int64         `json:"expires_at"`
}

// Check implements Body.
func (b *NodeInviteV1) Check() error {
	if len(b.TokenHash) != 64 || b.ExpiresAt <= 0 {
		return fmt.Errorf("token hash of %d, expiry %d", len(b.TokenHash), b.ExpiresAt)
	}
	return first(required("node", b.Node, maxIDBytes), required("name", b.Name, maxName), tierOf(b.Tier, b.Division))
}

// NodeEnrolV1 admits a node: the county's signed credential for it.
type NodeEnrolV1 struct {
	Credential identity.Credential `json:"credential"`
	// Root is the root key's signature over the credential, as
	// federation/trust makes it.
	Root []byte `json:"root"`
	Name string `json:"name"`
	// TokenHash names the invitation that was used up; empty for the first
	// hub.
	TokenHash string `json:"token_hash,omitempty"`
	// Federation is the address others reach the node at, if they may dial
	// it; Peer is a hub's address for the other hubs.
	Federation string `json:"federation,omitempty"`
	Peer       string `json:"peer,omitempty"`
	// Succeeds is the node whose machine goes on as this one, with the same
	// keys: its state came from a backup, and what it had done since is not
	// known to it. Instead of a token it takes the word of that machine.
	Succeeds string `json:"succeeds,omitempty"`
}

// Check implements Body.
func (b *NodeEnrolV1) Check() error {
	c := b.Credential
	if len(b.Succeeds) > maxIDBytes || b.Succeeds == c.Node || b.Succeeds != "" && b.TokenHash != "" {
		return fmt.Errorf("%q succeeds %q, token hash of %d", c.Node, b.Succeeds, len(b.TokenHash))
	}
	if len(c.SignKey) != 32 || c.Ordinal < 1 || c.Ordinal > 99 || c.ExpiresAt <= c.IssuedAt {
		return fmt.Errorf("credential of %q: key of %d bytes, ordinal %d", c.Node, len(c.SignKey), c.Ordinal)
	}
	return first(required("node", c.Node, maxIDBytes), required("name", b.Name, maxName), tierOf(c.Tier, c.Division))
}

// NodeRevokeV1 withdraws a node's credential: what it records from At on is
// refused.
type NodeRevokeV1 struct {
	Node   string `json:"node"`
	At     int64  `json:"at"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *NodeRevokeV1) Check() error {
	if b.At <= 0 {
		return fmt.Errorf("at %d", b.At)
	}
	return first(required("node", b.Node, maxIDBytes), required("reason", b.Reason, maxText))
}

// NodeRenameV1 changes the name a node is shown by.
type NodeRenameV1 struct {
	Node string `json:"node"`
	Name string `json:"name"`
}

// Check implements Body.
func (b *NodeRenameV1) Check() error {
	return first(required("node", b.Node, maxIDBytes), required("name", b.Name, maxName))
}

// NodeRenewV1 gives a node new keys: the county's credential for the new one,
// in an entry of the node itself, signed with its key of before. What the node
// records after this entry is signed with the new key.
type NodeRenewV1 struct {
	Credential identity.Credential `json:"credential"`
	// Root is the root key's signature over the credential.
	Root []byte `json:"root"`
}

// Check implements Body.
func (b *NodeRenewV1) Check() error {
	c := b.Credential
	if len(c.SignKey) != 32 || c.Ordinal < 1 || c.Ordinal > 99 || c.ExpiresAt <= c.IssuedAt || len(b.Root) == 0 {
		return fmt.Errorf("credential of %q: key of %d bytes, ordinal %d, signature of %d", c.Node, len(c.SignKey), c.Ordinal, len(b.Root))
	}
	return first(required("node", c.Node, maxIDBytes), tierOf(c.Tier, c.Division))
}

// LevelRaiseV1 opens the kinds of a level, once every node can read them.
type LevelRaiseV1 struct {
	Level int `json:"level"`
}

// Check implements Body.
func (b *LevelRaiseV1) Check() error {
	if b.Level < 1 || b.Level > 1000 {
		return fmt.Errorf("level %d", b.Level)
	}
	return nil
}

// DivisionImportV1 sets the county's divisions. Divisions that are missing
// from it stay known, for old cases name them.
type DivisionImportV1 struct {
	Divisions []division.Division `json:"divisions"`
}

// Check implements Body.
func (b *DivisionImportV1) Check() error {
	if len(b.Divisions) == 0 || len(b.Divisions) > 5000 {
		return fmt.Errorf("%d divisions", len(b.Divisions))
	}
	for i, d := range b.Divisions {
		if _, err := division.Parse(string(d.Code)); err != nil {
			return fmt.Errorf("divisions[%d]: %w", i, err)
		}
		if err := required("name", d.Name, maxName); err != nil {
			return fmt.Errorf("divisions[%d]: %w", i, err)
		}
	}
	return nil
}

// CalendarImportV1 sets the working days of whole years.
type CalendarImportV1 struct {
	Years []calendar.Year `json:"years"`
}

// Check implements Body.
func (b *CalendarImportV1) Check() error {
	if len(b.Years) == 0 || len(b.Years) > 50 {
		return fmt.Errorf("%d years", len(b.Years))
	}
	return nil
}

// StaffAddV1 takes a person on.
type StaffAddV1 struct {
	Staff        string          `json:"staff"`
	Login        string          `json:"login"`
	Name         string          `json:"name"`
	Division     division.Code   `json:"division"`
	Department   string          `json:"department,omitempty"`
	Roles        []identity.Role `json:"roles"`
	PasswordHash string          `json:"password_hash"`
	MustChange   bool            `json:"must_change"`
}

// Check implements Body.
func (b *StaffAddV1) Check() error {
	d, err := division.Parse(string(b.Division))
	if err != nil {
		return err
	}
	if err := rolesAt(d.Tier(), b.Roles, b.Department); err != nil {
		return err
	}
	return first(required("staff", b.Staff, maxIDBytes), required("login", b.Login, maxIDBytes), required("name", b.Name, maxName),
		required("password_hash", b.PasswordHash, 512), optional("department", b.Department, maxName))
}

// StaffRolesV1 sets a person's roles from the moment it was recorded on.
type StaffRolesV1 struct {
	Staff string          `json:"staff"`
	Roles []identity.Role `json:"roles"`
}

// Check implements Body.
func (b *StaffRolesV1) Check() error {
	if len(b.Roles) > len(identity.Roles) {
		return fmt.Errorf("%d roles", len(b.Roles))
	}
	for _, r := range b.Roles {
		if !r.Valid() {
			return fmt.Errorf("role %q", r)
		}
	}
	return required("staff", b.Staff, maxIDBytes)
}

// StaffDisableV1 takes all rights from a person, or gives them back.
type StaffDisableV1 struct {
	Staff    string `json:"staff"`
	Disabled bool   `json:"disabled"`
	Reason   string `json:"reason"`
}

// Check implements Body.
func (b *StaffDisableV1) Check() error {
	return first(required("staff", b.Staff, maxIDBytes), required("reason", b.Reason, maxText))
}

// StaffPasswordV1 sets a password: the person's own, or a reset by somebody
// who manages staff, after which it must be changed.
type StaffPasswordV1 struct {
	Staff        string `json:"staff"`
	PasswordHash string `json:"password_hash"`
	MustChange   bool   `json:"must_change"`
}

// Check implements Body.
func (b *StaffPasswordV1) Check() error {
	return first(required("staff", b.Staff, maxIDBytes), required("password_hash", b.PasswordHash, 512))
}

// ItemDraftV1 drafts the next version of an item; only the county sees it.
type ItemDraftV1 struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
	// Hash is the SHA-256 of Item in lower-case hex; Item the item's
	// canonical JSON.
	Hash string          `json:"hash"`
	Item json.RawMessage `json:"item"`
}

// Check implements Body.
func (b *ItemDraftV1) Check() error {
	if b.Version < 1 || len(b.Hash) != 64 {
		return fmt.Errorf("version %d, hash of %d", b.Version, len(b.Hash))
	}
	return first(required("code", b.Code, maxIDBytes), document("item", b.Item))
}

// ItemApproveV1 approves a drafted version; the approver is not the drafter.
// It carries the text, for it is what travels to every tier; it takes effect
// only with an edition.
type ItemApproveV1 struct {
	Code    string          `json:"code"`
	Version int             `json:"version"`
	Hash    string          `json:"hash"`
	Item    json.RawMessage `json:"item"`
}

// Check implements Body.
func (b *ItemApproveV1) Check() error { return (*ItemDraftV1)(b).Check() }

// EditionPublishV1 publishes a numbered edition of the catalog with the
// moment it takes effect, so that all tiers change over together.
type EditionPublishV1 struct {
	Edition catalog.Edition `json:"edition"`
}

// Check implements Body.
func (b *EditionPublishV1) Check() error {
	if b.Edition.Number < 1 || b.Edition.EffectiveFrom <= 0 || len(b.Edition.Entries) == 0 || len(b.Edition.Entries) > 5000 {
		return fmt.Errorf("edition %d from %d with %d items", b.Edition.Number, b.Edition.EffectiveFrom, len(b.Edition.Entries))
	}
	if b.Edition.CancelledAt != 0 {
		return fmt.Errorf("edition %d is published as cancelled", b.Edition.Number)
	}
	return optional("note", b.Edition.Note, maxText)
}

// EditionCancelV1 cancels an edition that was announced and has not taken
// effect yet: it never will. Its number stays taken.
type EditionCancelV1 struct {
	Number int    `json:"number"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *EditionCancelV1) Check() error {
	if b.Number < 1 {
		return fmt.Errorf("edition %d", b.Number)
	}
	return required("reason", b.Reason, maxText)
}

// OverlaySetV1 sets an office's own window, phone and opening hours for an
// item.
type OverlaySetV1 struct {
	Overlay catalog.Overlay `json:"overlay"`
}

// Check implements Body.
func (b *OverlaySetV1) Check() error {
	_, err := division.Parse(string(b.Overlay.Office))
	return first(err, required("item", b.Overlay.Item, maxIDBytes), optional("window", b.Overlay.Window, maxName),
		optional("phone", b.Overlay.Phone, maxName), optional("hours", b.Overlay.Hours, maxName), optional("location", b.Overlay.Location, maxName))
}

// Limits on the characters of free text and names.
const (
	maxText = 4000
	maxName = 200
)

func required(field, s string, limit int) error {
	if s == "" {
		return fmt.Errorf("%s is empty", field)
	}
	return optional(field, s, limit)
}

func optional(field, s string, limit int) error {
	if n := utf8.RuneCountInString(s); n > limit {
		return fmt.Errorf("%s has %d characters, at most %d", field, n, limit)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s is not UTF-8", field)
	}
	return nil
}

func document(field string, raw json.RawMessage) error {
	if len(raw) < 2 || raw[0] != '{' {
		return fmt.Errorf("%s is not an object", field)
	}
	return nil
}

func tierOf(t node.Tier, d division.Code) error {
	code, err := division.Parse(string(d))
	if err != nil {
		return err
	}
	if code.Tier() != t {
		return fmt.Errorf("division %s is not of tier %s", d, t)
	}
	return nil
}

func rolesAt(t node.Tier, roles []identity.Role, department string) error {
	if len(roles) == 0 || len(roles) > len(identity.Roles) {
		return fmt.Errorf("%d roles", len(roles))
	}
	for _, r := range roles {
		if !r.Valid() || r.Tier() != t {
			return fmt.Errorf("role %q does not exist at tier %s", r, t)
		}
		if r.Departmental() && department == "" {
			return fmt.Errorf("role %s needs a department", r)
		}
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
