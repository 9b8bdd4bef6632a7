// Package exposition keeps figures and writes them in the text format of Prometheus
// (version 0.0.4). Its own client library brings protocol buffers with it, which
// nothing else here needs.
package exposition

import (
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tongban/tongban/node/sorted"
)

// ContentType is what a page is sent as.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Kind is what a family's figures are.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
	Summary   Kind = "summary"
)

// Source writes the figures it knows when they are asked for. What it cannot read it
// leaves out.
type Source func(*Page)

// Registry is what a page is made of. Its zero value is empty and ready.
type Registry struct {
	mu      sync.Mutex
	sources []Source
}

// Add adds sources.
func (r *Registry) Add(sources ...Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, sources...)
}

// Write writes all figures, in the order of their names.
func (r *Registry) Write(w io.Writer) error {
	r.mu.Lock()
	sources := slices.Clone(r.sources)
	r.mu.Unlock()
	p := &Page{}
	for _, s := range sources {
		s(p)
	}
	sorted.StableBy(p.families, func(a, b *Family) int { return strings.Compare(a.name, b.name) })
	for _, f := range p.families {
		if len(f.lines) == 0 {
			continue
		}
		if _, err := w.Write(f.page()); err != nil {
			return err
		}
	}
	return nil
}

// Handler serves the figures to so many at a time.
func (r *Registry) Handler(atOnce int) http.Handler {
	busy := make(chan struct{}, atOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, rq *http.Request) {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
		default:
			http.Error(w, "the figures are being read by others: try again later", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", ContentType)
		w.Header().Add("Vary", "Accept-Encoding")
		var to io.Writer = w
		if w.Header().Get("Content-Encoding") == "" && strings.Contains(rq.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			to = z
		}
		r.Write(to) //nolint:errcheck // the reader has gone
	})
}

// Page is what sources write to.
type Page struct {
	families []*Family
	byName   map[string]*Family
}

// Family is the figures of one name.
type Family struct {
	name, help string
	kind       Kind
	lines      []byte
}

// Family begins a family, or goes on with it.
func (p *Page) Family(name, help string, kind Kind) *Family {
	if f := p.byName[name]; f != nil {
		return f
	}
	f := &Family{name: name, help: help, kind: kind}
	if p.byName == nil {
		p.byName = map[string]*Family{}
	}
	p.byName[name], p.families = f, append(p.families, f)
	return f
}

// Set writes one figure; labels are names and values by turns.
func (f *Family) Set(value float64, labels ...string) { f.set("", value, labels...) }

func (f *Family) set(suffix string, value float64, labels ...string) {
	f.lines = append(append(f.lines, f.name...), suffix...)
	for i := 0; i+1 < len(labels); i += 2 {
		f.lines = append(f.lines, "{,"[min(i, 1)])
		f.lines = append(append(f.lines, labels[i]...), '=', '"')
		f.lines = append(append(f.lines, labelEscapes.Replace(labels[i+1])...), '"')
	}
	if len(labels) > 1 {
		f.lines = append(f.lines, '}')
	}
	f.lines = append(append(append(f.lines, ' '), number(value)...), '\n')
}

var (
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

func (f *Family) page() []byte {
	head := "# HELP " + f.name + " " + helpEscapes.Replace(f.help) + "\n# TYPE " + f.name + " " + string(f.kind) + "\n"
	return append([]byte(head), f.lines...)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
