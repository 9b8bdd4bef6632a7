package ledger

import "fmt"

// CaseArchiveV1 puts a case that has ended into the archive (归档): a volume with
// the list of what belongs to it. It stands beside the case. The body is frozen: a
// change is a new version.
type CaseArchiveV1 struct {
	// Volume is the number of the volume (案卷号).
	Volume string `json:"volume"`
	// Years is how long it is kept, 0 for ever *(the county's own rule)*.
	Years int `json:"years,omitempty"`
	// Pieces are what the volume holds, in order.
	Pieces []ArchivePiece `json:"pieces"`
	Note   string         `json:"note,omitempty"`
}

// ArchivePiece is one thing in a volume.
type ArchivePiece struct {
	// Kind is "entry", "document" or "attachment".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Entry is the entry that brought it, Hash the SHA-256 of its bytes in
	// lower-case hex: of an entry's canonical form, a document's canonical text, a
	// file's content.
	Entry string `json:"entry"`
	Hash  string `json:"hash"`
}

// The kinds of pieces.
const (
	PieceEntry      = "entry"
	PieceDocument   = "document"
	PieceAttachment = "attachment"
)

const maxPieces = 2000

// Check implements Body.
func (b *CaseArchiveV1) Check() error {
	if len(b.Pieces) == 0 || len(b.Pieces) > maxPieces || b.Years < 0 || b.Years > 200 {
		return fmt.Errorf("%d pieces, kept for %d years", len(b.Pieces), b.Years)
	}
	for i, p := range b.Pieces {
		if p.Kind != PieceEntry && p.Kind != PieceDocument && p.Kind != PieceAttachment || len(p.Hash) != 64 {
			return fmt.Errorf("pieces[%d] is a %q with a hash of %d", i, p.Kind, len(p.Hash))
		}
		if err := first(required(fmt.Sprintf("pieces[%d].name", i), p.Name, maxText), required(fmt.Sprintf("pieces[%d].entry", i), p.Entry, maxIDBytes)); err != nil {
			return err
		}
	}
	return first(required("volume", b.Volume, maxName), optional("note", b.Note, maxText))
}
