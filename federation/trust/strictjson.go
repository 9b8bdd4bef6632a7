package trust

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decodeStrict decodes a JSON object of at most limit bytes into v. It
// refuses unknown fields, fields that occur twice or differ from v's names in
// case only, and anything after the object: what two readers could read in
// two ways is not trusted. The fields allowed at the top are those named.
func decodeStrict(data []byte, limit int, v any, fields ...string) error {
	if len(data) > limit {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrMalformed, len(data), limit)
	}
	if err := checkFields(data, fields); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

func checkFields(data []byte, fields []string) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	allowed := make(map[string]bool, len(fields))
	for _, f := range fields {
		allowed[f] = true
	}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := tok.(string)
		if !ok || !allowed[name] {
			return errors.New("unknown or repeated field")
		}
		delete(allowed, name)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("data after the object")
	}
	return nil
}
