// Package notify carries notices to applicants out of the county, by the
// channels that the hub's settings name: a signed webhook for a gateway of text
// messages, SMTP, a file.
//
// What is to be sent, and what became of it, stands in the ledger (store's
// notices): this package keeps nothing that may not be lost. The hub that leads
// sends. What it had under way when it fell is sent again by the next one, under
// the same id: nobody can know whether the receiver had it, so delivery to a
// receiver is at least once, and what becomes of it is recorded once. Everything
// else is prevented: a hub begins nothing when it does not lead, and a new leader
// lets as much time pass as an attempt of the old one may take before it begins
// with what was queued before, so that the old one's word on it has come.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/notice"
)

// Message is a notice on its way to one receiver.
type Message struct {
	// ID is the same at every attempt, by whichever hub (notice.Key).
	ID      string
	Attempt int // from 1
	// To is the phone number or mail address, empty where a channel needs none.
	To       string
	Language notice.Language
	// Kind is what it is where it is no notice; empty is a test.
	Kind   string
	Notice *notice.Notice
	// Text is all of the message.
	Text string
	// QueuedAt is Unix milliseconds.
	QueuedAt int64
}

// Channel is a way to applicants. Its methods may be called at the same time.
type Channel interface {
	// Name is one of notice.Channels.
	Name() string
	// Send returns nil when the receiver has the message, for good. A *Failure says
	// why not; any other error is one that may pass.
	Send(ctx context.Context, m *Message) error
	// Check tells whether the receiver can be reached, and sends nothing.
	Check(ctx context.Context) error
	// Traits of the channel.
	Traits() Traits
}

// Traits are how a channel is used.
type Traits struct {
	// NeedsAddress: without one a notice ends there.
	NeedsAddress bool
	// Wakes: people may be woken by it, so that it heeds the quiet hours.
	Wakes bool
	// AtOnce is how many messages may be under way.
	AtOnce int
}

// Failure is why a message was not taken.
type Failure struct {
	// Reason is a code without any of the receiver's words, such as http_503.
	Reason string
	// Final: it is this message that is refused, and would be again. A receiver that
	// cannot be reached or does not know us is never final.
	Final bool
	Err   error
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return f.Reason
	}
	return f.Reason + ": " + f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// reasonOf is the code of an error.
func reasonOf(err error) (reason string, final bool) {
	var f *Failure
	switch {
	case errors.As(err, &f):
		return f.Reason, f.Final
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", false
	}
	return "unreachable", false
}

// Settings are how notices go out.
type Settings struct {
	Channels []Channel
	Quiet    notice.Hours
	// Expire is how long a notice is tried, Longest the longest pause between two
	// attempts, Timeout how long one may take, Alarm after how long a channel that
	// lets nothing through asks for attention.
	Expire, Longest, Timeout, Alarm time.Duration
}

// Defaults fills in what is not set.
func (s Settings) Defaults() Settings {
	for _, d := range []struct {
		at *time.Duration
		is time.Duration
	}{{&s.Expire, 72 * time.Hour}, {&s.Longest, time.Hour}, {&s.Timeout, 20 * time.Second}, {&s.Alarm, 30 * time.Minute}} {
		if *d.at <= 0 {
			*d.at = d.is
		}
	}
	return s
}

// compose makes the message of a notice.
func compose(n *notice.Notice, channel, to string, language notice.Language, attempt int, queuedAt int64) (*Message, error) {
	if language != notice.English {
		language = notice.Chinese
	}
	text, err := n.Text(language)
	if err != nil {
		return nil, err
	}
	return &Message{ID: notice.Key(n.ID, channel), Attempt: attempt, To: to, Language: language, Notice: n, Text: text, QueuedAt: queuedAt}, nil
}

// Test is a message that tells of nothing, to see whether a channel works.
func Test(id, to string) *Message {
	return &Message{ID: "test-" + id, Attempt: 1, To: to, Language: notice.English, Text: testText}
}

const testText = "测试消息：告知通道已连通，请勿理会。\nThis is a test of the centre's notices; there is nothing to do."

// payload is a message as programs read it.
type payload struct {
	ID       string `json:"id"`
	Attempt  int    `json:"attempt"`
	Channel  string `json:"channel"`
	To       string `json:"to,omitempty"`
	Language string `json:"language"`
	Text     string `json:"text"`
	// What the text is made of, for gateways that have templates of their own.
	CaseNumber string `json:"case_number,omitempty"`
	Kind       string `json:"kind"`
	StepZH     string `json:"step_zh,omitempty"`
	StepEN     string `json:"step_en,omitempty"`
	ToDoZH     string `json:"todo_zh,omitempty"`
	ToDoEN     string `json:"todo_en,omitempty"`
	On         string `json:"on,omitempty"`
	QueuedAt   int64  `json:"queued_at,omitempty"`
}

func payloadOf(m *Message, channel string) payload {
	p := payload{ID: m.ID, Attempt: m.Attempt, Channel: channel, To: m.To, Language: string(m.Language), Text: m.Text, Kind: cmp.Or(m.Kind, "test"), QueuedAt: m.QueuedAt}
	if n := m.Notice; n != nil {
		p.CaseNumber, p.Kind, p.On = n.Number, string(n.Kind), n.On.String()
		p.StepZH, p.StepEN, p.ToDoZH, p.ToDoEN = n.Step(notice.Chinese), n.Step(notice.English), n.ToDo(notice.Chinese), n.ToDo(notice.English)
	}
	return p
}

func failed(final bool, err error, format string, args ...any) error {
	return &Failure{Reason: fmt.Sprintf(format, args...), Final: final, Err: err}
}
