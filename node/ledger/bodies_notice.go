package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are what
// became of the notices to applicants. What a notice says follows from the entry
// that it tells of (node/notice); no words of a notice stand in the ledger.

// NoticeState is how far a notice has come in a channel.
type NoticeState string

// The states. All but the first are end states; each delivery gets one.
const (
	NoticeQueued    NoticeState = "queued"     // 待发送
	NoticeDelivered NoticeState = "delivered"  // 已送达通道
	NoticeFailed    NoticeState = "failed"     // 发送失败
	NoticeNoAddress NoticeState = "no_address" // 无联系方式
	NoticeExpired   NoticeState = "expired"    // 超过时限
)

// NoticeEnds lists the end states.
var NoticeEnds = []NoticeState{NoticeDelivered, NoticeFailed, NoticeNoAddress, NoticeExpired}

// NoticeOutcome is the end of a notice in one channel.
type NoticeOutcome struct {
	// Subject is the case, joint matter or complaint, Notice the entry it tells of.
	Subject string `json:"subject"`
	Notice  string `json:"notice"`
	Channel string `json:"channel"`
	// Round tells which queueing it ends: one that was ordered anew is not ended by
	// what is said of the one before.
	Round int         `json:"round"`
	State NoticeState `json:"state"`
	// To is the masked address; Reason a code, never the receiver's words, which
	// may repeat what was sent.
	To       string `json:"to,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	// At is when it ended, Unix milliseconds by the hub's clock.
	At int64 `json:"at"`
}

// NoticeSettleV1 says what became of notices about cases of one division. The
// hub that leads says it.
type NoticeSettleV1 struct {
	Division division.Code   `json:"division"`
	Outcomes []NoticeOutcome `json:"outcomes"`
}

// MaxOutcomes is how many outcomes one entry holds.
const MaxOutcomes = 100

// Check implements Body.
func (b *NoticeSettleV1) Check() error {
	if len(b.Outcomes) == 0 || len(b.Outcomes) > MaxOutcomes {
		return fmt.Errorf("%d outcomes", len(b.Outcomes))
	}
	for i, o := range b.Outcomes {
		path := fmt.Sprintf("outcomes[%d]", i)
		if !slices.Contains(NoticeEnds, o.State) || o.Round < 1 || o.At <= 0 || o.Attempts < 0 {
			return fmt.Errorf("%s: state %q, round %d, at %d, attempts %d", path, o.State, o.Round, o.At, o.Attempts)
		}
		if err := first(required(path+".subject", o.Subject, maxIDBytes), required(path+".notice", o.Notice, maxIDBytes), noticeChannel(o.Channel),
			optional(path+".to", o.To, maxName), optional(path+".reason", o.Reason, maxCode)); err != nil {
			return err
		}
		if o.To != "" && !strings.Contains(o.To, "*") {
			return fmt.Errorf("%s.to is not masked", path)
		}
	}
	_, err := division.Parse(string(b.Division))
	return err
}

// maxCode bounds what is a code and not text, in characters.
const maxCode = 60

func noticeChannel(c string) error { return required("channel", c, maxCode) }

// NoticeRetryV1 orders a notice anew that reached nobody.
type NoticeRetryV1 struct {
	Division division.Code `json:"division"`
	Subject  string        `json:"subject"`
	Notice   string        `json:"notice"`
	Channel  string        `json:"channel"`
}

// Check implements Body.
func (b *NoticeRetryV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, required("subject", b.Subject, maxIDBytes), required("notice", b.Notice, maxIDBytes), noticeChannel(b.Channel))
}

// NoticeChannelsV1 says which channels notices go into from now on, as the
// settings of the hub that leads have it.
type NoticeChannelsV1 struct {
	Channels []string `json:"channels"`
}

// Check implements Body.
func (b *NoticeChannelsV1) Check() error {
	if b.Channels == nil || len(b.Channels) > 10 || !slices.IsSorted(b.Channels) || len(slices.Compact(slices.Clone(b.Channels))) != len(b.Channels) {
		return errors.New("channels are a list of at most ten, sorted, each once")
	}
	for _, c := range b.Channels {
		if err := noticeChannel(c); err != nil {
			return err
		}
	}
	return nil
}

// NoticeTroubleV1 says that a channel has let nothing through for long, so that
// a person has to look at it, or that it does again.
type NoticeTroubleV1 struct {
	Channel string `json:"channel"`
	// Since is when it last worked or was first tried, Unix milliseconds.
	Since  int64  `json:"since"`
	Reason string `json:"reason,omitempty"`
	Over   bool   `json:"over,omitempty"`
}

// Check implements Body.
func (b *NoticeTroubleV1) Check() error {
	if b.Since <= 0 {
		return fmt.Errorf("since %d", b.Since)
	}
	return first(noticeChannel(b.Channel), optional("reason", b.Reason, maxCode))
}

// AccountContactV1 says where and in which language somebody wants notices.
type AccountContactV1 struct {
	Account string `json:"account"`
	// Email is empty for none. Language is "zh" or "en".
	Email    string `json:"email,omitempty"`
	Language string `json:"language"`
}

const maxEmail = 254 // characters: RFC 5321

// Check implements Body.
func (b *AccountContactV1) Check() error {
	if b.Language != "zh" && b.Language != "en" {
		return fmt.Errorf("language %q", b.Language)
	}
	if b.Email != "" && !plainEmail(b.Email) {
		return errors.New("not an e-mail address")
	}
	return required("account", b.Account, maxIDBytes)
}

// plainEmail takes addresses as people have them, and nothing that a mail server
// could read as a command or a second recipient.
func plainEmail(text string) bool {
	name, host, ok := strings.Cut(text, "@")
	odd := func(more string) func(rune) bool {
		return func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(more, r)
		}
	}
	dotted := func(part string) bool {
		return part != "" && part[0] != '.' && part[len(part)-1] != '.' && !strings.Contains(part, "..")
	}
	return ok && len(text) <= maxEmail && len(name) <= 64 && dotted(name) && dotted(host) && host[0] != '-' && strings.Contains(host, ".") &&
		!strings.ContainsFunc(name, odd("._%+-")) && !strings.ContainsFunc(host, odd(".-"))
}

// ValidEmail reports whether a text is an address that notices can go to.
func ValidEmail(text string) bool { return plainEmail(text) }
