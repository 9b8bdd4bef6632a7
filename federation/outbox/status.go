package outbox

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Status is the way up as a person is shown it.
type Status struct {
	// Upstream is who took the last batch, Tier its tier.
	Upstream string    `json:"upstream,omitempty"`
	Tier     string    `json:"tier,omitempty"`
	LastSent time.Time `json:"last_sent"`
	// Entries and Bytes count what was sent since the start, repeats included.
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"`
	// Failures counts attempts in a row that failed; NextTry is when the next
	// one is due; Code, ZH and EN say why.
	Failures int       `json:"failures"`
	NextTry  time.Time `json:"next_try"`
	Code     string    `json:"code,omitempty"`
	ZH       string    `json:"zh,omitempty"`
	EN       string    `json:"en,omitempty"`
	// Forked are origins from which the node above takes nothing more.
	Forked []string `json:"forked,omitempty"`
}

// Status is how the sender stands.
func (s *Sender) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.status
	status.Forked = slices.Clone(status.Forked)
	return status
}

func (s *Sender) count(entries, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Entries += int64(entries)
	s.status.Bytes += int64(bytes)
}

func (s *Sender) reached(u Upstream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Upstream, s.status.Tier, s.status.LastSent = u.Name, u.Tier, s.o.Now()
}

func (s *Sender) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Failures, s.status.NextTry = 0, time.Time{}
	s.status.Code, s.status.ZH, s.status.EN = s.forkedWords()
}

func (s *Sender) failed(err error, failures int, pause time.Duration) {
	p := &Problem{Code: CodeUnavailable, Err: err}
	errors.As(err, &p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Failures, s.status.NextTry = failures, s.o.Now().Add(pause)
	s.status.Code = string(p.Code)
	s.status.ZH, s.status.EN = p.Texts()
	if slices.Contains(s.status.Forked, s.o.Self) { // nothing else this node could do helps
		s.status.Code, s.status.ZH, s.status.EN = s.forkedWords()
	}
	if failures&(failures-1) == 0 { // the first, then ever more rarely
		s.o.Logger.Warn("outbox not sent", "failures", failures, "code", string(p.Code), "error", err)
	}
}

func (s *Sender) markForked(origin string) {
	s.forked[origin] = true
	s.o.Logger.Error("the node above takes nothing more from this origin: its entries conflict with those it sent before; revoke it and enrol it anew", "origin", origin)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Forked = append(s.status.Forked, origin)
	s.status.Code, s.status.ZH, s.status.EN = s.forkedWords()
}

// forkedWords says that origins forked and what to do; empty when none did.
func (s *Sender) forkedWords() (code, zh, en string) {
	switch forked := s.status.Forked; {
	case len(forked) == 0:
		return "", "", ""
	case slices.Contains(forked, s.o.Self):
		return "forked_origin", "本机数据与县中心记录冲突（可能从旧备份恢复），已停止上报，请联系县中心重新登记本机",
			"this node's entries conflict with what it sent before (restored from an old copy?); ask the county to enrol it anew"
	default:
		names := strings.Join(forked, ", ")
		return "forked_origin", "下级节点数据与县中心记录冲突（可能从旧备份恢复），已停止接收，请吊销并重新登记：" + names,
			"entries of nodes below conflict with what they sent before (restored from old copies?); revoke and enrol anew: " + names
	}
}
