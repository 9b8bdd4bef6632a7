package trust

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/tongban/tongban/node/ledger"
)

// maxVerified is the size of a generation of Verified; there are two.
const maxVerified = 8192

// Verified remembers the entries whose signatures were found good on their way
// up, until they come down again with the county's word: to check one takes
// longer than to store it. What is remembered is bound to all of the entry and
// to the keys it was checked with. The zero value is ready; a nil one
// remembers nothing.
type Verified struct {
	mu            sync.Mutex
	recent, older map[[sha256.Size]byte]struct{}
}

// Check is keys.Verify, and remembers an entry that is good.
func (v *Verified) Check(keys ledger.Keys, e *ledger.Entry) error {
	if err := keys.Verify(e); err != nil || v == nil {
		return err
	}
	digest, ok := digestOf(keys, e)
	if !ok {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.recent) >= maxVerified {
		v.older, v.recent = v.recent, nil
	}
	if v.recent == nil {
		v.recent = map[[sha256.Size]byte]struct{}{}
	}
	v.recent[digest] = struct{}{}
	return nil
}

// Recheck is keys.Verify, which is spared for an entry that is remembered. It
// is forgotten then, for it does not come again.
func (v *Verified) Recheck(keys ledger.Keys, e *ledger.Entry) error {
	if v != nil && v.take(keys, e) {
		return nil
	}
	return keys.Verify(e)
}

func (v *Verified) take(keys ledger.Keys, e *ledger.Entry) bool {
	v.mu.Lock()
	none := len(v.recent)+len(v.older) == 0
	v.mu.Unlock()
	if none {
		return false
	}
	digest, ok := digestOf(keys, e)
	if !ok {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, generation := range []map[[sha256.Size]byte]struct{}{v.recent, v.older} {
		if _, ok := generation[digest]; ok {
			delete(generation, digest)
			return true
		}
	}
	return false
}

// digestOf names an entry, signature and all, with the keys that it is checked
// with.
func digestOf(keys ledger.Keys, e *ledger.Entry) (digest [sha256.Size]byte, ok bool) {
	content, err := e.Hash()
	if err != nil {
		return digest, false
	}
	b := content[:]
	for _, k := range keys {
		b = append(binary.BigEndian.AppendUint64(b, k.Since), k.Public...)
	}
	return sha256.Sum256(b), true
}
