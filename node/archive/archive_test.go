package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

const (
	town    division.Code = "330523110"
	village division.Code = "330523110200"
)

func ended() *casework.Case {
	return &casework.Case{ID: "c-1", Number: "33052311020020261123010000450", Division: village, HandedInAt: village, Holder: village, Status: casework.Closed, Decision: casework.Granted,
		Steps: []ledger.Step{{Tier: "township", Verb: ledger.VerbDecide}}, DeliveredMS: 1795395600000}
}

func codes(duties []Duty) []string {
	var all []string
	for _, d := range duties {
		if d.ZH == "" || d.EN == "" {
			all = append(all, "without words")
		}
		all = append(all, d.Code)
	}
	return all
}

// A case is archived when nothing about it is open any more: papers are back, money
// is settled, a bad rating is put right, supervision has an answer. Everything is
// told at once.
func TestDuties(t *testing.T) {
	paper := func(at division.Code, way *custody.Sent, missing bool) custody.Place {
		return custody.Place{Original: ledger.Original{Material: "户口簿"}, At: at, Way: way, Missing: missing}
	}
	sent := &custody.Sent{CustodySendV1: ledger.CustodySendV1{List: "J1"}}
	for _, x := range []struct {
		what string
		c    func(*casework.Case)
		o    Open
		want []string
	}{
		{"nothing is open", nil, Open{Papers: []custody.Place{paper(town, nil, false)}}, nil},
		{"it has not ended", func(c *casework.Case) { c.Status = casework.Issued }, Open{}, []string{"case_open"}},
		{"a paper is at the village", nil, Open{Papers: []custody.Place{paper(village, nil, false)}}, []string{"papers_elsewhere"}},
		{"a paper is on the way", nil, Open{Papers: []custody.Place{paper("", sent, false)}}, []string{"papers_on_the_way"}},
		{"a paper is missing", nil, Open{Papers: []custody.Place{paper("", sent, true)}}, []string{"papers_missing"}},
		{"the applicant got the papers back", func(c *casework.Case) { c.PapersReturned = true }, Open{Papers: []custody.Place{paper(village, nil, false)}}, nil},
		{"what was left for later has not come", func(c *casework.Case) { c.Tolerated = []ledger.ToleratedMaterial{{Material: "照片"}} }, Open{}, []string{"tolerated_missing"}},
		{"it has come", func(c *casework.Case) { c.Tolerated = []ledger.ToleratedMaterial{{Material: "照片"}} }, Open{Brought: []string{"照片"}}, nil},
		{"all at once", nil, Open{Account: fee.Account{{Total: 100, State: fee.Outstanding}}, Results: result.File{Results: []result.Result{{ID: "1", State: result.Valid}}, Proposals: []result.Proposal{{ID: "p", ResultProposeV1: ledger.ResultProposeV1{Result: "1"}}}},
			Unsaved: true, Rating: true, Complain: true, Card: true, Inquiry: true},
			[]string{"fee_outstanding", "proposal_open", "files_unsaved", "rating_open", "complaint_open", "card_open", "inquiry_open"}},
	} {
		c := ended()
		if x.c != nil {
			x.c(c)
		}
		if got := codes(Duties(c, x.o)); !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.what, got, x.want)
		}
	}
}

// The volume holds the application, what was decided, the papers handed out and
// the scans handed in; not who looked at it, nor supervision.
func TestPieces(t *testing.T) {
	scan := catalog.AttachmentRef{Hash: hashOf([]byte("scan")), Name: "户口簿.pdf", Size: 4, Type: "application/pdf"}
	entry := func(id string, k ledger.Kind, body ledger.Body) *ledger.Entry {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return &ledger.Entry{ID: id, Kind: k, V: 1, Origin: "t-1", Case: "c-1", OccurredAt: 1795395600000, Actor: identity.Actor{Staff: "s", Role: identity.TownshipClerk, Node: "t-1"}, Body: raw}
	}
	text := `{"kind":"grant_decision","template":1}`
	paper := ledger.Paper{Kind: "grant_decision", Number: "准1", Hash: hashOf([]byte(text)), Text: text, Code: "TB1:A"}
	again := paper
	again.Text = ""
	entries := []*ledger.Entry{
		entry("e1", ledger.CaseWithdraw, &ledger.CaseWithdrawV1{Reason: "x", Proof: []catalog.AttachmentRef{scan}}),
		entry("e2", ledger.CaseReveal, &ledger.CaseRevealV1{What: []string{ledger.RevealCase}}),
		entry("e3", ledger.CaseSeal, &ledger.CaseSealV1{Paper: paper}),
		entry("e4", ledger.CasePrint, &ledger.CasePrintV1{Paper: again, Copy: 2}),
		entry("e5", ledger.CaseUrge, &ledger.CaseUrgeV1{Text: "快"}),
		entry("e6", ledger.CaseDeliver, &ledger.CaseDeliverV1{Recipient: "王芳", Method: "direct", Proof: []catalog.AttachmentRef{scan}}),
		entry("e7", ledger.HearingAsk, &ledger.HearingAskV2{Party: "王芳", Waived: true, Proof: []catalog.AttachmentRef{{Hash: hashOf([]byte("waived")), Name: "放弃声明.pdf", Size: 6, Type: "application/pdf"}}}),
	}
	entries[6].V = 2
	pieces, err := Pieces(entries, func(k ledger.Kind) string { return string(k) })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pieces {
		got = append(got, p.Kind+" "+p.Entry)
		if len(p.Hash) != 64 {
			t.Errorf("%+v", p)
		}
	}
	if want := []string{"entry e1", "attachment e1", "entry e3", "document e3", "entry e4", "entry e6", "entry e7", "attachment e7"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	b := &ledger.CaseArchiveV1{Volume: Volume(ended()), Pieces: pieces}
	for _, x := range []struct {
		what, want string
		from       division.Code
		change     func(*casework.Case, *ledger.CaseArchiveV1)
		before     []*ledger.CaseArchiveV1
	}{
		{"in order", "", town, nil, nil},
		{"at the village", "not_keeper", village, nil, nil},
		{"not ended", "case_open", town, func(c *casework.Case, _ *ledger.CaseArchiveV1) { c.Status = casework.Issued }, nil},
		{"another number", "volume", town, func(_ *casework.Case, b *ledger.CaseArchiveV1) { b.Volume = "档1" }, nil},
		{"twice", "archived_already", town, nil, []*ledger.CaseArchiveV1{b}},
		{"again, for something has come", "", town, nil, []*ledger.CaseArchiveV1{{Pieces: pieces[:2]}}},
	} {
		c, now := ended(), *b
		if x.change != nil {
			x.change(c, &now)
		}
		err := Check(c, &now, x.from, x.before)
		var no *casework.Refusal
		if errors.As(err, &no) != (x.want != "") || no != nil && no.Code != x.want {
			t.Errorf("%s: %v, want %q", x.what, err, x.want)
		}
	}
	if c := ended(); c.EndedOn().String() != "2026-11-23" || Volume(c)[:len("档〔2026〕")] != "档〔2026〕" || Keeper(c) != town {
		t.Errorf("%s %s %s", c.EndedOn(), Volume(c), Keeper(c))
	}
}

// A paper that is elsewhere is at an office, which is called by its name.
func TestDutyNamesTheOffice(t *testing.T) {
	o := Open{Papers: []custody.Place{{At: "330523110"}}, Names: map[division.Code]string{"330523110": "梅溪镇"}}
	for _, d := range Duties(&casework.Case{}, o) {
		if d.Code == "papers_elsewhere" && strings.Contains(d.ZH, "梅溪镇") && !strings.Contains(d.ZH, "330523110") {
			return
		}
	}
	t.Errorf("%+v", Duties(&casework.Case{}, o))
}

// Whatever scans a kind of entry can name are kept, sent and part of the volume: Files
// forgets none of them.
func TestFilesForgetsNone(t *testing.T) {
	golden, err := filepath.Glob("../ledger/testdata/*.json")
	if err != nil || len(golden) == 0 {
		t.Fatal(golden, err)
	}
	with := 0
	for _, name := range golden {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := ledger.ParseEntry(bytes.TrimSpace(raw))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := e.Decode()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var named []string
		var look func(reflect.Value)
		look = func(v reflect.Value) {
			switch v.Kind() {
			case reflect.Pointer, reflect.Interface:
				if !v.IsNil() {
					look(v.Elem())
				}
			case reflect.Slice:
				if v.Len() == 0 && v.CanSet() && v.Type() == reflect.TypeFor[[]catalog.AttachmentRef]() {
					v.Set(reflect.ValueOf([]catalog.AttachmentRef{{Hash: fmt.Sprint("more ", len(named))}}))
				}
				for i := range v.Len() {
					look(v.Index(i))
				}
			case reflect.Struct:
				if a, is := v.Interface().(catalog.AttachmentRef); is {
					named = append(named, a.Hash)
					return
				}
				for i := range v.NumField() {
					if v.Type().Field(i).IsExported() {
						look(v.Field(i))
					}
				}
			}
		}
		look(reflect.ValueOf(body))
		var kept []string
		for _, a := range Files(body) {
			kept = append(kept, a.Hash)
		}
		slices.Sort(named)
		slices.Sort(kept)
		if !slices.Equal(named, kept) {
			t.Errorf("%s names %v, of which %v are kept", name, named, kept)
		}
		if len(named) > 0 {
			with++
		}
	}
	if with < 9 {
		t.Errorf("only %d kinds name scans: the samples lack them", with)
	}
}
