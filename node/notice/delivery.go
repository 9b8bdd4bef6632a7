package notice

import (
	"strings"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
)

// The channels by which a notice goes out. The account's inbox is no channel:
// what an applicant is told stands there as soon as it is in the ledger.
const (
	File = "file" // a file at the hub, for another program or for people to read
	SMS  = "sms"  // a gateway for text messages, by signed webhook
	Mail = "mail" // SMTP
)

// Channels lists the channels there are.
var Channels = []string{File, SMS, Mail}

// Delivery is what became of a notice in one channel.
type Delivery struct {
	Channel string             `json:"channel"`
	State   ledger.NoticeState `json:"state"`
	// Round counts how often it was queued: 1, and one more each time somebody
	// ordered it anew after it had failed.
	Round int `json:"round"`
	// Since is when it was queued, EndedAt when it ended, Unix milliseconds.
	Since   int64 `json:"since"`
	EndedAt int64 `json:"ended_at,omitempty"`
	// Attempts of the round, To the masked address, Reason why it failed.
	Attempts int    `json:"attempts,omitempty"`
	To       string `json:"to,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// Key is what a receiver knows a delivery by: the same at every attempt, by
// whichever hub, in whichever round.
func Key(notice, channel string) string { return notice + "." + channel }

// Queue puts a notice into the channels that the county has, at a moment.
func (n *Notice) Queue(channels []string, at int64) {
	for _, c := range channels {
		n.Deliveries = append(n.Deliveries, Delivery{Channel: c, State: ledger.NoticeQueued, Round: 1, Since: at})
	}
}

// Settle gives a delivery its end state; false when the outcome is of a delivery
// that has one, or of another round: nothing is changed then.
func (n *Notice) Settle(o *ledger.NoticeOutcome) bool {
	d := n.delivery(o.Channel)
	if d == nil || d.State != ledger.NoticeQueued || d.Round != o.Round {
		return false
	}
	d.State, d.EndedAt, d.Attempts, d.To, d.Reason = o.State, o.At, o.Attempts, o.To, o.Reason
	return true
}

// Again queues a delivery that ended without reaching anybody; false when there
// is none such.
func (n *Notice) Again(channel string, at int64) bool {
	d := n.delivery(channel)
	if d == nil || d.State == ledger.NoticeQueued || d.State == ledger.NoticeDelivered {
		return false
	}
	*d = Delivery{Channel: channel, State: ledger.NoticeQueued, Round: d.Round + 1, Since: at}
	return true
}

func (n *Notice) delivery(channel string) *Delivery {
	for i := range n.Deliveries {
		if n.Deliveries[i].Channel == channel {
			return &n.Deliveries[i]
		}
	}
	return nil
}

// Delivery finds what became of it in a channel; false when it never was in it.
func (n *Notice) Delivery(channel string) (Delivery, bool) {
	if d := n.delivery(channel); d != nil {
		return *d, true
	}
	return Delivery{}, false
}

// Recipient is whom a notice goes to.
type Recipient struct {
	Phones   []string // in the order of preference
	Email    string
	Language Language
}

// Address is where a channel reaches somebody; empty when it does not. Only a
// mobile phone can be sent a message.
func (r Recipient) Address(channel string) string {
	if channel == Mail {
		return r.Email
	}
	for _, text := range r.Phones {
		if p, err := identifier.ParsePhone(text); err == nil && p.Kind == identifier.Mobile {
			return p.Number
		}
	}
	return ""
}

// Mask hides an address as far as it is shown.
func Mask(address string) string {
	name, host, mail := strings.Cut(address, "@")
	switch {
	case address == "":
		return ""
	case mail:
		first := []rune(name)
		if len(first) == 0 {
			return "***@" + host
		}
		return string(first[:1]) + "***@" + host
	}
	return identifier.MaskPhone(address)
}

// Backoff is the pause after so many attempts, from 5 seconds doubling up to a
// longest one, less up to half of it by chance (0 ≤ chance < 1): hubs and
// messages that failed together do not come back together.
func Backoff(attempts int, longest time.Duration, chance float64) time.Duration {
	pause := 5 * time.Second
	for i := 1; i < attempts && pause < longest; i++ {
		pause *= 2
	}
	pause = min(pause, longest)
	return pause - time.Duration(chance*float64(pause)/2)
}

// Hours are quiet hours of a day in Beijing, in minutes of the day: from From
// until before To, over midnight when From is later. The zero value is none.
type Hours struct{ From, To int }

// Ends tells when the quiet hours end that a moment lies in; false when it lies
// in none.
func (h Hours) Ends(at time.Time) (time.Time, bool) {
	if h.From == h.To {
		return time.Time{}, false
	}
	today := calendar.DateOf(at)
	minute := int(at.Sub(today.Midnight()) / time.Minute)
	day, quiet := today, minute >= h.From && minute < h.To
	if h.From > h.To {
		quiet = minute >= h.From || minute < h.To
		if minute >= h.From {
			day = today.AddDays(1)
		}
	}
	return day.Midnight().Add(time.Duration(h.To) * time.Minute), quiet
}
