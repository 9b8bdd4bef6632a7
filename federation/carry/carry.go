package carry

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
)

// Node is the node that makes and takes in bundles. All fields are needed
// but CountyKey, Checkpoint, Taken and Limits.
type Node struct {
	Store *store.Store
	Blobs *blob.Store
	// Credential and Key are the node's own; Trust the county's keys as it
	// knows them now.
	Credential trust.SignedCredential
	Key        ed25519.PrivateKey
	Trust      func() trust.CountyTrust
	// CountyKey, at a hub, is the county's root key: what comes up is sealed
	// for the county, whichever of its hubs the stick reaches.
	CountyKey func() ed25519.PrivateKey
	Now       func() time.Time
	// Take is the intake of what nodes below send up. It has stored the
	// entries for good when it returns.
	Take func(ctx context.Context, from trust.Peer, entries []ledger.Entry) ([]store.Result, error)
	// Fresh makes this node's copy include what Take returned for: a hub that
	// passed entries to its leader may not have applied them yet.
	Fresh func(context.Context) error
	// Checkpoint is the county's newest checkpoint known here, with the proof
	// that it continues the tree of size after where that can be had. Nil, or
	// an empty Note, when there is none.
	Checkpoint func(ctx context.Context, after uint64) (Checkpoint, error)
	// Taken, if set, is called when a bundle has been taken in: what came can
	// travel on.
	Taken  func()
	Limits Limits
}

// Checkpoint is a signed checkpoint, and how it continues an older one.
type Checkpoint struct {
	Note  string
	From  uint64
	Proof []tlog.Hash
}

// Summary says what a bundle holds or what became of it.
type Summary struct {
	Direction Direction `json:"direction"`
	From      string    `json:"from"`
	To        string    `json:"to,omitempty"`
	MadeAt    int64     `json:"made_at"`
	// Bytes is the size of the file.
	Bytes int64 `json:"bytes"`
	// Origins are the runs of entries going up; After and UpTo the part of
	// the county's ledger going down.
	Origins []Range `json:"origins,omitempty"`
	After   uint64  `json:"after,omitempty"`
	UpTo    uint64  `json:"upto,omitempty"`

	// Entries counts those exported, or taken in that were new here. Known
	// were here before; Refused are kept with their reason, or not taken
	// because their origin is stopped. Unverified were taken on the exporting
	// node's word: their origin's key is not known here.
	Entries    int64 `json:"entries"`
	Known      int64 `json:"known"`
	Refused    int64 `json:"refused"`
	Unverified int64 `json:"unverified,omitempty"`
	// Refusals are the first of the refused.
	Refusals []Refusal `json:"refusals,omitempty"`

	Attachments        int64 `json:"attachments"`
	AttachmentBytes    int64 `json:"attachment_bytes"`
	AttachmentsKnown   int64 `json:"attachments_known"`
	AttachmentsRefused int64 `json:"attachments_refused"`
	// AttachmentsMissing are outstanding and not on this node's disk.
	AttachmentsMissing int64 `json:"attachments_missing,omitempty"`
	// Personal counts the entries about people's cases.
	Personal int64 `json:"personal,omitempty"`
	// Mark goes into Options.Since of the next bundle to leave out what is in
	// this one.
	Mark int64 `json:"mark,omitempty"`
}

// Refusal is an entry that was refused, and why.
type Refusal struct {
	Entry  string `json:"entry"`
	Origin string `json:"origin"`
	Code   string `json:"code"`
	ZH     string `json:"zh,omitempty"`
	EN     string `json:"en,omitempty"`
	// Kept: it was recorded with its reason. Otherwise its origin is stopped,
	// and the bundle may be all there is of it.
	Kept bool `json:"kept"`
}

const maxRefusals = 100

// Receipt is the result in a line for people.
func (s Summary) Receipt() (zh, en string) {
	zh = fmt.Sprintf("条目 %d 条，已有 %d 条，被拒 %d 条；附件 %d 个（%d 字节），已有 %d 个，被拒 %d 个",
		s.Entries, s.Known, s.Refused, s.Attachments, s.AttachmentBytes, s.AttachmentsKnown, s.AttachmentsRefused)
	en = fmt.Sprintf("%d entries, %d known already, %d refused; %d attachments (%d bytes), %d known already, %d refused",
		s.Entries, s.Known, s.Refused, s.Attachments, s.AttachmentBytes, s.AttachmentsKnown, s.AttachmentsRefused)
	return zh, en
}

func (h *Header) summary() Summary {
	return Summary{Direction: h.Direction, From: h.From.Credential.Node, To: h.To, MadeAt: h.MadeAt, Origins: h.Origins, After: h.After, UpTo: h.UpTo}
}

// tempFile makes a file in the node's own directory: the system's temporary
// one may be small. Its name is removed at once where that can be done, so
// that a kill leaves nothing behind; on Windows, when it is closed.
func (n *Node) tempFile() (*atrest.Scratch, func(), error) {
	f, err := os.CreateTemp(n.Store.Dir(), "carry-*")
	if err != nil {
		return nil, nil, ErrStorage.Because(err)
	}
	s, err := atrest.NewScratch(f)
	if err != nil {
		return nil, nil, ErrStorage.Because(errors.Join(err, f.Close(), os.Remove(f.Name())))
	}
	removed := os.Remove(f.Name()) == nil
	return s, func() {
		f.Close()
		if !removed {
			os.Remove(f.Name())
		}
	}, nil
}

// spool writes to this node's disk, so that its failure is told from the
// reader's.
type spool struct{ f *atrest.Scratch }

func (s spool) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	if err != nil {
		return n, ErrStorage.Because(err)
	}
	return n, nil
}

// stored makes a failure of this node's database or attachments a fault.
func stored(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return asFault(err, ErrStorage)
}

// countingWriter counts what is written.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
