package catalog

import (
	"reflect"
	"testing"
)

// What a standard states in words is what may be charged, and nothing where it
// states no figure.
func TestTariffOfTheShippedStandards(t *testing.T) {
	for standard, want := range map[string][]FeeRate{
		"10元/证":          {{"收费", "证", 1000, ""}},
		"120元/本；加注20元/项": {{"收费", "本", 12000, ""}, {"加注", "项", 2000, ""}},
		"首次申领免费；到期换领20元/证；丢失补领、损坏换领40元/证":       {{"到期换领", "证", 2000, ""}, {"丢失补领", "证", 4000, ""}, {"损坏换领", "证", 4000, ""}},
		"住宅80元/件，非住宅550元/件，增发证书每本10元":           {{"住宅", "件", 8000, ""}, {"非住宅", "件", 55000, ""}, {"增发证书", "本", 1000, ""}},
		"号牌：汽车反光号牌100元/副；行驶证工本费10元/本；登记证书10元/本": {{"汽车反光号牌", "副", 10000, ""}, {"行驶证工本费", "本", 1000, ""}, {"登记证书", "本", 1000, ""}},
		"照片2.5元/张": {{"照片", "张", 250, ""}},
		"首次申领不收费，换领、补领收取工本费":        nil,
		"占道费、挖掘修复费按省级价格、财政部门公布标准收取": nil,
	} {
		if got := (Fee{Charged: true, Standard: standard}).Tariff(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", standard, got, want)
		}
		if got := (Fee{Standard: standard}).Tariff(); got != nil {
			t.Errorf("%s, of an item that is free: %+v", standard, got)
		}
	}
	own := []FeeRate{{"证书", "本", 500, "浙价费〔2018〕1号"}}
	if got := (Fee{Charged: true, Standard: "10元/证", Rates: own}).Tariff(); !reflect.DeepEqual(got, own) {
		t.Errorf("published rates: %+v", got)
	}
}

func TestCheckRates(t *testing.T) {
	for _, c := range []struct {
		fee  Fee
		want FaultCode
	}{
		{Fee{Charged: true, Rates: []FeeRate{{"证书", "本", 500, ""}}}, ""},
		{Fee{Rates: []FeeRate{{"证书", "本", 500, ""}}}, FaultConflict},
		{Fee{AfterIssue: true}, FaultConflict},
		{Fee{Charged: true, Rates: []FeeRate{{"", "本", 500, ""}}}, FaultMissing},
		{Fee{Charged: true, Rates: []FeeRate{{"证书", "", 500, ""}}}, FaultMissing},
		{Fee{Charged: true, Rates: []FeeRate{{"证书", "本", 0, ""}}}, FaultRange},
		{Fee{Charged: true, Rates: []FeeRate{{"证书", "本", 1, ""}, {"证书", "本", 2, ""}}}, FaultDuplicate},
	} {
		faults := checkRates(c.fee)
		if (len(faults) == 0) != (c.want == "") || len(faults) > 0 && faults[0].Code != c.want {
			t.Errorf("%+v: %v, want %q", c.fee, faults, c.want)
		}
	}
}
