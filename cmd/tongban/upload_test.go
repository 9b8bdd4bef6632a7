package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store/blob"
)

// TestUploadAsksForTheLimitFirst: a whole file is not sent to a node that takes less.
func TestUploadAsksForTheLimitFirst(t *testing.T) {
	n := signedIn(t, map[string]any{"getThisNode": client.ThisNode{Node: "county-1", Tier: "county", Division: "330523", Line: client.Line{State: client.LineUp}, Papers: client.PaperLimits{AttachmentBytes: 2 << 20, Types: []string{}}}})
	api, err := client.NewClient(n.url)
	must(t, err)
	c := &connection{api: api}
	var refused *refusal
	if err := fitsNode(t.Context(), c, 2<<20+1); !errors.As(err, &refused) || refused.Code != "too_large" || refused.MessageZh != "附件为 2.1 MB，超过 2 MB 的上限" {
		t.Errorf("%v", err)
	}
	if err := fitsNode(t.Context(), c, 2<<20); err != nil {
		t.Error(err)
	}
	asked := len(n.calls("getThisNode"))
	if err := fitsNode(t.Context(), c, everyNodeTakes); err != nil || len(n.calls("getThisNode")) != asked {
		t.Errorf("asked about what every node takes: %v", err)
	}
	path := filepath.Join(t.TempDir(), "户口簿.pdf")
	must(t, os.WriteFile(path, make([]byte, 3<<20), 0o600))
	if _, err := uploadMine(t.Context(), c, path); !errors.As(err, &refused) || len(n.calls("putMyAttachment")) != 0 {
		t.Errorf("it was sent: %v", err)
	}
}

// TestNoSettingIsOverWhatNodesHold: what any node may be set to take is what every
// node holds and every copy of the ledger lets pass.
func TestNoSettingIsOverWhatNodesHold(t *testing.T) {
	example, err := configs.Example(configs.Village)
	must(t, err)
	file := mustFile(t, string(example))
	most := []string{"TONGBAN_LIMITS__ATTACHMENT_MB=1024", "TONGBAN_LIMITS__CASE_ATTACHMENTS_MB=10240"}
	c, err := configs.Load(file, most)
	if err != nil || c.Limits.AttachmentBytes != catalog.CeilingBytes || c.Limits.CaseAttachmentsBytes != catalog.CaseCeilingBytes {
		t.Errorf("%+v, %v", c.Limits, err)
	}
	for i, over := range []string{"TONGBAN_LIMITS__ATTACHMENT_MB=1025", "TONGBAN_LIMITS__CASE_ATTACHMENTS_MB=10241"} {
		env := append([]string{}, most...)
		env[i] = over
		if _, err := configs.Load(file, env); err == nil {
			t.Errorf("%s is taken", over)
		}
	}
	if blob.DefaultMaxBytes != catalog.CeilingBytes {
		t.Error("stores hold less than nodes may be set to take")
	}
}
