package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
)

// TestResumeUploadFromHome: a paper is sent in pieces and goes on where a line
// broke; who has not brought all of it cannot name it, though others have.
func TestResumeUploadFromHome(t *testing.T) {
	g := newGuests(t)
	content := append(picture(t), []byte(strings.Repeat("x", 4000))...)
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	begin := func(who *guest) (out gen.AttachmentState) {
		who.want("POST", "/api/v1/my/attachments", gen.AttachmentRequest{Hash: hash, Size: int64(len(content))}, 200, &out)
		return out
	}
	piece := func(who *guest, at, to int) *httptest.ResponseRecorder {
		return who.send(request0{method: "PATCH", path: "/api/v1/my/attachments/" + hash, body: content[at:to], token: who.token,
			header: map[string]string{"Content-Type": streamType, "Upload-Offset": strconv.Itoa(at)}})
	}
	if s := begin(g.one); s.Offset != 0 || s.Complete {
		t.Fatalf("%+v", s)
	}
	if r := piece(g.one, 0, 1500); r.Code != 200 {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	if s := begin(g.one); s.Offset != 1500 {
		t.Fatalf("it does not go on: %+v", s)
	}
	if s := begin(g.two); s.Offset != 0 {
		t.Fatalf("another's: %+v", s)
	}
	if r := piece(g.one, 1000, 2000); r.Code != 409 || !strings.Contains(r.Body.String(), "wrong_offset") {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	r := piece(g.one, 1500, len(content))
	var done gen.AttachmentState
	if g.one.decode(r, &done); r.Code != 200 || !done.Complete || done.Type != "image/png" {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	if s := begin(g.one); !s.Complete {
		t.Fatalf("once more: %+v", s)
	}
	// The content is here now, and still none of the second's.
	if s := begin(g.two); s.Complete || s.Offset != 0 {
		t.Fatalf("another's: %+v", s)
	}
	in := g.two.application("TB-XZRZ-005")
	in.Materials[0].Attachments = []catalog.AttachmentRef{{Hash: hash, Name: "照片.png", Size: int64(len(content)), Type: "image/png"}}
	if r := g.two.ask("POST", "/api/v1/my/cases", in); r.Code == 201 || !strings.Contains(r.Body.String(), "not uploaded") {
		t.Fatalf("named without having it: %d %s", r.Code, r.Body)
	}
	mine := g.one.application("TB-XZRZ-005")
	mine.Materials[0].Attachments = in.Materials[0].Attachments
	g.one.want("POST", "/api/v1/my/cases", mine, 201, nil)
}
