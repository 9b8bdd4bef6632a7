// Package archive is the volume (案卷) of a case that has ended: what belongs to
// it, and what still keeps it from being closed. It is pure: the same entries make
// the same list on every node.
package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// Keeper is the division that keeps a case's volume: the authority's, wherever the
// case was handed in and handed over.
func Keeper(c *casework.Case) division.Code { return result.Authority(c) }

// Volume is the number of a case's volume: the year in which it ended, and the
// case number.
func Volume(c *casework.Case) string {
	number := c.Number
	if n, err := casework.ParseNumber(c.Number); err == nil {
		number = n.String()
	}
	return fmt.Sprintf("档〔%d〕%s", c.EndedOn().Year(), number)
}

// left are the kinds that are no part of a case's file: who looked at it, and
// what supervision has to say of those who handled it.
var left = []ledger.Kind{ledger.CaseReveal, ledger.CaseArchive, ledger.AttachmentConfirm, ledger.CaseUrge, ledger.CardIssue, ledger.CardRise, ledger.CardAnswer, ledger.CardFind,
	ledger.CardState, ledger.CardMeasure, ledger.CardAppeal, ledger.CardSettle, ledger.InquiryOpen, ledger.InquiryAnswer, ledger.InquiryClose}

// Belongs reports whether entries of a kind belong to a case's file.
func Belongs(k ledger.Kind) bool { return !slices.Contains(left, k) }

// Pieces are what belongs to a case's volume, in the order of its standing
// entries: the application, what was decided and told, the papers that were
// handed out, the scans that were handed in, the proof of delivery. The error is a
// malformed entry.
func Pieces(entries []*ledger.Entry, name func(ledger.Kind) string) ([]ledger.ArchivePiece, error) {
	var pieces []ledger.ArchivePiece
	add := func(p ledger.ArchivePiece) {
		if p.Kind == ledger.PieceEntry || !slices.ContainsFunc(pieces, func(q ledger.ArchivePiece) bool { return q.Kind == p.Kind && q.Hash == p.Hash }) {
			pieces = append(pieces, p)
		}
	}
	for _, e := range entries {
		if !Belongs(e.Kind) {
			continue
		}
		raw, err := e.Canonical()
		if err != nil {
			return nil, err
		}
		add(ledger.ArchivePiece{Kind: ledger.PieceEntry, Name: name(e.Kind), Entry: e.ID, Hash: hashOf(raw)})
		body, err := e.Decode()
		if err != nil {
			return nil, err
		}
		if text, number := DocumentOf(body); text != "" {
			add(ledger.ArchivePiece{Kind: ledger.PieceDocument, Name: number, Entry: e.ID, Hash: hashOf([]byte(text))})
		}
		for _, a := range Files(body) {
			add(ledger.ArchivePiece{Kind: ledger.PieceAttachment, Name: a.Name, Entry: e.ID, Hash: a.Hash})
		}
	}
	return pieces, nil
}

// DocumentOf is the text of the document that an entry says was printed or sealed,
// with its number; nothing for other entries and for reprints.
func DocumentOf(body ledger.Body) (text, number string) {
	switch b := body.(type) {
	case *ledger.CasePrintV1:
		return b.Text, b.Number
	case *ledger.CaseSealV1:
		return b.Text, b.Number
	}
	return "", ""
}

// Files are the scans that an entry brings: all that are guarded, sent and confirmed
// with it, and all that belong to the volume.
func Files(body ledger.Body) []catalog.AttachmentRef {
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		return append(Scans(b.Materials), b.Authority...)
	case *ledger.CaseSupplementV1:
		return Scans(b.Materials)
	case *ledger.PackageSubmitV1:
		return append(Scans(b.Materials), b.Authority...)
	case *ledger.PackageSupplementV1:
		return Scans(b.Materials)
	case *ledger.CaseWithdrawV1:
		return b.Proof
	case *ledger.CaseDeliverV1:
		return append(slices.Clone(b.Proof), b.Consent...)
	case *ledger.ResultServeV1:
		return append(slices.Clone(b.Proof), b.Consent...)
	case *ledger.ResultStateV1:
		return b.Proof
	case *ledger.RefusalStateV1:
		return b.Proof
	case *ledger.HearingAskV2:
		return b.Proof
	case *ledger.HearingRecordV1:
		return b.Record
	}
	return nil
}

// Scans are the files of materials.
func Scans(materials []catalog.SubmittedMaterial) []catalog.AttachmentRef {
	var refs []catalog.AttachmentRef
	for _, m := range materials {
		refs = append(refs, m.Attachments...)
	}
	return refs
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Duty is something that is still to be done before a case is archived.
type Duty struct {
	Code   string `json:"code"`
	ZH, EN string
}

// Open is what is known of what is still open about a case, beside the case itself.
type Open struct {
	Papers   []custody.Place
	Names    map[division.Code]string // of the offices that have them
	Account  fee.Account
	Results  result.File
	Brought  []string // names of the materials that supplements brought
	Unsaved  bool     // a scan is not at the county yet
	Rating   bool     // a bad rating is not put right yet
	Complain bool     // a complaint about it has no reply
	Card     bool     // a card on it has no finding
	Inquiry  bool     // supervision asks about it
}

// name is how an office is called, where that is known.
func (o *Open) name(at division.Code) string {
	if name := o.Names[at]; name != "" {
		return name
	}
	return string(at)
}

// Duties are all that keeps a case from being archived; told at once.
func Duties(c *casework.Case, o Open) []Duty {
	var duties []Duty
	owe := func(is bool, code, zh, en string) {
		if is {
			duties = append(duties, Duty{code, zh, en})
		}
	}
	owe(!c.Status.Ended() || c.Status.Aside(), "case_open", "办件尚未办结", "the case has not ended")
	for _, p := range o.Papers {
		switch {
		case c.PapersReturned || c.Package != nil: // a joint matter's are kept by the window that leads it
		case p.Missing:
			owe(true, "papers_missing", "“"+p.Material+"”原件未收到，尚未找到", p.Material+" did not arrive and was not found")
		case p.Way != nil:
			owe(true, "papers_on_the_way", "“"+p.Material+"”原件正在移交途中（"+p.Way.List+"）", p.Material+" is on the way on list "+p.Way.List)
		case p.At != Keeper(c):
			owe(true, "papers_elsewhere", "“"+p.Material+"”原件在 "+o.name(p.At)+"，尚未交回归档单位", p.Material+" is at "+o.name(p.At)+" and was not handed over to whoever keeps the volume")
		}
	}
	owe(o.Account.Outstanding() > 0, "fee_outstanding", "尚有费用未缴或未减免", "a charge is neither paid nor waived")
	owe(o.Results.Open() != nil, "proposal_open", "更正、撤销或注销尚未决定", "a measure about its result is not decided")
	if c.Decision == casework.Granted {
		for _, t := range c.Tolerated {
			owe(!slices.Contains(o.Brought, t.Material), "tolerated_missing", "容缺材料“"+t.Material+"”尚未补交", t.Material+" was left for later and has not come")
		}
	}
	owe(o.Unsaved, "files_unsaved", "有扫描件尚未上传到县中心", "a scan has not reached the county")
	owe(o.Rating, "rating_open", "差评整改尚未办结", "a bad rating is not put right")
	owe(o.Complain, "complaint_open", "投诉尚未答复", "a complaint has no reply")
	owe(o.Card, "card_open", "监察牌尚未认定", "a card has no finding")
	owe(o.Inquiry, "inquiry_open", "监察问询尚未办结", "supervision's question is open")
	return duties
}

// Check refuses to archive a case at another office than its keeper's, one that has
// not ended, and one to which nothing has come since it was archived last. The error
// is a *casework.Refusal.
func Check(c *casework.Case, b *ledger.CaseArchiveV1, from division.Code, before []*ledger.CaseArchiveV1) error {
	switch {
	case !c.Status.Ended():
		return refuse("case_open", "办件尚未办结，不能归档", "the case has not ended and is not archived")
	case from != Keeper(c):
		return refuse("not_keeper", "案卷由作出决定的机关归档", "the authority that decides the case keeps its volume")
	case b.Volume != Volume(c):
		return refuse("volume", "案卷号应为 "+Volume(c), "the volume's number is "+Volume(c))
	case len(before) > 0 && len(before[len(before)-1].Pieces) >= len(b.Pieces):
		return refuse("archived_already", "已归档，此后没有新的材料", "it is archived, and nothing has come since")
	}
	return nil
}

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
