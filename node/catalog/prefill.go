package catalog

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
)

// Filled is a field that needs not be typed again.
type Filled struct {
	FieldValue
	// Form is which of the forms given it comes from, 0 being the first.
	Form int
}

// lasting are the types of fields that say who somebody is and where they live.
// A number, a date or a text is about the matter it was asked for.
var lasting = []FieldType{TypeString, TypeEnum, TypeIDNumber, TypeUSCC, TypePhone, TypeAddress}

// Prefill fills an item's form in from others, the ones to be preferred first
// (一表制): keys mean the same in every item. What this item would not take is
// passed over, and what is about one matter alone is never taken over.
func Prefill(item *Item, forms [][]FieldValue, today calendar.Date) []Filled {
	var filled []Filled
	for _, f := range item.Form {
		if !slices.Contains(lasting, f.Type) {
			continue
		}
		single := Item{Form: []Field{f}}
		for n, form := range forms {
			i := slices.IndexFunc(form, func(v FieldValue) bool { return v.Key == f.Key && v.Value != "" })
			if i >= 0 && len(ValidateForm(single, form[i:i+1], today)) == 0 {
				filled = append(filled, Filled{form[i], n})
				break
			}
		}
	}
	return filled
}
