package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
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
