package catalog

import (
	"strings"

	"github.com/tongban/tongban/node/division"
)

// Overlay is an office's own contact data for an item: its window, phone,
// hours and place, laid over the county's item without forking it. Empty
// fields leave what lies below.
type Overlay struct {
	Office   division.Code `json:"office"`
	Item     string        `json:"item"`
	Window   string        `json:"window,omitempty"`
	Phone    string        `json:"phone,omitempty"`
	Hours    string        `json:"hours,omitempty"`
	Location string        `json:"location,omitempty"`
}

// Offered is an item as one office offers it: the item with the office's own
// phone and location, and the window and hours that items do not have.
type Offered struct {
	Item   Item          `json:"item"`
	Office division.Code `json:"office"` // empty: as the county publishes it
	Window string        `json:"window"`
	Hours  string        `json:"hours"`
}

// With lays overlays over the item, in the order given: pass a township's
// before its village's. Overlays of other items are ignored. The rules of the
// item (law, papers, limits, form, fee) are out of an overlay's reach.
func (i Item) With(overlays ...Overlay) Offered {
	offered := Offered{Item: i}
	for _, o := range overlays {
		if o.Item != i.Code {
			continue
		}
		offered.Office = o.Office
		lay(&offered.Window, o.Window)
		lay(&offered.Hours, o.Hours)
		lay(&offered.Item.Phone, o.Phone)
		lay(&offered.Item.Location, o.Location)
	}
	return offered
}

// Effective is the item as the overlay's office offers it.
func Effective(item Item, overlay Overlay) Offered { return item.With(overlay) }

func lay(over *string, text string) {
	if text != "" {
		*over = text
	}
}

// CheckOverlay says what is wrong with an overlay that an office wrote.
func CheckOverlay(o Overlay) []Fault {
	var faults []Fault
	if !o.Office.Valid() {
		faults = append(faults, newFault("office", FaultFormat, "区划代码“%s”不正确", "%q is not a division code", show(string(o.Office))))
	}
	if !itemCode.MatchString(o.Item) {
		faults = append(faults, newFault("item", FaultFormat, "事项编码“%s”应形如TB-SCJG-001", "code %q must look like TB-SCJG-001", show(o.Item)))
	}
	if o.Phone != "" && !itemPhone.MatchString(o.Phone) {
		faults = append(faults, newFault("phone", FaultFormat, "电话“%s”不是电话号码", "phone %q is not a telephone number", show(o.Phone)))
	}
	for _, t := range []struct{ path, text string }{
		{"window", o.Window}, {"hours", o.Hours}, {"location", o.Location},
	} {
		switch {
		case len([]rune(t.text)) > maxOverlay:
			faults = append(faults, newFault(t.path, FaultLength, "文字超过%d字", "the text is longer than %d characters", maxOverlay))
		case !printable(t.text) || t.text != strings.TrimSpace(t.text):
			faults = append(faults, newFault(t.path, FaultText, "含有控制字符、不可见字符或首尾空格", "the text holds invisible characters or begins or ends with a space"))
		}
	}
	return faults
}

const maxOverlay = 100
