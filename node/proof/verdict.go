package proof

import (
	"crypto/sha256"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
)

// Key is a public key that may stand behind a document, with all that was
// proved of it: somebody checked that the county vouches for it.
type Key struct {
	Public []byte
	// Seal: the key is a seal's, else a node's own.
	Seal     bool
	Tier     node.Tier
	Division division.Code
	// Holder is the department for a department's seal, else the node's or the
	// township's name.
	Holder string
	// From is when the key began, EndedAt when a newer one took its place,
	// RevokedAt from when on nothing it signed is good; Unix milliseconds, 0 for
	// never.
	From, EndedAt, RevokedAt int64
	Reason                   string
}

// Standing is what a ledger knows of a document beside its code.
type Standing struct {
	// Known: the ledger at hand has the case and can tell at all.
	Known bool
	// Recorded is when the county recorded that this document was printed or
	// sealed (Unix milliseconds), or the node that did it, 0 while no ledger
	// has it.
	Recorded int64
	// Held: nothing of it was recorded, and what the ledger has of the case makes this
	// very document.
	Held bool
	// Superseded is when another took its place, with the reason.
	Superseded int64
	Why        string
	// Voided is when it was declared void, with the reason.
	Voided    int64
	VoidedWhy string
	// Ended is when what the document grants was revoked or cancelled, with the
	// reason; Changed says in both languages what else became of it.
	Ended    int64
	EndedWhy string
	Changed  []Reason
	// Cancelled is when all that a payment notice asks for was cancelled.
	Cancelled int64
}

// Verdict is what a document is worth.
type Verdict string

// The verdicts. Only Genuine and Superseded are of a document that was good
// once; only Genuine of one that is.
const (
	Genuine    Verdict = "genuine"    // 真实有效
	Superseded Verdict = "superseded" // 真实，但已换发
	Revoked    Verdict = "revoked"    // 已作废，或签名密钥已吊销
	Unsealed   Verdict = "unsealed"   // 未加盖电子印章，无效
	UnknownKey Verdict = "unknown"    // 签名密钥不在所给的信任文件中
	NotHere    Verdict = "not_here"   // 本机暂无签发单位的证书，不能下结论
	Forged     Verdict = "forged"     // 伪造或被改动
)

// Reason says why, in both languages.
type Reason struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// Report is a verdict with its reasons and what the code says.
type Report struct {
	Verdict Verdict
	Reasons []Reason
	Code    Code
	Key     *Key // nil while it is not known
}

func (r *Report) because(v Verdict, code, zh, en string) {
	r.Verdict = v
	r.Reasons = append(r.Reasons, Reason{code, zh, en})
}

func (r *Report) note(code, zh, en string) { r.Reasons = append(r.Reasons, Reason{code, zh, en}) }

// Judge tells what a code is worth. text is the document's canonical JSON where
// it is at hand, else nil; standing what a ledger says, nil offline.
func Judge(c Code, keys []Key, text []byte, standing *Standing) Report {
	r := Report{Verdict: Genuine, Code: c}
	for i := range keys {
		if c.SignedBy(keys[i].Public) {
			r.Key = &keys[i]
		}
	}
	if r.Key == nil {
		r.judgeUnsigned(keys)
		return r
	}
	if text != nil && sha256.Sum256(text) != c.Hash {
		r.because(Forged, "content", "文书内容与二维码所载摘要不符，内容被改动", "the content does not fit the hash in the code: it was changed")
		return r
	}
	if !r.Key.mayStandBehind(c) {
		r.because(Forged, "not_theirs", "签名者无权出具该办件的文书", "whoever signed it may not make out documents of this case")
		return r
	}
	if on := dayOf(r.Key.From); r.Key.From > 0 && r.Key.Seal && c.Date.Before(on) {
		r.note("sealed_later", "文书日期早于印章启用之日："+on.Chinese()+"，为事后加盖", "the document is older than the seal, which was applied later")
	}
	if r.lapsed(standing) {
		return r
	}
	if end := r.Key.EndedAt; end > 0 && c.Date.After(dayOf(end)) {
		r.because(Revoked, "key_ended", "签名密钥已于"+dayOf(end).Chinese()+"停用，早于文书日期", "the key ended on "+dayOf(end).String()+", before the date of the document")
		return r
	}
	if !r.Key.Seal && !goodUnsealed(c.Kind, r.Key.Tier) {
		r.because(Unsealed, "unsealed", "该文书须加盖电子印章，此件未加盖，不作为有效文书", "this document takes an electronic seal and has none: it is not valid")
		return r
	}
	r.judgeStanding(standing)
	return r
}

// judgeUnsigned tells a key that is not known from a signature that is false.
func (r *Report) judgeUnsigned(keys []Key) {
	for i := range keys {
		if keys[i].id() == r.Code.Key {
			r.because(Forged, "signature", "签名不成立：二维码内容被改动或系伪造", "the signature does not hold: the code was changed or forged")
			return
		}
	}
	r.because(UnknownKey, "unknown_key", "签名密钥不是所给信任文件中的本县密钥：伪造、外县，或信任文件过旧", "the key is none of the county's in the trust file: forged, of another county, or the file is too old")
}

// Unlisted is the report on a key that is not known here, at a node. certain
// says that the county does not know it either; without that nothing is said
// against the document.
func (r *Report) Unlisted(certain bool) {
	r.Reasons = nil
	if certain {
		r.because(UnknownKey, "unknown_key", "县中心没有登记过这个签名密钥：不是本县单位签发，请持原件到县中心核验", "the county has no such key: no office of this county signed it; ask at the county with the original")
		return
	}
	r.because(NotHere, "key_not_here", "本机暂无该签发单位的证书，现在不能核验，不说明文书有问题：线路恢复后再验，或到县中心核验", "this node does not have the certificate of whoever signed it and cannot tell now, which says nothing against the document: check again when the line is back, or at the county")
}

// lapsed tells what a revoked key signed: only what the ledger has from before
// the revocation is still good, for whoever holds the key can write any date.
func (r *Report) lapsed(s *Standing) bool {
	at := r.Key.RevokedAt
	if at == 0 {
		return false
	}
	if s != nil && s.Recorded > 0 && s.Recorded < at {
		r.note("key_revoked_since", "签名密钥此后已吊销；账本证明该文书出具在先", "the key was revoked since; the ledger shows that the document was made before")
		return false
	}
	zh, en := "签名密钥已于"+dayOf(at).Chinese()+"吊销", "the key was revoked on "+dayOf(at).String()
	if s == nil {
		zh, en = zh+"，离线无法证明文书出具在先，请联网核验", en+"; whether the document was made before takes the ledger: check it online"
	}
	r.because(Revoked, "key_revoked", zh, en)
	return true
}

func (r *Report) judgeStanding(s *Standing) {
	if s != nil {
		r.Reasons = append(r.Reasons, s.Changed...)
	}
	switch {
	case s == nil:
		r.note("offline", "离线核验：签名真实；是否已换发或作废须联网查询", "checked offline: the signature holds; whether it was replaced or voided takes the ledger")
	case !s.Known:
		r.note("elsewhere", "本机没有该办件，是否已换发或作废请到县中心查询", "the case is not known here; ask the county whether it was replaced or voided")
	case s.Voided > 0:
		r.because(Revoked, "voided", "该文书已于"+dayOf(s.Voided).Chinese()+"作废："+s.VoidedWhy, "declared void on "+dayOf(s.Voided).String()+": "+s.VoidedWhy)
	case s.Cancelled > 0:
		r.because(Revoked, "charge_cancelled", "该缴款通知已于"+dayOf(s.Cancelled).Chinese()+"撤销，无需缴纳；已经付款的，请持凭据到窗口办理", "this payment notice was cancelled on "+dayOf(s.Cancelled).String()+": nothing is to be paid by it; if you have paid, ask at the window with your receipt")
	case s.Ended > 0:
		r.because(Revoked, "result_ended", "文书真实；所准予的许可或证照已于"+dayOf(s.Ended).Chinese()+"撤销或注销："+s.EndedWhy, "genuine, and what it grants was revoked or cancelled on "+dayOf(s.Ended).String()+": "+s.EndedWhy)
	case s.Superseded > 0:
		r.because(Superseded, "superseded", "该文书真实，已于"+dayOf(s.Superseded).Chinese()+"由新文书取代："+s.Why, "genuine, and replaced on "+dayOf(s.Superseded).String()+": "+s.Why)
	case s.Recorded == 0 && !s.Held:
		r.note("unrecorded", "签名真实；账本尚未收到出具记录（线路中断时出具的文书稍后到账）", "the signature holds; the ledger has no record of it yet, as of what was printed while a line was down")
	}
}

// goodUnsealed reports whether a node's own signature is enough.
func goodUnsealed(k document.Kind, by node.Tier) bool {
	return !document.TakesSeal(k) || by == node.Village && !document.SealedAlways(k)
}

// mayStandBehind reports whether a key's holder can have to do with a case: the
// desk that took it in lies within the holder's division or above it.
func (k *Key) mayStandBehind(c Code) bool {
	if c.Case.IsZero() {
		return !k.Seal
	}
	if k.Seal && !document.TakesSeal(c.Kind) {
		return false
	}
	desk := c.Case.Division()
	return k.Division.Contains(desk) || desk.Contains(k.Division)
}

func dayOf(ms int64) calendar.Date { return calendar.DateOf(time.UnixMilli(ms)) }

func (k *Key) id() string { return identity.KeyID(k.Public) }
