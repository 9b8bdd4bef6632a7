package catalog

import (
	"strconv"

	"github.com/tongban/tongban/node/importfile"
)

// itemsFile is the file in which a county's items are imported and exported.
// Count is the number of items, so that a truncated list is noticed.
type itemsFile struct {
	Notes []string `json:"notes,omitempty" zh:"说明"`
	Count int      `json:"count" zh:"事项数"`
	Items []Item   `json:"items" zh:"事项"`
}

// ParseItems reads a file of items. It reports everything that is wrong, with
// JSON paths such as items[12].materials[3].name: the shape, what Check says
// about each item, and codes used twice. Items are returned only when there
// is no fault at all; a catalogue is not imported in part. Papers of which the file
// does not say whether they are minor are said to be, or not, by the rule.
func ParseItems(data []byte) ([]Item, []Fault) {
	items, _, faults := ParseItemsRuled(data)
	return items, faults
}

// ParseItemsRuled is ParseItems that tells what the rule took to be minor.
func ParseItemsRuled(data []byte) ([]Item, []Ruled, []Fault) {
	var file itemsFile
	found, read := importfile.DecodeAll(data, &file)
	faults := ofFile(found)
	if !read {
		return nil, nil, faults
	}
	shape := unsound(found)
	if file.Count != len(file.Items) && !shape.touches("count") && !shape.touches("items") {
		faults = append(faults, newFault("count", FaultConflict, "事项数写明%d个，实际%d个", "count says %d, the list holds %d", file.Count, len(file.Items)))
	}
	first := make(map[string]int, len(file.Items))
	for i, item := range file.Items {
		path := "items[" + strconv.Itoa(i) + "]"
		if j, ok := first[item.Code]; ok && item.Code != "" {
			faults = append(faults, newFault(path+".code", FaultDuplicate, "编码“%s”与items[%d]重复", "code %q is also that of items[%d]", show(item.Code), j))
		} else {
			first[item.Code] = i
		}
		if len(faults) <= maxFaults {
			faults = append(faults, shape.beside(at(path, append(Check(item), CheckReasons(item)...)), path)...)
		}
	}
	if len(faults) > 0 {
		return nil, nil, located(data, capped(faults))
	}
	return file.Items, rule(file.Items), nil
}

// ParseItem reads one item, such as a draft, and reports every fault of its
// shape. A draft may still be unfit for publication: that is for Check to say.
func ParseItem(data []byte) (Item, []Fault) {
	var item Item
	if faults := decodeStrict(data, &item); len(faults) > 0 {
		return Item{}, faults
	}
	return item, nil
}
