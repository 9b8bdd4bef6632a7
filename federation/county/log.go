package county

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// boltStore is what raft-boltdb offers and a test may break.
type boltStore interface {
	raft.LogStore
	raft.StableStore
	Close() error
}

// diskLog stands between raft and bbolt and adds what both lack:
//
//   - a checksum per record, because bbolt does not notice a flipped bit in a
//     value and raft would replicate and apply it;
//   - a latch: after the first failed write nothing is written any more. The
//     kernel may drop the dirty pages of a failed fsync and call the next one a
//     success, so trying again could acknowledge what is not on disk;
//   - a seal on what a record carries, so that the disk alone does not tell it;
//   - a clock on the write in progress, for the watchdog;
//   - the size of what it holds, for trimming.
type diskLog struct {
	bolt    boltStore
	now     func() time.Time
	onError func(error)
	// serving says that raft runs on this log: what GetLog cannot answer then
	// ends the goroutine that asks. See orEnd.
	serving atomic.Bool
	// seal hides what entries carry; nil leaves it in the clear.
	seal *atrest.Records
	// base is the entry the log follows, from the snapshot; 0 when there is none.
	base func() (index, term uint64)

	latch   sync.Mutex
	failed  error
	writing atomic.Int64 // start of the write in progress, unix ns; 0: none

	kept keptLog

	weight sync.Mutex
	sizes  map[uint64]int // by index
	bytes  uint64         // their sum
}

var _ interface {
	boltStore
	raft.MonotonicLogStore
} = (*diskLog)(nil)

// IsMonotonic makes raft clear the whole log when it installs a snapshot. Left
// in place, the old entries would end in a gap, and those that were never
// committed could pass for history.
func (d *diskLog) IsMonotonic() bool { return true }

// FirstIndex implements raft.LogStore.
func (d *diskLog) FirstIndex() (index uint64, err error) {
	err = guarded(func() error { index, err = d.bolt.FirstIndex(); return err })
	return index, d.damaged(err)
}

// LastIndex implements raft.LogStore.
func (d *diskLog) LastIndex() (index uint64, err error) {
	err = guarded(func() error { index, err = d.bolt.LastIndex(); return err })
	return index, d.damaged(err)
}

// closeTime is how long Close waits for bbolt after a failure.
const closeTime = 3 * time.Second

// Close closes the file. A panic of bbolt can leave its locks taken: after a
// failure the process ends without it, for nothing is to be written any more.
func (d *diskLog) Close() error {
	if d.err() == nil {
		return d.bolt.Close()
	}
	closed := make(chan error, 1)
	go func() { closed <- guarded(d.bolt.Close) }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeTime):
		return errors.New("raft log: not closed after its failure")
	}
}

// GetLog implements raft.LogStore. The entry that the log follows has its place
// and term, and no content: raft asks for it to see whether what a leader sends
// follows the log, and would not find it after an installed snapshot, though it
// is the snapshot's last. Nothing sends it on, for that needs the entry before.
func (d *diskLog) GetLog(index uint64, l *raft.Log) error {
	err := d.entry(index, l)
	if err != nil && err != raft.ErrLogNotFound {
		d.orEnd()
	}
	return err
}

// entry is GetLog for the hub itself.
func (d *diskLog) entry(index uint64, l *raft.Log) error {
	err := d.read(index, l)
	if err == raft.ErrLogNotFound && d.base != nil && index > 1 {
		if at, term := d.base(); at == index {
			*l = raft.Log{Index: at, Term: term, Type: raft.LogNoop}
			return nil
		}
	}
	return err
}

// orEnd ends the goroutine that asks for a damaged entry. Raft has no other
// answer to one it is about to apply than a panic, which would end the process
// before anybody is told what is damaged and what to do. By now the hub is
// stopping: raft's goroutine ends as it does at a shutdown, its deferred ends
// run, and the shutdown finds it gone.
func (d *diskLog) orEnd() {
	if d.serving.Load() {
		runtime.Goexit()
	}
}

// damaged stops the hub where reading showed damage.
func (d *diskLog) damaged(err error) error {
	if errors.Is(err, ErrLogDamaged) {
		d.fail(err)
	}
	return err
}

func (d *diskLog) read(index uint64, l *raft.Log) error {
	if err := guarded(func() error { return d.bolt.GetLog(index, l) }); err != nil {
		// raft compares this one with ==.
		if err != raft.ErrLogNotFound {
			if !errors.Is(err, bbolt.ErrDatabaseNotOpen) {
				err = fmt.Errorf("%w: entry %d is not readable: %w", ErrLogDamaged, index, err)
			}
			d.fail(fmt.Errorf("read raft log: %w", err))
		}
		return err
	}
	sum := l.Extensions
	l.Extensions = nil
	if l.Index != index || len(sum) != 4 || binary.BigEndian.Uint32(sum) != logSum(l) {
		err := fmt.Errorf("%w: entry %d fails its checksum", ErrLogDamaged, index)
		d.fail(err)
		return err
	}
	if d.seal == nil {
		return nil
	}
	data, err := d.seal.Open(l.Data, logPlace(l))
	switch {
	case errors.Is(err, atrest.ErrClear):
		err = fmt.Errorf("raft log: %w", err)
	case err != nil:
		err = fmt.Errorf("%w: entry %d: %w", ErrLogDamaged, index, err)
	}
	if err != nil {
		d.fail(err)
		return err
	}
	if l.Data = data; len(data) == 0 {
		l.Data = nil
	}
	return nil
}

func (d *diskLog) StoreLog(l *raft.Log) error { return d.StoreLogs([]*raft.Log{l}) }

func (d *diskLog) StoreLogs(logs []*raft.Log) error {
	sealed := make([]*raft.Log, len(logs))
	for i, l := range logs {
		// The original is read by other goroutines; and the checksum is this
		// disk's affair, not to be replicated.
		c := *l
		if d.seal != nil {
			c.Data = d.seal.Seal(l.Data, logPlace(l))
		}
		c.Extensions = binary.BigEndian.AppendUint32(nil, logSum(&c))
		sealed[i] = &c
	}
	fault.Point("county.log.before")
	err := d.write(func() error { return d.bolt.StoreLogs(sealed) })
	fault.Point("county.log.after")
	if err == nil {
		d.weigh(logs...)
	}
	return err
}

func (d *diskLog) DeleteRange(lo, hi uint64) error {
	hi, err := d.clip(lo, hi)
	if err != nil || hi < lo {
		return err
	}
	err = d.write(func() error { return d.bolt.DeleteRange(lo, hi) })
	if err == nil {
		d.weight.Lock()
		defer d.weight.Unlock()
		for i := range d.sizes {
			if lo <= i && i <= hi {
				d.bytes -= uint64(d.sizes[i])
				delete(d.sizes, i)
			}
		}
	}
	return err
}

// weigh adds entries to the log's size.
func (d *diskLog) weigh(logs ...*raft.Log) {
	d.weight.Lock()
	defer d.weight.Unlock()
	if d.sizes == nil {
		d.sizes = map[uint64]int{}
	}
	for _, l := range logs {
		d.bytes += uint64(len(l.Data)) - uint64(d.sizes[l.Index])
		d.sizes[l.Index] = len(l.Data)
	}
}

// size is how many entries there are, and the bytes of what they carry.
func (d *diskLog) size() (entries, bytes uint64) {
	d.weight.Lock()
	defer d.weight.Unlock()
	return uint64(len(d.sizes)), d.bytes
}

func (d *diskLog) Set(k, v []byte) error {
	sealed := binary.BigEndian.AppendUint32(append([]byte(nil), v...), stableSum(k, v))
	return d.write(func() error { return d.bolt.Set(k, sealed) })
}

func (d *diskLog) Get(k []byte) ([]byte, error) {
	var sealed []byte
	err := guarded(func() (err error) { sealed, err = d.bolt.Get(k); return err })
	if err != nil {
		// raft compares the text with "not found".
		return nil, d.damaged(err)
	}
	n := len(sealed) - 4
	if n < 0 || binary.BigEndian.Uint32(sealed[n:]) != stableSum(k, sealed[:n]) {
		return nil, d.damaged(fmt.Errorf("%w: %s fails its checksum", ErrLogDamaged, k))
	}
	return sealed[:n], nil
}

// SetUint64 stores terms. For the current term raft answers an error with a
// panic; the hub is stopping by then, and what makes a term count (a vote, an
// entry) is refused by the latch, so this one failure is kept from it.
func (d *diskLog) SetUint64(k []byte, v uint64) error {
	err := d.Set(k, binary.BigEndian.AppendUint64(nil, v))
	if err != nil && string(k) == "CurrentTerm" {
		return nil
	}
	return err
}

func (d *diskLog) GetUint64(k []byte) (uint64, error) {
	v, err := d.Get(k)
	if err != nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, d.damaged(fmt.Errorf("%w: %s has %d bytes", ErrLogDamaged, k, len(v)))
	}
	return binary.BigEndian.Uint64(v), nil
}

func (d *diskLog) write(f func() error) error {
	d.latch.Lock()
	failed := d.failed
	d.latch.Unlock()
	if failed != nil {
		return failed
	}
	d.writing.Store(d.now().UnixNano())
	err := guarded(f)
	d.writing.Store(0)
	if err != nil {
		d.fail(fmt.Errorf("write raft log: %w", err))
	}
	return err
}

// guarded turns a panic of bbolt, which is how it answers a broken page, into
// an error, and a page of the file that cannot be read likewise.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrLogDamaged, p)
		}
	}()
	return f()
}

// fail closes the latch and reports the first failure.
func (d *diskLog) fail(err error) {
	d.latch.Lock()
	first := d.failed == nil
	if first {
		d.failed = err
	}
	d.latch.Unlock()
	if first && d.onError != nil {
		d.onError(err)
	}
}

func (d *diskLog) err() error {
	d.latch.Lock()
	defer d.latch.Unlock()
	return d.failed
}

// stalled is how long the write in progress has taken; 0 when there is none.
func (d *diskLog) stalled() time.Duration {
	since := d.writing.Load()
	if since == 0 {
		return 0
	}
	return time.Duration(d.now().UnixNano() - since)
}

func logSum(l *raft.Log) uint32 {
	return crc32.Update(crc32.Checksum(logPlace(l), castagnoli), castagnoli, l.Data)
}

// logPlace is which entry a record is.
func logPlace(l *raft.Log) []byte {
	head := make([]byte, 17)
	binary.BigEndian.PutUint64(head, l.Index)
	binary.BigEndian.PutUint64(head[8:], l.Term)
	head[16] = byte(l.Type)
	return head
}

func stableSum(k, v []byte) uint32 {
	return crc32.Update(crc32.Checksum(k, castagnoli), castagnoli, v)
}

// span is what the log holds: first and last index, 0 when empty.
func (d *diskLog) span() (first, last uint64, err error) {
	if first, err = d.FirstIndex(); err != nil {
		return 0, 0, err
	}
	last, err = d.LastIndex()
	return first, last, err
}

// entries calls f with each entry from lo through hi. A missing entry is
// raft.ErrLogNotFound.
func (d *diskLog) entries(lo, hi uint64, f func(*raft.Log) error) error {
	for i := lo; i <= hi; i++ {
		var l raft.Log
		if err := d.read(i, &l); err != nil {
			return err
		}
		if err := f(&l); err != nil {
			return err
		}
	}
	return nil
}

// verify reads every record there is, so that damage shows at the start and
// not when raft meets it, which it can only answer with a panic.
func (d *diskLog) verify() error {
	first, last, err := d.span()
	if err != nil {
		return err
	}
	var term uint64
	for i := first; i <= last && last > 0; i++ {
		var l raft.Log
		if err := d.read(i, &l); err != nil {
			if errors.Is(err, raft.ErrLogNotFound) {
				err = fmt.Errorf("%w: entry %d is missing", ErrLogDamaged, i)
			}
			return err
		}
		if l.Term < term {
			return fmt.Errorf("%w: term of entry %d goes back", ErrLogDamaged, i)
		}
		term = l.Term
		d.weigh(&l)
	}
	for _, k := range []string{"CurrentTerm", "LastVoteTerm", "LastVoteCand"} {
		if _, err := d.Get([]byte(k)); err != nil && !errors.Is(err, raftboltdb.ErrKeyNotFound) {
			return err
		}
	}
	return nil
}
