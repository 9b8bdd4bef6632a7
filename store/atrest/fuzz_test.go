package atrest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"
)

// FuzzParseKeys: a key file is refused in words of its own, whatever is in it, and
// what is taken comes back the same.
func FuzzParseKeys(f *testing.F) {
	key, err := NewKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	for _, passphrase := range []string{"", "a passphrase"} {
		b, err := Keys{Key: key, Previous: key}.Encode(rand.Reader, []byte(passphrase))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(`{"kind":"tongban storage key","format":1,"locked":{"salt":"","time":4294967295,"memory_kib":4294967295,"threads":0}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		passphrase := []byte("another")
		var said keyFile
		if json.Unmarshal(b, &said) == nil && said.Lock != nil && said.Lock.Time <= mostLockTime && said.Lock.Memory <= mostLockMemory && (said.Lock.Memory > 1<<10 || said.Lock.Time > 1) {
			passphrase = nil // making the key would take as long as the file says
		}
		k, err := ParseKeys(b, passphrase)
		if err != nil {
			if !errors.Is(err, ErrKeyFile) && !errors.Is(err, ErrLocked) && !errors.Is(err, ErrPassphrase) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		written, err := k.Encode(rand.Reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKeys(written, nil)
		if err != nil || again.Key.secret != k.Key.secret || (again.Previous == nil) != (k.Previous == nil) || bytes.Contains(written, []byte(`"locked"`)) {
			t.Fatalf("%s: %v", written, err)
		}
	})
}
