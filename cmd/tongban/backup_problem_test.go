package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/store"
)

// TestBackupProblems: whatever keeps a backup from being used says what to do,
// in a line and for programs.
func TestBackupProblems(t *testing.T) {
	for _, c := range []struct {
		err                  error
		code, next, nextMust string
	}{
		{seal.ErrTruncated, "backup_incomplete", "重新复制", "copy it again"},
		{seal.ErrDamaged, "backup_damaged", "另一份备份", "another backup"},
		{store.ErrArchiveDamaged, "backup_damaged", "另一份备份", "another backup"},
		{seal.ErrNotForUs, "backup_keys", "--keys", "--keys"},
		{store.ErrArchiveMalformed, "not_a_backup", "tongban backup", "tongban backup"},
		{seal.ErrNewer, "backup_newer", "升级", "upgrade"},
		{federation.ErrOtherCounty, "backup_other", "核对", "right file"},
	} {
		err := backupProblem(fmt.Errorf("verify archive: %w", c.err))
		p := problemHere(err)
		if p.Code != c.code || !strings.Contains(p.Next, c.next) || !strings.Contains(p.NextEn, c.nextMust) || strings.Contains(p.Detail, p.NextEn) {
			t.Errorf("%v: %+v", c.err, p)
		}
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), p.Next) || !strings.Contains(err.Error(), p.NextEn) {
			t.Errorf("%v: %v", c.err, err)
		}
	}
	if err := errors.New("no such file"); backupProblem(err) != err {
		t.Error("an error of another kind was changed")
	}
}

// TestSettingsOfAnotherNode: what differs is named, the node's id as well.
func TestSettingsOfAnotherNode(t *testing.T) {
	m := hubMembership(t)
	c := configs.Config{Tier: configs.County, Division: "330523", Node: "county-1"}
	if err := fits(c, m); err != nil {
		t.Error(err)
	}
	c.Node = "county-9"
	err := fits(c, m)
	if err == nil {
		t.Fatal("another node's settings fit")
	}
	zh, en := bothWords(err.Error())
	for _, text := range []string{zh, en} {
		if !strings.Contains(text, "county-1") || !strings.Contains(text, "county-9") {
			t.Errorf("%s", text)
		}
	}
}
