package sampling

import (
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Check is a point that a sheet asks about.
type Check struct {
	Code   string
	ZH, EN string
}

// Checks are the points of a sheet, in their order: what the handbook asks of a
// case (sections 2 to 4 and 9).
var Checks = []Check{
	{"acceptance", "受理、不予受理或补正合法，有书面凭证", "acceptance, refusal or notice lawful and in writing"},
	{"notice", "一次性告知，无反复要求补正", "everything missing told once"},
	{"papers", "材料齐全，未索要清单以外的材料", "papers complete, none asked for that the item does not ask for"},
	{"steps", "环节完整，受理与决定分离", "no step left out; acceptor and decider differ"},
	{"limits", "法定、承诺时限的计算与告知正确", "limits computed and told rightly"},
	{"procedure", "特别程序有依据、已书面告知", "special procedures founded and told in writing"},
	{"decision", "决定有事实、理由和依据，不予决定已告知救济途径", "the decision has facts, reasons and basis, a refusal its remedies"},
	{"fees", "收费合法合规", "no fee outside the list"},
	{"documents", "文书规范、印章齐全、已送达", "documents in order, sealed and delivered"},
	{"privacy", "公开与保密符合规定", "published and kept confidential as the rules say"},
}

// Verdict is what a sheet comes to.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed" // 合格
	Faulty Verdict = "fault"  // 不合格，须整改
	Grave  Verdict = "grave"  // 严重不合格
)

// Sheet is what a supervisor found about a case that was drawn (抽查评查表).
type Sheet struct {
	Draw    string               `json:"draw"`
	Case    string               `json:"case"`
	Verdict Verdict              `json:"verdict"`
	Points  []ledger.SamplePoint `json:"points"`
	Note    string               `json:"note,omitempty"`
	By      identity.Actor       `json:"by"`
	// At is when, Unix milliseconds.
	At int64 `json:"at"`
}

// Review is the sheet that an entry makes. hands are the staff numbers of those
// who had a hand in the case.
func Review(e *ledger.Entry, b *ledger.SampleReviewV1, hands []string) (*Sheet, error) {
	if slices.Contains(hands, e.Actor.Staff) {
		return nil, refuse("sample_own", "经办过该件的人员不得评查该件，请由其他监察人员评查", "whoever had a hand in the case does not inspect it; another supervisor does")
	}
	if len(b.Points) != len(Checks) {
		return nil, incomplete
	}
	verdict := Passed
	for i, p := range b.Points {
		if p.Check != Checks[i].Code {
			return nil, incomplete
		}
		if p.Result == ledger.PointFault {
			verdict = Faulty
		}
	}
	if b.Grave {
		verdict = Grave
	}
	return &Sheet{Draw: b.Draw, Case: b.Case, Verdict: verdict, Points: b.Points, Note: b.Note, By: e.Actor, At: e.OccurredAt}, nil
}

var incomplete = refuse("sample_points", "评查表须按顺序逐项填写", "a sheet answers every point, in their order")

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
