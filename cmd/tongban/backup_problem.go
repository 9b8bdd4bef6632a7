package main

import (
	"errors"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/store"
)

// advised is an error of this program that has a code and says what to do next
// in a line of its own.
type advised struct {
	error
	code, next, nextEN string
}

func (a advised) Error() string { return a.error.Error() + "。" + a.next + " (" + a.nextEN + ")" }

func (a advised) Unwrap() error { return a.error }

// backupProblem says of a backup that cannot be used what to do about it.
func backupProblem(err error) error {
	for _, known := range []struct {
		is                 error
		code, next, nextEN string
	}{
		{seal.ErrTruncated, "backup_incomplete", "备份没有复制完整，或末尾被附加了别的内容：请从原处重新复制，并比对大小；仍不行请换用另一份备份", "the backup was not copied whole, or something was appended to it: copy it again from where it was made and compare the sizes; if that does not help, use another backup"},
		{seal.ErrDamaged, "backup_damaged", "备份已损坏或被改动：请从原处重新复制；仍不行请换用另一份备份", "the backup is damaged or was changed: copy it again from where it was made; if that does not help, use another backup"},
		{store.ErrArchiveDamaged, "backup_damaged", "备份已损坏或被改动：请从原处重新复制；仍不行请换用另一份备份", "the backup is damaged or was changed: copy it again from where it was made; if that does not help, use another backup"},
		{seal.ErrNotForUs, "backup_keys", "请用 --keys 指明该节点的密钥目录，或保险柜中的县级密钥", "name that node's keys folder, or the county's keys from the safe, with --keys"},
		{store.ErrArchiveMalformed, "not_a_backup", "请选择 tongban backup 生成的文件", "choose a file that tongban backup made"},
		{seal.ErrNewer, "backup_newer", "请先升级本机的通办，再恢复", "upgrade this machine's tongban, then restore"},
		{store.ErrArchiveNewer, "backup_newer", "请先升级本机的通办，再恢复", "upgrade this machine's tongban, then restore"},
		{federation.ErrOtherCounty, "backup_other", "请核对备份文件，换用本节点的备份", "look whether it is the right file, and use this node's backup"},
		{store.ErrOtherNode, "backup_other", "请核对备份文件，换用本节点的备份", "look whether it is the right file, and use this node's backup"},
	} {
		if errors.Is(err, known.is) {
			return advised{err, known.code, known.next, known.nextEN}
		}
	}
	return err
}
