package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store/storetest"
)

// TestRenamedNode: the county's name for a node is the one that it goes by
// itself, whatever its settings say.
func TestRenamedNode(t *testing.T) {
	h := newHub(t)
	named := func() (this gen.ThisNode, sync gen.SyncReport) {
		h.get("", "/api/v1/node", &this)
		h.get("operator", "/api/v1/sync", &sync)
		return this, sync
	}
	h.must("operator", "POST", "/api/v1/nodes/county-1/rename", gen.RenameRequest{Name: "安吉新址政务服务中心"}, 200)
	if this, sync := named(); this.Name != "安吉新址政务服务中心" || sync.Self.Name != this.Name {
		t.Errorf("%+v, %+v", this, sync.Self)
	}
}

// TestOtherWordsUnderAUsedKey: what is asked again is answered as it was; other words
// under the same key are refused, also where the entry tells nothing of them.
func TestOtherWordsUnderAUsedKey(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	number := storetest.IDNumber(5)
	opening := func(name string) any {
		return gen.AccountOpening{Type: "person", Name: name, Number: number, Phone: "13800000000", Shown: "居民身份证"}
	}
	for _, c := range []struct {
		as, path    string
		first, then any
		status      int
	}{
		{"operator", "/api/v1/nodes/county-1/rename", gen.RenameRequest{Name: "新名"}, gen.RenameRequest{Name: "又一新名"}, 200},
		{"window", "/api/v1/accounts", opening("张三"), opening("李四"), 201},
		{"operator", "/api/v1/seals", gen.SealRequest{Department: "县市场监督管理局"}, gen.SealRequest{Department: "县民政局"}, 201},
	} {
		send := func(body any) (int, string) {
			r := h.send(request0{token: h.token(c.as), method: "POST", path: c.path, body: body, header: map[string]string{keyHeader: "the-same-key" + c.path[len(c.path)-4:]}})
			return r.Code, r.Body.String()
		}
		code, first := send(c.first)
		if code != c.status {
			t.Errorf("%s: %d %s", c.path, code, first)
		}
		if code, again := send(c.first); code != c.status || entryOf(again) != entryOf(first) || entryOf(first) == "" {
			t.Errorf("%s again: %d %s", c.path, code, again)
		}
		if code, other := send(c.then); code != 409 || !strings.Contains(other, "key_reused") {
			t.Errorf("%s with other words: %d %s", c.path, code, other)
		}
	}
}

// entryOf is the first entry that an answer tells of.
func entryOf(answer string) string {
	_, after, _ := strings.Cut(answer, `"entry":"`)
	id, _, _ := strings.Cut(after, `"`)
	return id
}

// TestParameterGivenTwice: which one is said.
func TestParameterGivenTwice(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	answer := h.must("window", "GET", "/api/v1/cases?limit=1&limit=2", nil, 400).Body.String()
	if !strings.Contains(answer, `"fields":[{`) || !strings.Contains(answer, `"path":"limit"`) || !strings.Contains(answer, "重复") {
		t.Errorf("%s", answer)
	}
}

// TestPasswordAsBefore: that is what is said, and not that it is too simple.
func TestPasswordAsBefore(t *testing.T) {
	h := newHub(t)
	answer := h.must("operator", "POST", "/api/v1/session/password", gen.PasswordChange{OldPassword: password, NewPassword: password}, 422).Body.String()
	if !strings.Contains(answer, "与原密码相同") || strings.Contains(answer, "过于") {
		t.Errorf("%s", answer)
	}
}
