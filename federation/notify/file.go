package notify

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/notice"
)

// FileOptions are where notices are written to.
type FileOptions struct {
	// Dir holds a file for each day in Beijing, 2026-11-26.jsonl: a line of JSON for
	// each message.
	Dir string
	// Full writes addresses as they are, for a program that sends them on; else they
	// are masked.
	Full bool
	// Keep is for how many days files are kept.
	Keep int
	Now  func() time.Time
}

// FileSink writes notices into files.
type FileSink struct {
	o FileOptions

	mu      sync.Mutex
	written map[string]calendar.Date // ids, by the day of their file
	day     calendar.Date
}

// NewFileSink makes the channel.
func NewFileSink(o FileOptions) *FileSink {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &FileSink{o: o}
}

// Name implements Channel.
func (f *FileSink) Name() string { return notice.File }

// Traits implements Channel.
func (f *FileSink) Traits() Traits { return Traits{AtOnce: 1} }

// Check implements Channel. It leaves nothing behind: while the folder is not
// there yet, it looks whether the one it will be made in can be written.
func (f *FileSink) Check(context.Context) error {
	dir := f.o.Dir
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	probe, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Send implements Channel. The line is on disk when it returns. What stands in
// the files of today or yesterday is not written a second time: a hub that fell
// between the line and the record of it finds its line.
func (f *FileSink) Send(_ context.Context, m *Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	today := calendar.DateOf(f.o.Now())
	if f.day != today {
		if err := f.turn(today); err != nil {
			return err
		}
	}
	if _, there := f.written[m.ID]; there {
		return nil
	}
	p := payloadOf(m, notice.File)
	if !f.o.Full {
		p.To = notice.Mask(p.To)
	}
	line, err := json.Marshal(p)
	if err != nil {
		return failed(true, err, "malformed")
	}
	if err := f.append(today, append(line, '\n')); err != nil {
		return failed(false, err, "file")
	}
	f.written[m.ID] = today
	return nil
}

func (f *FileSink) path(day calendar.Date) string {
	return filepath.Join(f.o.Dir, day.String()+".jsonl")
}

// append writes a line to a day's file, after whatever a fall left of another.
func (f *FileSink) append(day calendar.Date, line []byte) error {
	file, err := os.OpenFile(f.path(day), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	end, err := wholeLines(file)
	if err != nil {
		return err
	}
	if err := file.Truncate(end); err != nil {
		return err
	}
	if _, err := file.WriteAt(line, end); err != nil {
		return err
	}
	if err := file.Sync(); err != nil || end > 0 {
		return err
	}
	return syncDir(f.o.Dir) // the file is new
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && runtime.GOOS != "windows" { // which has no such thing
		return err
	}
	return nil
}

// wholeLines is where the last whole line of a file ends.
func wholeLines(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	const most = 64 << 10 // no line is longer
	for end := info.Size(); end > 0; {
		from := max(0, end-most)
		block := make([]byte, end-from)
		if _, err := file.ReadAt(block, from); err != nil {
			return 0, err
		}
		if i := strings.LastIndexByte(string(block), '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// turn begins a day: what was written yesterday and today is remembered, and
// files that are too old go.
func (f *FileSink) turn(today calendar.Date) error {
	if err := os.MkdirAll(f.o.Dir, 0o700); err != nil {
		return failed(false, err, "file")
	}
	f.written = map[string]calendar.Date{}
	for _, day := range []calendar.Date{today.AddDays(-1), today} {
		if err := f.remember(day); err != nil {
			return failed(false, err, "file")
		}
	}
	f.day = today
	if f.o.Keep <= 0 {
		return nil
	}
	files, err := os.ReadDir(f.o.Dir)
	if err != nil {
		return failed(false, err, "file")
	}
	for _, file := range files {
		name, ours := strings.CutSuffix(file.Name(), ".jsonl")
		day, err := calendar.Parse(name)
		if !ours || err != nil || today.DaysSince(day) <= f.o.Keep {
			continue
		}
		if err := os.Remove(filepath.Join(f.o.Dir, file.Name())); err != nil {
			return failed(false, err, "file")
		}
	}
	return nil
}

func (f *FileSink) remember(day calendar.Date) error {
	file, err := os.Open(f.path(day))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(lines.Bytes(), &p) == nil && p.ID != "" {
			f.written[p.ID] = day
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", f.path(day), err)
	}
	return nil
}
