package county

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

// bbolt trusts its file. A broken page it answers with a panic, some of them in
// goroutines of its own; a wrong number in one makes it read beyond the file,
// which ends the process; a damaged head makes it go back to the transaction
// before, without a word. So the pages of raft.db are read here first, by what
// bbolt's format says they must be, and the file is opened only if all of it
// holds. What the records say is checked by their checksums (diskLog.verify).
//
// A file is pages of one size. Pages 0 and 1 are heads (meta), written in turn;
// the newer one names the root of a tree of pages. A page is a header (its
// number, kind, count of elements, further pages it extends over), an array of
// elements of 16 bytes, and then their keys and values, one behind the other
// without gaps. In raft.db the root holds two buckets, conf and logs, each with
// a tree of its own, or with its only page inline.

const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	boltHeader     = 16 // of a page, of an element, and of a bucket
	boltMeta       = 64
	boltBranch     = 0x01
	boltLeaf       = 0x02
	boltFreelist   = 0x10
	boltNoFreelist = ^uint64(0)
	boltDepth      = 32 // far beyond what a tree can reach
)

// boltHead is what a meta page says.
type boltHead struct {
	pageSize          int64
	root, sequence    uint64
	freelist, pages   uint64
	txid              uint64
	magic, version    uint32
	checksum, correct uint64
}

func (h *boltHead) valid() bool {
	return h.magic == boltMagic && h.version == boltVersion && h.checksum == h.correct
}

// boltFile is a raft.db that is read page by page.
type boltFile struct {
	r        io.ReaderAt
	pageSize int64
	pages    uint64
	seen     map[uint64]bool
}

var native = binary.NativeEndian

// checkPages reads the structure of a raft.db; the error is ErrLogDamaged where
// it does not hold.
func checkPages(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open raft log: %w", err)
	}
	defer f.Close()
	for until := time.Now().Add(lockTimeout); ; time.Sleep(lockTimeout / 100) {
		if mine, err := lockShared(f); err != nil {
			return fmt.Errorf("open raft log: %w", err)
		} else if mine {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("open raft log: another process holds it: %w", bbolt.ErrTimeout)
		}
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open raft log: %w", err)
	}
	if info.Size() == 0 {
		return nil // bbolt begins it
	}
	if err := checkBoltFile(f, info.Size()); err != nil {
		return fmt.Errorf("%w: %w", ErrLogDamaged, err)
	}
	return nil
}

func checkBoltFile(r io.ReaderAt, size int64) error {
	head, err := newestHead(r, size)
	if err != nil {
		return err
	}
	b := &boltFile{r: r, pageSize: head.pageSize, pages: head.pages, seen: map[uint64]bool{0: true, 1: true}}
	if head.pages < 3 || head.pages > uint64(size)/uint64(head.pageSize) {
		return fmt.Errorf("file of %d bytes should have %d pages of %d", size, head.pages, head.pageSize)
	}
	free, err := b.free(head.freelist)
	if err != nil {
		return fmt.Errorf("list of free pages: %w", err)
	}
	var buckets []string
	err = b.walk(head.root, func(flags uint32, key, value []byte) error {
		buckets = append(buckets, string(key))
		return b.bucket(flags, string(key), value)
	})
	if err != nil {
		return err
	}
	for _, id := range free {
		if b.seen[id] {
			return fmt.Errorf("page %d is free and in use", id)
		}
	}
	if len(buckets) != 0 && !(len(buckets) == 2 && buckets[0] == "conf" && buckets[1] == "logs") {
		return fmt.Errorf("buckets %.60q", buckets)
	}
	return nil
}

// newestHead is the head in force. The other one must be that of the transaction
// before: where it cannot be read as that, it may have been the newer one, and
// what it committed would be lost without a trace.
func newestHead(r io.ReaderAt, size int64) (*boltHead, error) {
	heads := make([]*boltHead, 2)
	var err error
	if heads[0], err = readHead(r, 0); err != nil {
		return nil, err
	}
	second := int64(os.Getpagesize())
	if heads[0].valid() {
		second = heads[0].pageSize
	}
	if heads[1], err = readHead(r, second); err != nil {
		return nil, err
	}
	newest, other := heads[0], heads[1]
	if !newest.valid() || other.valid() && other.txid > newest.txid {
		newest, other = other, newest
	}
	switch {
	case !newest.valid():
		return nil, errors.New("neither head is readable")
	case newest.pageSize < 512 || newest.pageSize > 1<<16 || newest.pageSize&(newest.pageSize-1) != 0 || newest.pageSize*2 > size || newest.pageSize != second:
		return nil, fmt.Errorf("page size %d", newest.pageSize)
	case newest.sequence != 0:
		return nil, fmt.Errorf("sequence %d", newest.sequence)
	case newest.txid == 0 || other.txid != newest.txid-1:
		return nil, fmt.Errorf("one head is damaged: transaction %d beside %d", other.txid, newest.txid)
	}
	return newest, nil
}

func readHead(r io.ReaderAt, at int64) (*boltHead, error) {
	raw := make([]byte, boltHeader+boltMeta)
	if _, err := r.ReadAt(raw, at); err != nil {
		return nil, fmt.Errorf("head at %d: %w", at, err)
	}
	m := raw[boltHeader:]
	h := &boltHead{magic: native.Uint32(m), version: native.Uint32(m[4:]), pageSize: int64(native.Uint32(m[8:])), root: native.Uint64(m[16:]), sequence: native.Uint64(m[24:]),
		freelist: native.Uint64(m[32:]), pages: native.Uint64(m[40:]), txid: native.Uint64(m[48:]), checksum: native.Uint64(m[56:])}
	sum := fnv.New64a()
	sum.Write(m[:56])
	h.correct = sum.Sum64()
	return h, nil
}

// free reads the list of free pages, where there is one: ours keep none, once
// they are begun.
func (b *boltFile) free(id uint64) ([]uint64, error) {
	if id == boltNoFreelist {
		return nil, nil
	}
	p, err := b.page(id, boltFreelist)
	if err != nil {
		return nil, err
	}
	ids := make([]uint64, 0, p.count)
	for at := p.end - 8*int64(p.count); at < p.end; at += 8 {
		id := native.Uint64(p.raw[at:])
		if id < 2 || id >= b.pages || len(ids) > 0 && id <= ids[len(ids)-1] {
			return nil, fmt.Errorf("page %d", id)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// bucket checks one of the two buckets: what its records are called and, in
// conf, their checksums.
func (b *boltFile) bucket(flags uint32, name string, value []byte) error {
	if flags != 1 || len(value) < boltHeader || native.Uint64(value[8:]) != 0 {
		return fmt.Errorf("bucket %.20q is none", name)
	}
	var last uint64
	record := func(flags uint32, key, value []byte) error {
		switch {
		case flags != 0:
			return fmt.Errorf("record %.40q of %s", key, name)
		case name == "conf":
			return checkStable(key, value)
		case len(key) != 8:
			return fmt.Errorf("record %.40q of %s", key, name)
		}
		index := binary.BigEndian.Uint64(key)
		if last != 0 && index != last+1 {
			return fmt.Errorf("record %d follows %d", index, last)
		}
		last = index
		return nil
	}
	if root := native.Uint64(value); root != 0 {
		return b.walk(root, record)
	}
	p, err := readPage(value[boltHeader:], 0, boltLeaf)
	if err == nil && p.end != int64(len(value)-boltHeader) {
		err = errors.New("it ends elsewhere")
	}
	if err != nil {
		return fmt.Errorf("page within bucket %.20q: %w", name, err)
	}
	return p.each(record)
}

// checkStable checks a record of conf, as diskLog.Set made it.
func checkStable(key, value []byte) error {
	n := len(value) - 4
	switch string(key) {
	case "CurrentTerm", "LastVoteTerm", "LastVoteCand":
		if n >= 0 && binary.BigEndian.Uint32(value[n:]) == stableSum(key, value[:n]) {
			return nil
		}
	}
	return fmt.Errorf("%.40q fails its checksum", key)
}

// walk calls f with every record of a tree, in order.
func (b *boltFile) walk(root uint64, f func(flags uint32, key, value []byte) error) error {
	var last []byte
	first := true
	return b.tree(root, 0, keyRange{}, func(flags uint32, key, value []byte) error {
		if !first && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("record %.40q follows %.40q", key, last)
		}
		first, last = false, append(last[:0], key...)
		return f(flags, key, value)
	})
}

// keyRange is where the keys of a subtree lie by what the pages above it say:
// from min on, and before max; nil is no bound. A search goes by them, so a
// record outside would never be found.
type keyRange struct{ min, max []byte }

func (r keyRange) holds(key []byte) bool {
	return (r.min == nil || bytes.Compare(key, r.min) >= 0) && (r.max == nil || bytes.Compare(key, r.max) < 0)
}

func (b *boltFile) tree(id uint64, depth int, within keyRange, f func(flags uint32, key, value []byte) error) error {
	if depth > boltDepth {
		return errors.New("the tree has no end")
	}
	p, err := b.page(id, boltLeaf, boltBranch)
	if err != nil {
		return err
	}
	if p.count == 0 && (depth > 0 || p.kind != boltLeaf || len(bytes.Trim(p.raw[boltHeader:], "\x00")) > 0) {
		return fmt.Errorf("page %d is empty", id)
	}
	if p.kind == boltLeaf {
		return p.each(func(flags uint32, key, value []byte) error {
			if !within.holds(key) {
				return fmt.Errorf("page %d: %.40q is not from %.40q to %.40q", id, key, within.min, within.max)
			}
			return f(flags, key, value)
		})
	}
	for i := range p.count {
		key, child := p.branch(i)
		below := keyRange{min: key, max: within.max}
		if i+1 < p.count {
			below.max, _ = p.branch(i + 1)
		}
		if !within.holds(key) || !below.holds(key) {
			return fmt.Errorf("page %d: %.40q is out of order", id, key)
		}
		if err := b.tree(child, depth+1, below, f); err != nil {
			return err
		}
	}
	return nil
}

// page reads a page of one of some kinds, with those it extends over.
func (b *boltFile) page(id uint64, kinds ...uint16) (*boltPage, error) {
	if id < 2 || id >= b.pages {
		return nil, fmt.Errorf("page %d of %d", id, b.pages)
	}
	head := make([]byte, boltHeader)
	at := int64(id) * b.pageSize
	if _, err := b.r.ReadAt(head, at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	more := uint64(native.Uint32(head[12:]))
	if native.Uint64(head) != id || id+more >= b.pages {
		return nil, fmt.Errorf("page %d says that it is page %d, and %d more", id, native.Uint64(head), more)
	}
	for n := id; n <= id+more; n++ {
		if b.seen[n] {
			return nil, fmt.Errorf("page %d is in two places", n)
		}
		b.seen[n] = true
	}
	raw := make([]byte, int64(more+1)*b.pageSize)
	if _, err := b.r.ReadAt(raw, at); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	p, err := readPage(raw, id, kinds...)
	if err == nil && (p.end-1)/b.pageSize != int64(more) {
		err = fmt.Errorf("%d bytes on %d pages", p.end, more+1)
	}
	if err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return p, nil
}

// boltPage is a page whose elements lie where they must.
type boltPage struct {
	raw   []byte
	kind  uint16
	count int
	end   int64 // where the last element ends
}

// readPage holds the elements of a page against each other: the keys and values
// lie behind the array of elements, one after the other.
func readPage(raw []byte, id uint64, kinds ...uint16) (*boltPage, error) {
	if len(raw) < boltHeader || native.Uint64(raw) != id {
		return nil, errors.New("it has no header of its own")
	}
	p := &boltPage{raw: raw, kind: native.Uint16(raw[8:]), count: int(native.Uint16(raw[10:]))}
	ok := false
	for _, k := range kinds {
		ok = ok || p.kind == k
	}
	if !ok {
		return nil, fmt.Errorf("it is of kind %#x", p.kind)
	}
	p.end = boltHeader * int64(1+p.count)
	if p.kind == boltFreelist {
		p.end = boltHeader + 8*int64(p.count)
		if p.count == 0xffff && len(raw) >= boltHeader+8 { // more than fit the header
			n := native.Uint64(raw[boltHeader:])
			if n > uint64(len(raw)) {
				return nil, fmt.Errorf("%d elements", n)
			}
			p.count, p.end = int(n), boltHeader+8+8*int64(n)
		}
	}
	if p.end > int64(len(raw)) {
		return nil, fmt.Errorf("%d elements", p.count)
	}
	if p.kind == boltFreelist {
		return p, nil
	}
	for i := range p.count {
		at := int64(boltHeader * (1 + i))
		e := raw[at:]
		pos, size := int64(native.Uint32(e)), int64(native.Uint32(e[4:]))
		if p.kind == boltLeaf {
			pos, size = int64(native.Uint32(e[4:])), int64(native.Uint32(e[8:]))+int64(native.Uint32(e[12:]))
		}
		if at+pos != p.end || p.end+size > int64(len(raw)) {
			return nil, fmt.Errorf("element %d lies at %d, not at %d", i, at+pos, p.end)
		}
		p.end += size
	}
	return p, nil
}

// each calls f with the records of a leaf.
func (p *boltPage) each(f func(flags uint32, key, value []byte) error) error {
	for i := range p.count {
		at := int64(boltHeader * (1 + i))
		e := p.raw[at:]
		from := at + int64(native.Uint32(e[4:]))
		mid := from + int64(native.Uint32(e[8:]))
		if err := f(native.Uint32(e), p.raw[from:mid], p.raw[mid:mid+int64(native.Uint32(e[12:]))]); err != nil {
			return err
		}
	}
	return nil
}

// branch is the first key below a branch's element, and the page there.
func (p *boltPage) branch(i int) (key []byte, child uint64) {
	at := int64(boltHeader * (1 + i))
	e := p.raw[at:]
	from := at + int64(native.Uint32(e))
	return p.raw[from : from+int64(native.Uint32(e[4:]))], native.Uint64(e[8:])
}
