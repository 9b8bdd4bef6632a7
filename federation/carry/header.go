package carry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/division"
)

// Direction is which way a bundle goes.
type Direction string

// The directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// Header says what a bundle is. Times are Unix milliseconds.
type Header struct {
	Direction Direction     `json:"direction"`
	County    division.Code `json:"county"`
	// From is the credential of the node that made and signed the bundle. To
	// is the node it is for; empty (only up) for the county. What goes up for a
	// township the county takes in, too.
	From   trust.SignedCredential `json:"from"`
	To     string                 `json:"to,omitempty"`
	MadeAt int64                  `json:"made_at"`
	// Level is the level whose kinds may occur in it.
	Level int `json:"level"`

	Entries         int64 `json:"entries"`
	Attachments     int64 `json:"attachments"`
	AttachmentBytes int64 `json:"attachment_bytes"`

	// Up: the entries of each origin, and how far the sender has followed the
	// county's ledger, so that the answer can start there.
	Origins    []Range `json:"origins,omitempty"`
	Cursor     uint64  `json:"cursor,omitempty"`
	Checkpoint uint64  `json:"checkpoint,omitempty"`

	// Down: everything the node may see in (After, UpTo] of the county's
	// ledger. Full: with its own entries, too, and not only their
	// confirmations.
	After uint64 `json:"after,omitempty"`
	UpTo  uint64 `json:"upto,omitempty"`
	Full  bool   `json:"full,omitempty"`
	// Epoch is the ledger's epoch (ledger.Recovery.At), 0 for the first.
	Epoch int64 `json:"epoch,omitempty"`
	// Chain are the county's key rotations, Note its newest checkpoint and
	// Proof that it continues the tree of size ProofFrom.
	Chain     []trust.SignedTrust `json:"chain,omitempty"`
	Note      string              `json:"note,omitempty"`
	ProofFrom uint64              `json:"proof_from,omitempty"`
	Proof     []tlog.Hash         `json:"proof,omitempty"`
}

// Range is a dense run of one origin's entries.
type Range struct {
	Node  string `json:"node"`
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

const (
	maxHeader = 1 << 20
	// maxIndex bounds what an index or a seq can be.
	maxIndex   = 1 << 53
	maxOrigins = 4096
	maxProof   = 128
)

// decodeHeader reads a header strictly and checks that it can be; whether it
// is true is for the importer.
func decodeHeader(data []byte) (*Header, error) {
	h := new(Header)
	if err := decodeStrict(data, h); err != nil {
		return nil, ErrDamaged.Becausef("header: %w", err)
	}
	if err := h.check(); err != nil {
		return nil, ErrDamaged.Becausef("header: %w", err)
	}
	return h, nil
}

func (h *Header) check() error {
	switch {
	case !trust.ValidNodeID(h.From.Credential.Node) || h.To != "" && !trust.ValidNodeID(h.To):
		return fmt.Errorf("node ids %q and %q", h.From.Credential.Node, h.To)
	case !h.County.Valid() || h.County != h.County.County():
		return fmt.Errorf("county %q", h.County)
	case h.MadeAt <= 0 || h.Level < 1:
		return fmt.Errorf("made at %d, level %d", h.MadeAt, h.Level)
	case h.Entries < 0 || h.Attachments < 0 || h.AttachmentBytes < 0:
		return fmt.Errorf("%d entries, %d attachments of %d bytes", h.Entries, h.Attachments, h.AttachmentBytes)
	case max(h.Cursor, h.Checkpoint, h.UpTo) > maxIndex || len(h.Proof) > maxProof || len(h.Origins) > maxOrigins:
		return fmt.Errorf("numbers out of range")
	}
	switch h.Direction {
	case Up:
		return h.checkUp()
	case Down:
		return h.checkDown()
	}
	return fmt.Errorf("direction %q", h.Direction)
}

func (h *Header) checkUp() error {
	if h.After != 0 || h.UpTo != 0 || h.Full || h.Epoch != 0 || len(h.Chain) > 0 || h.Note != "" || h.ProofFrom != 0 || len(h.Proof) > 0 {
		return fmt.Errorf("a bundle going up with a feed")
	}
	var entries uint64
	seen := map[string]bool{}
	for _, r := range h.Origins {
		if !trust.ValidNodeID(r.Node) || seen[r.Node] || r.First == 0 || r.First > r.Last || r.Last > maxIndex {
			return fmt.Errorf("range %d to %d of %q", r.First, r.Last, r.Node)
		}
		seen[r.Node] = true
		entries += r.Last - r.First + 1
	}
	if entries != uint64(h.Entries) {
		return fmt.Errorf("%d entries in ranges of %d", h.Entries, entries)
	}
	return nil
}

func (h *Header) checkDown() error {
	switch {
	case h.To == "" || h.Epoch < 0 || h.After > h.UpTo || uint64(h.Entries) > h.UpTo-h.After:
		return fmt.Errorf("%d lines in (%d, %d] for %q", h.Entries, h.After, h.UpTo, h.To)
	case len(h.Origins) > 0 || h.Cursor != 0 || h.Checkpoint != 0 || h.Attachments != 0 || h.AttachmentBytes != 0:
		return fmt.Errorf("a bundle going down with an outbox")
	case h.Note == "" && (h.ProofFrom != 0 || len(h.Proof) > 0):
		return fmt.Errorf("a proof without a checkpoint")
	}
	return nil
}

// decodeStrict decodes JSON of a known form: one value, known fields.
func decodeStrict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("data after the value")
	}
	return nil
}
