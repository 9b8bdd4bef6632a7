package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tongban/tongban/store"
)

// metrics are the figures of the HTTP side. Labels come from the document
// alone, so that no caller can make more of them.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	denied   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, n Node, st *store.Store) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_http_requests_total", Help: "Requests answered, by operation and status."}, []string{"operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tongban_http_request_seconds", Help: "Time to answer, by operation.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tongban_http_requests_in_flight", Help: "Requests being answered."}),
		denied: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tongban_auth_refused_total", Help: "Tokens and logins refused, by reason."}, []string{"reason"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.inFlight, m.denied, newNodeFigures(n), newNoticeFigures(n, st), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) observe(rq *request, method string, status int, took time.Duration) {
	op := "other"
	if rq.op != nil {
		op = rq.op.OperationID
	}
	m.requests.WithLabelValues(op, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(op).Observe(took.Seconds())
}

var errMetricsOff = &problem{http.StatusNotFound, "metrics_off", "this node's figures are switched off", "本机没有开启监控指标", "请管理员在配置中设置 metrics.enabled: true 后重新启动", nil, 0}

// metricsPage serves the figures, to whoever has the token where one is set,
// or says how they are switched on.
func (s *Server) metricsPage() http.Handler {
	if s.o.HideMetrics {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeProblem(w, r, errMetricsOff) })
	}
	page := promhttp.HandlerFor(s.o.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	want := sha256.Sum256([]byte(s.o.MetricsToken))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.o.MetricsToken != "" {
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			got := sha256.Sum256([]byte(token))
			if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
				writeProblem(w, r, errUnauthenticated)
				return
			}
		}
		page.ServeHTTP(w, r)
	})
}
