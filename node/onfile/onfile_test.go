package onfile

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

const day = int64(24 * time.Hour / time.Millisecond)

func date(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// noon is a moment of a day, Unix milliseconds.
func noon(d calendar.Date) int64 { return d.Midnight().UnixMilli() + day/2 }

func codeOf(err error) string {
	var no *casework.Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Consent (art. 14 and 15 of the Personal Information Protection Law): for a
// stated purpose, until a day, and ended at once by a withdrawal, whichever of a
// person's consents was withdrawn.
func TestAgreed(t *testing.T) {
	given := date(t, "2026-03-02")
	at := noon(given)
	c := Consent{ID: "1", Name: "王芳", Purposes: []string{ledger.ConsentPapers}, GivenMS: at, Until: given.AddDays(30)}
	withdrawn := c
	withdrawn.ID, withdrawn.WithdrawnMS = "2", at+5*day
	later := c
	later.ID, later.GivenMS = "3", at+6*day
	for _, x := range []struct {
		name    string
		all     []Consent
		who     string
		purpose string
		at      int64
		want    string // code, empty for agreed
	}{
		{"agreed", []Consent{c}, "王芳", ledger.ConsentPapers, at, ""},
		{"on the last day", []Consent{c}, "王芳", ledger.ConsentPapers, noon(c.Until), ""},
		{"the day after", []Consent{c}, "王芳", ledger.ConsentPapers, noon(c.Until.AddDays(1)), "consent_expired"},
		{"before it was given", []Consent{c}, "王芳", ledger.ConsentPapers, at - 1, "consent_missing"},
		{"never", nil, "王芳", ledger.ConsentPapers, at, "consent_missing"},
		{"for something else", []Consent{c}, "王芳", ledger.ConsentFields, at, "consent_purpose"},
		{"of another under the same number", []Consent{c}, "李强", ledger.ConsentPapers, at, "consent_missing"},
		{"withdrawn", []Consent{withdrawn}, "王芳", ledger.ConsentPapers, withdrawn.WithdrawnMS, "consent_withdrawn"},
		{"before the withdrawal", []Consent{withdrawn}, "王芳", ledger.ConsentPapers, withdrawn.WithdrawnMS - 1, ""},
		{"an older one goes with it", []Consent{c, withdrawn}, "王芳", ledger.ConsentPapers, at + 10*day, "consent_withdrawn"},
		{"agreed anew", []Consent{c, withdrawn, later}, "王芳", ledger.ConsentPapers, at + 10*day, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, err := Agreed(x.all, x.who, x.purpose, x.at)
			if codeOf(err) != x.want || (got != nil) != (x.want == "") {
				t.Errorf("%v %v", got, err)
			}
		})
	}
	today := Consent{ID: "4", Name: "王芳", Purposes: []string{ledger.ConsentPapers}, GivenMS: at, Until: given}
	midnight := time.Date(2026, 3, 3, 0, 0, 0, 0, time.FixedZone("Beijing", 8*3600)).UnixMilli()
	for when, want := range map[int64]string{at: "", midnight - 1: "", midnight: "consent_expired"} {
		if _, err := Agreed([]Consent{today}, "王芳", ledger.ConsentPapers, when); codeOf(err) != want {
			t.Errorf("until the day it was given, %d ms before its end: %v", midnight-when, err)
		}
	}
	var no *casework.Refusal
	if err := CheckTerm(given, given.AddDays(-1)); !errors.As(err, &no) || !strings.Contains(no.ZH, "不能早于今天") {
		t.Errorf("until yesterday: %v", err)
	}
	for until, want := range map[int]string{-1: "consent_term", 0: "", LongestConsent * 365: "", 6 * 366: "consent_term"} {
		if got := codeOf(CheckTerm(given, given.AddDays(until))); got != want {
			t.Errorf("a term of %d days: %q", until, got)
		}
	}
}

func scan(text string) []catalog.AttachmentRef {
	return []catalog.AttachmentRef{{Hash: text, Name: text + ".jpg", Size: 1, Type: "image/jpeg"}}
}

// opened is a case that brought an ID card (original and copy), a photo, and a
// paper that was on file itself.
func opened(t testing.TB) *casework.Case {
	return &casework.Case{ID: "c", Applicant: ledger.Applicant{Type: "person", Name: "王芳", IDNumber: "330599200103152464"}, HandedInMS: noon(date(t, "2026-03-02")), AcceptedMS: noon(date(t, "2026-03-03")),
		Materials: []catalog.SubmittedMaterial{
			{Name: "申请人居民身份证", Form: catalog.SubmittedOriginal, Copies: 1, Attachments: scan("front"), ValidUntil: date(t, "2026-08-01")},
			{Name: "申请人居民身份证", Form: catalog.SubmittedCopy, Copies: 1, Attachments: append(scan("front"), scan("back")...), IssuedOn: date(t, "2016-08-01")},
			{Name: "近期免冠照片", Form: catalog.SubmittedElectronic, Copies: 1, Attachments: scan("photo")},
			{Name: "居民户口簿", Form: catalog.SubmittedElectronic, Copies: 1, Attachments: scan("book"), OnFile: catalog.OnFile{Case: "b", Brought: "b", Material: "居民户口簿"}},
			{Name: "声明", Form: catalog.SubmittedOriginal, Copies: 1},
		}}
}

// A paper is on file with what it says of itself, good no longer than it says and
// than what it says stays true; what was on file is not on file again.
func TestPapersOfACase(t *testing.T) {
	c := opened(t)
	papers := Of(c, nil, nil)
	if len(papers) != 2 {
		t.Fatalf("%+v", papers)
	}
	card, photo := papers[0], papers[1]
	if card.Material != "申请人居民身份证" || len(card.Attachments) != 2 || card.Brought != "c" {
		t.Errorf("%+v", card)
	}
	if got := card.Until(); got != date(t, "2026-08-01") {
		t.Errorf("the card is good until %s", got)
	}
	card.Stated = calendar.Date{}
	if got := card.Until(); got != date(t, "2026-03-02").AddDays(365) {
		t.Errorf("a card that says nothing is good until %s", got)
	}
	clean := Paper{OnFile: catalog.OnFile{Material: "无犯罪记录证明"}, BroughtOn: date(t, "2026-03-02"), IssuedOn: date(t, "2026-02-01")}
	if got := clean.Until(); got != date(t, "2026-02-01").AddDays(90) {
		t.Errorf("how things were when it was issued is good until %s", got)
	}
	if got := photo.Until(); got != date(t, "2026-03-02").AddDays(180) {
		t.Errorf("the photo is good until %s", got)
	}
}

// Check, each refusal by its code.
func TestCheck(t *testing.T) {
	c := opened(t)
	given := noon(date(t, "2026-03-02"))
	consents := []Consent{{ID: "1", Name: "王芳", Purposes: []string{ledger.ConsentPapers}, GivenMS: given, Until: date(t, "2029-03-01")}}
	at := noon(date(t, "2026-05-04"))
	void := []Void{{Brought: "c", Material: "申请人居民身份证", AtMS: at - day, Why: "证件已换发"}}
	newer := []Brought{{Entry: "s", AtMS: at - day, Materials: []catalog.SubmittedMaterial{{Name: "申请人居民身份证", Form: catalog.SubmittedCopy, Copies: 1, Attachments: scan("new")}}}}
	ended := *c
	ended.TerminatedMS = at - day
	waiting := *c
	waiting.AcceptedMS = at + day
	for _, x := range []struct {
		name string
		p    *Paper
		use  func(*Use)
		want string
	}{
		{"good", first(Of(c, nil, nil)), nil, ""},
		{"not here", nil, nil, "paper_unknown"},
		{"of another number", first(Of(c, nil, nil)), func(u *Use) { u.Number = "33059919850412005X" }, "paper_of_another"},
		{"under another name", first(Of(c, nil, nil)), func(u *Use) { u.Name = "李强" }, "paper_of_another"},
		{"of nobody", first(Of(&casework.Case{ID: "c", Materials: c.Materials, AcceptedMS: 1}, nil, nil)), func(u *Use) { u.Number, u.Name, u.Type = "", "", "" }, "paper_of_another"},
		{"on its last day", first(Of(c, nil, nil)), func(u *Use) { u.AtMS = noon(date(t, "2026-08-01")) }, ""},
		{"run out", first(Of(c, nil, nil)), func(u *Use) { u.AtMS = noon(date(t, "2026-08-02")) }, "paper_expired"},
		{"without consent", first(Of(c, nil, nil)), func(u *Use) { u.AtMS = given - 1 }, "consent_missing"},
		{"declared void", first(Of(c, nil, void)), nil, "paper_void"},
		{"before it was void", first(Of(c, nil, void)), func(u *Use) { u.AtMS = at - 2*day }, ""},
		{"put right since", first(Of(c, newer, nil)), nil, "paper_replaced"},
		{"what took its place", last(Of(c, newer, nil)), func(u *Use) { u.Attachments = scan("new") }, ""},
		{"its case was ended", first(Of(&ended, nil, nil)), nil, "paper_returned"},
		{"its case not taken up", first(Of(&waiting, nil, nil)), nil, "paper_unchecked"},
		{"with another file", first(Of(c, nil, nil)), func(u *Use) { u.Attachments = scan("x") }, "paper_content"},
	} {
		t.Run(x.name, func(t *testing.T) {
			u := Use{Type: "person", Number: "330599200103152464", Name: "王芳", AtMS: at, Attachments: append(scan("front"), scan("back")...)}
			if x.use != nil {
				x.use(&u)
			}
			if got := codeOf(Check(x.p, consents, u)); got != x.want {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
}

func first(p []Paper) *Paper { return &p[0] }
func last(p []Paper) *Paper  { return &p[len(p)-1] }

// However consents are given and withdrawn and whatever becomes of a paper, it is
// never used past its validity, without a consent in force, or after it was
// withdrawn, replaced, returned or declared void.
func TestNeverWithoutConsentOrPastValidity(t *testing.T) {
	begin := date(t, "2026-01-01")
	moment := rapid.Map(rapid.IntRange(0, 900), func(d int) int64 { return noon(begin.AddDays(d)) })
	maybe := rapid.OneOf(rapid.Just(int64(0)), moment)
	rapid.Check(t, func(t *rapid.T) {
		var consents []Consent
		for range rapid.IntRange(0, 4).Draw(t, "consents") {
			given := moment.Draw(t, "given")
			c := Consent{Name: rapid.SampledFrom([]string{"王芳", "李强"}).Draw(t, "name"), Purposes: rapid.SampledFrom([][]string{{"papers"}, {"fields"}, {"papers", "fields"}}).Draw(t, "for"),
				GivenMS: given, Until: calendar.DateOf(time.UnixMilli(given)).AddDays(rapid.IntRange(0, 400).Draw(t, "days"))}
			if w := maybe.Draw(t, "withdrawn"); w >= given {
				c.WithdrawnMS = w
			}
			consents = append(consents, c)
		}
		brought := moment.Draw(t, "brought")
		p := Paper{OnFile: catalog.OnFile{Case: "c", Brought: "c", Material: rapid.SampledFrom([]string{"居民户口簿", "无犯罪记录证明", "近期免冠照片"}).Draw(t, "material")},
			Type: "person", Number: "330599200103152464", Name: rapid.SampledFrom([]string{"王芳", "李强"}).Draw(t, "owner"), Attachments: scan("a"), BroughtOn: calendar.DateOf(time.UnixMilli(brought)),
			AcceptedMS: maybe.Draw(t, "accepted"), EndedMS: maybe.Draw(t, "ended"), ReplacedMS: maybe.Draw(t, "replaced"), VoidMS: maybe.Draw(t, "void")}
		if rapid.Bool().Draw(t, "stated") {
			p.Stated = begin.AddDays(rapid.IntRange(0, 900).Draw(t, "valid until"))
		}
		u := Use{Type: "person", Number: "330599200103152464", Name: "王芳", AtMS: moment.Draw(t, "used"), Attachments: scan("a")}
		if Check(&p, consents, u) != nil {
			return
		}
		on := calendar.DateOf(time.UnixMilli(u.AtMS))
		if on.After(p.BroughtOn.AddDays(365)) || !p.Stated.IsZero() && on.After(p.Stated) {
			t.Fatalf("used past its validity: %+v on %s", p, on)
		}
		for _, gone := range []int64{p.EndedMS, p.ReplacedMS, p.VoidMS} {
			if gone > 0 && gone <= u.AtMS {
				t.Fatalf("used although it was gone: %+v", p)
			}
		}
		if p.Name != u.Name || p.AcceptedMS == 0 || p.AcceptedMS > u.AtMS {
			t.Fatalf("%+v", p)
		}
		agreed := func(c Consent) bool {
			return c.Name == u.Name && slices.Contains(c.Purposes, "papers") && c.GivenMS <= u.AtMS && !on.After(c.Until)
		}
		withdrawnSince := func(c Consent) bool {
			return slices.ContainsFunc(consents, func(w Consent) bool {
				return w.WithdrawnMS >= c.GivenMS && w.WithdrawnMS > 0 && w.WithdrawnMS <= u.AtMS
			})
		}
		if !slices.ContainsFunc(consents, func(c Consent) bool { return agreed(c) && !withdrawnSince(c) }) {
			t.Fatalf("used without consent: %+v at %d", consents, u.AtMS)
		}
	})
}
