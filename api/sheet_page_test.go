package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The notice sheet of an item names the item's page, on paper and for programs alike,
// and never by an address that the request made up (domain: section 8).
func TestSheetNamesItsPage(t *testing.T) {
	h := newHub(t)
	const path = "/api/v1/items/TB-SCJG-001/sheet"
	for lan, want := range map[string]string{"": "本中心政务服务网站 /items/TB-SCJG-001", "https://192.168.1.10:8444": "https://192.168.1.10:8444/items/TB-SCJG-001"} {
		if h.api.o.LAN = nil; lan != "" {
			h.api.o.LAN = []string{lan}
		}
		var d document.Document
		h.get("", path, &d)
		if !slices.Contains(d.Lines, document.Line{Label: "网页", Value: want}) {
			t.Errorf("%+v", d.Lines)
		}
		if page := h.must("", "GET", path+"?format=html", nil, 200).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%q is not on the printed one", want)
		}
	}
}

// A version whose long promise has no reason that says one, drafted before that was
// looked at, is not published, and no new one is drafted.
func TestHollowReasonIsNotPublished(t *testing.T) {
	h := newHub(t)
	var shown struct{ Item map[string]any }
	h.get("", "/api/v1/items/TB-SCJG-001", &shown)
	shown.Item["promised_working_days"], shown.Item["statutory_working_days"], shown.Item["instant"], shown.Item["promise_reason"] = 6, 20, false, "无"
	if r := h.must("operator", "POST", "/api/v1/items/TB-SCJG-001/draft", shown.Item, 422).Body.String(); !strings.Contains(r, "promise_reason") {
		t.Errorf("%s", r)
	}
	v, err := h.node.Store.ItemInForce(t.Context(), "TB-SCJG-001", 1<<60)
	check(t, err)
	item := v.Item
	item.PromisedWorkingDays, item.StatutoryWorkingDays, item.Instant, item.PromiseReason = 6, 20, false, "n/a"
	operator, err := h.node.Store.StaffByLogin(t.Context(), "operator")
	check(t, err)
	_, err = h.node.Record(t.Context(), federation.Action{Actor: identity.Actor{Staff: operator.ID, Name: operator.Name, Role: identity.CountyOperator}, Kind: ledger.ItemDraft, Key: "drafted-before",
		Body: &ledger.ItemDraftV1{Code: item.Code, Version: 2, Hash: catalog.Hash(item), Item: catalog.Canonical(item)}})
	check(t, err)
	h.approveAll()
	r := h.must("operator", "POST", "/api/v1/editions", gen.PublishRequest{}, 400).Body.String()
	if !strings.Contains(r, "TB-SCJG-001.promise_reason") {
		t.Errorf("%s", r)
	}
}
