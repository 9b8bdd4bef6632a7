package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A machine whose state was restored from a backup does not know what it had
// done since: which numbers it gave out, which entries it signed. So it goes on
// as another node, with an ordinal of its own in its division: neither its case
// numbers nor its entries can meet those of before, which are still taken from
// wherever they turn up.

// checkSuccession holds a machine's second enrolment against its first. Below
// the county, what the county recorded is taken.
func (a *applier) checkSuccession(b *ledger.NodeEnrolV1) error {
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	var was identity.Credential
	var credential []byte
	var revokedAt int64
	err := a.w.row(a.ctx, `SELECT credential, revoked_at FROM nodes WHERE id = ?`, b.Succeeds).Scan(&credential, &revokedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nodeUnknown
	}
	if err == nil {
		err = json.Unmarshal(credential, &was)
	}
	if err != nil {
		return storage("read node", err)
	}
	_, forked, err := a.origin(b.Succeeds)
	c := b.Credential
	switch {
	case err != nil:
		return err
	case isCounty(c.Tier):
		return refuse("hub_restored", "县中心进程不以此方式恢复", "a hub is not restored this way")
	case revokedAt > 0:
		return refuse("node_revoked", "该节点已被吊销，请联系县中心", "the node was revoked; ask the county")
	case forked:
		return refuse("forked_origin", "该节点的数据与县中心记录冲突，须重新登记", "the node's data conflicts with the county's; it must be enrolled anew")
	case c.Tier != was.Tier || c.Division != was.Division || !bytes.Equal(c.SignKey, was.SignKey):
		return refuse("credential_other", "新凭证不是该节点的", "the new credential is not the node's own")
	}
	return nil
}

// selectPredecessors lists the nodes that a node's machine was before.
const selectPredecessors = `WITH RECURSIVE back (id) AS (
	SELECT succeeds FROM nodes WHERE id = ?1 AND succeeds <> ''
	UNION SELECT n.succeeds FROM nodes n JOIN back b ON n.id = b.id WHERE n.succeeds <> '')
	SELECT id FROM back`

// predecessorsOf lists the nodes that a node's machine was before.
func predecessorsOf(ctx context.Context, db querier, node string) ([]string, error) {
	return rowsOf(ctx, db, func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) }, selectPredecessors, node)
}

// revocationLead is by how much the clock of the hub that was asked may be ahead
// of that of the one that leads.
const revocationLead = 5 * time.Minute

// prepareRevocation casts a machine out: the node that it is, and those that it
// was before, whose keys are the same.
//
// Not from a moment that is still to come: until then the county would refuse the
// node while its people took it for one in good standing. Once it is cast out only
// an earlier moment is news.
func (a *applier) prepareRevocation(b *ledger.NodeRevokeV1) (func() error, error) {
	if b.At > a.now+revocationLead.Milliseconds() {
		return nil, refuse("revocation_ahead", "吊销时间晚于现在：吊销立即生效，请填写现在或更早的时间", "the time is still to come: a revocation holds at once; give the present or an earlier time")
	}
	since, err := a.w.number(a.ctx, `SELECT revoked_at FROM nodes WHERE id = ?`, b.Node)
	if err != nil {
		return nil, err
	}
	if since > 0 && b.At >= since {
		return nil, refuse("already_revoked", "该节点已被吊销；只能改为更早的时间", "the node was revoked already; only an earlier time changes anything")
	}
	effect, err := a.changeNode(b.Node, `UPDATE nodes SET revoked_at = ?, reason = ? WHERE id = ?`, b.At, b.Reason, b.Node)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := effect(); err != nil {
			return err
		}
		clear(a.s.enrolled)
		return a.w.exec(a.ctx, `UPDATE nodes SET revoked_at = ?2, reason = ?3 WHERE revoked_at = 0 AND id IN (`+selectPredecessors+`)`, b.Node, b.At, b.Reason)
	}, nil
}
