package federationtest

import (
	"bytes"
	"strings"
	"sync"
)

// lastLines keeps the end of what the nodes log, for a test that fails.
type lastLines struct {
	mu    sync.Mutex
	lines [80]string
	next  int
}

// Write implements io.Writer; slog hands it one line at a time.
func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines[l.next%len(l.lines)] = string(bytes.TrimSpace(p))
	l.next++
	return len(p), nil
}

func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for i := range l.lines {
		if line := l.lines[(l.next+i)%len(l.lines)]; line != "" {
			b.WriteString("\n    " + line)
		}
	}
	return b.String()
}
