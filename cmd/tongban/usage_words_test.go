package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
)

// TestTheCommandLinesFaultsAreToldInBothLanguages: the parser speaks English alone.
func TestTheCommandLinesFaultsAreToldInBothLanguages(t *testing.T) {
	for _, row := range []struct {
		args        []string
		zh, english string
	}{
		{[]string{"node", "invite"}, "缺少选项 --division、--name、--tier", "required flag(s)"},
		{[]string{"node", "list", "--frob"}, "没有选项 --frob", "unknown flag"},
		{[]string{"node", "list", "-x"}, "没有选项 -x", "unknown shorthand flag"},
		{[]string{"node", "list", "--user"}, "选项 --user 后面缺少内容", "flag needs an argument"},
		{[]string{"node", "list", "--=x"}, "选项写法有误：--=x", "bad flag syntax"},
		{[]string{"item", "diff", "TB-XZRZ-005", "--from", "一"}, `选项 --from 的内容 "一" 不正确`, "invalid argument"},
		{[]string{"case", "submit"}, "以下选项至少给出一个：--item、--package", "at least one of the flags"},
		{[]string{"case", "submit", "--item", "a", "--package", "b"}, "以下选项只能给出一个：--item、--package", "none of the others"},
	} {
		r := tongban(t, row.args...)
		if r.code != exitUsage || !strings.Contains(r.err, row.zh+" (") || !strings.Contains(r.err, row.english) {
			t.Errorf("%v: %d %s", row.args, r.code, r.err)
		}
	}
	var p client.Problem
	r := tongban(t, "node", "invite", "--json")
	if err := json.Unmarshal([]byte(r.err), &p); err != nil || p.MessageZh != "缺少选项 --division、--name、--tier" || !strings.HasPrefix(p.Detail, "required flag(s)") {
		t.Errorf("%v %s", err, r.err)
	}
}
