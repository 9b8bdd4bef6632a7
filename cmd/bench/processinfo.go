package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// What Linux says of a process. Elsewhere these figures are 0.

// clockTick is the unit of CPU time in /proc: it has been a hundredth of a
// second on every architecture for long.
const clockTick = 10 * time.Millisecond

// cpuOf is the CPU time that nodes have used.
func cpuOf(members ...*member) time.Duration {
	var sum time.Duration
	for _, m := range members {
		if m.proc == nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.proc.PID()))
		if err != nil {
			continue
		}
		// The name in parentheses may hold spaces; utime and stime are the
		// 12th and 13th fields after it.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		for _, i := range []int{11, 12} {
			if i < len(fields) {
				n, _ := strconv.ParseInt(fields[i], 10, 64)
				sum += time.Duration(n) * clockTick
			}
		}
	}
	return sum
}

// resident and peakResident are a node's memory in bytes, ownResident that of it
// which is no page of a file.
func resident(m *member) int64     { return memoryOf(m, "VmRSS:") }
func peakResident(m *member) int64 { return memoryOf(m, "VmHWM:") }
func ownResident(m *member) int64  { return memoryOf(m, "RssAnon:") }

func memoryOf(m *member, field string) int64 {
	if m.proc == nil {
		return 0
	}
	return memoryOfPID(m.proc.PID(), field)
}

func memoryOfPID(pid int, field string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

const mb = 1 << 20
