package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/api/exposition"
	"github.com/tongban/tongban/store"
)

// metrics are the figures of the HTTP side. Labels come from the document
// alone, so that no caller can make more of them.
type metrics struct {
	requests *exposition.Counts
	seconds  *exposition.Spreads
	inFlight *exposition.Level
	denied   *exposition.Counts
}

func newMetrics(reg *exposition.Registry, n Node, st *store.Store) *metrics {
	m := &metrics{
		requests: exposition.NewCounts("tongban_http_requests_total", "Requests answered, by operation and status.", "operation", "status"),
		seconds: exposition.NewSpreads("tongban_http_request_seconds", "Time to answer, by operation.",
			[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "operation"),
		inFlight: exposition.NewLevel("tongban_http_requests_in_flight", "Requests being answered."),
		denied:   exposition.NewCounts("tongban_auth_refused_total", "Tokens and logins refused, by reason.", "reason"),
	}
	reg.Add(m.requests.Write, m.seconds.Write, m.inFlight.Write, m.denied.Write, nodeFigures(n), noticeFigures(n, st), exposition.Runtime, exposition.Process)
	return m
}

func (m *metrics) observe(rq *request, method string, status int, took time.Duration) {
	op := "other"
	if rq.op != nil {
		op = rq.op.OperationID
	}
	m.requests.Add(op, strconv.Itoa(status))
	m.seconds.Observe(took.Seconds(), op)
}

var errMetricsOff = &problem{http.StatusNotFound, "metrics_off", "this node's figures are switched off", "本机没有开启监控指标", "请管理员在配置中设置 metrics.enabled: true 后重新启动", nil, 0}

// metricsPage serves the figures, to whoever has the token where one is set,
// or says how they are switched on.
func (s *Server) metricsPage() http.Handler {
	if s.o.HideMetrics {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeProblem(w, r, errMetricsOff) })
	}
	page := s.o.Registry.Handler(4)
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
