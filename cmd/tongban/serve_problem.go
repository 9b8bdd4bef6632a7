package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
)

// writable refuses a data directory that this user cannot write, before
// anything listens: SQLite would open a file it may only read without a word,
// and fail at the first case.
func writable(dir string) error {
	probe, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return unwritable(dir, err)
	}
	defer os.Remove(probe.Name())
	if err := errors.Join(probe.Sync(), probe.Close()); err != nil {
		return unwritable(dir, err)
	}
	for _, name := range []string{"state.db", "state.db-wal", "state.db-shm", "local.db", "local.db-wal", "local.db-shm"} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return unwritable(dir, err)
		}
		if err := f.Close(); err != nil {
			return unwritable(dir, err)
		}
	}
	return nil
}

// unwritable says what to look at when the data directory cannot be written.
func unwritable(dir string, err error) error {
	return fmt.Errorf("数据目录 %s 不可写：请检查磁盘是否只读、已满，文件属主是否是运行 tongban 的用户 (the data directory cannot be written; is the disk read-only or full, do the files belong to the user tongban runs as?): %w", dir, err)
}

// startProblem says what to do when a node cannot be started from what lies in
// its directory.
func startProblem(dir string, err error) error {
	told := func(zh, en string) error { return fmt.Errorf("%s (%s): %w", zh, en, err) }
	var keys keysProblem
	var disk *store.StorageError
	switch {
	case err == nil, errors.Is(err, federation.ErrNotEnrolled), errors.Is(err, federation.ErrOldKeys), errors.Is(err, federation.ErrOtherFounding), errors.Is(err, federation.ErrOtherLocal), errors.Is(err, trust.ErrPermissions):
		return err // said so already
	case errors.Is(err, store.ErrOtherNode):
		return told("数据库属于另一节点，可能放错了 state.db："+dir+"；请移走 state.db*，放回本机自己的或用 tongban restore 恢复", "the database is another node's; move state.db* away and put this node's back, or restore a backup")
	case errors.Is(err, store.ErrNewerSchema):
		return told("数据库由更新版本的 tongban 写入：请安装不低于原来的版本，不要退回旧版", "a newer tongban wrote the database; install that version or a later one, never go back")
	case errors.Is(err, atrest.ErrOtherKey):
		return told("数据库不是用本机的存储密钥加密的：多半是把另一节点的 state.db 放到了 "+dir+"，或 storage.key_file 换过。请移走放错的 state.db*，放回本机自己的数据库和原来的密钥文件；两者都确认无误仍打不开，才是文件开头损坏，用 tongban restore 恢复备份",
			"the database was not sealed with this node's storage key: most likely another node's state.db was put here, or storage.key_file was changed. Move it away and put this node's own database and key file back. Only if both are the right ones is it damaged at its beginning; then restore a backup")
	case errors.Is(err, store.ErrNotOurs), errors.Is(err, store.ErrDamaged):
		return told("数据库已损坏：请把 "+dir+" 的 state.db* 移到别处保存，用 tongban restore 恢复备份；县中心多进程时移走后重新启动即可由其他主机补齐", "the database is damaged; keep state.db* elsewhere and restore a backup. A hub beside others is refilled by them when it is started without")
	case errors.As(err, &keys) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, trust.ErrMalformed)):
		return told("本机密钥缺失或已损坏：请放回离线保存的 keys 目录和 membership.json；没有副本时请重新登记本机", "this node's keys are missing or damaged; put the keys folder and membership.json kept offline back. Without a copy, enrol this node anew")
	case errors.As(err, &disk) && disk.Full():
		return told("磁盘已满，数据目录 "+dir+" 写不进去：已保存的没有丢失。请先腾出空间（备份和日志可移到别的磁盘），再重新启动；不要删除 state.db*", "the disk is full; what was saved is whole. Make room first (backups and logs can go to another disk) and start again; do not remove state.db*")
	case errors.Is(err, trust.ErrOtherKey):
		return told("membership.json 与 keys 目录不是同一节点的："+dir+"；请放回本机自己的一套", "membership.json and the keys folder are of two nodes; put this node's own back, both of one copy")
	case errors.Is(err, federation.ErrCredential):
		return told("节点凭证不是由本机 keys 目录和账本中的县级密钥签发："+dir+"；请放回离线保存的同一份、最近的 keys 目录和 membership.json", "the county keys in this hub's keys folder and ledger have not signed its credential; put back keys and membership.json of one and the same, newest copy")
	case errors.Is(err, trust.ErrExpired):
		return told("本节点的凭证已过期，或本机时钟不准：请先核对时间；确已过期请重新登记", "this node's credential has ended, or its clock is wrong: set the clock first; enrol anew if it has ended")
	}
	return err
}

// keysProblem marks what went wrong with a node's membership and keys.
type keysProblem struct{ error }

func (k keysProblem) Unwrap() error { return k.error }
