package feed

import (
	"container/list"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// frameCache keeps compressed pages, so that what many followers get is
// compressed once. A page is known by what is in it, not by who asked: the
// villages of a county are different audiences of the same catalog.
type frameCache struct {
	limit int
	made  atomic.Int64

	mu    sync.Mutex
	bytes int
	byKey map[frameKey]*list.Element
	order *list.List // newest first
}

type frameKey [sha256.Size]byte

type frame struct {
	key   frameKey
	ready chan struct{}
	data  []byte
	size  int
}

func newFrameCache(limit int) *frameCache {
	return &frameCache{limit: limit, byKey: map[frameKey]*list.Element{}, order: list.New()}
}

// get returns the frame of a page, made by pack at most once at a time.
func (c *frameCache) get(key frameKey, pack func() ([]byte, int)) ([]byte, int) {
	c.mu.Lock()
	if e, ok := c.byKey[key]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		f := e.Value.(*frame)
		<-f.ready
		return f.data, f.size
	}
	f := &frame{key: key, ready: make(chan struct{})}
	c.byKey[key] = c.order.PushFront(f)
	c.mu.Unlock()

	f.data, f.size = pack()
	c.made.Add(1)
	close(f.ready)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += len(f.data)
	for c.bytes > c.limit && c.order.Len() > 0 && c.drop(c.order.Back()) {
	}
	return f.data, f.size
}

// drop forgets a frame, unless it is being made.
func (c *frameCache) drop(e *list.Element) bool {
	f := e.Value.(*frame)
	select {
	case <-f.ready:
	default:
		return false
	}
	c.order.Remove(e)
	delete(c.byKey, f.key)
	c.bytes -= len(f.data)
	return true
}

// keyOfIndexes names a page of whole records: a record's line is the same for
// everybody, in one epoch. After the ledger went back other records have the same
// indexes, and some of them are for others.
func keyOfIndexes(epoch int64, recs []*tailRecord) frameKey {
	h := sha256.New()
	h.Write([]byte{'i'})
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(epoch))
	h.Write(b[:])
	for _, r := range recs {
		binary.BigEndian.PutUint64(b[:], r.head.Index)
		h.Write(b[:])
	}
	return frameKey(h.Sum(nil))
}

// keyOfLines names a page by its bytes.
func keyOfLines(lines [][]byte) frameKey {
	h := sha256.New()
	h.Write([]byte{'l'})
	var b [8]byte
	for _, l := range lines {
		binary.BigEndian.PutUint64(b[:], uint64(len(l)))
		h.Write(b[:])
		h.Write(l)
	}
	return frameKey(h.Sum(nil))
}
