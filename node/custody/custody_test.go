package custody

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

const county, township, village, other = division.Code("330523"), division.Code("330523110"), division.Code("330523110200"), division.Code("330523111")

// opened is a case handed in at the village with two papers and a file.
func opened() *Book {
	b := new(Book)
	b.Bring("e0", village, 1, []catalog.SubmittedMaterial{{Name: "户口簿", Form: catalog.SubmittedOriginal}, {Name: "户口簿", Form: catalog.SubmittedCopy},
		{Name: "结婚证", Form: catalog.SubmittedCopy}, {Name: "照片", Form: catalog.SubmittedElectronic}})
	return b
}

func paper(name string) ledger.Original { return ledger.Original{Material: name, Brought: "e0"} }

func send(from, to division.Code, after string, names ...string) *ledger.CustodySendV1 {
	s := &ledger.CustodySendV1{List: "L", From: from, To: to}
	for _, n := range names {
		s.Papers = append(s.Papers, ledger.MovedPaper{Original: paper(n), After: after})
	}
	return s
}

func received(at division.Code, sent string, names ...string) *ledger.CustodyReceiveV1 {
	r := &ledger.CustodyReceiveV1{Sent: sent, At: at}
	for _, n := range names {
		r.Received = append(r.Received, ledger.MarkedPaper{Original: paper(n)})
	}
	return r
}

func code(err error) string {
	var no *Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	return fmt.Sprint(err)
}

// where says where the two papers are.
func where(b *Book) string {
	var all []string
	for _, p := range b.Places() {
		text := p.Material + " " + string(p.At)
		if p.Way != nil {
			text += "→" + string(p.Way.To)
		}
		if p.Missing {
			text += "?"
		}
		all = append(all, text+strings.Join(p.Damaged, ""))
	}
	return strings.Join(all, "; ")
}

func want(t *testing.T, b *Book, text string) {
	t.Helper()
	if got := where(b); got != text {
		t.Errorf("\n got %s\nwant %s", got, text)
	}
}

// From the village to the county and back, with one paper missing and one damaged
// on the way.
func TestPapersGoFromHandToHand(t *testing.T) {
	b := opened()
	want(t, b, "户口簿 330523110200; 结婚证 330523110200")
	first := send(village, township, "e0", "户口簿", "结婚证")
	if err := b.CheckSend(first, true); err != nil {
		t.Fatal(err)
	}
	b.Send("s1", 2, *first)
	want(t, b, "户口簿 →330523110; 结婚证 →330523110")
	if p := b.Places()[0]; p.Answerable() != village || p.Since != 2 {
		t.Errorf("on the way: %+v", p)
	}
	for what, row := range map[string]struct {
		err  error
		want string
	}{
		"again":            {b.CheckSend(first, true), "paper_on_the_way"},
		"by the receiver":  {b.CheckSend(send(township, county, "s1", "户口簿"), true), "paper_on_the_way"},
		"elsewhere":        {b.CheckReceive(received(other, "s1", "户口簿"), true), "not_for_here"},
		"what was not":     {b.CheckReceive(received(township, "s9", "户口簿"), true), "not_sent"},
		"what is not on":   {b.CheckReceive(&ledger.CustodyReceiveV1{Sent: "s1", At: township, Missing: []ledger.MarkedPaper{{Original: paper("房产证")}}}, true), "not_sent"},
		"a file":           {b.CheckSend(send(village, township, "e0", "照片"), true), "paper_unknown"},
		"across":           {b.CheckSend(send(township, other, "e0", "户口簿"), true), "custody_line"},
		"to itself":        {b.CheckSend(send(village, village, "e0", "户口簿"), true), "custody_line"},
		"not known here":   {b.CheckReceive(received(township, "s9", "户口簿"), false), "<nil>"},
		"after an unknown": {b.CheckSend(send(township, county, "r9", "户口簿"), false), "<nil>"},
	} {
		if got := code(row.err); got != row.want {
			t.Errorf("%s: %s, want %s", what, got, row.want)
		}
	}
	receipt := &ledger.CustodyReceiveV1{Sent: "s1", At: township, Missing: []ledger.MarkedPaper{{Original: paper("结婚证")}}, Received: []ledger.MarkedPaper{{Original: paper("户口簿"), Note: "缺页"}}}
	if err := b.CheckReceive(receipt, true); err != nil {
		t.Fatal(err)
	}
	b.Receive("r1", 3, *receipt)
	want(t, b, "户口簿 330523110缺页; 结婚证 →330523110?")
	if got := code(b.CheckReceive(received(township, "s1", "户口簿"), true)); got != "received_already" {
		t.Error(got)
	}
	back := received(village, "s1", "结婚证") // it lay on the desk all the time
	if err := b.CheckReceive(back, true); err != nil {
		t.Fatal(err)
	}
	b.Receive("r2", 4, *back)
	want(t, b, "户口簿 330523110缺页; 结婚证 330523110200")
	if got := code(b.CheckReceive(back, true)); got != "received_already" {
		t.Error(got)
	}
	up := send(township, county, "r1", "户口簿")
	if err := b.CheckSend(up, true); err != nil {
		t.Fatal(err)
	}
	if got := code(b.CheckSend(send(township, county, "e0", "户口簿"), true)); got != "paper_moved" {
		t.Error(got)
	}
	if got := code(b.CheckSend(send(village, township, "e0", "户口簿"), true)); got != "paper_elsewhere" {
		t.Error(got)
	}
	b.Send("s2", 5, *up)
	b.Receive("r3", 6, *received(county, "s2", "户口簿"))
	b.Send("s3", 7, *send(county, village, "r3", "户口簿"))
	b.Receive("r4", 8, *received(village, "s3", "户口簿"))
	want(t, b, "户口簿 330523110200缺页; 结婚证 330523110200")
}

// Whatever is done with papers, at whichever office and in whichever order it
// becomes known: a paper is at one office or on one way, and its way leads from
// where it was; the same entries in another order say the same.
func TestNeverInTwoHandsNeverNowhere(t *testing.T) {
	offices := []division.Code{village, township, county, other}
	rapid.Check(t, func(r *rapid.T) {
		b := opened()
		type event func(*Book)
		var entries []event
		hands := map[ledger.Original]division.Code{}
		for _, p := range b.Places() {
			hands[p.Original] = p.At
		}
		for n := range rapid.IntRange(1, 30).Draw(r, "entries") {
			id := fmt.Sprint("x", n)
			office := rapid.SampledFrom(offices).Draw(r, "office")
			if rapid.Bool().Draw(r, "send") {
				s := ledger.CustodySendV1{List: id, From: office, To: rapid.SampledFrom(offices).Draw(r, "to")}
				for _, p := range b.Places() {
					if rapid.Bool().Draw(r, "take") {
						s.Papers = append(s.Papers, ledger.MovedPaper{Original: p.Original, After: p.After})
					}
				}
				if len(s.Papers) == 0 || b.CheckSend(&s, true) != nil {
					continue
				}
				for _, p := range s.Papers {
					if hands[p.Original] != office {
						r.Fatalf("%s handed over what %q has", office, hands[p.Original])
					}
					hands[p.Original] = ""
				}
				b.Send(id, int64(n), s)
				entries = append(entries, func(b *Book) { b.Send(id, int64(n), s) })
				continue
			}
			sends := b.Sends()
			if len(sends) == 0 {
				continue
			}
			sent := rapid.SampledFrom(sends).Draw(r, "sent")
			rec := ledger.CustodyReceiveV1{Sent: sent.ID, At: office}
			for _, p := range sent.Papers {
				switch rapid.IntRange(0, 3).Draw(r, "arrived") {
				case 0:
					rec.Missing = append(rec.Missing, ledger.MarkedPaper{Original: p.Original})
				case 1, 2:
					rec.Received = append(rec.Received, ledger.MarkedPaper{Original: p.Original})
				}
			}
			if rec.Check() != nil || b.CheckReceive(&rec, true) != nil {
				continue
			}
			for _, p := range rec.Received {
				if hands[p.Original] != "" {
					r.Fatalf("%s received what %q has", office, hands[p.Original])
				}
				hands[p.Original] = office
			}
			b.Receive(id, int64(n), rec)
			entries = append(entries, func(b *Book) { b.Receive(id, int64(n), rec) })
		}
		for _, p := range b.Places() {
			if (p.At == "") == (p.Way == nil) || p.At != hands[p.Original] || p.Answerable() == "" {
				r.Fatalf("%+v, want at %q", p, hands[p.Original])
			}
		}
		again := opened()
		for _, e := range rapid.Permutation(entries).Draw(r, "order") {
			e(again)
		}
		if len(again.Places()) != len(b.Places()) {
			r.Fatal("a paper is gone")
		}
		for i, p := range again.Places() {
			if q := b.Places()[i]; p.At != q.At || p.After != q.After || (p.Way == nil) != (q.Way == nil) {
				r.Fatalf("in another order %+v, was %+v", p, q)
			}
		}
	})
}
