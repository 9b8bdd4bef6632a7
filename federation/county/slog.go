package county

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// hlog lets raft log through slog. Raft's chatter about its own states is
// useful to whoever looks for it and noise to everybody else, so its Info
// arrives as Debug.
type hlog struct {
	l    *slog.Logger
	name string
	args []any
}

func newHclog(l *slog.Logger) hclog.Logger { return &hlog{l: l.With("part", "raft")} }

var hclogLevels = map[hclog.Level]slog.Level{
	hclog.Trace: slog.LevelDebug - 4,
	hclog.Debug: slog.LevelDebug - 2,
	hclog.Info:  slog.LevelDebug,
	hclog.Warn:  slog.LevelWarn,
	hclog.Error: slog.LevelError,
}

func (h *hlog) Log(level hclog.Level, msg string, args ...any) {
	to, known := hclogLevels[level]
	if !known || !h.l.Enabled(context.Background(), to) {
		return
	}
	for i, a := range args {
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			if format, ok := f[0].(string); ok {
				args[i] = fmt.Sprintf(format, f[1:]...)
			}
		}
	}
	h.l.Log(context.Background(), to, msg, args...)
}

func (h *hlog) Trace(msg string, args ...any) { h.Log(hclog.Trace, msg, args...) }
func (h *hlog) Debug(msg string, args ...any) { h.Log(hclog.Debug, msg, args...) }
func (h *hlog) Info(msg string, args ...any)  { h.Log(hclog.Info, msg, args...) }
func (h *hlog) Warn(msg string, args ...any)  { h.Log(hclog.Warn, msg, args...) }
func (h *hlog) Error(msg string, args ...any) { h.Log(hclog.Error, msg, args...) }

func (h *hlog) enabled(l hclog.Level) bool {
	return h.l.Enabled(context.Background(), hclogLevels[l])
}
func (h *hlog) IsTrace() bool { return h.enabled(hclog.Trace) }
func (h *hlog) IsDebug() bool { return h.enabled(hclog.Debug) }
func (h *hlog) IsInfo() bool  { return h.enabled(hclog.Info) }
func (h *hlog) IsWarn() bool  { return h.enabled(hclog.Warn) }
func (h *hlog) IsError() bool { return h.enabled(hclog.Error) }

func (h *hlog) ImpliedArgs() []any { return h.args }
func (h *hlog) Name() string       { return h.name }

func (h *hlog) With(args ...any) hclog.Logger {
	return &hlog{l: h.l.With(args...), name: h.name, args: append(h.args[:len(h.args):len(h.args)], args...)}
}

func (h *hlog) Named(name string) hclog.Logger {
	if h.name != "" {
		name = h.name + "." + name
	}
	return h.ResetNamed(name)
}

func (h *hlog) ResetNamed(name string) hclog.Logger {
	return &hlog{l: h.l, name: name, args: h.args}
}

// SetLevel does nothing: levels are slog's business.
func (h *hlog) SetLevel(hclog.Level)  {}
func (h *hlog) GetLevel() hclog.Level { return hclog.NoLevel }

func (h *hlog) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(h.l.Handler(), slog.LevelDebug)
}

func (h *hlog) StandardWriter(o *hclog.StandardLoggerOptions) io.Writer {
	return h.StandardLogger(o).Writer()
}
