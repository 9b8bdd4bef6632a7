package carry

import (
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// decodeEntry reads an entry going up.
func decodeEntry(raw []byte) (*ledger.Entry, error) {
	e := new(ledger.Entry)
	if err := decodeStrict(raw, e); err != nil {
		return nil, ErrDamaged.Becausef("entry: %w", err)
	}
	if e.Seq == 0 || e.ID == "" {
		return nil, ErrDamaged.Becausef("entry %.64q without seq or id", e.ID)
	}
	return e, known(e)
}

// decodeLine reads a feed line. Unknown fields are passed over, as on the
// line: they are a newer county's.
func decodeLine(raw []byte) (*store.FeedLine, error) {
	l := new(store.FeedLine)
	if err := json.Unmarshal(raw, l); err != nil {
		return nil, ErrDamaged.Becausef("line: %w", err)
	}
	if (l.Entry == nil) == (l.Confirms == "") {
		return nil, ErrDamaged.Becausef("line %d with neither or both of entry and confirmation", l.Index)
	}
	switch l.Outcome {
	case ledger.Applied, ledger.Refused, ledger.Waiting:
	default:
		return nil, ErrDamaged.Becausef("line %d: outcome %.20q", l.Index, l.Outcome)
	}
	if l.Entry == nil {
		return l, nil
	}
	return l, known(l.Entry)
}

func known(e *ledger.Entry) error {
	if len(e.Body) > e.Kind.MaxBody() {
		return ErrDamaged.Becausef("entry %.64q: body of %d bytes", e.ID, len(e.Body))
	}
	if _, ok := ledger.Lookup(e.Kind, e.V); !ok {
		return ErrNewer.Because(fmt.Errorf("%w: %.64q v%d", ledger.ErrUnknownKind, e.Kind, e.V))
	}
	return nil
}
