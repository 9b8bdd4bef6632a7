package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/store/atrest"
)

// storage looks at the storage key and whether the data is sealed with it.
func (d *diagnosis) storage() {
	if _, err := os.Stat(filepath.Join(d.c.DataDir, "membership.json")); err != nil {
		return // and that is said next
	}
	keys, err := openStorageKey(d.c, nil)
	switch {
	case errors.Is(err, atrest.ErrLocked):
		d.add("storage_key", "warning", "存储密钥用口令锁定，这里没有口令：数据库未检查", "the storage key is locked and its passphrase is not at hand here: the databases were not looked at")
		d.keyPlace()
		return
	case err != nil:
		d.fault("storage_key", "存储密钥无法使用，节点不能启动", "the storage key cannot be used, and the node does not start", err)
		return
	}
	d.key = keys.Key
	openOwnKeys(d.c)
	d.add("storage_key", "ok", "存储密钥可用，权限正确："+keys.Key.ID(), "the storage key is there, for its owner only: "+keys.Key.ID())
	d.keyPlace()
	switch err := federation.Sealed(d.c.DataDir, keys.Key); {
	case keys.Previous != nil:
		d.add("sealed", "warning", "更换存储密钥尚未完成：请停止节点后运行 tongban key rotate", "a change of the storage key is under way: stop the node and run tongban key rotate")
	case errors.Is(err, atrest.ErrClear):
		d.add("sealed", "fault", "数据库未加密：请重新启动节点，或停止后运行 tongban key seal", "the databases stand in the clear: start the node again, or stop it and run tongban key seal")
	case errors.Is(err, fs.ErrPermission):
		d.fault("sealed", "当前用户无权读取数据库文件：请用运行 tongban 的用户检查，或更正文件属主", "this user may not read the database: check as the user that tongban runs as, or correct the owner of the files", err)
		d.key = nil // and what cannot be read is not looked at
	case err != nil:
		d.fault("sealed", "数据库不是用这把存储密钥加密的：可能是放错了另一节点的 state.db，或换过 storage.key_file；请放回本机自己的数据库或原来的密钥文件，确认都没有时才恢复备份", "the database was not sealed with this storage key: another node's state.db perhaps, or another storage.key_file; put back this machine's own database or its former key file, and restore a backup only where there is neither", err)
	default:
		d.add("sealed", "ok", "数据库已加密", "the databases are sealed")
	}
}

// keyPlace warns of a key that is stolen together with the disk.
func (d *diagnosis) keyPlace() {
	data, err := configs.ReadSecret(d.c.Storage.KeyFile)
	if err != nil || atrest.KeyFileLocked(data) {
		return
	}
	same, err := sameDisk(filepath.Dir(d.c.Storage.KeyFile), d.c.DataDir)
	if err == nil && same {
		d.add("storage_key", "warning", "存储密钥与数据在同一块盘上：整机被盗时数据等于没有加密。请把 storage.key_file 移到U盘等另一块盘上，或用 tongban key lock 加口令",
			"the storage key lies on the disk with the data: a stolen machine gives both away. Move storage.key_file to another disk, such as a stick, or lock it with a passphrase (tongban key lock)")
	}
}
