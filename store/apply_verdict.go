package store

import (
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// Refused is the reason why an entry was refused, for people. It is a value:
// the same on every node.
type Refused struct {
	Code   string
	ZH, EN string
	Faults []catalog.Fault
}

func (r *Refused) Error() string { return r.Code + ": " + r.EN }

// Reason is what the ledger keeps of it: everything that is missing is told
// at once (一次性告知), at the place that handed it in as well.
func (r *Refused) Reason() string {
	zh, en := r.ZH, r.EN
	for _, f := range r.Faults {
		zh += "；" + f.ZH
		en += "; " + f.EN
	}
	return zh + " / " + en
}

func refuse(code, zh, en string) error { return &Refused{Code: code, ZH: zh, EN: en} }

// verdict is what is to become of an entry, with what applying it would write.
type verdict struct {
	outcome ledger.Outcome
	no      *Refused
	effect  func() error
}

// judge decides an entry: whether its origin and actor had the authority when
// it happened, whether its previous entry is here, and whether the domain's
// rules allow it. Only storage failures are errors. Nothing is written.
func (a *applier) judge(e *ledger.Entry, body ledger.Body) (verdict, error) {
	effect, err := a.prepare(e, body)
	if errors.Is(err, errWaiting) {
		return verdict{outcome: ledger.Waiting}, nil
	}
	if no := refusalOf(err); no != nil {
		return verdict{outcome: ledger.Refused, no: no}, nil
	}
	if err != nil {
		return verdict{}, err
	}
	return verdict{outcome: ledger.Applied, effect: effect}, nil
}

// errWaiting says that an entry's previous one has not arrived yet.
var errWaiting = errors.New("store: waiting for the previous entry")

func (a *applier) prepare(e *ledger.Entry, body ledger.Body) (func() error, error) {
	from, err := a.authorise(e, body)
	if err != nil {
		return nil, err
	}
	return a.prepareBody(e, body, from)
}

func (a *applier) prepareBody(e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	switch info, _ := ledger.Lookup(e.Kind, e.V); {
	case info.Joint:
		return a.prepareJoint(e, body, from)
	case info.Case:
		return a.prepareCase(e, body, from)
	}
	return a.prepareCounty(e, body, from)
}

// refusalOf turns the domain's typed errors into a refusal; nil for any other
// error.
func refusalOf(err error) *Refused {
	var own *Refused
	var rule *casework.Refusal
	var paper *custody.Refusal
	var incomplete *casework.Incomplete
	var denied *identity.Denied
	var unfit *identity.Unfit
	var watched *supervision.Refusal
	var code *division.CodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.As(err, &rule):
		return &Refused{Code: rule.Code, ZH: rule.ZH, EN: rule.EN}
	case errors.As(err, &paper):
		return &Refused{Code: paper.Code, ZH: paper.ZH, EN: paper.EN}
	case errors.As(err, &incomplete):
		return &Refused{Code: "incomplete", ZH: "材料或表单不齐全，请按清单一次性补正", EN: "the form or the papers are incomplete; everything missing is listed", Faults: incomplete.Faults}
	case errors.As(err, &watched):
		return &Refused{Code: watched.Code, ZH: watched.ZH, EN: watched.EN}
	case errors.As(err, &unfit):
		return &Refused{Code: unfit.Code, ZH: unfit.ZH, EN: unfit.EN}
	case errors.As(err, &denied):
		return &Refused{Code: "not_authorised", ZH: "该人员无权进行此项操作（" + deniedZH[denied.Why] + "）", EN: denied.Error()}
	case errors.As(err, &code):
		return &Refused{Code: "malformed", ZH: "区划代码有误", EN: code.Error()}
	}
	return nil
}

var deniedZH = map[string]string{"role": "岗位", "tier": "层级", "division": "辖区", "department": "部门"}
