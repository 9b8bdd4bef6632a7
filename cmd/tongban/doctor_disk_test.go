package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestWhyTheDiskTakesNothing: a full disk, one that became read-only and a wrong owner
// are told apart, each with what to do in both languages.
func TestWhyTheDiskTakesNothing(t *testing.T) {
	for _, row := range []struct {
		err    error
		zh, en string
	}{
		{syscall.ENOSPC, "磁盘已满", "make room"},
		{syscall.EROFS, "只读", "mount it writable"},
		{syscall.EACCES, "属主", "owner"},
		{errors.New("input/output error"), "请检查磁盘", "look at the disk"},
	} {
		d := &diagnosis{}
		d.unwritable(&fs.PathError{Op: "write", Path: "/x", Err: row.err})
		if f := d.found[0]; f.Verdict != "fault" || !strings.Contains(f.ZH, row.zh) || !strings.Contains(f.EN, row.en) || !strings.Contains(f.EN, row.err.Error()) {
			t.Errorf("%v: %+v", row.err, f)
		}
	}
}
