package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/oidc"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// Options are what the API of a node is made of.
type Options struct {
	// Node is the running node; Store and Blobs what it remembers.
	Node  Node
	Store *store.Store
	Blobs *blob.Store
	// Limits bound the attachments of a case, as the node itself applies
	// them; zero takes catalog.DefaultLimits.
	Limits catalog.Limits
	// Provider is the identity provider with which applicants may log in; nil for
	// none.
	Provider *oidc.Client
	// Hasher checks passwords, a few at a time.
	Hasher *trust.Hasher
	Logger *slog.Logger
	// Version is this program's, as every answer names it.
	Version string
	// Name is the centre's name until the county's word for it has arrived; Demo
	// marks a demonstration.
	Name string
	Demo bool
	// SupervisionPhone is where people complain; it stands on every document.
	SupervisionPhone string
	// Address is where applicants reach the county's pages; empty where nobody said.
	Address string
	// Secure says that browsers reach this node over https only, here or at
	// a gateway in front.
	Secure bool
	// BehindGateway says that every request comes through a gateway, which
	// names the caller's address last in X-Forwarded-For.
	BehindGateway bool
	// LAN are the https addresses of this node on its local network.
	LAN []string
	// People are those of a demonstration, with everybody's password; no other
	// node has any.
	People *gen.Demo
	// BodyBytes bounds a request body that is neither a file nor an
	// attachment; Request the time one request may take; Refresh how long a
	// login lasts.
	BodyBytes int64
	Request   time.Duration
	Refresh   time.Duration
	Rates     Rates
	// Registry is where figures are kept and served from at /metrics, to
	// readers with MetricsToken if it is set; HideMetrics serves none.
	Registry     *prometheus.Registry
	MetricsToken string
	HideMetrics  bool
	// Backups say where this hub keeps backups of its own; without a folder it
	// keeps none.
	Backups Backups
	// Pages serves the web application at every path that is not the API's.
	Pages http.Handler
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Server answers the API. It is safe for concurrent use.
type Server struct {
	o         Options
	node      Node
	store     *store.Store
	blobs     *blob.Store
	door      blob.Door // what people bring
	self      store.Self
	document  *openapi3.T
	metrics   *metrics
	ghosts    *memory[string, ghost]
	epochs    *memory[epoch, bool]
	offered   *memory[string, offer]
	lent      *memory[string, lending]
	views     *memory[view, time.Time]
	tickets   *memory[string, visit]
	voices    *buckets // of people who complain
	backups   *backups
	ring      atomic.Pointer[ring]
	operators sync.Mutex // held while one may lose the rights
	codes     *memory[string, shownCode]
	passwords *memory[string, shownPassword]
	// invited are the tokens made out here for new nodes, for a repeat.
	invited   *memory[string, shownPassword]
	inviting  sync.Mutex
	tries     *tries   // of people who look a case up or give a code back
	mailCodes *buckets // of codes sent, by account and by address
	screens   atomic.Int64
	desks     atomic.Int64 // streams of changes
	visits    visits
	stop      sync.Once
	stopping  chan struct{} // closed when the node stops
	accounts  *buckets
	addresses *buckets
	logins    *buckets
	handler   http.Handler
}

// New makes the API of a node. Errors are faults of the program or of the
// options, found before anything listens.
func New(o Options) (*Server, error) {
	if o.Node == nil || o.Store == nil || o.Blobs == nil || o.Hasher == nil {
		return nil, errors.New("api: options need a node, its store, its attachments and a hasher")
	}
	o = o.withDefaults()
	if err := clearDownloads(o.Store.Dir()); err != nil {
		return nil, err
	}
	document, err := requestDocument()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registry, o.Node, o.Store)
	if err != nil {
		return nil, fmt.Errorf("api: metrics: %w", err)
	}
	kept, err := newBackups(o.Backups, o.Store.Self().Node)
	if err != nil {
		return nil, err
	}
	s := &Server{
		backups: kept,
		o:       o, node: o.Node, store: o.Store, blobs: o.Blobs, door: o.Blobs.Door(o.Limits.AttachmentBytes), self: o.Store.Self(), document: document, metrics: m, ghosts: newMemory[string, ghost](10_000),
		epochs: newMemory[epoch, bool](10_000), offered: newMemory[string, offer](2_000), lent: newMemory[string, lending](2_000), views: newMemory[view, time.Time](10_000),
		tickets: newMemory[string, visit](10_000), voices: newBuckets(voiceRate, voiceBurst), codes: newMemory[string, shownCode](2_000), passwords: newMemory[string, shownPassword](200), invited: newMemory[string, shownPassword](200),
		tries: newTries(), mailCodes: newBuckets(mailCodeRate, mailCodeBurst), stopping: make(chan struct{}),
		accounts:  newBuckets(o.Rates.Account, o.Rates.AccountBurst),
		addresses: newBuckets(o.Rates.Address, o.Rates.AddressBurst),
		logins:    newBuckets(o.Rates.Login, o.Rates.LoginBurst),
	}
	router, err := s.routes()
	if err != nil {
		return nil, err
	}
	s.handler = s.observe(s.headers(router))
	o.Node.AnswerPublic(s.answerBelow)
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if len(o.Limits.Types) == 0 {
		o.Limits = catalog.DefaultLimits()
	}
	if o.BodyBytes <= 0 {
		o.BodyBytes = 4 << 20
	}
	if o.Request <= 0 {
		o.Request = 30 * time.Second
	}
	if o.Refresh <= 0 {
		o.Refresh = 12 * time.Hour
	}
	if o.Rates == (Rates{}) {
		o.Rates = DefaultRates
	}
	return o
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// HTTPServer is a listener's server for a handler, with the deadlines that
// keep slow or idle callers from holding connections for good. Bodies have
// deadlines of their own (admit).
func HTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// requestDocument is what requests are held against, read once for all servers
// of the process. Nobody changes it.
var requestDocument = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := loadDocument()
	if err == nil {
		keepRequests(doc)
	}
	return doc, err
})

// Prepare begins to read the document, which takes as long as to open the databases,
// so that a start does both at once.
func Prepare() { go requestDocument() }

// loadDocument reads the document that the server types were generated from.
func loadDocument() (*openapi3.T, error) {
	text, err := Document()
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	return doc, nil
}

var _ gen.StrictServerInterface = (*Server)(nil)
