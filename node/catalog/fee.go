package catalog

import (
	"iter"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FeeRate is one line of a published tariff.
type FeeRate struct {
	Name string `json:"name" zh:"收费项目"`
	Unit string `json:"unit" zh:"计费单位"`
	// AmountFen is the most that may be charged for one unit, in fen.
	AmountFen int64  `json:"amount_fen" zh:"标准（分）"`
	Basis     string `json:"basis,omitempty" zh:"收费依据"`
}

// Tariff is what may be charged: the rates that were published, or else those
// that the standard states in words, as 通行证60元/证. Where it states none there
// is nothing to charge by.
func (f Fee) Tariff() []FeeRate {
	if !f.Charged {
		return nil
	}
	if len(f.Rates) > 0 {
		return f.Rates
	}
	var rates []FeeRate
	var alike []string // names before the one that has the figure, joined to it by 、
	for part, mark := range stated(f.Standard) {
		m := statedRate.FindStringSubmatch(part)
		if m == nil {
			if m = statedEach.FindStringSubmatch(part); m == nil {
				if alike = append(alike, strings.TrimSpace(part)); mark != "、" {
					alike = nil
				}
				continue
			}
			m = []string{m[0], m[1], m[3], m[4], m[2]}
		}
		whole, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil || whole > 1_000_000 {
			continue
		}
		name := strings.TrimSpace(m[1])
		if name == "" {
			name = "收费"
		}
		for _, n := range append(alike, name) {
			rates = append(rates, FeeRate{Name: n, Unit: m[4], AmountFen: whole*100 + fraction(m[3])})
		}
		alike = nil
	}
	return rates
}

// stated are the parts of a standard, each with the mark that ends it.
func stated(standard string) iter.Seq2[string, string] {
	return func(yield func(part, mark string) bool) {
		for standard != "" {
			part, mark, rest := standard, "", ""
			if i := strings.IndexAny(standard, "；，、;,：:"); i >= 0 {
				_, size := utf8.DecodeRuneInString(standard[i:])
				part, mark, rest = standard[:i], standard[i:i+size], standard[i+size:]
			}
			if !yield(part, mark) {
				return
			}
			standard = rest
		}
	}
}

// How a standard states a rate: 换领20元/证, or 证书每本10元.
var (
	statedRate = regexp.MustCompile(`^(.*?)([0-9]+)(?:\.([0-9]{1,2}))?元/(.+?)$`)
	statedEach = regexp.MustCompile(`^(.*?)每(\p{Han}{1,4}?)([0-9]+)(?:\.([0-9]{1,2}))?元$`)
)

// fraction reads what stands after the point, in fen.
func fraction(digits string) int64 {
	switch len(digits) {
	case 1:
		digits += "0"
	case 0:
		return 0
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

const maxRateFen = 100_000_000_00

// checkRates: each rate has a name of its own, a unit and an amount, and only
// what is charged has rates.
func checkRates(fee Fee) []Fault {
	var faults []Fault
	if !fee.Charged && (len(fee.Rates) > 0 || fee.AfterIssue) {
		faults = append(faults, newFault("fee.rates", FaultConflict, "不收费的事项不能有收费标准或缴费要求", "what is free has no rates and asks for no payment"))
	}
	var seen []string
	for i, r := range fee.Rates {
		path := element("fee.rates", i)
		faults = append(faults, needText(path+".name", "收费项目", r.Name)...)
		faults = append(faults, needText(path+".unit", "计费单位", r.Unit)...)
		faults = append(faults, once(&seen, path+".name", r.Name)...)
		if r.AmountFen < 1 || r.AmountFen > maxRateFen {
			faults = append(faults, newFault(path+".amount_fen", FaultRange, "标准应大于零，以分为单位", "a rate is more than nothing, in fen"))
		}
	}
	return faults
}
