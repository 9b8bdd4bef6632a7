package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/result"
)

// Open data for the county's disclosure site:
//
//	GET /api/v1/open/items      OpenItems
//	GET /api/v1/open/decisions  OpenDecisions

// OpenItems gives the items in force.
func (s *Server) OpenItems(ctx context.Context, in gen.OpenItemsRequestObject) (gen.OpenItemsResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	items, err := s.store.ItemsInForce(ctx, view.now)
	if err != nil {
		return nil, err
	}
	since := map[string]int64{}
	editions, err := s.store.Editions(ctx)
	if err != nil {
		return nil, err
	}
	updated := int64(0)
	for _, e := range editions {
		for _, named := range e.Entries {
			if e.CancelledAt == 0 && e.EffectiveFrom <= view.now && e.EffectiveFrom >= since[named.Code] {
				since[named.Code] = e.EffectiveFrom
				updated = max(updated, e.EffectiveFrom)
			}
		}
	}
	f := s.feed("items", "政务服务事项", updated)
	for _, v := range items {
		basis := []string{}
		for _, b := range v.LegalBasis {
			basis = append(basis, "《"+b.Law+"》"+b.Article+b.DocumentNo)
		}
		f.Entries = append(f.Entries, gen.OpenEntry{Id: s.urn("item", v.Code), Title: v.Name, Updated: rfc3339(since[v.Code]), Category: string(v.Type), Author: v.Department,
			Summary: "法定时限 " + strconv.Itoa(v.StatutoryWorkingDays) + " 个工作日，承诺时限 " + strconv.Itoa(v.PromisedWorkingDays) + " 个工作日；" + v.Fee.Standard + "；依据：" + strings.Join(basis, "、") + conditionWords(&v.Item)})
	}
	return answerFeed(f, updated, in.Params.Format == gen.OpenItemsParamsFormat("atom"), in.Params.IfNoneMatch)
}

// conditionWords say what has to be met, and how many are granted at most.
func conditionWords(item *catalog.Item) string {
	words := ""
	for i, c := range item.Conditions {
		words += map[bool]string{true: "；条件：", false: "、"}[i == 0] + c.Text
	}
	if item.Quantity != "" {
		words += "；数量限制：" + item.Quantity
	}
	return words
}

// OpenDecisions gives published decisions.
func (s *Server) OpenDecisions(ctx context.Context, in gen.OpenDecisionsRequestObject) (gen.OpenDecisionsResponseObject, error) {
	page, next, err := s.publicPage(ctx, true, in.Params.Limit, in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	updated := int64(0)
	for _, c := range page {
		updated = max(updated, c.At)
	}
	f := s.feed("decisions", "行政审批决定公示", updated)
	f.NextCursor = next
	for _, c := range page {
		f.Entries = append(f.Entries, gen.OpenEntry{Id: s.urn("decision", strings.ReplaceAll(c.Number, "-", "")), Title: c.StatusZh + "：" + c.ItemName, Updated: rfc3339(c.At),
			Category: c.Status, Author: c.Department, Summary: "办件编号 " + c.Number + "；申请人 " + c.Applicant + "；决定日期 " + c.DecidedOn.String() + endedWords(&c)})
	}
	return answerFeed(f, updated, in.Params.Format == gen.OpenDecisionsParamsFormat("atom"), in.Params.IfNoneMatch)
}

// endedWords say that what was granted was revoked or cancelled since.
func endedWords(c *gen.PublicCase) string {
	if c.Ended == "" {
		return ""
	}
	return "；" + resultZH[result.State(c.Ended)] + "，" + c.EndedOn.String()
}

func (s *Server) feed(name, title string, updated int64) gen.OpenFeed {
	return gen.OpenFeed{Id: s.urn("feed", name), Title: title, Updated: rfc3339(updated), Entries: []gen.OpenEntry{}}
}

// urn names something of this county the same way for ever, whichever node
// tells it.
func (s *Server) urn(kind, id string) string {
	return "urn:tongban:" + string(s.self.County()) + ":" + kind + ":" + id
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).In(beijing).Format(time.RFC3339) }

// openFeed is a page of a feed, in its bytes.
type openFeed struct {
	body        []byte
	kind, etag  string
	modified    int64
	notModified bool
}

func answerFeed(f gen.OpenFeed, updated int64, atom bool, known string) (openFeed, error) {
	out := openFeed{kind: "application/json", modified: updated}
	var err error
	if atom {
		out.kind = "application/atom+xml; charset=utf-8"
		out.body, err = atomOf(f)
	} else {
		out.body, err = json.Marshal(f)
	}
	sum := sha256.Sum256(out.body)
	out.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	for _, tag := range strings.Split(known, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		out.notModified = out.notModified || tag == out.etag || tag == "*"
	}
	return out, err
}

func (f openFeed) VisitOpenItemsResponse(w http.ResponseWriter) error     { return f.write(w) }
func (f openFeed) VisitOpenDecisionsResponse(w http.ResponseWriter) error { return f.write(w) }

func (f openFeed) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if f.modified > 0 {
		h.Set("Last-Modified", time.UnixMilli(f.modified).UTC().Format(http.TimeFormat))
	}
	if f.notModified {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", f.kind)
	_, err := w.Write(f.body)
	return err
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	ID       string       `xml:"id"`
	Title    string       `xml:"title"`
	Updated  string       `xml:"updated"`
	Author   atomAuthor   `xml:"author"`
	Category atomCategory `xml:"category"`
	Summary  string       `xml:"summary"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// atomOf is a feed in Atom (RFC 4287).
func atomOf(f gen.OpenFeed) ([]byte, error) {
	a := atomFeed{ID: f.Id, Title: f.Title, Updated: f.Updated, Author: atomAuthor{"tongban"}}
	if f.NextCursor != "" {
		a.Links = []atomLink{{"next", "?format=atom&cursor=" + f.NextCursor}}
	}
	for _, e := range f.Entries {
		a.Entries = append(a.Entries, atomEntry{e.Id, e.Title, e.Updated, atomAuthor{e.Author}, atomCategory{e.Category}, e.Summary})
	}
	body, err := xml.MarshalIndent(a, "", " ")
	return append([]byte(xml.Header), body...), err
}
