package county

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestFrameRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 40).Draw(t, "data")
		at := rapid.Int64().Draw(t, "at")
		b := encodeFrame(at, data)
		cmds, err := decodeFrame(9, b)
		if err != nil || len(cmds) != len(data) {
			t.Fatalf("%d commands, %v", len(cmds), err)
		}
		for i, c := range cmds {
			if c.Index != 9 || c.At != at || !bytes.Equal(c.Data, data[i]) {
				t.Fatalf("command %d: %+v", i, c)
			}
		}
	})
}

func TestFrameOfALaterVersionIsNamed(t *testing.T) {
	b := encodeFrame(1, nil)
	b[0]++
	if _, err := decodeFrame(1, b); !errors.Is(err, ErrNewer) {
		t.Error(err)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(encodeFrame(0, nil))
	f.Add(encodeFrame(1763900000000, [][]byte{[]byte("a"), nil, bytes.Repeat([]byte("b"), 200)}))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		cmds, err := decodeFrame(3, b)
		if err != nil {
			return
		}
		at := int64(0)
		var data [][]byte
		for _, c := range cmds {
			at = c.At
			data = append(data, c.Data)
		}
		if len(cmds) > 0 && !bytes.Equal(encodeFrame(at, data), b) {
			t.Errorf("%x decodes but is not what is encoded", b)
		}
	})
}

func FuzzHeader(f *testing.F) {
	for _, h := range []Header{
		{Format: 1, Cluster: "c", Index: 5, Term: 1, Applied: 4},
		{Format: 1, Cluster: "c", Index: 5, Term: 1, Applied: 4, Body: 7, Size: 10, SHA256: "00"},
		{Format: 2, Cluster: "c"},
	} {
		b, err := encodeRecord(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add([]byte("TBSN\xff\xff\xff\xff0000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readHeader(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrSnapshotDamaged) && !errors.Is(err, ErrNewer) {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		again, err := encodeRecord(h)
		if err != nil {
			t.Fatal(err)
		}
		if h2, err := readHeader(bytes.NewReader(again)); err != nil || h2 != h {
			t.Errorf("%+v became %+v, %v", h, h2, err)
		}
	})
}
