package store

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// prepareSeal makes a holder's next seal. That the certificate is signed is
// checked by whoever relies on it, with the county's keys.
func (a *applier) prepareSeal(e *ledger.Entry, b *ledger.SealMakeV1, from origin) (func() error, error) {
	c := b.Certificate
	if a.told {
		// The county's word, also where the node that made it is not known.
		from.Division = c.Division
		if held, err := a.seal(identity.KeyID(c.Public)); err != nil || held != nil && held.division == c.Division && held.department == c.Department {
			return func() error { return nil }, err // made here, before the county said so
		}
	}
	if c.County != a.s.self.County() || c.Division != from.Division || c.Department == "" && c.Signer != e.Origin {
		return nil, refuse("seal_elsewhere", "部门印章在县中心启用，乡镇印章在该乡镇节点启用", "a department's seal is made at the county, a township's at the township's node")
	}
	last, err := a.w.number(a.ctx, `SELECT coalesce(max(generation), 0) FROM seals WHERE division = ? AND department = ?`, string(c.Division), c.Department)
	if err != nil {
		return nil, err
	}
	key := identity.KeyID(c.Public)
	known, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM seals WHERE key = ?)`, key)
	if err != nil {
		return nil, err
	}
	if int64(c.Generation) != last+1 || known != 0 {
		return nil, refuse("seal_generation", "印章已有新的变更，请刷新后重试", "the seal has changed since; look at it again")
	}
	certificate, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	at := e.OccurredAt - e.SkewMS
	return func() error {
		a.s.touched = true
		if err := a.w.exec(a.ctx, `UPDATE seals SET ended_at = ? WHERE division = ? AND department = ? AND ended_at = 0`, at, string(c.Division), c.Department); err != nil {
			return err
		}
		return a.w.exec(a.ctx, `INSERT INTO seals (key, division, department, generation, certificate, sig, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			key, string(c.Division), c.Department, c.Generation, string(certificate), b.Sig, at)
	}, nil
}

var sealUnknown = refuse("seal_unknown", "没有这枚电子印章", "there is no such seal")

func (a *applier) prepareSealRevocation(b *ledger.SealRevokeV1) (func() error, error) {
	s, err := a.seal(b.Key)
	if err != nil {
		return nil, err
	}
	switch {
	case s == nil || s.division != b.Division || s.department != b.Department:
		return nil, sealUnknown
	case s.revoked != 0:
		return nil, refuse("seal_revoked", "该电子印章已吊销", "the seal is revoked already")
	}
	return func() error {
		a.s.touched = true
		return a.w.exec(a.ctx, `UPDATE seals SET revoked_at = ?1, ended_at = CASE ended_at WHEN 0 THEN ?1 ELSE ended_at END, reason = ?2 WHERE key = ?3`, b.At, b.Reason, b.Key)
	}, nil
}

func (a *applier) forgetSeals(at division.Code, department string) error {
	a.s.touched = true
	return a.w.exec(a.ctx, `DELETE FROM seals WHERE division = ? AND department = ?`, string(at), department)
}

// heldSeal is a seal as what it is put on is judged by.
type heldSeal struct {
	division             division.Code
	department           string
	public               []byte
	made, ended, revoked int64
}

// seal reads a seal by the id of its key; nil when there is none.
func (a *applier) seal(key string) (*heldSeal, error) {
	var s heldSeal
	var certificate string
	err := a.w.row(a.ctx, `SELECT division, department, certificate, made_at, ended_at, revoked_at FROM seals WHERE key = ?`, key).
		Scan(&s.division, &s.department, &certificate, &s.made, &s.ended, &s.revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read seal", err)
	}
	var c identity.SealCertificate
	if err := json.Unmarshal([]byte(certificate), &c); err != nil {
		return nil, storage("read seal", err)
	}
	s.public = c.Public
	return &s, nil
}

// prepareSealing decides whether a seal may be put on a document: it is the
// seal of whoever answers for the step the document comes from, in use then,
// and made the code's signature.
func (a *applier) prepareSealing(c *casework.Case, e *ledger.Entry, b *ledger.CaseSealV1, from origin) (func() error, error) {
	number := ""
	if c != nil {
		number = c.Number
	}
	code, err := paperOf(number, &b.Paper)
	if err != nil {
		return nil, err
	}
	s, err := a.seal(code.Key)
	if err != nil {
		return nil, err
	}
	nothing := func() error { return nil }
	if s == nil {
		if !isCounty(a.s.self.Tier) {
			return nothing, nil // told by a township whose seal has not come down yet
		}
		return nil, sealUnknown
	}
	at := e.OccurredAt - e.SkewMS
	switch {
	case s.division != from.Division || !code.SignedBy(s.public):
		return nil, refuse("seal_forged", "印章签名不成立", "the seal did not make this signature")
	case s.revoked > 0 && at >= s.revoked, s.ended > 0 && at >= s.ended+clockTolerance:
		return nil, refuse("seal_ended", "该电子印章已停用，请用现行印章重新加盖", "the seal was not in use any more; seal the document again with the present one")
	}
	if c == nil {
		return nothing, nil
	}
	tier, sealed := document.SealedBy(code.Kind, c)
	if !sealed || tier != s.division.Tier() || tier == node.County && s.department != c.Department || tier == node.Township && !s.division.Contains(c.Division) {
		return nil, refuse("seal_not_theirs", "该文书不由这枚印章的单位出具", "the document is not this seal's holder's to make out")
	}
	return nothing, nil
}

func (a *applier) preparePrint(number string, p *ledger.Paper) (func() error, error) {
	_, err := paperOf(number, p)
	return func() error { return nil }, err
}

// paperOf reads the code of a document and holds it against what the entry says
// of it, and against the number of its case, or joint matter, where that is here.
func paperOf(number string, p *ledger.Paper) (proof.Code, error) {
	code, err := proof.Parse(p.Code)
	if err != nil || code.HashText() != p.Hash || string(code.Kind) != p.Kind || code.Number() != p.Number || number != "" && code.Case.Compact() != number {
		return code, refuse("paper_code", "文书与其二维码不符", "the document and its code do not fit each other")
	}
	return code, nil
}
