package papers

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/tongban/tongban/store/blob"
)

const (
	headerOffset   = "Upload-Offset"
	headerLength   = "Upload-Length"
	headerComplete = "Upload-Complete"

	structuredTrue  = "?1" // RFC 9651 booleans
	structuredFalse = "?0"
)

// Defaults of ServerOptions.
const (
	DefaultMaxChunk     = 1 << 20
	DefaultUploads      = 32
	DefaultChunkTime    = 2 * time.Minute
	DefaultDownloadTime = time.Hour
)

// ServerOptions say what a Server serves and to whom.
type ServerOptions struct {
	Store *blob.Store
	// Allow returns nil when the peer of r may read, or write, the attachment:
	// when an entry that it may see names it. It is asked before anything is
	// looked up, so that a refusal tells nothing about what is here.
	Allow func(r *http.Request, hash string, write bool) error
	// Complete, if set, is told of content that has arrived whole. It may be
	// told twice, and after a crash not at all: who acts on it looks at its own
	// list when it starts. It must not block.
	Complete func(blob.Info)

	MaxChunk     int64         // bytes of one PATCH
	Uploads      int           // PATCHes served at once; more are told to come back
	ChunkTime    time.Duration // for the body of one PATCH to arrive
	DownloadTime time.Duration // for one GET
	Clock        Clock         // nil: the machine's
	Logger       *slog.Logger  // nil: none
}

// Server answers other nodes' requests for attachments.
type Server struct {
	o     ServerOptions
	slots chan struct{}
}

// NewServer fills in defaults. Store and Allow are needed.
func NewServer(o ServerOptions) (*Server, error) {
	if o.Store == nil || o.Allow == nil {
		return nil, errors.New("serve attachments: store and allow are needed")
	}
	if o.MaxChunk <= 0 {
		o.MaxChunk = DefaultMaxChunk
	}
	if o.Uploads <= 0 {
		o.Uploads = DefaultUploads
	}
	if o.ChunkTime <= 0 {
		o.ChunkTime = DefaultChunkTime
	}
	if o.DownloadTime <= 0 {
		o.DownloadTime = DefaultDownloadTime
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{o: o, slots: make(chan struct{}, o.Uploads)}, nil
}

// Register mounts the server on a router for /federation/v1/attachments.
func (s *Server) Register(r *mux.Router) { r.HandleFunc("/{hash}", s.serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	hash := mux.Vars(r)["hash"]
	if err := s.serveHash(w, r, hash); err != nil {
		p := problemOf(err)
		var given *Problem
		if errors.As(err, &given) {
			p = given
		}
		if p.Status >= http.StatusInternalServerError {
			s.o.Logger.Error("attachment request failed", "method", r.Method, "code", string(p.Code), "error", err)
		}
		p.write(w)
	}
}

func (s *Server) serveHash(w http.ResponseWriter, r *http.Request, hash string) error {
	if err := blob.CheckHash(hash); err != nil {
		return err
	}
	var handle func(http.ResponseWriter, *http.Request, string) error
	switch r.Method {
	case http.MethodHead:
		handle = s.head
	case http.MethodPatch:
		handle = s.patch
	case http.MethodGet:
		handle = s.get
	default:
		w.Header().Set("Allow", "HEAD, PATCH, GET")
		return newProblem(WrongMethod)
	}
	if err := s.allow(r, hash); err != nil {
		return err
	}
	return handle(w, r, hash)
}

// allow asks for the right of this method. An uploader has to HEAD first, so
// whoever may write may ask how far it has come.
func (s *Server) allow(r *http.Request, hash string) error {
	write := r.Method == http.MethodPatch
	err := s.o.Allow(r, hash, write)
	if r.Method == http.MethodHead && errors.Is(err, ErrNotAllowed) {
		err = s.o.Allow(r, hash, true)
	}
	if err == nil || errors.Is(err, ErrNotAllowed) {
		return err
	}
	s.o.Logger.Error("rights to an attachment cannot be checked", "error", err)
	return newProblem(Busy)
}

func (s *Server) head(w http.ResponseWriter, r *http.Request, hash string) error {
	p, err := s.o.Store.Progress(hash)
	if err == nil && p.Offset == p.Size {
		// This node stopped between the last byte and the check of the whole:
		// there is no byte left to send that would bring it about.
		if _, err = s.o.Store.Begin(r.Context(), hash, p.Size, ""); errors.Is(err, blob.ErrComplete) && s.o.Complete != nil {
			if info, err := s.o.Store.Stat(hash); err == nil {
				s.o.Complete(info)
			}
		}
	}
	switch {
	case errors.Is(err, blob.ErrComplete):
		info, err := s.o.Store.Stat(hash)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Length", strconv.FormatInt(info.Size, 10))
		w.Header().Set("Content-Type", info.Type)
		told(w, info.Size, true)
		w.WriteHeader(http.StatusOK)
		return nil
	case err != nil:
		return err
	}
	w.Header().Set(headerLength, strconv.FormatInt(p.Size, 10))
	told(w, p.Offset, false)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) patch(w http.ResponseWriter, r *http.Request, hash string) error {
	size, sizeOK := parseBytes(r.URL.Query().Get("size"))
	offset, offsetOK := parseBytes(r.Header.Get(headerOffset))
	switch {
	case !sizeOK || !offsetOK || size == 0 || offset > size:
		return newProblem(BadRequest)
	case r.ContentLength < 0:
		return newProblem(LengthRequired)
	case r.ContentLength > s.o.MaxChunk:
		return newProblem(ChunkTooLarge)
	case r.ContentLength > size-offset:
		return newProblem(TooLarge)
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		w.Header().Set("Retry-After", "5")
		return newProblem(Busy)
	}
	if err := s.receive(w, r, hash, size, offset); !errors.Is(err, blob.ErrComplete) {
		return err
	}
	if info, err := s.o.Store.Stat(hash); err == nil && s.o.Complete != nil {
		s.o.Complete(info)
	}
	told(w, size, true)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// receive takes one chunk. It answers unless the content is complete then,
// which blob.ErrComplete says.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, hash string, size, offset int64) error {
	have, err := s.o.Store.Begin(r.Context(), hash, size, "")
	if err != nil {
		return err
	}
	if have != offset {
		return &blob.OffsetError{Want: have, Got: offset}
	}
	// A test's recorder has no deadlines; every real connection has.
	_ = http.NewResponseController(w).SetReadDeadline(s.o.Clock.Now().Add(s.o.ChunkTime))
	body := &watchedReader{r: r.Body}
	offset, err = s.o.Store.Append(r.Context(), hash, offset, body)
	switch {
	case err == nil && offset == size:
		return blob.ErrComplete
	case err == nil:
		told(w, offset, false)
		w.WriteHeader(http.StatusNoContent)
		return nil
	case body.err != nil:
		return newProblem(UploadCut)
	}
	return err
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, hash string) error {
	content, info, err := s.o.Store.Open(hash)
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	h.Set("Content-Type", info.Type)
	h.Set("Content-Disposition", "attachment")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+hash+`"`)
	_ = http.NewResponseController(w).SetWriteDeadline(s.o.Clock.Now().Add(s.o.DownloadTime))
	http.ServeContent(w, r, "", time.Time{}, content)
	return nil
}

func told(w http.ResponseWriter, offset int64, complete bool) {
	w.Header().Set(headerOffset, strconv.FormatInt(offset, 10))
	w.Header().Set(headerComplete, structuredFalse)
	if complete {
		w.Header().Set(headerComplete, structuredTrue)
	}
}

// parseBytes reads a count of bytes: plain digits, in one spelling only.
func parseBytes(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == text
}

// watchedReader remembers that reading failed, to tell a cut line from a
// failing disk.
type watchedReader struct {
	r   io.Reader
	err error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
