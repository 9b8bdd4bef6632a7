package main

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/identity"
)

func TestCustodyCommands(t *testing.T) {
	list := client.Transfer{List: "J261123-KEMQHAPB", From: "330523110200", FromName: "荆湾村", To: "330523110", ToName: "梅溪镇", SentMs: at20261123, Open: 1, Left: 2, Carrier: "通讯员",
		SentBy: identity.Actor{Staff: "s-1", Name: "甲"}, Word: client.SavedHere, WordZh: "已存本机",
		Papers: []client.TransferPaper{{Case: "c-1", Number: birth.Number, ItemName: "生育登记", Material: "户口簿", State: client.PaperReceived, ReceivedMs: at20261123, Note: "缺末页"},
			{Case: "c-1", Number: birth.Number, ItemName: "生育登记", Material: "结婚证", State: client.PaperMissing}}}
	papers := client.CasePapers{Case: "c-1", Number: birth.Number, Papers: []client.CasePaper{
		{Material: "户口簿", At: "330523110", AtName: "梅溪镇", Answerable: "330523110", AnswerableName: "梅溪镇", SinceMs: at20261123, Damaged: []string{"缺末页"}},
		{Material: "结婚证", List: list.List, To: "330523110", ToName: "梅溪镇", Missing: true, Answerable: "330523110200", AnswerableName: "荆湾村", SinceMs: at20261123}}}
	n := signedIn(t, map[string]any{"handOver": list, "receiveTransfer": list, "getTransfer": list, "listTransfers": client.TransferList{Transfers: []client.Transfer{list}}, "getCasePapers": papers})

	r := tongban(t, "custody", "hand-over", "--to", "330523110", "c-1", "c-2=户口簿,结婚证", "--carrier", "通讯员", "--key", "key-0001")
	holds(t, r.out, []string{"交接单          J261123-KEMQHAPB\n", "移交            荆湾村 330523110200\n", "由其他窗口签收  2\n", "户口簿  已签收  2026-11-24 00:00  缺末页\n", "结婚证  未收到"})
	if got := n.calls("handOver")[0]; got.key != "key-0001" || got.body != `{"carrier":"通讯员","cases":[{"case":"c-1"},{"case":"c-2","materials":["户口簿","结婚证"]}],"to":"330523110"}` {
		t.Errorf("%+v", got)
	}
	tongban(t, "custody", "receive", list.List, "--missing", "c-1=结婚证", "--damaged", "c-1=户口簿=缺末页", "--key", "key-0002")
	if got := n.calls("receiveTransfer")[0]; got.body != `{"damaged":[{"case":"c-1","material":"户口簿","note":"缺末页"}],"missing":[{"case":"c-1","material":"结婚证"}]}` {
		t.Errorf("%+v", got)
	}
	r = tongban(t, "custody", "list", "--view", "incoming")
	holds(t, r.out, []string{"J261123-KEMQHAPB  荆湾村 330523110200  梅溪镇 330523110"})
	r = tongban(t, "custody", "where", "c-1")
	holds(t, r.out, []string{"户口簿  梅溪镇 330523110", "缺末页", "结婚证  未收到：J261123-KEMQHAPB → 梅溪镇", "荆湾村 330523110200"})
	r = tongban(t, "custody", "where", "c-1", "--lang", "en")
	holds(t, r.out, []string{"did not arrive"})
	r = tongban(t, "custody", "show", list.List)
	holds(t, r.out, []string{"送件人          通讯员\n"})

	n.asked = nil
	for args, says := range map[string]string{
		"custody hand-over c-1":                             "to",
		"custody hand-over --to 33052311 c-1":               "--to",
		"custody hand-over --to 330523110":                  "NUMBER",
		"custody hand-over --to 330523110 李某":               "编号",
		"custody receive J1 --missing c-1":                  "--missing",
		"custody receive J1 --damaged c-1=户口簿":              "--damaged",
		"custody receive J1 --missing 33059919850412005X=证": "编号",
		"custody receive J1 --key short":                    "--key",
	} {
		if r := tongban(t, strings.Fields(args)...); r.code != exitUsage || !strings.Contains(r.err, says) {
			t.Errorf("%s: %+v, want %q", args, r, says)
		}
	}
	if len(n.asked) > 0 {
		t.Errorf("the node was asked: %+v", n.asked)
	}
}
