package federation

import (
	"context"
	"time"

	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// lacking is what a hub should hold, because the county's ledger says that a
// majority of the hubs does, and holds not. It follows the confirmations in the
// ledger, so that one that arrives (alone, or with a whole database when a hub
// is let in) is known at once. All there are it looks at when it starts, when
// the ledger has grown by much, and now and then, in case a file was lost.
type lacking struct {
	store *store.Store
	blobs *blob.Store
	now   func() time.Time

	seen uint64 // every confirmation recorded up to here has been looked at
	// looked is when that was, changed how the attachments had changed by then.
	looked  time.Time
	changed uint64
	whole   time.Time // when all there are were looked at
	refs    map[string]papers.Ref
}

const (
	// lookWhole is how often a hub looks at everything it should hold.
	lookWhole = 10 * time.Minute
	// lookPage is how many records the ledger is read in at a time; beyond a
	// few pages the attachments' own table is less to read.
	lookPage, lookPages = 1000, 10
	// lookNext is how soon the ledger is read on where no attachment has changed:
	// it grows a thousand times a second.
	lookNext = time.Second
)

// list is papers.GatherOptions.Lacking; one goroutine calls it.
func (l *lacking) list(ctx context.Context, limit int) ([]papers.Ref, error) {
	if err := l.look(ctx); err != nil {
		return nil, err
	}
	var refs []papers.Ref
	for hash, ref := range l.refs {
		if has, err := l.blobs.Has(hash); err != nil {
			return nil, err
		} else if has {
			delete(l.refs, hash)
			continue
		}
		if refs = append(refs, ref); len(refs) == limit {
			break
		}
	}
	return refs, nil
}

func (l *lacking) look(ctx context.Context) error {
	changed, now := l.store.AttachmentsChanged(), l.now()
	if l.refs != nil && changed == l.changed && now.Sub(l.looked) < lookNext {
		return nil
	}
	if err := l.lookOn(ctx); err != nil {
		return err
	}
	l.changed, l.looked = changed, now
	return nil
}

func (l *lacking) lookOn(ctx context.Context) error {
	head, err := l.store.Head(ctx)
	if err != nil {
		return err
	}
	if l.refs == nil || head < l.seen || head > l.seen+lookPage*lookPages || l.now().Sub(l.whole) >= lookWhole {
		return l.lookAtAll(ctx, head)
	}
	for l.seen < head {
		to := min(head, l.seen+lookPage)
		found, err := l.store.ConfirmedBetween(ctx, l.seen, to)
		if err != nil {
			return err
		}
		l.add(found)
		l.seen = to
	}
	return nil
}

func (l *lacking) lookAtAll(ctx context.Context, head uint64) error {
	l.refs = map[string]papers.Ref{}
	for after := ""; ; {
		page, err := l.store.ConfirmedAttachments(ctx, after, 500)
		if err != nil {
			l.refs = nil
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].Hash
		for _, a := range page {
			if has, err := l.blobs.Has(a.Hash); err != nil {
				l.refs = nil
				return err
			} else if !has {
				l.add([]store.Attachment{a})
			}
		}
	}
	l.seen, l.whole = head, l.now()
	return nil
}

func (l *lacking) add(found []store.Attachment) {
	for _, a := range found {
		l.refs[a.Hash] = papers.Ref{Hash: a.Hash, Size: a.Size}
	}
}
