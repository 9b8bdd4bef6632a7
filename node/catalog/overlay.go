package catalog

import "github.com/tongban/tongban/node/division"

// Overlay is an office's own contact data for an item: its window, phone,
// hours and place, laid over the county's item without forking it. Empty
// fields leave the item's value.
type Overlay struct {
	Office   division.Code `json:"office"`
	Item     string        `json:"item"`
	Window   string        `json:"window,omitempty"`
	Phone    string        `json:"phone,omitempty"`
	Hours    string        `json:"hours,omitempty"`
	Location string        `json:"location,omitempty"`
}
