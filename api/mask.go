package api

import (
	"slices"
	"strings"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
)

// masked is an applicant as anybody with the right to read the case sees
// them. Names and codes of legal persons are public.
func masked(a ledger.Applicant) ledger.Applicant {
	if a.Type == "person" {
		a.Name = identifier.MaskName(a.Name)
		if a.IDNumber != "" {
			a.IDNumber = identifier.MaskIDNumberInHall(a.IDNumber)
		}
	}
	if a.Phone != "" {
		a.Phone = identifier.MaskPhone(a.Phone)
	}
	return a
}

// maskedAgent is who acts for the applicant, masked as a person is.
func maskedAgent(a ledger.Agent) ledger.Agent {
	m := masked(ledger.Applicant{Type: "person", Name: a.Name, IDNumber: a.IDNumber, Phone: a.Phone})
	a.Name, a.IDNumber, a.Phone = m.Name, m.IDNumber, m.Phone
	return a
}

// maskedForm is a form with what identifies people masked: by the type of the
// field, and for text by its key.
func maskedForm(item catalog.Item, values []catalog.FieldValue) []catalog.FieldValue {
	types := make(map[string]catalog.FieldType, len(item.Form))
	for _, f := range item.Form {
		types[f.Key] = f.Type
	}
	out := slices.Clone(values)
	for i, v := range out {
		if v.Value != "" {
			out[i].Value = maskValue(v.Key, types[v.Key], v.Value)
		}
	}
	return out
}

func maskValue(key string, t catalog.FieldType, value string) string {
	switch t {
	case catalog.TypeIDNumber:
		return identifier.MaskIDNumberInHall(value)
	case catalog.TypePhone:
		return identifier.MaskPhone(value)
	case catalog.TypeAddress:
		return identifier.MaskAddress(value)
	case catalog.TypeString:
		if key == "bank_account" || key == "account_no" {
			return identifier.MaskBankAccount(value)
		}
		if strings.HasSuffix(key, "_name") && !slices.Contains(thingNames, strings.TrimSuffix(key, "_name")) {
			return identifier.MaskName(value)
		}
	case "":
		// The version of the item is not here: nothing is known of the field.
		return "***"
	}
	return value
}

// thingNames are the form keys ending in _name that name a thing or an
// organisation. A key that is not among them is taken to name a person.
var thingNames = []string{
	"company", "shop", "standard", "project", "pipeline", "bank", "school", "activity", "chemical", "village",
	"hospital", "device", "disease", "clinic", "farm", "vessel", "plant", "river", "facility", "industry",
	"building", "road", "relic", "heritage",
}
