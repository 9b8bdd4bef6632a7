package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// prepareCase decides an entry of a case and returns what applying it writes.
func (a *applier) prepareCase(e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	if b, ok := body.(*ledger.CaseSubmitV1); ok {
		return a.prepareSubmission(e, b, from)
	}
	if supervises(e.Kind) {
		return a.prepareSupervision(e, body)
	}
	c, err := a.caseByID(e.Case)
	if err != nil {
		return nil, err
	}
	scope, number := e.Scope, ""
	switch {
	case c != nil:
		scope, number = c.Division, c.Number
	case besideJoint(body):
		whole, err := a.jointByID(e.Case)
		if err != nil {
			return nil, err
		}
		if whole != nil {
			scope, number = whole.Division, whole.Number
		}
	}
	if QuietView(e.Kind, e.Actor) {
		scope = a.s.self.County()
	}
	if e.Scope != scope {
		return nil, refuse("scope", "条目的可见范围与办件不符", "the entry's scope is not its case's division")
	}
	switch b := body.(type) {
	case *ledger.CaseCommentV1, *ledger.CaseRevealV1:
		return func() error { return nil }, nil
	case *ledger.PaperVoidV1:
		return a.prepareVoid(c, e, b)
	case *ledger.PackageFindingV1:
		return a.prepareFinding(c, e, b)
	case *ledger.CaseSealV1:
		return a.prepareSealing(c, e, b, from)
	case *ledger.CasePrintV1:
		return a.preparePrint(number, &b.Paper)
	case *ledger.CaseVoidV1:
		return func() error { return nil }, a.mayVoid(c, b, from)
	case *ledger.CaseOpenedV1:
		return func() error { return nil }, nil
	case *ledger.CaseConsentV1:
		return func() error {
			return a.w.exec(a.ctx, `INSERT INTO case_service (case_id, service, entry, at) VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT (case_id) DO UPDATE SET service = ?2, entry = ?3, at = ?4`, e.Case, b.Service, e.ID, e.OccurredAt)
		}, nil
	case *ledger.FeeChargeV1, *ledger.FeePayV1, *ledger.FeeWaiveV1, *ledger.FeeRefundV1, *ledger.FeeCancelV1, *ledger.FeeExcessV1:
		return a.prepareFee(c, e, body)
	case *ledger.CaseSupplementV1, *ledger.CaseWithdrawV1:
		return a.prepareBeside(c, e, body)
	case *ledger.ResultProposeV1, *ledger.ResultStateV1, *ledger.ResultDecideV1, *ledger.ResultReissueV1, *ledger.ResultServeV1:
		return a.prepareResult(c, e, body, from)
	case *ledger.CaseArchiveV1:
		return a.prepareArchive(c, e, b, from)
	case *ledger.HearingAskV1, *ledger.HearingAskV2:
		return a.prepareAsk(c, e, body)
	case *ledger.RefusalStateV1:
		return a.prepareStatement(c, e, b)
	case *ledger.CustodySendV1, *ledger.CustodyReceiveV1:
		return a.prepareCustody(e, body, from)
	case *ledger.AttachmentConfirmV1:
		return func() error {
			a.s.naming = true
			return a.w.exec(a.ctx, `UPDATE attachments SET confirmed = 1 WHERE hash = ?1 AND (case_id = ?2 OR source = ?2)`, b.Hash, e.Case)
		}, nil
	}
	if c == nil || e.Prev != c.Head {
		return nil, a.outOfTurn(e)
	}
	if err := a.goesOn(c, e, body); err != nil {
		return nil, err
	}
	if err := a.paidBefore(c, e, body); err != nil {
		return nil, err
	}
	if err := a.gated(c, body); err != nil {
		return nil, err
	}
	if err := a.heardFirst(c, e, body); err != nil {
		return nil, err
	}
	if err := a.lawfully(c, e, body); err != nil {
		return nil, err
	}
	item, err := a.itemOf(c)
	if err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.CaseAcceptV1); ok && b.Deemed && !a.told {
		if err := a.checkDeemed(c, e, b); err != nil {
			return nil, err
		}
	}
	next, err := casework.Apply(c, item, e, body, from.Place)
	if err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.CaseDeliverV1); ok && b.Method == "electronic" && c.Online.Account != "" && !a.told {
		agreed, err := a.electronic(c.ID)
		if err != nil {
			return nil, err
		}
		if !agreed {
			return nil, refuse("no_consent", "申请人尚未同意电子送达，请改用其他送达方式", "the applicant has not agreed to electronic service; serve it another way")
		}
	}
	if b, ok := body.(*ledger.CaseIssueV1); ok && !a.told {
		if err := a.numbersFree(c, b.Documents...); err != nil {
			return nil, err
		}
	}
	return func() error {
		if err := a.nameAttachments(e, archive.Files(body)); err != nil {
			return err
		}
		if e.Kind == ledger.CaseCorrect {
			if err := a.ownAnew(c, next); err != nil {
				return err
			}
		}
		return a.saveCase(next)
	}, nil
}

// prepareBeside decides what an applicant brings to a case that somebody else
// may hold. What it brings is held against the case's item, where the case is
// here. What was taken in below while the case ended elsewhere is refused above
// when it comes, and shown to the desk that took it in.
func (a *applier) prepareBeside(c *casework.Case, e *ledger.Entry, body ledger.Body) (func() error, error) {
	if c != nil {
		item, err := a.itemOf(c)
		if err != nil {
			return nil, err
		}
		switch b := body.(type) {
		case *ledger.CaseSupplementV1:
			if err := casework.CheckSupplement(casework.Asks(item, c.Agent), e, b, a.limits()); err != nil {
				return nil, err
			}
			if !a.told {
				err = c.MayBring()
			}
			if err == nil && a.desk {
				err = a.goesOn(c, e, b)
			}
		case *ledger.CaseWithdrawV1:
			err = a.mayAskToWithdraw(c, e, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return func() error { return a.nameAttachments(e, archive.Files(body)) }, nil
}

// itemOf is the item of a case, in the version it is bound to.
func (a *applier) itemOf(c *casework.Case) (*catalog.Item, error) {
	item, err := a.item(c.Item, c.ItemVersion)
	if err == nil && item == nil {
		err = fmt.Errorf("store: case %s is of an item that is not here: %s version %d", c.ID, c.Item, c.ItemVersion)
	}
	return item, err
}

// outOfTurn tells why an entry does not follow its case's last one: its
// previous entry has not come, was refused, or has been followed by another.
func (a *applier) outOfTurn(e *ledger.Entry) error {
	prev, err := a.find(`id = ?`, e.Prev)
	if e.Prev == a.recording.id {
		prev = &a.recording
	}
	switch {
	case err != nil:
		return err
	case e.Prev == "":
		return refuse("no_previous", "缺少办件的上一环节", "the entry does not name its case's previous entry")
	case prev == nil, prev.status == ledger.Waiting:
		return errWaiting
	case prev.status == ledger.Refused:
		return previousRefused
	}
	return refuse("stale", "办件已有新的进展，请刷新后再办", "the case has moved on since; look at it again")
}

var previousRefused = refuse("previous_refused", "办件的上一环节未被县中心接受，请先处理上一环节", "the case's previous entry was refused; settle that one first")

var numberTaken = refuse("number_taken", "办件编号已被使用，请重新提交", "the case number is in use; hand in again")

func (a *applier) prepareSubmission(e *ledger.Entry, b *ledger.CaseSubmitV1, from origin) (func() error, error) {
	item, err := a.item(b.Item, b.ItemVersion)
	if err != nil {
		return nil, err
	}
	if item == nil {
		return nil, refuse("item_unknown", "事项目录中没有该事项的这一版本", "the catalog does not have this version of the item")
	}
	var taken, known bool
	if err := a.w.row(a.ctx, selectTaken, b.Number, e.Case).Scan(&taken, &known); err != nil {
		return nil, storage("read number", err)
	}
	if taken {
		return nil, numberTaken
	}
	c, err := casework.Open(e, b, item, from.Place, a.limits())
	if err != nil {
		return nil, err
	}
	if err := a.checkOnFile(e, b.Applicant, b.Materials); err != nil {
		return nil, err
	}
	if err := a.mayCorrect(e, b, item, from); err != nil {
		return nil, err
	}
	if err := a.mayRenew(e, b); err != nil {
		return nil, err
	}
	if err := a.mayName(e, b); err != nil {
		return nil, err
	}
	if a.desk {
		changed, err := a.itemChanged(b, e.OccurredAt-e.SkewMS)
		if err != nil {
			return nil, err
		}
		if changed {
			return nil, refuse("item_not_in_force", "该事项已调整或停办，请刷新后按现行事项办理", "this version of the item is not in force; load the item again")
		}
	}
	changed, err := a.itemChanged(b, a.now)
	if err != nil {
		return nil, err
	}
	if changed {
		c.Flag(casework.FlagItemChanged)
	}
	return func() error {
		if err := a.nameFiles(e, b); err != nil {
			return err
		}
		if err := a.countCase(b.Number); err != nil {
			return err
		}
		if err := a.correct(e, b.Corrects); err != nil {
			return err
		}
		a.own(c)
		if err := a.noteRenewal(c); err != nil {
			return err
		}
		if !known {
			a.opening = c
			defer func() { a.opening = nil }()
		}
		return a.saveCase(c)
	}, nil
}

// selectTaken tells whether another case has a number, and whether a case is
// here already.
const selectTaken = `SELECT EXISTS (SELECT 1 FROM cases WHERE number = ?1 AND id <> ?2) OR EXISTS (SELECT 1 FROM joint_cases WHERE number = ?1),
	EXISTS (SELECT 1 FROM cases WHERE id = ?2)`

// limits are those an attachment is held against. What a desk may take in is
// its node's setting; what the ledger may hold is the same everywhere, or hubs
// with different settings would hold different states.
func (a *applier) limits() catalog.Limits {
	if a.desk && !isCounty(a.s.self.Tier) {
		return a.s.limits
	}
	l := catalog.DefaultLimits()
	l.AttachmentBytes, l.CaseBytes = catalog.CeilingBytes, catalog.CaseCeilingBytes
	return l
}

// itemChanged reports whether an item's version is not the one in force.
func (a *applier) itemChanged(b *ledger.CaseSubmitV1, at int64) (bool, error) {
	version, withdrawn, err := a.inForce(b.Item, at)
	return withdrawn || version != b.ItemVersion, err
}

// counterPrefix is all of a compact number before its counter and check digit.
func counterPrefix(number string) string { return number[:22] }

// nameAttachments notes the files that an entry names. One that is confirmed in
// its case is so under each name it gets there.
func (a *applier) nameAttachments(e *ledger.Entry, refs []catalog.AttachmentRef) error {
	for _, r := range refs {
		a.s.naming = true
		err := a.w.exec(a.ctx, `INSERT OR IGNORE INTO attachments (hash, case_id, entry, name, size, type, scope, confirmed)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, EXISTS (SELECT 1 FROM attachments WHERE hash = ?1 AND case_id = ?2 AND confirmed = 1))`,
			r.Hash, e.Case, e.ID, r.Name, r.Size, r.Type, string(e.Scope))
		if err != nil {
			return err
		}
	}
	return nil
}

// nameAside names the files of an entry that does not stand. The disk of the
// node that recorded it may be the only one that has them, so they come up all
// the same, to be seen by those who may see the entry.
func (a *applier) nameAside(e *ledger.Entry) error {
	body, err := e.Decode()
	if err != nil {
		return nil // what it names cannot be told
	}
	if len(archive.Files(body)) == 0 {
		return nil
	}
	home, err := a.homeOf(e)
	if err != nil {
		return err
	}
	seen := *e
	seen.Scope = refusedScope(home, e.Scope)
	return a.nameFiles(&seen, body)
}

// nameFiles notes the files that a body names, those of papers on file as such.
func (a *applier) nameFiles(e *ledger.Entry, body ledger.Body) error {
	if err := a.nameAttachments(e, archive.Files(body)); err != nil {
		return err
	}
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		return a.bindOnFile(e.Case, e.ID, b.Materials)
	case *ledger.PackageSubmitV1:
		return a.bindOnFile(e.Case, e.ID, b.Materials)
	}
	return nil
}

func (a *applier) caseByID(id string) (*casework.Case, error) {
	if c := a.s.recent.working(id); c != nil {
		a.read = c
		return c, nil
	}
	var body []byte
	err := a.w.row(a.ctx, `SELECT body FROM cases WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read case", err)
	}
	var c casework.Case
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, storage("read case "+id, err)
	}
	a.read = &c
	return &c, nil
}

// before is a case as the database has it; nil when it has none. It was mostly
// read a moment ago, and changed in a copy.
func (a *applier) before(c *casework.Case) (*casework.Case, error) {
	read := a.read
	a.read = nil
	if read != nil && read != c && read.ID == c.ID {
		return read, nil
	}
	if a.opening == c {
		return nil, nil
	}
	was, err := a.caseByID(c.ID)
	a.read = nil
	return was, err
}

// saveCase writes a case, with what its change means for the joint matter it is
// part of.
func (a *applier) saveCase(c *casework.Case) error {
	if err := a.saveRow(c); err != nil || c.Package == nil {
		return err
	}
	return a.settleOf(c.Package.ID)
}

func (a *applier) saveRow(c *casework.Case) error {
	was, err := a.before(c)
	if err != nil {
		return err
	}
	if err := a.recount(was, c); err != nil {
		return err
	}
	a.s.recent.save(c)
	verb := ""
	if step, open := c.Current(); open {
		verb = string(step.Verb)
	}
	if err := errors.Join(a.publishCase(was, c), a.endCase(was, c), a.watch(was, c, verb != ""), a.issueResults(was, c), a.keepVolume(was, c)); err != nil {
		return err
	}
	written := &a.s.casesJSON
	written.Reset()
	if err := json.NewEncoder(written).Encode(c); err != nil {
		return fmt.Errorf("store: case %s: %w", c.ID, err)
	}
	return a.w.exec(a.ctx, `INSERT INTO cases (id, number, item, department, division, handed_in_at, holder, status, verb, head, handed_in, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, status = excluded.status, verb = excluded.verb, head = excluded.head, body = excluded.body`,
		c.ID, c.Number, c.Item, c.Department, string(c.Division), string(c.HandedInAt), string(c.Holder), string(c.Status), verb, c.Head, c.HandedInMS, bytes.TrimSuffix(written.Bytes(), []byte("\n")))
}

// resolveWaiting settles the entries that waited for e, and those that waited
// for them.
func (a *applier) resolveWaiting(e *ledger.Entry, outcome ledger.Outcome) ([]ledger.Resolution, error) {
	regated := a.regated
	a.regated = nil
	if e.Case == "" || outcome == ledger.Waiting || !a.s.waits {
		return nil, nil
	}
	type settled struct {
		id      string
		applied bool
	}
	var all []ledger.Resolution
	queue := []settled{{e.ID, outcome == ledger.Applied}}
	for ; len(queue) > 0; queue = queue[1:] {
		// Cases that may be taken up now, or never, and whose next entry came
		// before that could be told.
		for _, head := range regated {
			queue = append(queue, settled{head, true})
		}
		regated = nil
		late, err := a.waitingFor(queue[0].id)
		if err != nil {
			return nil, err
		}
		for _, w := range late {
			r, err := a.settle(w, queue[0].applied)
			if err != nil {
				return nil, err
			}
			if r.Outcome == ledger.Waiting {
				continue // what else it waits for is not done
			}
			all = append(all, r)
			queue = append(queue, settled{r.ID, r.Outcome == ledger.Applied})
		}
		regated, a.regated = append(regated, a.regated...), nil
	}
	return all, nil
}

func (a *applier) settle(w *stored, prevApplied bool) (ledger.Resolution, error) {
	// Whoever wrote it has gone: only the entry that released it may be of this desk.
	defer func(was bool) { a.desk = was }(a.desk)
	a.desk = false
	e, err := ledger.ParseEntry(w.raw)
	if err != nil {
		return ledger.Resolution{}, storage("read entry", err)
	}
	v := verdict{outcome: ledger.Refused, no: refusalOf(previousRefused)}
	var body ledger.Body
	if prevApplied {
		if body, err = e.Decode(); err != nil {
			return ledger.Resolution{}, err
		}
		if v, err = a.judge(&e, body); err != nil {
			return ledger.Resolution{}, err
		}
	}
	r := ledger.Resolution{Index: w.idx, ID: e.ID, Outcome: v.outcome}
	if v.no != nil {
		r.Code, r.Reason = v.no.Code, v.no.Reason()
	}
	if v.effect != nil {
		if err := v.effect(); err != nil {
			return r, err
		}
	}
	if isCounty(a.s.self.Tier) && v.outcome == ledger.Applied {
		if err := a.notify(&e, body, w.idx); err != nil {
			return r, err
		}
	}
	return r, a.w.exec(a.ctx, `UPDATE entries SET status = ?, code = ?, reason = ? WHERE n = ?`, string(r.Outcome), r.Code, r.Reason, w.n)
}

func (a *applier) waitingFor(prev string) ([]*stored, error) {
	rows, err := a.w.query(a.ctx, selectStored+`status = 'waiting' AND prev = ? ORDER BY n`, prev)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*stored
	for rows.Next() {
		var e stored
		if err := rows.Scan(&e.id, &e.n, &e.idx, &e.status, &e.code, &e.reason, &e.raw); err != nil {
			return nil, storage("read waiting", err)
		}
		all = append(all, &e)
	}
	return all, storage("read waiting", rows.Err())
}
