package casework

import "slices"

// HandIn is one time that a paper was handed in with scans.
type HandIn struct {
	// Entry is the entry that says so, Material the paper's name.
	Entry, Material string
	// Files are the SHA-256 of its scans.
	Files []string
}

// Awaited are the papers whose scans have not come to whoever looks at the case,
// of hand-ins in the order in which they happened. A later hand-in of the same paper
// stands for one whose scans never came, once its own have. Nobody grants what they
// cannot have read.
func Awaited(all []HandIn, here func(hash string) bool) []HandIn {
	var awaited []HandIn
	whole := map[string]bool{} // papers of which a later hand-in is here
	for i := len(all) - 1; i >= 0; i-- {
		h := all[i]
		if len(h.Files) == 0 {
			continue
		}
		came := true
		for _, f := range h.Files {
			came = came && here(f)
		}
		if came {
			whole[h.Material] = true
		} else if !whole[h.Material] {
			awaited = append(awaited, h)
		}
	}
	slices.Reverse(awaited)
	return awaited
}
