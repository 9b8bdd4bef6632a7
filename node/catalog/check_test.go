package catalog

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/tongban/tongban/node"
)

func TestCheckAcceptsTheSample(t *testing.T) {
	if faults := Check(sample()); len(faults) > 0 {
		t.Fatal(faults)
	}
}

// Rules: 4.8.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Item)
		want  []string
	}{
		"code":                   {func(i *Item) { i.Code = "TB-scjg-1" }, []string{"code format"}},
		"name empty":             {func(i *Item) { i.Name = "" }, []string{"name missing"}},
		"name ends in space":     {func(i *Item) { i.Name += " " }, []string{"name text"}},
		"name with override":     {func(i *Item) { i.Name += "\u202e" }, []string{"name text"}},
		"name too long":          {func(i *Item) { i.Name = strings.Repeat("长", 501) }, []string{"name length"}},
		"type":                   {func(i *Item) { i.Type = "许可" }, []string{"type unknown"}},
		"department":             {func(i *Item) { i.Department = "" }, []string{"department missing"}},
		"subject":                {func(i *Item) { i.Subject = "所有人" }, []string{"subject unknown"}},
		"phone":                  {func(i *Item) { i.Phone = "call me" }, []string{"phone format"}},
		"location":               {func(i *Item) { i.Location = "" }, []string{"location missing"}},
		"no law":                 {func(i *Item) { i.LegalBasis = nil }, []string{"legal_basis law"}},
		"law without name":       {func(i *Item) { i.LegalBasis[0].Law = "" }, []string{"legal_basis[0].law missing"}},
		"article":                {func(i *Item) { i.LegalBasis[0].Article = "35" }, []string{"legal_basis[0].article format"}},
		"law twice":              {func(i *Item) { i.LegalBasis = append(i.LegalBasis, i.LegalBasis[0]) }, []string{"legal_basis[1] duplicate"}},
		"no hand-in":             {func(i *Item) { i.AcceptTiers = nil }, []string{"accept_tiers missing"}},
		"hand-in twice":          {func(i *Item) { i.AcceptTiers[1] = node.County }, []string{"accept_tiers[1] duplicate"}},
		"hand-in nowhere":        {func(i *Item) { i.AcceptTiers = []node.Tier{"city", node.Village} }, []string{"accept_tiers[0] unknown"}},
		"unreachable acceptance": {func(i *Item) { i.AcceptTiers = []node.Tier{node.County} }, []string{"review_steps[0].tier conflict"}},
		"one step":               {func(i *Item) { i.ReviewSteps = i.ReviewSteps[2:] }, []string{"review_steps missing"}},
		"too many steps":         {func(i *Item) { i.ReviewSteps = make([]ReviewStep, 17) }, []string{"review_steps limit"}},
		"step role":              {func(i *Item) { i.ReviewSteps[1].Role = "会签" }, []string{"review_steps[1].role unknown"}},
		"accepted twice":         {func(i *Item) { i.ReviewSteps[1].Role = StepAcceptance }, []string{"review_steps[1].role conflict"}},
		"decided twice":          {func(i *Item) { i.ReviewSteps[1].Role = StepDecide }, []string{"review_steps[1].role conflict"}},
		"no acceptance":          {func(i *Item) { i.ReviewSteps[0].Role = StepReview }, []string{"review_steps[0].role conflict"}},
		"no decision":            {func(i *Item) { i.ReviewSteps[2].Role = StepReview }, []string{"review_steps[2].role conflict"}},
		"step tier":              {func(i *Item) { i.ReviewSteps[1].Tier = "city" }, []string{"review_steps[1].tier unknown"}},
		"down a tier":            {func(i *Item) { i.ReviewSteps[0].Tier = node.County }, []string{"review_steps[1].tier conflict"}},
		"decided elsewhere":      {func(i *Item) { i.DecideTier = node.Township }, []string{"review_steps[2].tier conflict"}},
		"village decides":        {func(i *Item) { i.DecideTier = node.Village }, []string{"decide_tier law", "review_steps[2].tier conflict"}},
		"nobody decides":         {func(i *Item) { i.DecideTier = "" }, []string{"decide_tier unknown", "review_steps[2].tier conflict"}},
		"statutory":              {func(i *Item) { i.StatutoryWorkingDays = 400 }, []string{"statutory_working_days range"}},
		"no promise":             {func(i *Item) { i.PromisedWorkingDays = 0 }, []string{"promised_working_days range"}},
		"promise beyond the law": {func(i *Item) { i.StatutoryWorkingDays = 3 }, []string{"promised_working_days law"}},
		"long promise":           {func(i *Item) { i.PromisedWorkingDays = 6 }, []string{"promise_reason missing"}},
		"long promise, reason":   {func(i *Item) { i.PromisedWorkingDays = 6; i.PromiseReason = "须现场试运行" }, nil},
		"reason for nothing":     {func(i *Item) { i.PromiseReason = "无" }, []string{"promise_reason conflict"}},
		"slow instant":           {func(i *Item) { i.Instant = true }, []string{"promised_working_days conflict"}},
		"procedure name":         {func(i *Item) { i.SpecialProcedures[0].Name = "" }, []string{"special_procedures[0].name missing"}},
		"procedure twice":        {func(i *Item) { i.SpecialProcedures = append(i.SpecialProcedures, i.SpecialProcedures[0]) }, []string{"special_procedures[1].name duplicate"}},
		"procedure days":         {func(i *Item) { i.SpecialProcedures[0].TypicalDays = 0 }, []string{"special_procedures[0].typical_days range"}},
		"procedure unit":         {func(i *Item) { i.SpecialProcedures[0].Unit = "天" }, []string{"special_procedures[0].unit unknown"}},
		"survey stops the law":   {func(i *Item) { i.SpecialProcedures[0].SuspendsStatutoryClock = true }, []string{"special_procedures[0].suspends_statutory_clock law"}},
		"review stops the law":   {func(i *Item) { i.SpecialProcedures[0] = SpecialProcedure{"专家评审", 5, WorkingDays, true} }, nil},
		"notice stops the law":   {func(i *Item) { i.SpecialProcedures[0] = SpecialProcedure{"公示", 60, NaturalDays, true} }, []string{"special_procedures[0].suspends_statutory_clock law"}},
		"adoption notice": {func(i *Item) {
			i.SpecialProcedures[0] = SpecialProcedure{"公示", 60, NaturalDays, true}
			i.LegalBasis[0] = LegalBasis{Law: adoptionRules}
		}, nil},
		"no tariff":               {func(i *Item) { i.Fee.Standard = "" }, []string{"fee.standard missing"}},
		"free but charged":        {func(i *Item) { i.Fee.Charged = true }, []string{"fee.standard conflict"}},
		"material name":           {func(i *Item) { i.Materials[0].Name = "" }, []string{"materials[0].name missing"}},
		"material twice":          {func(i *Item) { i.Materials[1].Name = "申请书" }, []string{"materials[1].name duplicate"}},
		"material form":           {func(i *Item) { i.Materials[0].Form = "传真" }, []string{"materials[0].form unknown"}},
		"material copies":         {func(i *Item) { i.Materials[0].Copies = 0 }, []string{"materials[0].copies range"}},
		"material source":         {func(i *Item) { i.Materials[0].Source = "" }, []string{"materials[0].source missing"}},
		"condition and required":  {func(i *Item) { i.Materials[0].Condition = "有时" }, []string{"materials[0].condition conflict"}},
		"neither":                 {func(i *Item) { i.Materials[4].Condition = "" }, []string{"materials[4].condition missing"}},
		"too many materials":      {func(i *Item) { i.Materials = make([]Material, 201) }, []string{"materials limit"}},
		"no form":                 {func(i *Item) { i.Form = nil }, []string{"form missing"}},
		"field key":               {func(i *Item) { i.Form[1].Key = "姓名" }, []string{"form[1].key format"}},
		"field twice":             {func(i *Item) { i.Form[9].Key = "phone" }, []string{"form[9].key duplicate"}},
		"field label":             {func(i *Item) { i.Form[1].Label = "" }, []string{"form[1].label missing"}},
		"field type":              {func(i *Item) { i.Form[1].Type = "float" }, []string{"form[1].type unknown"}},
		"options without enum":    {func(i *Item) { i.Form[1].Options = []string{"a", "b"} }, []string{"form[1].options conflict"}},
		"one option":              {func(i *Item) { i.Form[1].Type = TypeEnum; i.Form[1].Options = []string{"a"} }, []string{"form[1].options missing"}},
		"option twice":            {func(i *Item) { i.Form[1].Type = TypeEnum; i.Form[1].Options = []string{"a", "a"} }, []string{"form[1].options[1] duplicate"}},
		"empty option":            {func(i *Item) { i.Form[1].Type = TypeEnum; i.Form[1].Options = []string{"a", ""} }, []string{"form[1].options[1] missing"}},
		"both without kind":       {func(i *Item) { i.Form[0].Required = false }, []string{"form missing"}},
		"both without code":       {func(i *Item) { i.Form[3].Key = "code" }, []string{"form missing"}},
		"both, one for everybody": {func(i *Item) { i.Form[2].Required = true }, []string{"form[2].required conflict"}},
		"no result":               {func(i *Item) { i.Results = nil }, []string{"results missing"}},
		"result name":             {func(i *Item) { i.Results[0].Name = "" }, []string{"results[0].name missing"}},
		"result twice":            {func(i *Item) { i.Results = append(i.Results, i.Results[0]) }, []string{"results[1].name duplicate"}},
		"validity":                {func(i *Item) { i.Results[0].ValidityYears = -1 }, []string{"results[0].validity_years range"}},
	} {
		t.Run(name, func(t *testing.T) {
			item := sample()
			c.spoil(&item)
			faults := Check(item)
			if got := summary(faults); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("faults %q, want %q", got, c.want)
			}
			mustBeTold(t, faults)
		})
	}
}

func TestCheckOfNothingTellsEverything(t *testing.T) {
	faults := Check(Item{})
	mustBeTold(t, faults)
	for _, path := range []string{"code", "name", "type", "department", "legal_basis", "subject", "accept_tiers", "review_steps",
		"decide_tier", "statutory_working_days", "promised_working_days", "fee.standard", "form", "results", "phone", "location"} {
		if !slices.ContainsFunc(faults, func(f Fault) bool { return f.Path == path }) {
			t.Errorf("nothing said about %s", path)
		}
	}
}

func TestMatch(t *testing.T) {
	for query, want := range map[string]bool{
		"": true, "食品": true, "tb-scjg": true, "ＴＢ－ＳＣＪＧ": true, "许可 市场监督": true, "食品\u3000经营": true, "食品 税务": false, "002": false,
	} {
		if got := Match(sample(), query); got != want {
			t.Errorf("Match(%q) = %v", query, got)
		}
	}
}

// Most texts are of what printable does not look up; what it says is the same.
func TestPrintableSaysWhatTheTablesSay(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		text := string(r) // of a surrogate, U+FFFD
		want := text != "\ufffd" && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
		if printable(text) != want {
			t.Errorf("%U: printable is %t", r, !want)
		}
	}
}
