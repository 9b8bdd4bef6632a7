package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store/atrest"
)

// A node's storage key lies in a file of its own (storage.key_file). Its data
// directory says in storage.json by which key it is sealed, so that a wrong key
// is told from damaged data, and a node that has a key from one that never had.

const sealMarkFile = "storage.json"

type sealMark struct {
	Key string `json:"sealed_with"`
}

// sealedWith is the id of the key that a data directory is sealed with, empty
// where there is none yet.
func sealedWith(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, sealMarkFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var m sealMark
	if err := json.Unmarshal(b, &m); err != nil || m.Key == "" {
		return "", fmt.Errorf("%s 已损坏：删除它，再运行 tongban key seal (is damaged; remove it and run tongban key seal)", filepath.Join(dir, sealMarkFile))
	}
	return m.Key, nil
}

func markSealed(dir string, k *atrest.Key) error {
	if have, err := sealedWith(dir); err == nil && have == k.ID() {
		return nil
	}
	b, err := json.Marshal(sealMark{k.ID()})
	if err != nil {
		return err
	}
	return placeFile(filepath.Join(dir, sealMarkFile), append(b, '\n'))
}

// placeFile writes a file for its owner alone; after a crash it is as before or
// complete.
func placeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Typed reasons for which a node has no storage key yet.
var (
	errNoKey     = errors.New("找不到存储密钥文件：请插入存有密钥的U盘，或放回离线保存的密钥文件 (the storage key file is not there: plug in the stick with it, or put the copy kept offline back)")
	errNeverKey  = errors.New("本机还没有存储密钥：请运行 tongban key new 生成并离线保存一份，现有数据随后加密 (this node has no storage key yet: run tongban key new and keep a copy offline; the data is then sealed)")
	errOtherKey  = errors.New("存储密钥不是本机数据所用的那一把：请放回原来的密钥文件 (this is not the storage key that this node's data is sealed with; put the right key file back)")
	errKeyBroken = errors.New("存储密钥文件无法使用 (the storage key file cannot be used)")
)

// openStorageKey reads the storage key that the settings name. ask, which may be
// nil, is asked for the passphrase where no file has it.
func openStorageKey(c configs.Config, ask func() (string, error)) (atrest.Keys, error) {
	path := c.Storage.KeyFile
	mark, err := sealedWith(c.DataDir)
	if err != nil {
		return atrest.Keys{}, err
	}
	data, err := configs.ReadSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		if mark == "" {
			return atrest.Keys{}, fmt.Errorf("%s: %w", path, errNeverKey)
		}
		return atrest.Keys{}, fmt.Errorf("%s: %w", path, errNoKey)
	}
	if err != nil {
		return atrest.Keys{}, fmt.Errorf("%w: %w", errKeyBroken, err)
	}
	passphrase, err := storagePassphrase(c, data, ask)
	if err != nil {
		return atrest.Keys{}, err
	}
	keys, err := atrest.ParseKeys(data, passphrase)
	if err != nil {
		return atrest.Keys{}, fmt.Errorf("%s: %w", path, err)
	}
	if mark != "" && mark != keys.Key.ID() && (keys.Previous == nil || mark != keys.Previous.ID()) {
		return atrest.Keys{}, fmt.Errorf("%s: %w: %s, %s", path, errOtherKey, keys.Key.ID(), mark)
	}
	return keys, nil
}

func storagePassphrase(c configs.Config, keyFile []byte, ask func() (string, error)) ([]byte, error) {
	switch {
	case !atrest.KeyFileLocked(keyFile):
		return nil, nil
	case c.Storage.PassphraseFile != "":
		secret, err := configs.ReadSecret(c.Storage.PassphraseFile)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", atrest.ErrLocked, err)
		}
		return secret, nil
	case ask != nil:
		text, err := ask()
		return []byte(text), err
	}
	return nil, fmt.Errorf("%s: %w", c.Storage.KeyFile, atrest.ErrLocked)
}

// makeStorageKey gives the node its storage key where it has none: a new one, or
// one that lies there already, which a machine that is set up again keeps. The
// data directory is locked.
func makeStorageKey(c configs.Config, stdout io.Writer) (*atrest.Key, error) {
	if _, err := os.Stat(c.Storage.KeyFile); errors.Is(err, fs.ErrNotExist) {
		mark, err := sealedWith(c.DataDir)
		if err != nil {
			return nil, err
		}
		if mark != "" {
			return nil, fmt.Errorf("%s: %w", c.Storage.KeyFile, errNoKey)
		}
		if err := newStorageKey(c, stdout); err != nil {
			return nil, err
		}
	}
	keys, err := openStorageKey(c, passphraseAtTerminal())
	if err != nil {
		return nil, err
	}
	if err := sealOwnKeys(c, keys); err != nil {
		return nil, err
	}
	return keys.Key, markSealed(c.DataDir, keys.Key)
}

// openOwnKeys has the node's own keys opened with its storage key, if that is at
// hand; without it, reading them says what is missing.
func openOwnKeys(c configs.Config) {
	keys, err := openStorageKey(c, nil)
	if err != nil {
		return
	}
	for _, k := range []*atrest.Key{keys.Key, keys.Previous} {
		if k != nil {
			trust.OpenKeysWith(k)
		}
	}
}

// sealOwnKeys seals the node's own keys with its storage key.
func sealOwnKeys(c configs.Config, keys atrest.Keys) error {
	if keys.Previous != nil {
		trust.OpenKeysWith(keys.Previous)
	}
	return federation.SealKeys(c.DataDir, node.Tier(c.Tier), keys.Key)
}

func newStorageKey(c configs.Config, stdout io.Writer) error {
	k, err := atrest.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	data, err := atrest.Keys{Key: k}.Encode(rand.Reader, nil)
	if err != nil {
		return err
	}
	if err := placeFile(c.Storage.KeyFile, data); err != nil {
		return fmt.Errorf("无法写入存储密钥文件 %s，请检查目录权限，或在配置中另设 storage.key_file (the storage key file cannot be written; check the folder's rights or set storage.key_file): %w", c.Storage.KeyFile, err)
	}
	fmt.Fprintf(stdout, "存储密钥在 %s：本机数据用它加密，请离线保存一份，丢失即无法读取数据 (the storage key: this node's data is sealed with it; keep a copy offline, without it the data cannot be read)\n", c.Storage.KeyFile)
	return nil
}

func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
