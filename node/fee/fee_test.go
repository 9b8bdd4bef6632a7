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

var licence = &catalog.Item{Code: "X", Fee: catalog.Fee{Charged: true, Standard: "住宅80元/件，增发证书每本10元"}}

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
	case *ledger.FeeCancelV1:
		return ledger.FeeCancel
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
//
// Rules: 2.24.
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
}

// Where the version that a case is bound to charges and gives no figure, the case is
// charged by what was published since; else by its own, whatever came after.
//
// Rules: 2.24.
func TestTheListOfACase(t *testing.T) {
	priced := func(fen int64) *catalog.Item {
		return &catalog.Item{Fee: catalog.Fee{Charged: true, Standard: "按公布标准", Rates: []catalog.FeeRate{{Name: "工本费", Unit: "证", AmountFen: fen}}}}
	}
	bare, free := &catalog.Item{Fee: catalog.Fee{Charged: true, Standard: "按公布标准"}}, &catalog.Item{Fee: catalog.Fee{Standard: "不收费"}}
	for _, row := range []struct {
		what                 string
		bound, inForce, want *catalog.Item
		code                 string
	}{
		{"no figure anywhere", bare, bare, bare, "no_tariff"},
		{"not in force any more", bare, nil, bare, "no_tariff"},
		{"free since", bare, free, bare, "no_tariff"},
		{"published since", bare, priced(500), nil, ""},
		{"its own", priced(300), priced(500), nil, ""},
		{"free then", free, priced(500), free, ""},
	} {
		got := ListOf(row.bound, row.inForce)
		if row.want != nil && got != row.want || codeOf(Priced(got)) != row.code {
			t.Errorf("%s: %+v", row.what, got.Fee)
		}
		if row.what == "published since" && got != row.inForce || row.what == "its own" && got != row.bound {
			t.Errorf("%s: %+v", row.what, got.Fee)
		}
	}
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

// A charge that was made by mistake counts as never due: nothing is owed by it, its line
// is charged anew, and it is no charge of which it would be said that it was free. It is
// cancelled once, and only while nothing of it was paid or waived.
func TestCancelled(t *testing.T) {
	cancel := func(id string) *ledger.FeeCancelV1 { return &ledger.FeeCancelV1{Charge: id, Reason: "开错件"} }
	a := live(t, licence,
		act{one("住宅", 1, 8000), ""}, // e0
		act{cancel("e9"), "charge_unknown"},
		act{cancel("e0"), ""},
		act{cancel("e0"), "charge_cancelled"},
		act{&ledger.FeePayV1{Charge: "e0", Amount: 8000, Bill: "1"}, "charge_cancelled"},
		act{&ledger.FeeWaiveV1{Charge: "e0", Amount: 8000}, "charge_cancelled"},
		act{&ledger.FeeRefundV1{Charge: "e0", Amount: 1}, "charge_cancelled"})
	if c := &a[0]; c.State != Cancelled || c.Stands() || c.Due() != 0 || a.Charged() || a.Outstanding() != 0 || c.CancelledMS() != 3 || len(c.Events) != 1 || c.Events[0].Text != "开错件" || c.Events[0].Amount != 8000 {
		t.Errorf("%+v", a)
	}
	issue, free := &ledger.CaseIssueV1{}, &ledger.CaseIssueV1{Free: "首次申领免费"}
	granted := &casework.Case{Decision: casework.Granted}
	if got := codeOf(MayIssue(a, granted, licence, issue)); got != "fee_uncharged" {
		t.Errorf("made out with nothing but a mistake charged: %q", got)
	}
	if got := codeOf(MayIssue(a, granted, licence, free)); got != "" {
		t.Errorf("free after a mistake: %q", got)
	}
	paid := live(t, licence,
		act{one("住宅", 1, 8000), ""}, // e0
		act{cancel("e0"), ""},
		act{one("住宅", 1, 8000), ""}, // e2, anew
		act{&ledger.FeePayV1{Charge: "e2", Amount: 8000, Bill: "1"}, ""},
		act{cancel("e2"), "charge_begun"},
		act{&ledger.FeeRefundV1{Charge: "e2", Amount: 8000, Reason: "全退"}, ""},
		act{cancel("e2"), "charge_begun"},
		act{one("增发证书", 1, 1000), ""}, // e7
		act{&ledger.FeeWaiveV1{Charge: "e7", Amount: 1, Ground: "减免"}, ""},
		act{cancel("e7"), "charge_begun"})
	if paid[1].CancelledMS() != 0 || paid[2].Due() != 999 {
		t.Errorf("%+v", paid)
	}
	for reason, want := range map[string]string{"无": "cancel_reason", "略。": "cancel_reason", "开错件": ""} {
		if got := codeOf(Reasoned(&ledger.FeeCancelV1{Reason: reason})); got != want {
			t.Errorf("%s: %q", reason, got)
		}
	}
}

// The list does not say which of its lines stand in for each other: another line is
// charged beside one that stands only when it is meant.
func TestChargedBesideAnother(t *testing.T) {
	home := act{one("住宅", 1, 8000), ""}
	for what, row := range map[string]struct {
		account Account
		charge  *ledger.FeeChargeV1
		want    string
	}{
		"the first":                    {nil, one("住宅", 1, 8000), ""},
		"beside one that is owed":      {live(t, licence, home), one("增发证书", 1, 1000), "charged_before"},
		"beside one that was paid":     {live(t, licence, home, act{&ledger.FeePayV1{Charge: "e0", Amount: 8000}, ""}), one("增发证书", 1, 1000), "charged_before"},
		"after one that was cancelled": {live(t, licence, home, act{&ledger.FeeCancelV1{Charge: "e0"}, ""}), one("增发证书", 1, 1000), ""},
		"after one that was waived":    {live(t, licence, home, act{&ledger.FeeWaiveV1{Charge: "e0", Amount: 8000}, ""}), one("增发证书", 1, 1000), ""},
		"the same, refused otherwise":  {live(t, licence, home), one("住宅", 1, 8000), ""},
	} {
		if got := codeOf(Further(row.account, row.charge)); got != row.want {
			t.Errorf("%s: %q, want %q", what, got, row.want)
		}
	}
}

// What was granted is made out, and handed over, after its fee was paid or waived,
// unless the item is paid for afterwards; where nothing was charged, only with the
// reason why. A refusal waits for nothing.
func TestIssueWaitsForPayment(t *testing.T) {
	owed := live(t, licence, act{one("住宅", 1, 8000), ""})
	paid := live(t, licence, act{one("住宅", 1, 8000), ""}, act{&ledger.FeePayV1{Charge: "e0", Amount: 8000}, ""})
	waived := live(t, licence, act{one("住宅", 1, 8000), ""}, act{&ledger.FeeWaiveV1{Charge: "e0", Amount: 8000}, ""})
	later, free := *licence, *licence
	later.Fee.AfterIssue, free.Fee = true, catalog.Fee{Standard: "不收费"}
	issue, deliver, reason := &ledger.CaseIssueV1{}, &ledger.CaseDeliverV1{}, &ledger.CaseIssueV1{Free: "首次申领免费"}
	for name, row := range map[string]struct {
		account  Account
		item     *catalog.Item
		decision casework.Status
		body     ledger.Body
		want     string
	}{
		"owed":                          {owed, licence, casework.Granted, issue, "fee_outstanding"},
		"owed, handed over":             {owed, licence, casework.Granted, deliver, "fee_outstanding"},
		"owed, paid afterwards":         {owed, &later, casework.Granted, issue, ""},
		"owed, but refused":             {owed, licence, casework.Declined, issue, ""},
		"paid":                          {paid, licence, casework.Granted, issue, ""},
		"waived":                        {waived, licence, casework.Granted, issue, ""},
		"nothing charged":               {nil, licence, casework.Granted, issue, "fee_uncharged"},
		"nothing charged, and why":      {nil, licence, casework.Granted, reason, ""},
		"nothing charged, handed over":  {nil, licence, casework.Granted, deliver, ""},
		"nothing charged yet, later":    {nil, &later, casework.Granted, issue, ""},
		"nothing charged, but refused":  {nil, licence, casework.Declined, issue, ""},
		"a reason, but it was charged":  {paid, licence, casework.Granted, reason, "free_needless"},
		"a reason, but it was refused":  {nil, licence, casework.Declined, reason, "free_needless"},
		"a reason, but the item's free": {nil, &free, casework.Granted, reason, "free_needless"},
		"the item is free":              {nil, &free, casework.Granted, issue, ""},
	} {
		if got := codeOf(MayIssue(row.account, &casework.Case{Decision: row.decision}, row.item, row.body)); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
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

// Handbook section 5, a fee above its standard: what was above the list can be said to
// have been, and nothing else can.
func TestExcess(t *testing.T) {
	free, unpriced := *licence, *licence
	free.Fee, unpriced.Fee = catalog.Fee{Standard: "不收费"}, catalog.Fee{Charged: true, Standard: "按省级标准收取"}
	for name, row := range map[string]struct {
		item       *catalog.Item
		line       *ledger.FeeChargeV1
		want, said string
	}{
		"above":        {licence, one("住宅", 1, 8001), "fee_above_standard", ""},
		"not listed":   {licence, one("手续费", 1, 1), "fee_not_listed", ""},
		"a free item":  {&free, one("住宅", 1, 1), "no_fee", ""},
		"within":       {licence, one("住宅", 1, 8000), "", "fee_within"},
		"no amounts":   {&unpriced, one("住宅", 1, 1), "", "fee_within"},
		"less than it": {licence, one("增发证书", 3, 1), "", "fee_within"},
	} {
		if got := codeOf(Excess(row.item, row.line.Lines)); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
		if got := codeOf(CheckExcess(row.item, &ledger.FeeExcessV1{Lines: row.line.Lines})); got != row.said {
			t.Errorf("%s, said: %q, want %q", name, got, row.said)
		}
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
				&ledger.FeePayV1{Charge: charge, Amount: amount}, &ledger.FeeWaiveV1{Charge: charge, Amount: amount}, &ledger.FeeRefundV1{Charge: charge, Amount: amount}, &ledger.FeeCancelV1{Charge: charge, Reason: "开错件"}}).Draw(r, "act")
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
			if c.Total <= 0 || c.Paid+c.Waived > c.Total || c.Returned > c.Paid || c.Due() < 0 || c.Paid > 0 && c.Paid+c.Waived != c.Total || c.State == Cancelled && (c.Due() != 0 || c.Paid+c.Waived > 0) {
				r.Fatalf("%+v", c)
			}
		}
	})
}
