package main

import "testing"

func TestParseYuan(t *testing.T) {
	for text, want := range map[string]int64{"20": 2000, "20.5": 2050, "20.50": 2050, "0.01": 1, "0": 0, "": 0, "-1": 0, "1.234": 0, "1.": 0, "一": 0, "1.-5": 0, "99999999999999999999": 0} {
		got, err := parseYuan("amount", text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	if l, err := parseFeeLine("换领=2=40.00"); err != nil || l.Rate != "换领" || l.Quantity != 2 || l.Amount != 4000 {
		t.Errorf("%+v, %v", l, err)
	}
	for _, bad := range []string{"换领", "换领=x=1", "换领=0=1", "换领=1=x"} {
		if _, err := parseFeeLine(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
