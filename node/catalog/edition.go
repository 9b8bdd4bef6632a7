package catalog

// Edition is one publication of the catalogue: it lists what changes from
// EffectiveFrom on. Items it does not name stay as earlier editions left them.
type Edition struct {
	Number        int           `json:"number"`         // dense, from 1
	EffectiveFrom int64         `json:"effective_from"` // unix ms
	Entries       []EditionItem `json:"entries"`
	Note          string        `json:"note,omitempty"`
}

// EditionItem puts one version of an item into force, or withdraws the item.
type EditionItem struct {
	Code      string `json:"code"`
	Version   int    `json:"version"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}
