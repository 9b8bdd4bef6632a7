package identifier

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
)

// Rules: 10.1, 10.2, 10.3.
func TestParseIDNumber(t *testing.T) {
	today := mustDate(t, "2026-11-23")
	rows := []struct {
		text   string
		birth  string
		sex    Sex
		reason Reason
	}{
		{"33059919850412005X", "1985-04-12", Male, ""},
		{"330599200103152464", "2001-03-15", Female, ""},
		{" 33059919850412005x\n", "1985-04-12", Male, ""},
		{"３３０５９９１９８５０４１２００５Ｘ", "1985-04-12", Male, ""},
		{"330599199002290010", "", "", ReasonBirthDate}, // the check fits
		{"330599198504120050", "", "", ReasonCheck},
		{"33059919850412005", "", "", ReasonLength},
		{"330599850412005", "", "", ReasonLength}, // the old 15 digits
		{"", "", "", ReasonLength},
		{"3305991985041200XX", "", "", ReasonCharacters},
		{"33059919850412005Y", "", "", ReasonCharacters},
		{"33059919850412-05X", "", "", ReasonCharacters},
		{withCheck("00059919850412005"), "", "", ReasonProvince},
		{withCheck("99059919850412005"), "", "", ReasonProvince},
		{withCheck("33059920261123001"), "2026-11-23", Male, ""}, // born today
		{withCheck("33059920261124001"), "", "", ReasonFuture},
		{withCheck("33059919851301001"), "", "", ReasonBirthDate},
		{withCheck("33059900000101001"), "", "", ReasonBirthDate},
		{strings.Repeat("3", 1<<20), "", "", ReasonLength},
	}
	for _, row := range rows {
		id, err := ParseIDNumber(row.text, today)
		wantReason(t, row.text, err, KindIDNumber, row.reason)
		if id.Birth.String() != row.birth || id.Sex != row.sex {
			t.Errorf("ParseIDNumber(%.40q) = %+v", row.text, id)
		}
		if err == nil && (len(id.Number) != 18 || id.Area != id.Number[:6]) {
			t.Errorf("ParseIDNumber(%.40q) = %+v", row.text, id)
		}
	}
	if _, err := ParseIDNumber("33059919850412005X", calendar.Date{}); err == nil {
		t.Error("without a date of today, no birth date is past")
	}
}

// Rules: 10.4, 10.5.
func TestParseUSCC(t *testing.T) {
	rows := []struct {
		text   string
		fits   bool
		reason Reason
	}{
		{"91330599MA000TB146", true, ""},
		{"92330599MA0TB002XF", true, ""},
		{" 91330599ma000tb146 ", true, ""},
		{"9133059900TB000380", false, ReasonCheck},
		{"5133059900TB00038P", false, ReasonCheck},
		{"5133059900TB00038Q", true, ""},
		{"91330599MA000TB14", false, ReasonLength},
		{"91330599MA000TI146", false, ReasonCharacters},
		{"9133A599MA000TB146", false, ReasonCharacters},
		{"91330599MA000TB1４6", true, ""},
		{"", false, ReasonLength},
	}
	for _, row := range rows {
		code, err := ParseUSCC(row.text)
		wantReason(t, row.text, err, KindUSCC, row.reason)
		if err == nil && (code.OrganisationFits != row.fits || code.Division != code.Code[2:8] || code.Registry+code.Class != code.Code[:2]) {
			t.Errorf("ParseUSCC(%q) = %+v", row.text, code)
		}
	}
	// An organisation code that does not fit its own check is a warning only.
	odd := "91330599MA000TB15"
	if code, err := ParseUSCC(odd + string(usccCheck(odd))); err != nil || code.OrganisationFits {
		t.Errorf("organisation check: %+v, %v", code, err)
	}
}

// Rules: 10.7.
func TestParsePhone(t *testing.T) {
	rows := []struct {
		text string
		kind PhoneKind
	}{
		{"13800000000", Mobile},
		{"１３８００００００００", Mobile},
		{" 19912345678 ", Mobile},
		{"0572-5123456", Landline},
		{"05725123456", Landline},
		{"010-12345678", Landline},
		{"12800000000", ""},
		{"1380000000", ""},
		{"138000000000", ""},
		{"5123456", ""},
		{"+8613800000000", ""},
		{"0572--5123456", ""},
		{"13800000000\n13800000000", ""},
		{"", ""},
	}
	for _, row := range rows {
		phone, err := ParsePhone(row.text)
		if phone.Kind != row.kind {
			t.Errorf("ParsePhone(%q) = %+v, %v", row.text, phone, err)
		}
		if row.kind == "" {
			wantReason(t, row.text, err, KindPhone, ReasonFormat)
		}
	}
}

// Errors reach logs and screens: they say what is wrong and hold no number.
func TestErrorsHoldNoPersonalData(t *testing.T) {
	_, err := ParseIDNumber("330599198504120050", mustDate(t, "2026-11-23"))
	want := "身份证号码校验位不符，请核对有无输错 (ID number: the check character does not fit; look for a slip)"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	for _, kind := range []Kind{KindIDNumber, KindUSCC, KindPhone} {
		for _, reason := range []Reason{ReasonLength, ReasonCharacters, ReasonProvince, ReasonBirthDate, ReasonFuture, ReasonCheck, ReasonFormat, ReasonLandline} {
			e := &Error{Kind: kind, Reason: reason}
			if len(e.Chinese()) < 20 || len(e.English()) < 20 {
				t.Errorf("%s %s: %q %q", kind, reason, e.Chinese(), e.English())
			}
		}
	}
}

// Rules: 10.2.
func TestGeneratedIDNumbers(t *testing.T) {
	today := mustDate(t, "2026-11-23")
	rapid.Check(t, func(t *rapid.T) {
		birth := today.AddDays(-rapid.IntRange(0, 40000).Draw(t, "age in days"))
		province := rapid.SampledFrom(strings.Fields(provinces)).Draw(t, "province")
		sequence := rapid.IntRange(0, 999).Draw(t, "sequence")
		number := withCheck(fmt.Sprintf("%s%04d%s%03d", province, rapid.IntRange(0, 9999).Draw(t, "area"), birth.Compact(), sequence))
		id, err := ParseIDNumber(number, today)
		if err != nil || id.Birth != birth || (id.Sex == Male) != (sequence%2 == 1) {
			t.Fatalf("ParseIDNumber(%s) = %+v, %v", number, id, err)
		}
		eachSlip(number, "0123456789X", func(slip string) {
			if _, err := ParseIDNumber(slip, today); err == nil {
				t.Fatalf("%s passed for %s", slip, number)
			}
		})
	})
}

// Rules: 10.4.
func TestGeneratedUSCC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		character := rapid.SampledFrom([]byte(usccAlphabet))
		organisation := string(rapid.SliceOfN(character, 8, 8).Draw(t, "organisation"))
		head := string(rapid.SliceOfN(character, 2, 2).Draw(t, "registry and class")) +
			fmt.Sprintf("%06d", rapid.IntRange(0, 999999).Draw(t, "division")) + organisation + string(organisationCheck(organisation))
		code := head + string(usccCheck(head))
		parsed, err := ParseUSCC(code)
		if err != nil || !parsed.OrganisationFits {
			t.Fatalf("ParseUSCC(%s) = %+v, %v", code, parsed, err)
		}
		eachSlip(code, usccAlphabet, func(slip string) {
			if _, err := ParseUSCC(slip); err == nil {
				t.Fatalf("%s passed for %s", slip, code)
			}
		})
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"33059919850412005X", "91330599MA000TB146", "13800000000", "0572-5123456", "", "\xff", "ｘ", "ß"} {
		f.Add(seed)
	}
	today := mustDate(f, "2026-11-23")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseIDNumber(text, today); err == nil && (id.Birth.After(today) || Normalise(id.Number) != id.Number) {
			t.Fatalf("ParseIDNumber(%q) = %+v", text, id)
		}
		if code, err := ParseUSCC(text); err == nil && Normalise(code.Code) != code.Code {
			t.Fatalf("ParseUSCC(%q) = %+v", text, code)
		}
		if phone, err := ParsePhone(text); err == nil && phone.Kind == "" {
			t.Fatalf("ParsePhone(%q) = %+v", text, phone)
		}
	})
}

// eachSlip calls try with every string that differs from number in one
// character.
func eachSlip(number, alphabet string, try func(slip string)) {
	for i := range len(number) {
		for j := range len(alphabet) {
			if alphabet[j] != number[i] {
				try(number[:i] + alphabet[j:j+1] + number[i+1:])
			}
		}
	}
}

func withCheck(digits string) string { return digits + string(idCheck(digits)) }

func wantReason(t *testing.T, text string, err error, kind Kind, reason Reason) {
	t.Helper()
	var bad *Error
	switch {
	case reason == "" && err != nil:
		t.Errorf("%.40q: %v", text, err)
	case reason != "" && (!errors.As(err, &bad) || bad.Reason != reason || bad.Kind != kind):
		t.Errorf("%.40q: %v, want reason %s", text, err, reason)
	}
}

func mustDate(tb testing.TB, text string) calendar.Date {
	tb.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
