package blob

import (
	"errors"
	"testing"
)

// TestNamedAgainIsReadOnce: what another node took is read when somebody brings it to
// the door, and not again, however often; also not after a restart or a power cut.
func TestNamedAgainIsReadOnce(t *testing.T) {
	sound := pngSample(t, 3000, 2000)
	for name, content := range map[string][]byte{"sound": sound, "cut": append(sound[:len(sound)*3/4:len(sound)*3/4], make([]byte, 1000)...)} {
		t.Run(name, func(t *testing.T) {
			d := newMemDisk()
			s := mustOpenOn(t, d)
			want := ErrComplete
			if mustDo(t, beginAndAppend(s, content)); name == "cut" {
				want = ErrIncomplete
			}
			size := int64(len(content))
			begin := func() (read int64) {
				t.Helper()
				before := d.read
				if _, err := s.Door(DefaultMaxBytes).Begin(t.Context(), hashHex(content), size); !errors.Is(err, want) {
					t.Fatalf("begin: %v", err)
				}
				return d.read - before
			}
			first := begin()
			if first < size/2 {
				t.Fatalf("%d of %d bytes read at first", first, size)
			}
			for range 3 {
				if again := begin(); again > size/10 {
					t.Fatalf("%d of %d bytes read again", again, size)
				}
			}
			d.powerLoss()
			if s = mustOpenOn(t, d); name == "sound" {
				if again := begin(); again > size/10 {
					t.Fatalf("%d of %d bytes read after a power cut", again, size)
				}
				// Another file in its place is looked at.
				d.live[s.objectPath(hashHex(content))].changed = d.live[s.objectPath(hashHex(content))].changed.Add(1)
				if again := begin(); again < size/2 {
					t.Fatalf("%d of %d bytes read of another file", again, size)
				}
			}
		})
	}
}
