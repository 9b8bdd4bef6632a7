package casework

import (
	"strings"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// PublicNoticeDays is for how many days a public notice (公告送达) stands before
// what it names counts as served (domain: section 3).
const PublicNoticeDays = 30

// HandsOver reports whether an office may hand over what was made out: the one where
// the case was handed in, and every one above it in its line. Whoever is first closes
// the case.
func (c *Case) HandsOver(at division.Code) bool {
	return c.Status == Issued && at.Contains(c.HandedInAt)
}

// deliver hands the results over and closes the case. Each way of serving must
// prove what it says (送达回证): papers that are handed over, to whom; those that
// are left, before whom and why; those that are sent electronically, that it was
// agreed to; a public notice, that its days are over.
func (c *Case) deliver(e *ledger.Entry, b *ledger.CaseDeliverV1) error {
	if err := c.CheckService(e, b, c.IssuedMS); err != nil {
		return err
	}
	c.handOver(e, b)
	return nil
}

// CheckService holds a way of serving something of this case, made out at a moment,
// against what it has to prove.
func (c *Case) CheckService(e *ledger.Entry, b *ledger.CaseDeliverV1, madeOutMS int64) error {
	switch b.Method {
	case "direct":
		// An organisation's post is taken by whoever it has for that (civil procedure).
		proven := len(b.Proof) > 0 || c.Applicant.Type == "organisation"
		if !c.concerns(b.Recipient) && (b.Relation == "" || !proven) {
			return refuse("recipient_relation", "签收人不是申请人或代办人的，须写明与申请人的关系并附签收凭证或授权凭证", "whoever signs is neither the applicant nor the agent: say how they are related and add a scan that proves it")
		}
	case "left":
		if b.Witness == "" || b.Reason == "" {
			return refuse("left_unwitnessed", "留置送达须写明见证人和拒收情由", "papers are left before a witness: name the witness and say why they were not taken")
		}
	case "electronic":
		if c.Online.Account == "" && len(b.Consent) == 0 {
			return refuse("no_consent", "未经申请人书面同意不能电子送达，请附同意电子送达的确认书，或改用其他方式", "the applicant has not agreed to electronic service: add the written consent, or serve it another way")
		}
	case "notice":
		return checkPublicNotice(e, b, madeOutMS)
	}
	return nil
}

func checkPublicNotice(e *ledger.Entry, b *ledger.CaseDeliverV1, madeOutMS int64) error {
	end := b.Since.AddDays(PublicNoticeDays)
	switch {
	case b.Since.IsZero() || b.Reason == "":
		return refuse("notice_since", "公告送达须写明公告之日和其他方式无法送达的原因", "say since when the public notice stands and why it could not be served otherwise")
	case b.Since.Before(moment(madeOutMS)):
		return refuse("notice_since", "公告之日不能早于制发之日 "+moment(madeOutMS).String(), "the notice cannot be older than what it serves, made out on "+moment(madeOutMS).String())
	case !calendar.DateOf(time.UnixMilli(e.OccurredAt)).After(end):
		return refuse("notice_running", "公告期三十日到 "+end.String()+" 届满，届满后才视为送达", "the thirty days of the notice end on "+end.String()+"; it counts as served after that")
	}
	return nil
}

func (c *Case) handOver(e *ledger.Entry, b *ledger.CaseDeliverV1) {
	c.Status, c.DeliveredMS, c.Recipient, c.Method = Closed, e.OccurredAt, b.Recipient, b.Method
	c.Relation, c.Witness, c.ServedWhy, c.NoticeSince = b.Relation, b.Witness, b.Reason, b.Since
	c.pass()
}

// concerns reports whether a name is the applicant's, in person (本人), or the
// agent's.
func (c *Case) concerns(name string) bool {
	name = strings.TrimSpace(name)
	return name == c.Applicant.Name || name == "本人" && c.Applicant.Type != "organisation" || name == c.Agent.Name && name != ""
}
