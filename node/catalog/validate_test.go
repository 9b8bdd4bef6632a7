package catalog

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
)

// filled is a form of the sample item that passes.
func filled() []FieldValue {
	return []FieldValue{
		{KeyApplicantType, ApplicantNatural}, {"applicant_name", "张三"}, {KeyIDNumber, "33059919850412005X"},
		{"phone", "13800000000"}, {"premises_address", "人民路1号"}, {"business_area", "85.5"},
	}
}

func TestValidateForm(t *testing.T) {
	const goodUSCC = "91330599MA000TB146"
	organisation := func(v []FieldValue) []FieldValue {
		return set(set(set(v, KeyApplicantType, ApplicantLegal), KeyIDNumber, ""), KeyUSCC, goodUSCC)
	}
	with := func(key, value string) func([]FieldValue) []FieldValue {
		return func(v []FieldValue) []FieldValue { return set(v, key, value) }
	}
	for name, c := range map[string]struct {
		change func([]FieldValue) []FieldValue
		want   []string
	}{
		"person":                {func(v []FieldValue) []FieldValue { return v }, nil},
		"organisation":          {organisation, nil},
		"nothing":               {func([]FieldValue) []FieldValue { return nil }, []string{"form.applicant_type missing", "form.applicant_name missing", "form.phone missing", "form.premises_address missing", "form.business_area missing", "form.id_number missing"}},
		"unknown key":           {with("colour", "red"), []string{"form.colour unknown"}},
		"twice":                 {func(v []FieldValue) []FieldValue { return append(v, v[1]) }, []string{"form.applicant_name duplicate"}},
		"missing":               {with("phone", ""), []string{"form.phone missing"}},
		"person without number": {with(KeyIDNumber, ""), []string{"form.id_number missing"}},
		"person with code":      {with(KeyUSCC, goodUSCC), []string{"form.uscc conflict"}},
		"organisation with ID":  {func(v []FieldValue) []FieldValue { return set(organisation(v), KeyIDNumber, "33059919850412005X") }, []string{"form.id_number conflict"}},
		"organisation, no code": {func(v []FieldValue) []FieldValue { return set(organisation(v), KeyUSCC, "") }, []string{"form.uscc missing"}},
		"both, no kind":         {func(v []FieldValue) []FieldValue { return set(set(v, KeyApplicantType, ""), KeyUSCC, goodUSCC) }, []string{"form.applicant_type missing", "form.id_number conflict"}},
		"wrong kind":            {with(KeyApplicantType, "外星人"), []string{"form.applicant_type unknown"}},
		"ID check":              {with(KeyIDNumber, "330599198504120051"), []string{"form.id_number format"}},
		"ID date":               {with(KeyIDNumber, "330599199002290010"), []string{"form.id_number format"}},
		"ID lower case":         {with(KeyIDNumber, "33059919850412005x"), []string{"form.id_number format"}},
		"code check":            {func(v []FieldValue) []FieldValue { return set(organisation(v), KeyUSCC, "5133059900TB00038P") }, []string{"form.uscc format"}},
		"code letters":          {func(v []FieldValue) []FieldValue { return set(organisation(v), KeyUSCC, "9I330599MA000TB146") }, []string{"form.uscc format"}},
		"phone":                 {with("phone", "12800000000"), []string{"form.phone format"}},
		"phone short":           {with("phone", "1380000000"), []string{"form.phone format"}},
		"landline":              {with("phone", "0570-1234567"), nil},
		"number in words":       {with("business_area", "八十"), []string{"form.business_area format"}},
		"number with unit":      {with("business_area", "85㎡"), []string{"form.business_area format"}},
		"number negative":       {with("business_area", "-1"), []string{"form.business_area format"}},
		"number with comma":     {with("business_area", "1,000"), []string{"form.business_area format"}},
		"number exponent":       {with("business_area", "1e3"), []string{"form.business_area format"}},
		"number zero first":     {with("business_area", "08"), []string{"form.business_area format"}},
		"number NaN":            {with("business_area", "NaN"), []string{"form.business_area format"}},
		"date":                  {with(KeyStartDate, "2026-02-28"), nil},
		"no such date":          {with(KeyStartDate, "2026-02-29"), []string{"form.start_date format"}},
		"date, other spelling":  {with(KeyStartDate, "2026/02/28"), []string{"form.start_date format"}},
		"date far away":         {with(KeyStartDate, "0026-02-28"), []string{"form.start_date range"}},
		"end before start": {func(v []FieldValue) []FieldValue {
			return set(set(v, KeyStartDate, "2026-03-02"), KeyEndDate, "2026-03-01")
		}, []string{"form.end_date range"}},
		"one day": {func(v []FieldValue) []FieldValue {
			return set(set(v, KeyStartDate, "2026-03-01"), KeyEndDate, "2026-03-01")
		}, nil},
		"too long":         {with("applicant_name", strings.Repeat("长", 101)), []string{"form.applicant_name length"}},
		"address too long": {with("premises_address", strings.Repeat("长", 201)), []string{"form.premises_address length"}},
		"text of lines":    {with("reason", "一\n二\t三"), nil},
		"text too long":    {with("reason", strings.Repeat("长", 2001)), []string{"form.reason length"}},
		"text with NUL":    {with("reason", "一\x00"), []string{"form.reason text"}},
		"name of lines":    {with("applicant_name", "张\n三"), []string{"form.applicant_name text"}},
		"name reversed":    {with("applicant_name", "张\u202e三"), []string{"form.applicant_name text"}},
		"not UTF-8":        {with("applicant_name", "\xff"), []string{"form.applicant_name text"}},
		"spaces only":      {with("applicant_name", " "), []string{"form.applicant_name text"}},
		"too many":         {func([]FieldValue) []FieldValue { return make([]FieldValue, maxValues+1) }, []string{"form limit"}},
	} {
		t.Run(name, func(t *testing.T) {
			faults := ValidateForm(sample(), c.change(filled()), today(t))
			if got := summary(faults); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("faults %q, want %q", got, c.want)
			}
			mustBeTold(t, faults)
		})
	}
}

func TestBirthDateMayNotLieInTheFuture(t *testing.T) {
	born, err := calendar.NewDate(1985, time.April, 12)
	if err != nil {
		t.Fatal(err)
	}
	if faults := ValidateForm(sample(), filled(), born); len(faults) > 0 {
		t.Errorf("born today: %v", faults)
	}
	if faults := ValidateForm(sample(), filled(), born.AddDays(-1)); len(faults) != 1 {
		t.Errorf("born tomorrow: %v", faults)
	}
}

func TestFaultsNameTheField(t *testing.T) {
	faults := ValidateForm(sample(), set(filled(), "business_area", ""), today(t))
	if len(faults) != 1 || faults[0].ZH != "请填写“面积（㎡）”" {
		t.Errorf("%v", faults)
	}
}

func TestNormaliseForm(t *testing.T) {
	for _, c := range []struct{ key, in, want string }{
		{KeyIDNumber, " ３３０５９９ 19850412 005x\u3000", "33059919850412005X"},
		{KeyUSCC, "91330599ma000tb146\u200b", "91330599MA000TB146"},
		{"phone", "138 0000 ００００", "13800000000"},
		{"phone", "0570－1234567", "0570-1234567"},
		{"business_area", " ８５．５ ", "85.5"},
		{KeyStartDate, "2026年3月5日", "2026-03-05"},
		{KeyStartDate, "２０２６/３/5", "2026-03-05"},
		{KeyStartDate, "明天", "明天"},
		{"applicant_name", "\u3000张三　", "张三"},
		{"premises_address", "人民路１２号（东）", "人民路12号（东）"},
		{"reason", " 一\r\n二\r三 ", "一\n二\n三"},
		{KeyApplicantType, " 自然人 ", "自然人"},
		{"unknown", " １ ", "１"},
	} {
		in := []FieldValue{{" " + c.key + " ", c.in}}
		got := NormaliseForm(sample(), in)
		if want := (FieldValue{c.key, c.want}); got[0] != want {
			t.Errorf("NormaliseForm(%q) = %q, want %q", c.in, got[0], want)
		}
		if in[0].Value != c.in {
			t.Error("the argument was changed")
		}
	}
}

// FuzzValidateForm: no form can make validation fail otherwise than by faults,
// normalising is idempotent and never makes a valid form invalid, and what is
// accepted holds nothing invisible.
func FuzzValidateForm(f *testing.F) {
	for _, v := range filled() {
		f.Add(v.Key, v.Value, "phone", "13800000000")
	}
	f.Add("a%!s(x)", "%!", "", "")
	f.Add(KeyUSCC, "91330599MA000TB146", KeyApplicantType, ApplicantLegal)
	f.Add(KeyStartDate, "2026-02-30", KeyEndDate, "9999-99-99")
	f.Add("reason", "\u202e\x00\xff", "", "")
	f.Add(KeyIDNumber, "３３０５９９19850412005x", KeyIDNumber, "330599198504120\u00e95X")
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 string) {
		day := today(t)
		values := set(set(filled(), key1, value1), key2, value2)
		faults := ValidateForm(sample(), values, day)
		mustBeWorded(t, faults)
		clean := NormaliseForm(sample(), values)
		if again := NormaliseForm(sample(), clean); !slices.Equal(again, clean) {
			t.Fatalf("normalised twice: %q then %q", clean, again)
		}
		if len(faults) > 0 {
			return
		}
		if worse := ValidateForm(sample(), clean, day); len(worse) > 0 {
			t.Fatalf("normalising %q spoils it: %v", values, worse)
		}
		for _, v := range clean {
			if !writable(v.Value, true) {
				t.Fatalf("accepted %q", v)
			}
		}
	})
}

// set returns the values with the key's value replaced or added.
func set(values []FieldValue, key, value string) []FieldValue {
	values = slices.Clone(values)
	for i := range values {
		if values[i].Key == key {
			values[i].Value = value
			return values
		}
	}
	return append(values, FieldValue{key, value})
}

func today(t testing.TB) calendar.Date {
	t.Helper()
	d, err := calendar.NewDate(2026, time.November, 23)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
