package document

import (
	"fmt"

	"github.com/tongban/tongban/node/calendar"
)

// TransferList is the list of papers that one office hands over to another
// (交接单).
const TransferList Kind = "transfer_list"

// Handing is what a transfer list says. It names cases and papers, and no
// applicant.
type Handing struct {
	List     string
	From, To string // the offices' names
	On       calendar.Date
	Carrier  string
	Note     string
	By       string // who handed over
	Papers   []HandedPaper
}

// HandedPaper is one line of a transfer list.
type HandedPaper struct {
	Number, Item, Material string
	// State is what became of it, in words; none while it is on the way.
	State string
}

// Transfer makes the list for both ends to sign.
func Transfer(h Handing) *Document {
	d := &Document{Kind: TransferList, Template: Template, Title: "纸质材料交接单", Number: h.List, Issuer: Issuer{Centre: h.From, Clerk: h.By}, Date: h.On}
	cases := map[string]bool{}
	var rows []string
	for _, p := range h.Papers {
		cases[p.Number] = true
		row := fmt.Sprintf("%s　%s　%s", printed(p.Number), p.Item, p.Material)
		if p.State != "" {
			row += "（" + p.State + "）"
		}
		rows = append(rows, row)
	}
	d.add("移交单位", h.From).add("接收单位", h.To).add("送件人", h.Carrier).add("共计", fmt.Sprintf("%d 件办件，%d 份材料", len(cases), len(h.Papers))).add("备注", h.Note)
	d.list("移交的材料", rows)
	d.Text = append(d.Text, "请当面逐份清点。缺少或损坏的，请在本单注明并在系统中登记；未签收的材料由移交单位负责。一式两份，双方各存一份。")
	d.Signatures = []string{"移交人", "接收人", "签收日期"}
	return d
}
