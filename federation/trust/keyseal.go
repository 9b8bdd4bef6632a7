package trust

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tongban/tongban/store/atrest"
)

// Below the county a node's own keys lie sealed with its storage key: with them
// alone a stolen computer could ask the county for all that its node may have.
// The county's keys do not, at a hub: the copy of them in the safe is the last
// resort of the whole county, and must not hang on one machine's storage key.

// ErrKeysSealed is a key file that no storage key at hand opens.
var ErrKeysSealed = errors.New("节点密钥已用存储密钥加密，请同时提供原来的存储密钥文件（默认是 data_dir 旁边的 .key） (these keys are sealed with a storage key: put its file there as well, by default .key beside data_dir)")

var sealing struct {
	sync.RWMutex
	with map[string]*atrest.Key // by data directory
	seen []*atrest.Key
}

// SealKeys has a node's own key files below its data directory sealed with its
// storage key from now on, and opened with this or any that was named before.
func SealKeys(dataDir string, k *atrest.Key) {
	sealing.Lock()
	defer sealing.Unlock()
	if sealing.with == nil {
		sealing.with = map[string]*atrest.Key{}
	}
	sealing.with[filepath.Clean(dataDir)] = k
	sealing.seen = append(sealing.seen, k)
}

// OpenKeysWith names a storage key that may have sealed key files.
func OpenKeysWith(k *atrest.Key) {
	sealing.Lock()
	defer sealing.Unlock()
	sealing.seen = append(sealing.seen, k)
}

// SealedWith tells whether a key file is sealed with this storage key.
func SealedWith(path string, k *atrest.Key) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	_, err = k.Records("node keys").Open(data, []byte(filepath.Base(path)))
	return err == nil
}

func sealKeyFile(dir, name string, data []byte) []byte {
	if name != NodeKeyFile {
		return data
	}
	sealing.RLock()
	defer sealing.RUnlock()
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if k := sealing.with[at]; k != nil {
			return k.Records("node keys").Seal(data, []byte(name))
		}
		if filepath.Dir(at) == at {
			return data
		}
	}
}

func openKeyFile(path string, data []byte) ([]byte, error) {
	if !atrest.SealedRecord(data) {
		return data, nil
	}
	sealing.RLock()
	keys := append([]*atrest.Key(nil), sealing.seen...)
	sealing.RUnlock()
	for _, k := range append(keys, keysBeside(path)...) {
		if plain, err := k.Records("node keys").Open(data, []byte(filepath.Base(path))); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", path, ErrKeysSealed)
}

// keysBeside are the storage keys, if they are not locked, that lie where a copy
// of a node's keys has them: beside its data directory, or beside its keys folder.
func keysBeside(path string) (keys []*atrest.Key) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil
	}
	for range 3 {
		dir = filepath.Dir(dir)
		files, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".key") || !f.Type().IsRegular() {
				continue
			}
			data, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil || len(data) > maxKeyFile {
				continue
			}
			if k, err := atrest.ParseKeys(data, nil); err == nil {
				keys = append(keys, k.Key)
				if k.Previous != nil {
					keys = append(keys, k.Previous)
				}
			}
		}
	}
	return keys
}
