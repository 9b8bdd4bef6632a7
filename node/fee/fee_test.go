package fee

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

var licence = &catalog.Item{Code: "X", Fee: catalog.Fee{Charged: true, BeforeIssue: true, Standard: "住宅80元/件，增发证书每本10元"}}

type act struct {
	body ledger.Body
	want string
}

func kindOf(body ledger.Body) ledger.Kind {
	switch body.(type) {
	case *ledger.FeePayV1:
		return ledger.FeePay
	case *ledger.FeeWaiveV1:
		return ledger.FeeWaive
	case *ledger.FeeRefundV1:
		return ledger.FeeRefund
	}
	return ledger.FeeCharge
}

func codeOf(err error) string {
	var no *casework.Refusal
	if errors.As(err, &no) {
		if no.ZH == "" || no.EN == "" {
			return "says nothing"
		}
		return no.Code
	}
	return ""
}

func live(t *testing.T, item *catalog.Item, acts ...act) Account {
	t.Helper()
	var a Account
	for i, do := range acts {
		e := &ledger.Entry{ID: fmt.Sprintf("e%d", i), Kind: kindOf(do.body), OccurredAt: int64(i + 1), Actor: identity.Actor{Staff: "s"}}
		next, err := Apply(a, item, e, do.body)
		if got := codeOf(err); got != do.want {
			t.Fatalf("%d: %q, want %q", i, got, do.want)
		}
		if err == nil {
			a = next
		}
	}
	return a
}

func one(rate string, quantity int, fen int64) *ledger.FeeChargeV1 {
	return &ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: rate, Quantity: quantity, Amount: fen}}}
}

// Licence law art. 58: no charge outside the list, and never above the standard.
func TestChargeByTheListOnly(t *testing.T) {
	live(t, licence,
		act{one("手续费", 1, 100), "fee_not_listed"},
		act{one("住宅", 1, 8001), "fee_above_standard"},
		act{one("增发证书", 2, 2001), "fee_above_standard"},
		act{one("增发证书", 2, 2000), ""},
		act{one("住宅", 1, 4000), ""},
		act{one("住宅", 1, 8000), "charged_twice"},
		act{&ledger.FeeChargeV1{Lines: []ledger.FeeLine{{Rate: "住宅", Quantity: 1, Amount: 1}, {Rate: "住宅", Quantity: 1, Amount: 1}}}, "charged_twice"})
	live(t, &catalog.Item{Fee: catalog.Fee{Standard: "不收费"}}, act{one("住宅", 1, 1), "no_fee"})
	live(t, &catalog.Item{Fee: catalog.Fee{Charged: true, Standard: "按公布标准"}}, act{one("住宅", 1, 1), "no_tariff"})
}

func TestPaidWaivedRefunded(t *testing.T) {
	a := live(t, licence,
		act{one("住宅", 1, 8000), ""}, // e0
		act{&ledger.FeePayV1{Charge: "e9", Amount: 8000}, "charge_unknown"},
		act{&ledger.FeePayV1{Charge: "e0", Amount: 7999}, "amount"},
		act{&ledger.FeeRefundV1{Charge: "e0", Amount: 1}, "amount"},
		act{&ledger.FeeWaiveV1{Charge: "e0", Amount: 8001}, "amount"},
		act{&ledger.FeeWaiveV1{Charge: "e0", Amount: 3000, Ground: "低保减免"}, ""},
		act{&ledger.FeePayV1{Charge: "e0", Amount: 8000}, "amount"},
		act{&ledger.FeePayV1{Charge: "e0", Amount: 5000, Bill: "1"}, ""},
		act{&ledger.FeePayV1{Charge: "e0", Amount: 5000}, "charge_settled"},
		act{&ledger.FeeWaiveV1{Charge: "e0", Amount: 1}, "charge_settled"},
		act{&ledger.FeeRefundV1{Charge: "e0", Amount: 5001}, "amount"},
		act{&ledger.FeeRefundV1{Charge: "e0", Amount: 2000, Reason: "多收"}, ""},
		act{one("住宅", 1, 8000), "charged_twice"},
		act{&ledger.FeeRefundV1{Charge: "e0", Amount: 3000, Reason: "全退"}, ""},
		act{&ledger.FeeRefundV1{Charge: "e0", Amount: 1}, "amount"},
		act{one("住宅", 1, 8000), ""}, // e15, anew
		act{&ledger.FeeWaiveV1{Charge: "e15", Amount: 8000, Ground: "抚恤对象免收"}, ""})
	if len(a) != 2 || a[0].State != Refunded || a[0].Returned != 5000 || a[1].State != Waived || a.Outstanding() != 0 || len(a[0].Events) != 4 {
		t.Fatalf("%+v", a)
	}
}

// A result is made out after payment where the item says so, and only there.
func TestIssueWaitsForPayment(t *testing.T) {
	owed := live(t, licence, act{one("住宅", 1, 8000), ""})
	if got := codeOf(MayIssue(owed, licence)); got != "fee_outstanding" {
		t.Errorf("%q", got)
	}
	later := *licence
	later.Fee.BeforeIssue = false
	if err := MayIssue(owed, &later); err != nil {
		t.Error(err)
	}
	if err := MayIssue(live(t, licence, act{one("住宅", 1, 8000), ""}, act{&ledger.FeePayV1{Charge: "e0", Amount: 8000}, ""}), licence); err != nil {
		t.Error(err)
	}
	for status, want := range map[casework.Status]string{casework.Accepted: "", casework.Granted: "", casework.Terminated: "not_accepted_yet", casework.NotAccepted: "not_accepted_yet"} {
		if got := codeOf(MayCharge(&casework.Case{Status: status, AcceptedMS: 1})); got != want {
			t.Errorf("%s: %q", status, got)
		}
	}
	if got := codeOf(MayCharge(&casework.Case{Status: casework.HandedIn})); got != "not_accepted_yet" {
		t.Errorf("%q", got)
	}
}

// Whatever is tried, money adds up: nothing is owed, paid, waived or paid back
// beyond what was charged, and nothing is charged above the list.
func TestMoneyAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var a Account
		for i := range rapid.IntRange(1, 40).Draw(r, "acts") {
			charge := fmt.Sprintf("e%d", rapid.IntRange(0, i).Draw(r, "of"))
			amount := rapid.Int64Range(1, 9000).Draw(r, "amount")
			body := rapid.SampledFrom([]ledger.Body{one(rapid.SampledFrom([]string{"住宅", "增发证书", "其他"}).Draw(r, "rate"), 1, amount),
				&ledger.FeePayV1{Charge: charge, Amount: amount}, &ledger.FeeWaiveV1{Charge: charge, Amount: amount}, &ledger.FeeRefundV1{Charge: charge, Amount: amount}}).Draw(r, "act")
			if p, ok := body.(*ledger.FeePayV1); ok && a.find(charge) >= 0 && rapid.Bool().Draw(r, "exactly") {
				p.Amount = max(a[a.find(charge)].Due(), 1)
			}
			before := fmt.Sprintf("%+v", a)
			next, err := Apply(a, licence, &ledger.Entry{ID: fmt.Sprintf("e%d", i), Kind: kindOf(body), OccurredAt: 1}, body)
			if fmt.Sprintf("%+v", a) != before {
				r.Fatal("the account given was changed")
			}
			if err != nil {
				if codeOf(err) == "" {
					r.Fatal(err)
				}
				continue
			}
			a = next
		}
		for _, c := range a {
			if c.Total <= 0 || c.Paid+c.Waived > c.Total || c.Returned > c.Paid || c.Due() < 0 || c.Paid > 0 && c.Paid+c.Waived != c.Total {
				r.Fatalf("%+v", c)
			}
		}
	})
}
