package api

import (
	"bytes"
	"fmt"
	"html"
)

// markup is HTML being written. It is not package html/template: that calls
// methods by name, for which the linker keeps every method of every type, and
// the binary is a quarter larger.
type markup struct{ bytes.Buffer }

// add writes HTML with values in it, each escaped, for text and for attributes
// in quotation marks.
func (m *markup) add(format string, values ...string) {
	escaped := make([]any, len(values))
	for i, v := range values {
		escaped[i] = html.EscapeString(v)
	}
	fmt.Fprintf(m, format, escaped...)
}

// head writes the head of a table.
func (m *markup) head(columns ...string) {
	m.add("<table><tr>")
	for _, c := range columns {
		m.add(`<th scope="col">%s</th>`, c)
	}
	m.add("</tr>")
}

// page writes the whole document.
func (d docs) page() []byte {
	m := new(markup)
	m.add(`<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>%s API</title><meta name="viewport" content="width=device-width, initial-scale=1"><style>`, d.Title)
	m.WriteString(docsStyle) // ours, and what the policy's hash is of
	m.add(`</style></head>
<body>
<header><h1>%s API</h1><p>版本 %s · <a href="/api/openapi.yaml">openapi.yaml</a></p></header>
<nav aria-label="目录"><ul>`, d.Title, d.Version)
	for _, t := range d.Tags {
		m.add(`<li><a href="#tag-%s">%s</a></li>`, t.Name, t.Name)
	}
	m.add(`<li><a href="#schemas">schemas</a></li></ul></nav>
<main>
<section id="errors">`)
	for _, b := range d.Intro {
		m.block(b)
	}
	m.add("</section>\n")
	for _, t := range d.Tags {
		m.add(`<section id="tag-%s"><h2>%s</h2><p>%s</p>`+"\n", t.Name, t.Name, t.Text)
		for _, o := range t.Operations {
			m.operation(o)
		}
		m.add("</section>")
	}
	m.add("\n" + `<section id="schemas"><h2>schemas</h2>`)
	for _, s := range d.Schemas {
		m.schema(s)
	}
	m.add("</section>\n</main>\n</body>\n</html>\n")
	return m.Bytes()
}

func (m *markup) block(b docBlock) {
	if len(b.Rows) == 0 {
		m.add("<p>%s</p>", b.Text)
		return
	}
	m.head(b.Rows[0]...)
	for _, row := range b.Rows[1:] {
		m.add("<tr>")
		for _, cell := range row {
			m.add("<td>%s</td>", cell)
		}
		m.add("</tr>")
	}
	m.add("</table>")
}

func (m *markup) operation(o docOperation) {
	m.add(`<article id="%s"><h3><code>%s %s</code></h3><p><strong>%s</strong> · %s</p>`+"\n", o.ID, o.Method, o.Path, o.Summary, o.Who)
	for _, p := range o.Text {
		m.add("<p>%s</p>", p)
	}
	m.add("\n")
	if len(o.Parameters) > 0 {
		m.head("参数", "位置", "类型", "说明")
		for _, p := range o.Parameters {
			m.add("<tr><td><code>%s</code>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>", p.Name, star(p.Required), p.In, p.Type, p.Text)
		}
		m.add("</table>")
	}
	m.add("\n")
	if o.Body != "" {
		m.add("<p>请求体 <code>%s</code></p>", o.Body)
	}
	m.example(o.Example)
	m.add("\n")
	m.head("状态", "内容", "说明")
	for _, a := range o.Answers {
		m.add("<tr><td>%s</td><td><code>%s</code></td><td>%s</td></tr>", a.Status, a.Schema, a.Text)
	}
	m.add("</table>\n</article>")
}

func (m *markup) schema(s docSchema) {
	m.add(`<article id="schema-%s"><h3><code>%s</code></h3>`, s.Name, s.Name)
	if s.Text != "" {
		m.add("<p>%s</p>", s.Text)
	}
	m.add("\n")
	if len(s.Fields) > 0 {
		m.head("字段", "类型", "说明")
		for _, f := range s.Fields {
			m.add("<tr><td><code>%s</code>%s</td><td>%s</td><td>%s</td></tr>", f.Name, star(f.Required), f.Type, f.Text)
		}
		m.add("</table>")
	}
	m.example(s.Example)
	m.add("</article>")
}

func (m *markup) example(text string) {
	if text != "" {
		m.add("<pre>%s</pre>", text)
	}
}

func star(required bool) string {
	if required {
		return " *"
	}
	return ""
}
