package store

import (
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// prepareCounty decides an entry that is not about a case.
func (a *applier) prepareCounty(e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	scope, subtree, err := scopeOf(a.ctx, a.w, a.s.self.County(), body)
	if err != nil {
		return nil, err
	}
	if e.Scope != scope || e.Subtree != subtree {
		return nil, refuse("scope", "条目的可见范围有误", "the entry's scope is not the one of its kind")
	}
	if effect, ok, err := a.prepareService(e, body, from); ok || err != nil {
		return effect, err
	}
	if effect, ok, err := a.prepareNotice(e, body); ok || err != nil {
		return effect, err
	}
	if effect, ok, err := a.prepareAppraisal(e, body, from); ok || err != nil {
		return effect, err
	}
	switch b := body.(type) {
	case *ledger.CountyTrustV1:
		return func() error {
			return a.w.exec(a.ctx, `INSERT INTO trust (bundle) VALUES (?)`, string(b.Bundle))
		}, nil
	case *ledger.CountyRecoveryV1:
		return a.prepareRecovery(b)
	case *ledger.CountyLostV1:
		return a.prepareLost(b)
	case *ledger.CountyUnlistedV1:
		return a.prepareUnlisted(b)
	case *ledger.NodeInviteV1:
		return a.prepareInvite(b)
	case *ledger.NodeEnrolV1:
		return a.prepareEnrol(e, b, from)
	case *ledger.NodeRevokeV1:
		return a.prepareRevocation(b)
	case *ledger.NodeRenameV1:
		return a.changeNode(b.Node, `UPDATE nodes SET name = ? WHERE id = ?`, b.Name, b.Node)
	case *ledger.NodeRenewV1:
		return a.prepareRenewal(e, b)
	case *ledger.LevelRaiseV1:
		return a.prepareLevel(b)
	case *ledger.DivisionImportV1:
		return a.prepareDivisions(b)
	case *ledger.CalendarImportV1:
		return a.prepareCalendar(b)
	case *ledger.StaffAddV1:
		return a.prepareStaff(b)
	case *ledger.StaffRolesV1:
		return a.changeStaff(b.Staff, func(s *identity.Staff) error {
			if err := rolesFit(s, b.Roles); err != nil {
				return err
			}
			s.History = append(s.History, identity.Standing{At: a.now, Roles: b.Roles, Disabled: s.Now().Disabled})
			return nil
		})
	case *ledger.StaffDisableV1:
		return a.changeStaff(b.Staff, func(s *identity.Staff) error {
			s.History = append(s.History, identity.Standing{At: a.now, Roles: s.Now().Roles, Disabled: b.Disabled})
			return nil
		})
	case *ledger.StaffPasswordV1:
		return a.changeStaff(b.Staff, func(s *identity.Staff) error {
			s.PasswordHash, s.MustChange = b.PasswordHash, b.MustChange
			return nil
		})
	case *ledger.StaffRosterV1:
		return a.prepareRoster(b)
	case *ledger.StaffSubstituteV1:
		return a.prepareSubstitute(b)
	case *ledger.DeviceRegisterV1:
		return a.prepareDevice(e, b, from)
	case *ledger.DeviceRevokeV1:
		return a.prepareDeviceRevocation(e, b)
	case *ledger.SupervisionThresholdsV1:
		return a.prepareThresholds(e, b)
	case *ledger.LineOutageV1:
		return a.prepareOutage(b)
	case *ledger.SampleDrawV1:
		return a.prepareDraw(e, b)
	case *ledger.SampleReviewV1:
		return a.prepareSheet(e, b)
	case *ledger.AccountOpenV1:
		return a.prepareOpening(e, b, from)
	case *ledger.AccountAgentsV1:
		return a.prepareAgents(e, b, from)
	case *ledger.AccountAttestV1:
		return a.prepareAttest(e, b, from)
	case *ledger.AccountActivateV1:
		return a.prepareActivation(e, b)
	case *ledger.AccountPasswordV1:
		return a.changeAccount(b.Account, func(k *account.Account) error {
			k.PasswordHash, k.Seal, k.Changed = b.PasswordHash, b.Seal, a.now
			return nil
		})
	case *ledger.AccountTOTPV1:
		return a.changeAccount(b.Account, func(k *account.Account) error {
			k.Seal = b.Seal
			return nil
		})
	case *ledger.AccountStepV1:
		return a.changeAccount(b.Account, useStep(b.Step))
	case *ledger.AccountBindV1:
		return a.changeAccount(b.Account, func(k *account.Account) error { return a.link(k, b.Issuer, b.Subject) })
	case *ledger.AccountUnbindV1:
		return a.changeAccount(b.Account, func(k *account.Account) error { return a.unlink(k, b.Issuer) })
	case *ledger.AccountRegisterV1:
		return a.prepareRegistration(e, b, from)
	case *ledger.AccountDisableV1:
		return a.changeAccount(b.Account, func(k *account.Account) error {
			k.Disabled, k.Changed = b.Disabled, a.now
			return nil
		})
	case *ledger.RecordConsentV1:
		return a.prepareConsent(e, b, from)
	case *ledger.RecordWithdrawV1:
		return a.prepareWithdrawal(e, b)
	case *ledger.RecordLookV1:
		return a.prepareLook(e, b)
	case *ledger.ItemDraftV1:
		return a.prepareDraft(e, b)
	case *ledger.ItemApproveV1:
		return a.prepareApproval(e, b)
	case *ledger.PackageDraftV1:
		return a.preparePackageDraft(e, b)
	case *ledger.PackageApproveV1:
		return a.preparePackageApproval(e, b)
	case *ledger.EditionPublishV1:
		return a.prepareEdition(b)
	case *ledger.EditionCancelV1:
		return a.prepareCancel(b)
	case *ledger.OverlaySetV1:
		return a.prepareOverlay(b)
	case *ledger.SealMakeV1:
		return a.prepareSeal(e, b, from)
	case *ledger.SealRevokeV1:
		return a.prepareSealRevocation(b)
	case *ledger.AttentionResolveV1:
		return a.prepareResolution(e, b)
	}
	return nil, fmt.Errorf("%w: %s", ledger.ErrUnknownKind, e.Kind)
}

// prepareLevel raises the county's level, which never goes down: entries of the
// levels before are in the ledger for good.
func (a *applier) prepareLevel(b *ledger.LevelRaiseV1) (func() error, error) {
	level, err := a.level()
	if err != nil {
		return nil, err
	}
	if int64(b.Level) < level {
		return nil, refuse("level_reached", fmt.Sprintf("全县已在级别 %d，级别只升不降", level), fmt.Sprintf("the county is at level %d, which never goes down", level))
	}
	return func() error {
		a.s.touched = true
		return a.w.setMeta(a.ctx, "level", b.Level)
	}, nil
}

func (a *applier) prepareInvite(b *ledger.NodeInviteV1) (func() error, error) {
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM nodes WHERE id = ?)`, b.Node)
	if err != nil {
		return nil, err
	}
	if n != 0 {
		return nil, refuse("node_exists", "该节点编号已登记", "a node of this id is enrolled")
	}
	if n, err = a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM invitations WHERE token_hash = ?)`, b.TokenHash); err != nil {
		return nil, err
	}
	if n != 0 {
		return nil, refuse("token_exists", "该登记口令已存在，请重新生成", "this token was given out before; make a new one")
	}
	if err := a.knownDivision(b.Division); err != nil {
		return nil, err
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO invitations (token_hash, node, name, tier, division, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			b.TokenHash, b.Node, b.Name, string(b.Tier), string(b.Division), b.ExpiresAt)
	}, nil
}

// knownDivision refuses a division outside the county, and one that was never
// imported: a mistyped code would make an office that nobody belongs to. The
// county itself is known from the beginning. Below the county its word is taken.
func (a *applier) knownDivision(d division.Code) error {
	if d.County() != a.s.self.County() {
		return refuse("division_elsewhere", "区划不属于本县", "the division is not in this county")
	}
	if d == a.s.self.County() || !isCounty(a.s.self.Tier) {
		return nil
	}
	known, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM divisions WHERE code = ?)`, string(d))
	if err == nil && known == 0 {
		return refuse("division_unknown", "区划 "+string(d)+" 尚未导入：请核对代码，或请县中心管理员先导入区划",
			"division "+string(d)+" was never imported; check the code, or have the county import it first")
	}
	return err
}

func (a *applier) prepareEnrol(e *ledger.Entry, b *ledger.NodeEnrolV1, from origin) (func() error, error) {
	c := b.Credential
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM nodes WHERE id = ? OR (division = ? AND ordinal = ?))`, c.Node, string(c.Division), c.Ordinal)
	if err != nil {
		return nil, err
	}
	if n != 0 {
		return nil, refuse("node_exists", "该节点已登记", "the node is enrolled already, or its number is taken")
	}
	if c.Division.County() != a.s.self.County() {
		return nil, refuse("division_elsewhere", "区划不属于本县", "the division is not in this county")
	}
	if b.TokenHash != "" {
		if err := a.checkInvitation(e, b); err != nil {
			return nil, err
		}
	} else if b.Succeeds != "" {
		if err := a.checkSuccession(b); err != nil {
			return nil, err
		}
	} else if !from.genesis {
		return nil, refuse("token_needed", "登记节点需要一次性口令", "enrolling takes a one-time token")
	}
	if len(b.Root) == 0 {
		return nil, refuse("credential_unsigned", "节点凭证缺少县中心签名", "the credential does not carry the county's signature")
	}
	credential, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := a.w.exec(a.ctx, `UPDATE invitations SET used_by = ? WHERE token_hash = ?`, c.Node, b.TokenHash); err != nil {
			return err
		}
		if err := a.keepKey(c.Node, 0, c.SignKey); err != nil {
			return err
		}
		a.s.touched = true
		return a.w.exec(a.ctx, `INSERT INTO nodes (id, tier, division, ordinal, name, credential, root, federation, peer, enrolled_at, succeeds)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.Node, string(c.Tier), string(c.Division), c.Ordinal, b.Name, string(credential), b.Root, b.Federation, b.Peer, a.now, b.Succeeds)
	}, nil
}

// checkInvitation holds a one-time token against its invitation. Below the
// county invitations are not known; what the county recorded is taken.
func (a *applier) checkInvitation(e *ledger.Entry, b *ledger.NodeEnrolV1) error {
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	var nodeID, tier, div, usedBy string
	var expires int64
	err := a.w.row(a.ctx, `SELECT node, tier, division, expires_at, used_by FROM invitations WHERE token_hash = ?`, b.TokenHash).
		Scan(&nodeID, &tier, &div, &expires, &usedBy)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if lost, err := a.wasLost(e.ID); lost || err != nil {
			return err // the invitation was used up in the former ledger, and lost with it
		}
		return refuse("token_unknown", "登记口令无效，请向县中心索取新的口令", "the token is not known; ask the county for a new one")
	case err != nil:
		return storage("read invitation", err)
	case usedBy != "":
		return refuse("token_used", "登记口令已使用过，请向县中心索取新的口令", "the token was used already; ask the county for a new one")
	case e.OccurredAt > expires:
		return refuse("token_expired", "登记口令已过期，请向县中心索取新的口令", "the token has expired; ask the county for a new one")
	case b.Credential.Node != nodeID || string(b.Credential.Tier) != tier || string(b.Credential.Division) != div:
		return refuse("token_other", "登记口令不属于该节点", "the token was made for another node")
	}
	return nil
}

func (a *applier) changeNode(id, statement string, args ...any) (func() error, error) {
	if _, err := divisionOf(a.ctx, a.w, selectNodeDivision, id, nodeUnknown); err != nil {
		return nil, err
	}
	return func() error {
		delete(a.s.enrolled, id)
		a.s.touched = true
		return a.w.exec(a.ctx, statement, args...)
	}, nil
}

func (a *applier) prepareDivisions(b *ledger.DivisionImportV1) (func() error, error) {
	for _, d := range b.Divisions {
		if d.Code.County() != a.s.self.County() {
			return nil, refuse("division_elsewhere", "区划 "+string(d.Code)+" 不属于本县", "division "+string(d.Code)+" is not in this county")
		}
	}
	return func() error {
		for _, d := range b.Divisions {
			body, err := json.Marshal(d)
			if err != nil {
				return err
			}
			if err := a.w.exec(a.ctx, `INSERT INTO divisions (code, name, body) VALUES (?, ?, ?)
				ON CONFLICT (code) DO UPDATE SET name = excluded.name, body = excluded.body`, string(d.Code), d.Name, body); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (a *applier) prepareCalendar(b *ledger.CalendarImportV1) (func() error, error) {
	return func() error {
		if err := a.lookAtAll(); err != nil {
			return err
		}
		counted, err := a.countsDependOn(b.Years)
		if err != nil {
			return err
		}
		for _, y := range b.Years {
			body, err := json.Marshal(y)
			if err != nil {
				return err
			}
			if err := a.w.exec(a.ctx, `INSERT INTO calendar_years (year, body) VALUES (?, ?)
				ON CONFLICT (year) DO UPDATE SET body = excluded.body`, y.Year, body); err != nil {
				return err
			}
		}
		a.s.watching.days = nil
		if counted {
			return a.countAnew()
		}
		return nil
	}, nil
}

func (a *applier) prepareStaff(b *ledger.StaffAddV1) (func() error, error) {
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM staff WHERE id = ? OR login = ?)`, b.Staff, b.Login)
	if err != nil {
		return nil, err
	}
	if n != 0 {
		return nil, refuse("login_taken", "登录名或工号已存在", "the login or the staff number is taken")
	}
	if err := a.knownDivision(b.Division); err != nil {
		return nil, err
	}
	s := &identity.Staff{ID: b.Staff, Login: b.Login, Name: b.Name, Division: b.Division, Department: b.Department,
		PasswordHash: b.PasswordHash, MustChange: b.MustChange, Changed: a.now, History: []identity.Standing{{At: a.now, Roles: b.Roles}}}
	return func() error { return a.saveStaff(s) }, nil
}

func (a *applier) changeStaff(id string, change func(*identity.Staff) error) (func() error, error) {
	s, err := a.staff(id)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, staffUnknown
	}
	was := s.Now()
	if err := change(s); err != nil {
		return nil, err
	}
	if err := a.operatorStays(was, s); err != nil {
		return nil, err
	}
	s.Changed = a.now
	return func() error { return a.saveStaff(s) }, nil
}

func (a *applier) saveStaff(s *identity.Staff) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	delete(a.s.people, s.ID)
	a.s.touched = true
	return a.w.exec(a.ctx, `INSERT INTO staff (id, login, division, body) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET body = excluded.body`, s.ID, s.Login, string(s.Division), body)
}

func rolesFit(s *identity.Staff, roles []identity.Role) error {
	for _, r := range roles {
		if r.Tier() != s.Division.Tier() || r.Departmental() && s.Department == "" {
			return refuse("role_elsewhere", "岗位 "+string(r)+" 与该人员的层级或部门不符", "role "+string(r)+" does not fit the person's tier or department")
		}
	}
	return nil
}

func (a *applier) prepareDraft(e *ledger.Entry, b *ledger.ItemDraftV1) (func() error, error) {
	item, err := readItem(b.Code, b.Hash, b.Item)
	if err != nil {
		return nil, err
	}
	text := string(catalog.Canonical(*item))
	if faults := catalog.Check(*item); len(faults) > 0 {
		return nil, &Refused{Code: "item_faults", ZH: "事项未通过发布前检查", EN: "the item does not pass the checks before publishing", Faults: faults}
	}
	last, err := a.w.number(a.ctx, `SELECT coalesce(max(version), 0) FROM items WHERE code = ?`, b.Code)
	if err != nil {
		return nil, err
	}
	approved, err := a.w.number(a.ctx, `SELECT count(*) FROM items WHERE code = ? AND version = ? AND approver <> ''`, b.Code, b.Version)
	if err != nil {
		return nil, err
	}
	// A draft may be replaced until it is approved.
	if int64(b.Version) != last+1 && (int64(b.Version) != last || approved != 0) {
		return nil, refuse("version", fmt.Sprintf("下一版本应为 %d", last+1), fmt.Sprintf("the next version is %d", last+1))
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO items (code, version, hash, body, drafter) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (code, version) DO UPDATE SET hash = excluded.hash, body = excluded.body, drafter = excluded.drafter`,
			b.Code, b.Version, b.Hash, text, e.Actor.Staff)
	}, nil
}

// checkApproval holds an approval against its draft in a table of the catalog:
// unchanged, not approved yet, and by another than who drafted it.
func (a *applier) checkApproval(e *ledger.Entry, table, code string, version int, hash string) error {
	var drafted, drafter, approver string
	err := a.w.row(a.ctx, `SELECT hash, drafter, approver FROM `+table+` WHERE code = ? AND version = ?`, code, version).Scan(&drafted, &drafter, &approver)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return refuse("draft_unknown", "没有这一版本的草稿", "there is no draft of this version")
	case err != nil:
		return storage("read "+table, err)
	case subtle.ConstantTimeCompare([]byte(drafted), []byte(hash)) != 1:
		return refuse("draft_changed", "草稿已修改，请重新审核", "the draft was changed; review it again")
	case approver != "":
		return refuse("approved", "该版本已审核通过", "this version is approved already")
	case drafter == e.Actor.Staff:
		return refuse("second_person", "须由起草人以外的人审核", "somebody other than the drafter must approve")
	}
	return nil
}

func (a *applier) prepareApproval(e *ledger.Entry, b *ledger.ItemApproveV1) (func() error, error) {
	item, err := readItem(b.Code, b.Hash, b.Item)
	if err != nil {
		return nil, err
	}
	text := string(catalog.Canonical(*item))
	if isCounty(a.s.self.Tier) {
		if err := a.checkApproval(e, "items", b.Code, b.Version, b.Hash); err != nil {
			return nil, err
		}
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO items (code, version, hash, body, approver) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (code, version) DO UPDATE SET hash = excluded.hash, body = excluded.body, approver = excluded.approver`,
			b.Code, b.Version, b.Hash, text, e.Actor.Staff)
	}, nil
}

// readItem checks that an item is the one its hash names. The hash is over the
// item's canonical text and not over the bytes here: JSON within an entry is
// escaped differently.
func readItem(code, hash string, raw json.RawMessage) (*catalog.Item, error) {
	item, faults := catalog.ParseItem(raw)
	if len(faults) > 0 {
		return nil, &Refused{Code: "item_faults", ZH: "事项格式有误", EN: "the item is not well-formed", Faults: faults}
	}
	if item.Code != code || catalog.Hash(item) != hash {
		return nil, refuse("item_text", "事项内容与其摘要不符", "the item's text does not fit its hash or code")
	}
	return &item, nil
}

func (a *applier) prepareOverlay(b *ledger.OverlaySetV1) (func() error, error) {
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM items WHERE code = ?)`, b.Overlay.Item)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, refuse("item_unknown", "事项目录中没有该事项", "the catalog does not have this item")
	}
	body, err := json.Marshal(b.Overlay)
	if err != nil {
		return nil, err
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO overlays (item, office, body) VALUES (?, ?, ?)
			ON CONFLICT (item, office) DO UPDATE SET body = excluded.body`, b.Overlay.Item, string(b.Overlay.Office), string(body))
	}, nil
}

// item reads a version of an item; nil when the catalog does not have it.
func (a *applier) item(code string, version int) (*catalog.Item, error) {
	key := versionKey{code, version}
	a.s.items.mu.Lock()
	item := a.s.items.parsed[key]
	a.s.items.mu.Unlock()
	if item != nil {
		return item, nil
	}
	var body, approver string
	err := a.w.row(a.ctx, `SELECT body, approver FROM items WHERE code = ? AND version = ?`, code, version).Scan(&body, &approver)
	if errors.Is(err, sql.ErrNoRows) || err == nil && approver == "" {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read item", err)
	}
	item = new(catalog.Item)
	if err := json.Unmarshal([]byte(body), item); err != nil {
		return nil, storage("read item "+code, err)
	}
	a.s.items.mu.Lock()
	a.s.items.parsed[key] = item // an approved version never changes
	a.s.items.mu.Unlock()
	return item, nil
}
