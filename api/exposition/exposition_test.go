package exposition

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// understood is a page as Prometheus's own library reads it.
func understood(t *testing.T, page []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		t.Fatalf("%v in\n%s", err, page)
	}
	return families
}

func pageOf(t *testing.T, sources ...Source) []byte {
	t.Helper()
	var r Registry
	r.Add(sources...)
	var b bytes.Buffer
	check(t, r.Write(&b))
	return b.Bytes()
}

// The same observations give the same page as Prometheus's own library writes.
func TestSamePageAsTheLibrary(t *testing.T) {
	requests := NewCounts("requests_total", "Requests, by \\ operation\nand status.", "operation", "status")
	seconds := NewSpreads("seconds", "Time.", []float64{.001, .5, 1}, "operation")
	flying := NewLevel("flying", "Now.")
	reg := prometheus.NewRegistry()
	theirRequests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests, by \\ operation\nand status."}, []string{"operation", "status"})
	theirSeconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "seconds", Help: "Time.", Buckets: []float64{.001, .5, 1}}, []string{"operation"})
	theirFlying := prometheus.NewGauge(prometheus.GaugeOpts{Name: "flying", Help: "Now."})
	reg.MustRegister(theirRequests, theirSeconds, theirFlying)
	for i := range 200 {
		op, status := []string{"a", `b"\`, "c\nd", "事"}[i%4], []string{"200", "404"}[i/100]
		requests.Add(op, status)
		theirRequests.WithLabelValues(op, status).Inc()
		v := []float64{0, .001, .25, .5, 7, 1e-9, 123456789}[i%7]
		seconds.Observe(v, op)
		theirSeconds.WithLabelValues(op).Observe(v)
	}
	flying.Add(3)
	flying.Add(-4)
	theirFlying.Set(-1)
	var want bytes.Buffer
	all, err := reg.Gather()
	check(t, err)
	for _, f := range all {
		_, err := expfmt.MetricFamilyToText(&want, f)
		check(t, err)
	}
	if got := pageOf(t, requests.Write, seconds.Write, flying.Write); string(got) != want.String() {
		t.Errorf("%s\nthe library writes\n%s", got, want.String())
	}
	empty := NewCounts("nothing_total", "Never counted.", "reason")
	if got := pageOf(t, empty.Write); len(got) != 0 {
		t.Errorf("a family without figures: %s", got)
	}
	odd := pageOf(t, func(p *Page) {
		f := p.Family("odd", "Numbers.", Gauge)
		for i, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), 1e21, 0.1} {
			f.Set(v, "n", string(rune('a'+i)))
		}
	})
	if f := understood(t, odd)["odd"]; len(f.GetMetric()) != 5 || !math.IsInf(f.GetMetric()[0].GetGauge().GetValue(), 1) || !math.IsNaN(f.GetMetric()[2].GetGauge().GetValue()) {
		t.Errorf("%s", odd)
	}
}

// Whoever watched Go and the process by the library's names still does.
func TestRuntimeAndProcessHaveTheLibrarysNames(t *testing.T) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	theirs, err := reg.Gather()
	check(t, err)
	ours := understood(t, pageOf(t, Runtime, Process))
	for _, f := range theirs {
		got := ours[f.GetName()]
		if got == nil {
			t.Errorf("%s is missing", f.GetName())
			continue
		}
		if got.GetType() != f.GetType() || len(got.GetMetric()) != len(f.GetMetric()) || !reflect.DeepEqual(labelsOf(got), labelsOf(f)) {
			t.Errorf("%s is %v, the library's %v", f.GetName(), got, f)
		}
	}
	value := func(name string) float64 {
		m := ours[name].GetMetric()[0]
		return m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	theirValue := func(name string) float64 {
		i := slices.IndexFunc(theirs, func(f *dto.MetricFamily) bool { return f.GetName() == name })
		m := theirs[i].GetMetric()[0]
		return m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	for _, name := range []string{"process_start_time_seconds", "process_max_fds", "process_virtual_memory_max_bytes", "process_open_fds", "process_virtual_memory_bytes", "process_resident_memory_bytes", "go_gc_gogc_percent", "go_memstats_sys_bytes", "go_threads"} {
		if a, b := value(name), theirValue(name); math.Abs(a-b) > 2+b/2 {
			t.Errorf("%s is %v, the library says %v", name, a, b)
		}
	}
}

func labelsOf(f *dto.MetricFamily) (all []string) {
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			all = append(all, l.GetName()+"="+l.GetValue())
		}
		for _, q := range m.GetSummary().GetQuantile() {
			all = append(all, number(q.GetQuantile()))
		}
	}
	return all
}

func TestHandler(t *testing.T) {
	var r Registry
	entered, leave := make(chan struct{}), make(chan struct{})
	r.Add(func(p *Page) { p.Family("one", "One.", Gauge).Set(1) })
	ask := func(encoding string) *httptest.ResponseRecorder {
		rq := httptest.NewRequest("GET", "/metrics", nil)
		rq.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		r.Handler(1).ServeHTTP(w, rq)
		return w
	}
	const want = "# HELP one One.\n# TYPE one gauge\none 1\n"
	if w := ask(""); w.Body.String() != want || w.Header().Get("Content-Type") != ContentType {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	w := ask("gzip, br")
	z, err := gzip.NewReader(w.Body)
	check(t, err)
	if text, err := io.ReadAll(z); err != nil || string(text) != want {
		t.Errorf("%q %v", text, err)
	}

	r.Add(func(*Page) { entered <- struct{}{}; <-leave })
	page := r.Handler(1)
	var first sync.WaitGroup
	first.Go(func() { page.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil)) })
	<-entered
	second := httptest.NewRecorder()
	page.ServeHTTP(second, httptest.NewRequest("GET", "/metrics", nil))
	if second.Code != 503 || !strings.Contains(second.Body.String(), "try again") {
		t.Errorf("a second reader: %d %s", second.Code, second.Body)
	}
	close(leave)
	first.Wait()
}

// Counting goes on while figures are read.
func TestCountedWhileRead(t *testing.T) {
	c, s, l := NewCounts("c_total", "C.", "k"), NewSpreads("s", "S.", []float64{1}, "k"), NewLevel("l", "L.")
	var r Registry
	r.Add(c.Write, s.Write, l.Write)
	var all sync.WaitGroup
	for _, k := range []string{"a", "b", "a", "c"} {
		all.Go(func() {
			for range 500 {
				c.Add(k)
				s.Observe(2, k)
				l.Add(1)
				r.Write(io.Discard)
			}
		})
	}
	all.Wait()
	families := understood(t, pageOf(t, c.Write, s.Write, l.Write))
	if n := families["c_total"].GetMetric()[0].GetCounter().GetValue(); n != 1000 {
		t.Errorf("%v of 1000 counted", n)
	}
	if h := families["s"].GetMetric()[0].GetHistogram(); h.GetSampleCount() != 1000 || h.GetSampleSum() != 2000 {
		t.Errorf("%v", h)
	}
	if n := families["l"].GetMetric()[0].GetGauge().GetValue(); n != 2000 {
		t.Errorf("%v of 2000", n)
	}
}
