package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Rates bound how often one caller may ask. They are far above what people
// do, and there so that one broken program or one guesser of passwords does
// not take the node from everybody else.
type Rates struct {
	// Account is requests a second of one logged-in person, with its burst.
	Account      rate.Limit
	AccountBurst int
	// Address is requests a second without login from one address.
	Address      rate.Limit
	AddressBurst int
	// Login is tries to log in a second from one address.
	Login      rate.Limit
	LoginBurst int
}

// DefaultRates suit an office: hundreds of people may sit behind one address.
var DefaultRates = Rates{
	Account: 200, AccountBurst: 400,
	Address: 100, AddressBurst: 300,
	Login: 2, LoginBurst: 30,
}

// voiceRate bounds complaints, suggestions and inquiries a second from one
// address, with their burst: a hall's people may all stand behind one.
const (
	voiceRate  rate.Limit = 0.5
	voiceBurst            = 20
)

// buckets is one rate limit with a bucket for each key. A key that is forgotten
// starts full again, which it would be anyway by then.
type buckets struct {
	limit rate.Limit
	burst int

	known *memory[string, *rate.Limiter]
}

const maxBuckets = 10_000

func newBuckets(limit rate.Limit, burst int) *buckets {
	return &buckets{limit: limit, burst: burst, known: newMemory[string, *rate.Limiter](maxBuckets)}
}

// take asks for one request of key. When there is none left it says after
// what time there is.
func (b *buckets) take(key string, now time.Time) (wait time.Duration, ok bool) {
	l := b.known.getOr(key, func() *rate.Limiter { return rate.NewLimiter(b.limit, b.burst) })
	if l.AllowN(now, 1) {
		return 0, true
	}
	r := l.ReserveN(now, 1)
	defer r.CancelAt(now)
	return r.DelayFrom(now), false
}

// address is whom a request without login is counted under: the peer's IP
// address, an IPv6 one by its /64. Headers that a caller can write are asked
// only behind a gateway, and then for what the gateway itself added.
func (s *Server) address(r *http.Request) string {
	if node, ok := r.Context().Value(belowKey{}).(string); ok {
		return node
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); s.o.BehindGateway && len(forwarded) > 0 {
		last := forwarded[len(forwarded)-1]
		host = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap()
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
