package document

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/rating"
)

// A notice of rectification has a number that can be read out, and two of one day differ.
func TestRectificationNumber(t *testing.T) {
	ordered := time.Date(2026, 11, 7, 10, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()
	for id, want := range map[string]string{
		"0192f3a1-7a1e-7c3b-9a11-0c4f6e3f9a2b": "整〔2026〕1107-3F9A2B",
		"0192f3a1-7a1e-7c3b-9a11-0c4f6e3f9a2c": "整〔2026〕1107-3F9A2C",
		"r1":                                   "整〔2026〕1107-R1",
	} {
		if d := Rectify(&rating.Rectification{Rating: id, OrderedMS: ordered}, "安吉县税务局", Issuer{}); d.Number != want {
			t.Errorf("%s: %s, want %s", id, d.Number, want)
		}
	}
}
