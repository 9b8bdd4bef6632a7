package exposition

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// Runtime is what Go says of this process, under the names of Prometheus's own
// library.
func Runtime(p *Page) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	one := func(name, help string, kind Kind, v float64) { p.Family("go_"+name, help, kind).Set(v) }
	p.Family("go_info", "Information about the Go environment.", Gauge).Set(1, "version", runtime.Version())
	one("goroutines", "Number of goroutines that currently exist.", Gauge, float64(runtime.NumGoroutine()))
	threads, _ := runtime.ThreadCreateProfile(nil)
	one("threads", "Number of OS threads created.", Gauge, float64(threads))
	one("sched_gomaxprocs_threads", "The current runtime.GOMAXPROCS setting.", Gauge, float64(runtime.GOMAXPROCS(0)))
	settings := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(settings)
	for i, s := range []struct{ name, help string }{
		{"gc_gogc_percent", "Heap size target percentage."}, {"gc_gomemlimit_bytes", "Go runtime memory limit."},
	} {
		if settings[i].Value.Kind() == metrics.KindUint64 {
			one(s.name, s.help, Gauge, float64(settings[i].Value.Uint64()))
		}
	}
	pauses(p)
	for _, f := range []struct {
		name, help string
		kind       Kind
		v          uint64
	}{
		{"alloc_bytes", "Bytes allocated in heap and in use.", Gauge, m.Alloc},
		{"alloc_bytes_total", "Bytes allocated in heap until now, even if released already.", Counter, m.TotalAlloc},
		{"sys_bytes", "Bytes obtained from the system.", Gauge, m.Sys},
		{"mallocs_total", "Heap objects allocated until now.", Counter, m.Mallocs},
		{"frees_total", "Heap objects freed until now.", Counter, m.Frees},
		{"heap_alloc_bytes", "Heap bytes allocated and in use.", Gauge, m.HeapAlloc},
		{"heap_sys_bytes", "Heap bytes obtained from the system.", Gauge, m.HeapSys},
		{"heap_idle_bytes", "Heap bytes waiting to be used.", Gauge, m.HeapIdle},
		{"heap_inuse_bytes", "Heap bytes in use.", Gauge, m.HeapInuse},
		{"heap_released_bytes", "Heap bytes given back to the system.", Gauge, m.HeapReleased},
		{"heap_objects", "Objects allocated now.", Gauge, m.HeapObjects},
		{"stack_inuse_bytes", "Bytes of stacks in use.", Gauge, m.StackInuse},
		{"stack_sys_bytes", "Bytes obtained from the system for stacks.", Gauge, m.StackSys},
		{"mspan_inuse_bytes", "Bytes of mspan structures in use.", Gauge, m.MSpanInuse},
		{"mspan_sys_bytes", "Bytes obtained from the system for mspan structures.", Gauge, m.MSpanSys},
		{"mcache_inuse_bytes", "Bytes of mcache structures in use.", Gauge, m.MCacheInuse},
		{"mcache_sys_bytes", "Bytes obtained from the system for mcache structures.", Gauge, m.MCacheSys},
		{"buck_hash_sys_bytes", "Bytes of the profiling bucket hash table.", Gauge, m.BuckHashSys},
		{"gc_sys_bytes", "Bytes of the garbage collection's own data.", Gauge, m.GCSys},
		{"other_sys_bytes", "Bytes of other data of the runtime.", Gauge, m.OtherSys},
		{"next_gc_bytes", "Heap bytes at which the next garbage collection begins.", Gauge, m.NextGC},
	} {
		one("memstats_"+f.name, f.help, f.kind, float64(f.v))
	}
	one("memstats_last_gc_time_seconds", "Seconds since 1970 of the last garbage collection.", Gauge, float64(m.LastGC)/1e9)
}

func pauses(p *Page) {
	stats := debug.GCStats{PauseQuantiles: make([]time.Duration, 5)}
	debug.ReadGCStats(&stats)
	f := p.Family("go_gc_duration_seconds", "The wall-time pauses of garbage collections.", Summary)
	for i, q := range stats.PauseQuantiles {
		f.Set(q.Seconds(), "quantile", number(float64(i)/4))
	}
	f.set("_sum", stats.PauseTotal.Seconds())
	f.set("_count", float64(stats.NumGC))
}

// clockTick is the unit of CPU time in /proc: a hundredth of a second on every
// architecture.
const clockTick = 100

// Process is what Linux says of this process; elsewhere it says nothing.
func Process(p *Page) {
	one := func(name, help string, kind Kind, v float64) { p.Family("process_"+name, help, kind).Set(v) }
	// The name in parentheses may hold spaces; what follows is counted from there.
	if _, rest, ok := strings.Cut(readAll("/proc/self/stat"), ") "); ok {
		fields := strings.Fields(rest)
		at := func(i int) float64 {
			if i >= len(fields) {
				return 0
			}
			v, _ := strconv.ParseFloat(fields[i], 64)
			return v
		}
		one("cpu_seconds_total", "User and system CPU time spent in seconds.", Counter, (at(11)+at(12))/clockTick)
		one("virtual_memory_bytes", "Virtual memory in bytes.", Gauge, at(20))
		one("resident_memory_bytes", "Resident memory in bytes.", Gauge, at(21)*float64(os.Getpagesize()))
		if boot, ok := numberAfter(readAll("/proc/stat"), "btime "); ok {
			one("start_time_seconds", "Start of the process in seconds since 1970.", Gauge, boot+at(19)/clockTick)
		}
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		one("open_fds", "Open file descriptors.", Gauge, float64(len(files)-1)) // without the one that reads them
	}
	limits := readAll("/proc/self/limits")
	if v, ok := numberAfter(limits, "Max open files "); ok {
		one("max_fds", "How many file descriptors may be open.", Gauge, v)
	}
	if v, ok := numberAfter(limits, "Max address space "); ok {
		one("virtual_memory_max_bytes", "How much virtual memory there may be.", Gauge, v)
	}
	received, sent, ok := octets(readAll("/proc/self/net/netstat"))
	if ok {
		one("network_receive_bytes_total", "Bytes received over the network.", Counter, received)
		one("network_transmit_bytes_total", "Bytes sent over the network.", Counter, sent)
	}
}

// octets finds the bytes in the table whose lines come in pairs: names, values.
func octets(table string) (in, out float64, ok bool) {
	lines := strings.Split(table, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) != len(values) || len(names) == 0 || names[0] != "IpExt:" {
			continue
		}
		for k, name := range names {
			v, _ := strconv.ParseFloat(values[k], 64)
			switch name {
			case "InOctets":
				in, ok = v, true
			case "OutOctets":
				out, ok = v, true
			}
		}
	}
	return in, out, ok
}

func readAll(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// numberAfter is the number that follows the words at the start of a line.
func numberAfter(text, words string) (float64, bool) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, words)
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0, false
		}
		if fields[0] == "unlimited" {
			return math.MaxUint64, true
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		return v, err == nil
	}
	return 0, false
}
