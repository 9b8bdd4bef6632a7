package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/boombuler/barcode/qr"

	"github.com/tongban/tongban/node/document"

	_ "embed"
)

//go:embed print.css
var printStyle string

// printStyleHash names the one style sheet of printed pages in a policy.
var printStyleHash = func() string {
	sum := sha256.Sum256([]byte(printStyle))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// printPolicy allows a printed page its one style sheet and nothing else.
var printPolicy = "default-src 'none'; style-src " + printStyleHash + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// pageMark is what a page says beside the document.
type pageMark struct {
	// Code is the document's signed code; Mark that it is a reprint, or not
	// valid, or only for looking at; Seal whose seal it has.
	Code, Mark, Seal string
	// Scan says what the code is scanned for, where it is not the document's own.
	Scan string
}

// lookedAt marks a page that somebody looks at in the office: nothing says that
// it was handed out, and nothing proves it.
const lookedAt = "查阅件，不作为凭证；交付申请人的请使用“打印文书”"

// printPage is a document as a page for A4 paper, which a browser prints or
// saves as PDF.
func printPage(d *document.Document) []byte { return pageOf(d, "", pageMark{}) }

// addressedPage is a page with the address at which somebody goes on, to be scanned;
// without one it has none.
func addressedPage(d *document.Document, address, path string) ([]byte, error) {
	if address == "" {
		return printPage(d), nil
	}
	svg, err := svgOf(address+path, qr.Unicode, "网上办事地址二维码")
	return pageOf(d, svg, pageMark{Scan: "扫码打开网上办事<br>激活账户"}), err
}

// markedPage is a page with its mark, its code and its seal.
func markedPage(d *document.Document, mark pageMark) ([]byte, error) {
	if mark.Code == "" {
		return pageOf(d, "", mark), nil
	}
	svg, err := qrSVG(mark.Code)
	return pageOf(d, svg, mark), err
}

func pageOf(d *document.Document, svg string, mark pageMark) []byte {
	m := new(markup)
	m.add(`<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>%s</title><meta name="viewport" content="width=device-width, initial-scale=1"><style>`, d.Title+" "+d.Number)
	m.WriteString(printStyle) // ours, and what the policy's hash is of
	m.add("</style></head>\n<body class=\"%s\"><main>\n", string(d.Kind))
	if mark.Mark != "" {
		m.add(`<p class="mark">【%s】</p>`+"\n", mark.Mark)
	}
	m.add("<h1>%s</h1>\n", d.Title)
	if d.Number != "" {
		m.add(`<p class="number">%s</p>`+"\n", d.Number)
	}
	if d.To != "" {
		m.add(`<p class="to">%s：</p>`+"\n", d.To)
	}
	m.facts(d)
	for _, l := range d.Lists {
		m.add("<h2>%s</h2>\n<ol>", l.Heading)
		for _, row := range l.Rows {
			m.add("<li>%s</li>", row)
		}
		m.add("</ol>\n")
	}
	for _, t := range append(append([]string{}, d.Text...), d.Remedy...) {
		m.add("<p>%s</p>\n", t)
	}
	if len(d.Signatures) > 0 {
		m.add(`<div class="sign">`)
		for _, who := range d.Signatures {
			m.add("<span>%s：＿＿＿＿＿＿＿＿</span>", who)
		}
		m.add("</div>\n")
	}
	m.add(`<div class="end">`)
	if svg != "" {
		m.proof(svg, cmp.Or(mark.Scan, "扫码后到政务服务网“文书核验”<br>或任一服务中心、便民服务站核验真伪"))
	}
	m.add("<footer><p>%s</p><p>%s</p>", d.Issuer.Centre, d.Issuer.Department)
	if mark.Seal != "" {
		m.add(`<p class="seal">%s</p>`, mark.Seal)
	}
	m.add("<p>%s</p></footer></div>\n", d.Date.Chinese())
	m.contact(d.Issuer)
	m.add("</main></body></html>\n")
	return m.Bytes()
}

// proof writes the code that anybody can check, or go on by, and what for.
func (m *markup) proof(svg, what string) {
	m.add(`<div class="proof">`)
	m.WriteString(svg) // ours alone
	m.WriteString("<p>" + what + "</p></div>\n")
}

// shortFact is how many characters fit beside another fact where two share a line.
const shortFact = 24

// facts writes the table of what is said in one line each.
func (m *markup) facts(d *document.Document) {
	m.add("<table>")
	if d.Item.Code != "" {
		m.add(`<tr class="long"><th scope="row">事项</th><td>%s（<code>%s</code>）</td></tr>`, d.Item.Name, d.Item.Code)
	}
	if d.Case != "" {
		m.add(`<tr><th scope="row">办件编号</th><td>%s</td></tr>`, d.Case)
	}
	for _, l := range d.Lines {
		row := "<tr>"
		if utf8.RuneCountInString(l.Label)+utf8.RuneCountInString(l.Value) > shortFact {
			row = `<tr class="long">`
		}
		m.WriteString(row)
		m.add(`<th scope="row">%s</th><td>%s</td></tr>`, l.Label, l.Value)
	}
	m.add("</table>\n")
}

// contact writes whom to ask, and where to complain.
func (m *markup) contact(i document.Issuer) {
	var parts []string
	for _, p := range [][2]string{{"窗口", i.Window}, {"咨询电话", i.Phone}, {"监督电话", i.Supervision}, {"经办人", i.Clerk}} {
		if p[1] != "" {
			parts = append(parts, p[0]+"："+p[1])
		}
	}
	if len(parts) > 0 {
		m.add(`<div class="contact">%s</div>`+"\n", strings.Join(parts, "　"))
	}
}
