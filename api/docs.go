package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	_ "embed"
)

//go:embed docs.css
var docsStyle string

// docsPage is the document as a page to read, made when it is first asked for:
// no script, nothing from elsewhere, and a policy that allows its one style
// sheet only.
func (s *Server) docsPage() http.Handler {
	page := sync.OnceValues(func() ([]byte, error) {
		doc, err := loadDocument()
		if err != nil {
			return nil, err
		}
		return docsOf(doc, s.o.Version).page(), nil
	})
	sum := sha256.Sum256([]byte(docsStyle))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := page()
		if err != nil {
			writeProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(text)
	})
}

type docs struct {
	Title, Version string
	Intro          []docBlock
	Tags           []docTag
	Schemas        []docSchema
}

// docBlock is a paragraph or a table of the introduction.
type docBlock struct {
	Text string
	Rows [][]string
}

type docTag struct {
	Name, Text string
	Operations []docOperation
}

type docOperation struct {
	ID, Method, Path, Summary, Who string
	Text                           []string
	Parameters                     []docParameter
	Body, Example                  string
	Answers                        []docAnswer
}

type docParameter struct {
	Name, In, Type, Text string
	Required             bool
}

type docAnswer struct{ Status, Text, Schema string }

type docSchema struct {
	Name, Text string
	Fields     []docParameter
	Example    string
}

func docsOf(doc *openapi3.T, version string) docs {
	out := docs{Title: doc.Info.Title, Version: version, Intro: blocks(doc.Info.Description)}
	for _, t := range doc.Tags {
		tag := docTag{Name: t.Name, Text: strings.TrimSpace(t.Description)}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				if len(op.Tags) > 0 && op.Tags[0] == t.Name {
					tag.Operations = append(tag.Operations, operationDoc(path, method, item, op))
				}
			}
		}
		slices.SortFunc(tag.Operations, func(a, b docOperation) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
		})
		out.Tags = append(out.Tags, tag)
	}
	for name, ref := range doc.Components.Schemas {
		out.Schemas = append(out.Schemas, schemaDoc(name, ref.Value))
	}
	slices.SortFunc(out.Schemas, func(a, b docSchema) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func operationDoc(path, method string, item *openapi3.PathItem, op *openapi3.Operation) docOperation {
	d := docOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Text: paragraphs(op.Description), Who: whoMay(op)}
	for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
		v := p.Value
		d.Parameters = append(d.Parameters, docParameter{Name: v.Name, In: v.In, Type: typeName(v.Schema), Text: v.Description, Required: v.Required})
	}
	if op.RequestBody != nil {
		for kind, media := range op.RequestBody.Value.Content {
			d.Body = strings.TrimSpace(typeName(media.Schema) + " (" + kind + ")")
			d.Example = example(media)
		}
	}
	for status, answer := range op.Responses.Map() {
		a := docAnswer{Status: status, Text: value(answer.Value.Description)}
		for _, media := range answer.Value.Content {
			a.Schema = typeName(media.Schema)
		}
		d.Answers = append(d.Answers, a)
	}
	slices.SortFunc(d.Answers, func(a, b docAnswer) int { return strings.Compare(a.Status, b.Status) })
	return d
}

// whoMay says in words who may ask for an operation.
func whoMay(op *openapi3.Operation) string {
	p := routePermissions[op.OperationID]
	switch {
	case between(op):
		return "节点 nodes"
	case p.public:
		return "公开 public"
	case p.login:
		return "本人 oneself"
	case p.applicant:
		return "申请人本人 the applicant"
	}
	if p.here {
		return string(p.action) + " at this node"
	}
	return string(p.action)
}

func schemaDoc(name string, s *openapi3.Schema) docSchema {
	d := docSchema{Name: name, Text: s.Description, Example: pretty(s.Example)}
	if len(s.Enum) > 0 {
		d.Text = strings.TrimSpace(d.Text + " " + fmt.Sprint(s.Enum...))
	}
	for field, ref := range s.Properties {
		d.Fields = append(d.Fields, docParameter{Name: field, Type: typeName(ref), Text: ref.Value.Description, Required: slices.Contains(s.Required, field)})
	}
	slices.SortFunc(d.Fields, func(a, b docParameter) int { return strings.Compare(a.Name, b.Name) })
	return d
}

func typeName(ref *openapi3.SchemaRef) string {
	switch {
	case ref == nil || ref.Value == nil:
		return ""
	case ref.Ref != "":
		return ref.Ref[strings.LastIndex(ref.Ref, "/")+1:]
	case ref.Value.Type.Is("array"):
		return "[]" + typeName(ref.Value.Items)
	case len(ref.Value.Enum) > 0:
		words := make([]string, len(ref.Value.Enum))
		for i, v := range ref.Value.Enum {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, " | ")
	case ref.Value.Type == nil:
		return "any"
	}
	return strings.Join(ref.Value.Type.Slice(), " | ")
}

func example(m *openapi3.MediaType) string {
	if m.Example != nil {
		return pretty(m.Example)
	}
	var names []string
	for name := range m.Examples {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []string
	for _, name := range names {
		all = append(all, pretty(m.Examples[name].Value.Value))
	}
	return strings.Join(all, "\n")
}

func pretty(v any) string {
	if v == nil {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

func paragraphs(text string) []string {
	var out []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// blocks reads the little Markdown that the introduction uses: paragraphs and
// tables.
func blocks(text string) []docBlock {
	var out []docBlock
	for _, p := range paragraphs(text) {
		if !strings.HasPrefix(p, "|") {
			out = append(out, docBlock{Text: strings.NewReplacer("**", "", "`", "").Replace(p)})
			continue
		}
		var rows [][]string
		for line := range strings.SplitSeq(p, "\n") {
			if strings.HasPrefix(line, "|---") {
				continue
			}
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.Trim(strings.ReplaceAll(cells[i], "`", ""), " ")
			}
			rows = append(rows, cells)
		}
		out = append(out, docBlock{Rows: rows})
	}
	return out
}
