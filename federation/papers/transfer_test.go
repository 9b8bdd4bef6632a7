package papers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

func TestPushAndPullOverALineThatIsCut(t *testing.T) {
	content := pdf(1_500_000, 1)
	for _, after := range []int64{40_000, 200_000, 300_001} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			far, near := newPlace(t, nil), mustStore(t, t.TempDir())
			ref := mustPut(t, near, content)
			line := newCutter(t, far.http.Listener.Addr().String(), after)
			url := "http://" + line.ln.Addr().String() + "/federation/v1/attachments"

			c := Client{Store: near}
			moved, err := c.Push(t.Context(), far.ask, url, ref.Hash)
			mustDo(t, err)
			mustHold(t, far.store, content)
			if line.cuts.Load() == 0 {
				t.Fatal("the line was never cut")
			}
			t.Logf("cut each %d bytes: %d cuts, %.2f times the content handed to the line, %.2f carried", after, line.cuts.Load(),
				float64(moved.Bytes)/float64(ref.Size), float64(line.over.Load())/float64(ref.Size))

			back := Client{Store: mustStore(t, t.TempDir())}
			pulled, err := back.Pull(t.Context(), far.ask, url, ref.Hash, ref.Size)
			mustDo(t, err)
			mustHold(t, back.Store, content)
			if pulled.Bytes != ref.Size {
				t.Fatalf("pulled %d bytes of %d", pulled.Bytes, ref.Size)
			}
		})
	}
}

func TestPushOnACleanLineSendsOnce(t *testing.T) {
	far, near := newPlace(t, nil), mustStore(t, t.TempDir())
	content := pdf(700_000, 1)
	ref := mustPut(t, near, content)
	var told int64
	c := Client{Store: near, Moving: func(n int64) { told += n }}
	moved, err := c.Push(t.Context(), far.ask, far.url, ref.Hash)
	mustDo(t, err)
	if moved.Bytes != ref.Size || told != ref.Size || moved.Resumed != 0 || far.got.Load() != 1 {
		t.Fatalf("moved %+v, told %d, complete %d times", moved, told, far.got.Load())
	}
	if moved, err = c.Push(t.Context(), far.ask, far.url, ref.Hash); err != nil || moved.Bytes != 0 {
		t.Fatalf("again: %+v, %v", moved, err)
	}
	if moved, err = c.Pull(t.Context(), far.ask, far.url, ref.Hash, ref.Size); err != nil || moved.Bytes != 0 {
		t.Fatalf("pull of what is here: %+v, %v", moved, err)
	}
}

func TestPushResumesAfterRestartOfBoth(t *testing.T) {
	far := newPlace(t, nil)
	content := pdf(900_000, 4)
	nearDir := t.TempDir()
	ref := mustPut(t, mustStore(t, nearDir), content)
	ctx, cancel := context.WithCancel(t.Context())
	chunks := 0
	c := Client{Store: mustStore(t, nearDir), Before: func(context.Context) error {
		if chunks++; chunks == 3 {
			cancel()
		}
		return nil
	}}
	if _, err := c.Push(ctx, far.ask, far.url, ref.Hash); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	far.http.Close()
	far.store = mustStore(t, far.dir)
	far.start(t, nil)
	moved, err := (&Client{Store: mustStore(t, nearDir)}).Push(t.Context(), far.ask, far.url, ref.Hash)
	mustDo(t, err)
	if moved.Resumed < 2*DefaultChunk || moved.Bytes != ref.Size-moved.Resumed {
		t.Fatalf("moved %+v", moved)
	}
	mustHold(t, far.store, content)
}

func TestManyPushTheSame(t *testing.T) {
	far, near := newPlace(t, nil), mustStore(t, t.TempDir())
	content := pdf(900_000, 5)
	ref := mustPut(t, near, content)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 { // who loses every race gives up for a while, as a Courier would
				_, err := (&Client{Store: near, Chunk: 64 << 10}).Push(context.Background(), far.ask, far.url, ref.Hash)
				var p *Problem
				if err == nil {
					return
				}
				if !errors.Is(err, ErrLine) && !errors.As(err, &p) {
					t.Error(err)
					return
				}
			}
			t.Error("never got through")
		})
	}
	group.Wait()
	mustHold(t, far.store, content)
}

func TestForgedContent(t *testing.T) {
	far, near := newPlace(t, nil), mustStore(t, t.TempDir())
	content, forged := pdf(300_000, 1), pdf(300_000, 2)
	ref := mustPut(t, near, content)
	chunk := func(offset int, b []byte) (*http.Response, []byte) {
		return far.do(t, "PATCH", fmt.Sprintf("/%s?size=%d", ref.Hash, ref.Size), map[string]string{headerOffset: fmt.Sprint(offset)}, b)
	}
	// Somebody began the upload with other bytes: the true content gets through.
	if resp, _ := chunk(0, forged[:100_000]); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("got %d", resp.StatusCode)
	}
	_, err := (&Client{Store: near}).Push(t.Context(), far.ask, far.url, ref.Hash)
	mustDo(t, err)
	mustHold(t, far.store, content)

	// Our own copy is damaged: it is found out here and sent to nobody again.
	other := newPlace(t, nil)
	dir := t.TempDir()
	rotten := mustStore(t, dir)
	mustPut(t, rotten, content)
	mustDo(t, os.WriteFile(filepath.Join(dir, "objects", ref.Hash[:2], ref.Hash), storetest.Sealed(t, forged), 0o600))
	if _, err := (&Client{Store: rotten}).Push(t.Context(), other.ask, other.url, ref.Hash); !errors.Is(err, blob.ErrDamaged) {
		t.Fatalf("got %v, want ErrDamaged", err)
	}
	if has, _ := other.store.Has(ref.Hash); has {
		t.Fatal("took forged content")
	}
	liar := newPlace(t, nil)
	liarPath := filepath.Join(liar.dir, "objects", ref.Hash[:2], ref.Hash)
	mustPut(t, liar.store, content)
	mustDo(t, os.WriteFile(liarPath, storetest.Sealed(t, forged), 0o600))
	fresh := Client{Store: mustStore(t, t.TempDir())}
	if _, err := fresh.Pull(t.Context(), liar.ask, liar.url, ref.Hash, ref.Size); !errors.Is(err, blob.ErrMismatch) {
		t.Fatalf("pulled forged content: %v", err)
	}
}

func TestServerAnswers(t *testing.T) {
	p := newPlace(t, func(o *ServerOptions) { o.MaxChunk = 1000 })
	content := pdf(1500, 1)
	hash := hashHex(content)
	denied, unsure := hashHex([]byte("denied")), hashHex([]byte("unsure"))
	allow := func(_ *http.Request, h string, _ bool) error {
		switch h {
		case denied:
			return fmt.Errorf("no entry: %w", ErrNotAllowed)
		case unsure:
			return errors.New("database is closed")
		}
		return nil
	}
	p.allow.Store(&allow)
	html := append([]byte("<html><script>"), make([]byte, 100)...)
	forged := hashHex([]byte("another"))
	at := func(n string) map[string]string { return map[string]string{headerOffset: n} }
	for _, row := range []struct {
		name, method, path string
		header             map[string]string
		body               []byte
		status             int
		code               Code
		offset             string
	}{
		{"unknown", "HEAD", "/" + hash, nil, nil, 404, "", ""},
		{"unknown content", "GET", "/" + hash, nil, nil, 404, NotFound, ""},
		{"no hash", "GET", "/" + strings.ToUpper(hash), nil, nil, 400, BadHash, ""},
		{"path trick", "GET", "/..%2f..%2fetc%2fpasswd", nil, nil, 404, "", ""},
		{"no size", "PATCH", "/" + hash, at("0"), content[:10], 400, BadRequest, ""},
		{"odd size", "PATCH", "/" + hash + "?size=+1500", at("0"), content[:10], 400, BadRequest, ""},
		{"no offset", "PATCH", "/" + hash + "?size=1500", nil, content[:10], 400, BadRequest, ""},
		{"negative offset", "PATCH", "/" + hash + "?size=1500", at("-1"), content[:10], 400, BadRequest, ""},
		{"offset beyond", "PATCH", "/" + hash + "?size=1500", at("1501"), nil, 400, BadRequest, ""},
		{"more than the size", "PATCH", "/" + hash + "?size=5", at("0"), content[:10], 413, TooLarge, ""},
		{"too large at all", "PATCH", "/" + hash + "?size=99999999999", at("0"), content[:10], 413, TooLarge, ""},
		{"chunk too large", "PATCH", "/" + hash + "?size=1500", at("0"), content[:1001], 413, ChunkTooLarge, ""},
		{"denied to write", "PATCH", "/" + denied + "?size=1500", at("0"), content[:10], 403, NotAllowed, ""},
		{"denied to read", "GET", "/" + denied, nil, nil, 403, NotAllowed, ""},
		{"rights unknown", "GET", "/" + unsure, nil, nil, 503, Busy, ""},
		{"method", "DELETE", "/" + hash, nil, nil, 405, WrongMethod, ""},
		{"web page", "PATCH", fmt.Sprintf("/%s?size=%d", hashHex(html), len(html)), at("0"), html, 415, TypeRefused, ""},
		{"forged", "PATCH", "/" + forged + "?size=900", at("0"), content[:900], 422, HashMismatch, ""},
		{"ahead", "PATCH", "/" + hash + "?size=1500", at("7"), content[7:10], 409, OffsetMismatch, "0"},
		{"first", "PATCH", "/" + hash + "?size=1500", at("0"), content[:1000], 204, "", "1000"},
		{"how far", "HEAD", "/" + hash, nil, nil, 204, "", "1000"},
		{"first again", "PATCH", "/" + hash + "?size=1500", at("0"), content[:1000], 409, OffsetMismatch, "1000"},
		{"not yet to read", "GET", "/" + hash, nil, nil, 404, NotFound, ""},
		{"last", "PATCH", "/" + hash + "?size=1500", at("1000"), content[1000:], 204, "", "1500"},
		{"last again", "PATCH", "/" + hash + "?size=1500", at("1000"), content[1000:], 204, "", "1500"},
		{"other size", "PATCH", "/" + hash + "?size=1499", at("1000"), content[1001:], 409, SizeDiffers, ""},
		{"whole", "HEAD", "/" + hash, nil, nil, 200, "", "1500"},
		{"content", "GET", "/" + hash, nil, nil, 200, "", ""},
		{"range", "GET", "/" + hash, map[string]string{"Range": "bytes=1400-"}, nil, 206, "", ""},
		{"range beyond", "GET", "/" + hash, map[string]string{"Range": "bytes=1500-"}, nil, 416, "", ""},
	} {
		resp, body := p.do(t, row.method, row.path, row.header, row.body)
		if resp.StatusCode != row.status || resp.Header.Get(headerOffset) != row.offset {
			t.Errorf("%s: got %d, offset %q: %s", row.name, resp.StatusCode, resp.Header.Get(headerOffset), body)
		}
		if row.code == "" {
			continue
		}
		var got Problem
		if err := json.Unmarshal(body, &got); err != nil || got.Code != row.code || got.Status != row.status ||
			got.MessageZh == "" || got.Detail == "" || got.Type != "about:blank" || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %s, %v", row.name, body, err)
		}
	}
	resp, body := p.do(t, "GET", "/"+hash, map[string]string{"Range": "bytes=1400-"}, nil)
	if !bytes.Equal(body, content[1400:]) || resp.Header.Get("X-Content-Type-Options") != "nosniff" ||
		resp.Header.Get("Content-Disposition") != "attachment" || resp.Header.Get("Content-Type") != blob.PDF {
		t.Errorf("range: %d bytes, %v", len(body), resp.Header)
	}
}

// TestChunkWithoutLength: a body of unknown length is refused before a byte of
// it is read.
func TestChunkWithoutLength(t *testing.T) {
	p := newPlace(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), "PATCH", p.url+"/"+hashHex(nil)+"?size=10", struct{ *bytes.Reader }{bytes.NewReader(make([]byte, 10))})
	mustDo(t, err)
	req.ContentLength = -1
	req.Header.Set(headerOffset, "0")
	resp, err := p.ask.Do(req)
	mustDo(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusLengthRequired {
		t.Fatalf("got %d", resp.StatusCode)
	}
}

func TestEveryErrorHasItsCode(t *testing.T) {
	for err, want := range map[error]Code{
		blob.ErrNoSpace: NoSpace, blob.ErrFailed: StoreFailed, blob.ErrTooLarge: TooLarge, blob.ErrType: TypeRefused,
		blob.ErrMismatch: HashMismatch, blob.ErrDamaged: NotFound, errors.New("other"): Internal,
	} {
		if got := problemOf(fmt.Errorf("wrapped: %w", err)); got.Code != want || got.Status == 0 {
			t.Errorf("%v: got %+v", err, got)
		}
	}
}

func FuzzDecodeProblem(f *testing.F) {
	ok, err := json.Marshal(newProblem(NoSpace))
	mustDo(f, err)
	f.Add(507, ok)
	f.Add(404, []byte(nil))
	f.Add(502, []byte("<html>Bad Gateway</html>"))
	f.Add(409, []byte(`{"code":"offset_mismatch","offset":-1}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		p := decodeProblem(status, body)
		if p.Code == "" || p.Status != status || p.Error() == "" {
			t.Fatalf("%+v", p)
		}
		_ = isLine(p) && isContent(p)
	})
}
