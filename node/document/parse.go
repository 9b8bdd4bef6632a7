package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// ErrNotDocument is JSON that is not a document as a node gives it.
var ErrNotDocument = errors.New("document: not a document")

// Parse reads a document strictly: what is in the JSON beside it, and would be
// read by people and not be signed, makes it none. White space and the order of
// fields make no difference.
func Parse(raw []byte) (*Document, error) {
	d := new(Document)
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotDocument, err)
	}
	if dec.More() {
		return nil, fmt.Errorf("%w: data after it", ErrNotDocument)
	}
	canonical, err := d.Canonical()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotDocument, err)
	}
	// A name in another letter case is read like the right one here, and not by
	// everybody.
	var given, meant any
	if err := errors.Join(json.Unmarshal(raw, &given), json.Unmarshal(canonical, &meant)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotDocument, err)
	}
	if !reflect.DeepEqual(given, meant) {
		return nil, fmt.Errorf("%w: not as a node writes it", ErrNotDocument)
	}
	return d, nil
}
