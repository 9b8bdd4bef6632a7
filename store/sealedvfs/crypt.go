// Package sealedvfs lets SQLite keep its files sealed with a node's storage key:
// the database, its log and its journals. SQLite calls it where it would call
// the system (a VFS, https://www.sqlite.org/vfs.html); offsets and sizes of a
// database on the disk are what they are in the clear.
package sealedvfs

/*
#include <stdlib.h>
#include "sqlite.h"
#include "xts.h"
extern int tongban_configure(int spill);
extern int tongban_register(const char *name, int key, const unsigned char *keys);
*/
import "C"

import (
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // brings SQLite, which this package calls

	"github.com/tongban/tongban/store/atrest"
)

// Kinds of files, as vfs.c has them.
const (
	kindMain = iota
	kindWAL
	kindJournal
	kindTemp
	kinds
)

type ciphers [kinds]*atrest.XTS

// known are the ciphers of the keys that were named in this process; vfs.c
// knows them by their place.
var (
	mu    sync.Mutex
	names = map[string]string{} // by key id
	known atomic.Pointer[[]*ciphers]
)

// spillBytes is how much of what one statement would have to take back SQLite
// keeps in memory. A statement that writes some dozens of rows touches as many
// pages, which is more than SQLite's own 64 KiB: it wrote each of them to a
// temporary file, in eight pieces.
const spillBytes = 4 << 20

// configured is what SQLite said to its settings.
var configured = C.tongban_configure(spillBytes)

// Name is the name of the VFS that seals with a key, for the vfs parameter of a
// database's address. A key is registered once and stays with the process.
func Name(k *atrest.Key) (string, error) {
	mu.Lock()
	defer mu.Unlock()
	if name, ok := names[k.ID()]; ok {
		return name, nil
	}
	if configured != 0 {
		return "", fmt.Errorf("set SQLite up: error %d; it was in use before", configured)
	}
	// What is temporary ends with the process, and its key with it.
	passing, err := atrest.NewKey(rand.Reader)
	if err != nil {
		return "", err
	}
	var all []*ciphers
	if p := known.Load(); p != nil {
		all = append(all, *p...)
	}
	keys := slices.Concat(k.XTSKey("database"), k.XTSKey("database log"), k.XTSKey("database journal"), passing.XTSKey("passing"))
	defer clear(keys)
	var made ciphers
	for kind := range made {
		made[kind] = atrest.NewXTS(keys[kind*atrest.XTSKeyBytes:][:atrest.XTSKeyBytes])
	}
	all = append(all, &made)
	known.Store(&all)
	name := "tongban-" + k.ID()
	text := append([]byte(name), 0)
	if rc := C.tongban_register((*C.char)(unsafe.Pointer(&text[0])), C.int(len(all)-1), (*C.uchar)(unsafe.Pointer(&keys[0]))); rc != 0 {
		return "", fmt.Errorf("register the sealing of databases with SQLite: error %d", rc)
	}
	names[k.ID()] = name
	return name, nil
}

//export tongban_crypt
func tongban_crypt(key, kind, seal C.int, b unsafe.Pointer, n C.int, unit C.longlong) {
	x := (*known.Load())[key][kind]
	data := unsafe.Slice((*byte)(b), int(n))
	if seal != 0 {
		x.Seal(data, unitNumber(int64(unit)))
		return
	}
	// Where nothing was written yet the system gives zeros, and so must this.
	if !zero(data) {
		x.Open(data, unitNumber(int64(unit)))
	}
}

// native is the cipher of a key as C has it; none where this processor has no
// instructions for it.
type native struct{ x *C.xts }

func newNative(key []byte) (native, bool) {
	x := C.xts_new((*C.uchar)(unsafe.Pointer(&key[0])))
	return native{x}, x != nil
}

func (n native) free() { C.free(unsafe.Pointer(n.x)) }

func (n native) crypt(seal bool, b []byte, unit uint64) {
	how := C.int(0)
	if seal {
		how = 1
	}
	C.xts_crypt(n.x, how, (*C.uchar)(unsafe.Pointer(&b[0])), C.int(len(b)), C.uint64_t(unit))
}

// unitNumber is what a unit that begins at an offset is sealed under.
func unitNumber(off int64) uint64 { return uint64(off) / atrest.BlockBytes }

func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
