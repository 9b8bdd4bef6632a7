package notify

import (
	"context"
	"errors"

	"github.com/tongban/tongban/node/notice"
)

// ErrNoMail is a hub whose settings name no channel that a code could go by.
var ErrNoMail = errors.New("notify: no channel for a code")

// SendCode sends a code to a mail address at once, by the channel of mail or, where
// there is none, into the file. Nothing of it is kept: whoever misses it asks for
// another. It is tried once, for somebody waits for it.
func (s *Sender) SendCode(ctx context.Context, id, to string, language notice.Language, text string) error {
	c := s.channels[notice.Mail]
	if c == nil {
		c = s.channels[notice.File]
	}
	if c == nil {
		return ErrNoMail
	}
	ctx, cut := context.WithTimeout(ctx, s.o.Timeout)
	defer cut()
	return c.Send(ctx, &Message{ID: "code-" + id, Attempt: 1, Kind: KindCode, To: to, Language: language, Text: text, QueuedAt: s.o.Now().UnixMilli()})
}

// KindCode is the kind of a message that carries a code.
const KindCode = "code"

// ReasonOf is why a message was not taken, without any of the receiver's words.
func ReasonOf(err error) string {
	reason, _ := reasonOf(err)
	return reason
}
