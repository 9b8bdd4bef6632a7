package account

import "testing"

// TestIs: an account is somebody's by number and name together (a number alone
// may be a mistyped one), whatever the spelling of the name; a name of before,
// read on the document, stays good.
func TestIs(t *testing.T) {
	a := Account{Type: Person, Number: "330599200103152464"}
	a.Rename("买买提·吐尔逊")
	for _, c := range []struct {
		kind, number, name string
		want               bool
	}{
		{Person, "330599200103152464", "买买提·吐尔逊", true},
		{Person, "330599200103152464", " 买买提•吐尔逊 ", true},
		{Person, "330599200103152464", "买买提．吐尔逊", true},
		{Person, "330599200103152464", "王芳", false},
		{Person, "33059919850412005X", "买买提·吐尔逊", false},
		{Organisation, "330599200103152464", "买买提·吐尔逊", false},
		{Person, "330599200103152464", "", false},
	} {
		if got := a.Is(c.kind, c.number, c.name); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
	if (&Account{Type: Organisation, Name: "某公司"}).Is(Organisation, "", "某公司") {
		t.Error("without a number it is nobody")
	}
	firm := Account{Type: Organisation, Number: "91330599MA000TB146"}
	for _, name := range []string{"甲（县）有限公司", "乙有限公司", "乙有限公司", "甲（县）有限公司"} {
		firm.Rename(name)
	}
	if !firm.Is(Organisation, firm.Number, "甲(县)有限公司") || !firm.Is(Organisation, firm.Number, "乙有限公司") || len(firm.Former) != 1 {
		t.Errorf("%+v", firm)
	}
}
