package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/node/catalog"
)

// item is what everybody hands in: taken at all three tiers, decided at the
// township.
const item = "TB-XZRZ-005"

// traffic are people at the nodes' desks.
type traffic struct {
	oracle  *oracle
	ctx     context.Context
	stop    context.CancelFunc
	group   sync.WaitGroup
	failed  atomic.Pointer[error]
	people  map[string]*person
	backups atomic.Int64
	mu      sync.Mutex
}

func newTraffic(ctx context.Context, o *oracle) *traffic {
	t := &traffic{oracle: o, people: map[string]*person{}}
	t.ctx, t.stop = context.WithCancel(ctx)
	return t
}

// at is a person at a node, the same one each time.
func (t *traffic) at(m *member, login string) *person {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := m.ID + "/" + login
	if t.people[key] == nil {
		t.people[key] = newPerson(m.url(), login)
	}
	return t.people[key]
}

// write lets n people hand in cases at a node until the end, each with a
// pause between two requests.
func (t *traffic) write(m *member, n int, pause time.Duration, logins ...string) {
	for i := range n {
		p := t.at(m, logins[i%len(logins)])
		t.group.Add(1)
		go func() {
			defer t.group.Done()
			random := newRandom()
			for turn := 0; t.ctx.Err() == nil; turn++ {
				if err := t.oneCase(m, p, random, turn); err != nil {
					t.failed.CompareAndSwap(nil, &err)
					return
				}
				t.rest(pause)
			}
		}()
	}
}

func (t *traffic) rest(d time.Duration) {
	select {
	case <-t.ctx.Done():
	case <-time.After(d):
	}
}

// end lets everybody finish what they are at.
func (t *traffic) end() error {
	t.stop()
	t.group.Wait()
	if p := t.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// oneCase hands a case in, every third with a scanned paper, and takes every
// second one up.
func (t *traffic) oneCase(m *member, p *person, random *rand.Rand, turn int) error {
	r := request{Mark: t.oracle.mark(), Node: m.ID, Kind: "case.submit"}
	var file client.AttachmentRef
	if turn%3 == 0 {
		content := scan(random)
		hash, err := p.Upload(t.ctx, content, piece)
		if err != nil {
			return t.mayFail(err)
		}
		r.Files = []string{hash}
		file = client.AttachmentRef{Hash: hash, Name: "scan.png", Size: int64(len(content)), Type: "image/png"}
	}
	receipt, err := t.ask(p, &r, "/api/v1/cases", submission(r.Mark, m.Tier, file), turn)
	if err != nil || r.Outcome != ok || turn%2 == 0 || m.Tier != "village" {
		return err
	}
	accept := request{Mark: t.oracle.mark(), Node: m.ID, Kind: "case.accept"}
	_, err = t.ask(p, &accept, "/api/v1/cases/"+receipt.Case.Id+"/actions", client.CaseAction{Kind: "accept", Note: accept.Mark}, turn)
	return err
}

// ask sends a request and keeps what becomes of it. What got no answer is
// sent again with its key for a while, every other time: a person who clicks
// again, and one who goes home.
func (t *traffic) ask(p *person, r *request, path string, body any, turn int) (*client.CaseReceipt, error) {
	key := loopback.NewKey()
	r.Outcome = unknown
	if err := t.oracle.note(*r); err != nil {
		return nil, err
	}
	var receipt client.CaseReceipt
	for try := 0; ; try++ {
		// A request under way is not cut off by the end of the traffic.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), 15*time.Second)
		err := p.Post(ctx, path, body, key, &receipt)
		cancel()
		var no *refusal
		switch {
		case err == nil:
			if receipt.Recorded.Entry == "" {
				return nil, fmt.Errorf("a receipt without an entry: %+v", receipt)
			}
			r.Outcome, r.Entry, r.Number = ok, receipt.Recorded.Entry, receipt.Case.Number
			return &receipt, t.oracle.note(*r)
		case errors.As(err, &no) && no.Status < 500 && no.Status != http.StatusTooManyRequests && no.Status != http.StatusUnauthorized:
			if try > 0 { // an earlier try may have happened
				return nil, nil
			}
			r.Outcome, r.Code = refused, no.Code
			if err := t.oracle.note(*r); err != nil {
				return nil, err
			}
			// After a loss a node may have to say these, and the verdict tells
			// whether there was one.
			if no.Code == "case_unknown" || no.Code == "forked_origin" {
				t.rest(50 * time.Millisecond)
				return nil, nil
			}
			return nil, fmt.Errorf("%s at %s: %w", r.Kind, r.Node, err)
		}
		if turn%2 == 1 || t.ctx.Err() != nil || try > 100 {
			return nil, nil
		}
		t.rest(50 * time.Millisecond)
	}
}

// mayFail: an upload that was cut off is nothing, and nothing was asked yet.
func (t *traffic) mayFail(err error) error {
	var no *refusal
	if errors.As(err, &no) && no.Status < 500 && no.Status != http.StatusTooManyRequests && no.Status != http.StatusUnauthorized && no.Status != http.StatusConflict {
		return fmt.Errorf("upload: %w", err)
	}
	t.rest(50 * time.Millisecond)
	return nil
}

// scan is a small picture that nobody else has.
func scan(random *rand.Rand) []byte {
	img := image.NewGray(image.Rect(0, 0, 160, 120))
	for i := range img.Pix {
		img.Pix[i] = uint8(random.Uint32())
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}

func submission(mark, tier string, file client.AttachmentRef) client.Submission {
	s := client.Submission{Item: item, Applicant: client.Applicant{Type: "person", Name: "李某", IDNumber: "33059919850412005X", Phone: "13800000000"},
		Form: []client.FieldValue{{Key: "applicant_name", Value: "李某"}, {Key: "id_number", Value: "33059919850412005X"}, {Key: "phone", Value: "13800000000"},
			{Key: "address", Value: "梅溪镇甲子村"}, {Key: "spouse_name", Value: mark}, {Key: "spouse_id_number", Value: "330599200103152464"}, {Key: "birth_order", Value: "一孩"}}}
	if tier == "county" || tier == "township" {
		s.Division = villageCode
	}
	card := client.SubmittedMaterial{Name: "夫妻双方居民身份证", Form: catalog.SubmittedCopy, Copies: 1}
	if file.Hash != "" {
		card.Attachments = []client.AttachmentRef{file}
	}
	s.Materials = []client.SubmittedMaterial{{Name: "生育登记表", Form: catalog.SubmittedOriginal, Copies: 1}, card}
	return s
}

// backUp takes backups of a node one after the other: what runs beside the
// work must not break it either.
func (t *traffic) backUp(m *member, pause time.Duration) {
	p := t.at(m, "admin")
	t.group.Add(1)
	go func() {
		defer t.group.Done()
		for t.ctx.Err() == nil {
			var archive []byte
			if err := p.Post(t.ctx, "/api/v1/backup", []byte(nil), "", &archive); err == nil {
				t.backups.Add(1)
			}
			t.rest(pause)
		}
	}()
}

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }
