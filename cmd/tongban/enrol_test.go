package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
)

// A hub that is away or without a leader is passed over; what a county refuses
// is not asked of the next hub.
func TestEnrolsAtAnyHub(t *testing.T) {
	away := io.ErrUnexpectedEOF
	leaderless := &federation.RemoteError{Status: http.StatusServiceUnavailable, Code: "no_leader", ZH: "暂无主节点", EN: "no leader"}
	used := &federation.RemoteError{Status: http.StatusForbidden, Code: "token_used", ZH: "口令已用", EN: "used"}
	for name, c := range map[string]struct {
		answers []error
		asked   int
		says    string
	}{
		"the first":         {[]error{nil, nil}, 1, ""},
		"one is away":       {[]error{away, nil}, 2, ""},
		"one has no leader": {[]error{leaderless, nil}, 2, ""},
		"a refusal":         {[]error{used, nil}, 1, "token_used"},
		"then a refusal":    {[]error{away, used, nil}, 2, "token_used"},
		"none":              {[]error{leaderless, away}, 2, "no_leader"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			e, err := atAnyHub([]string{"https://a/", "https://b", "https://c"}[:len(c.answers)], func(hub string) (*federation.Enrolled, error) {
				asked = append(asked, hub)
				if why := c.answers[len(asked)-1]; why != nil {
					return nil, why
				}
				return new(federation.Enrolled), nil
			})
			if len(asked) != c.asked || asked[0] != "https://a" {
				t.Errorf("asked %v", asked)
			}
			if (c.says == "") != (e != nil) || (err == nil) != (e != nil) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %v", e, err)
			}
			if c.says == "no_leader" && errors.As(err, new(noCounty)) {
				t.Error("the first hub's word is lost")
			}
		})
	}
}

// Whoever gives a township's address is told which one it takes.
func TestEnrollingAtATownshipSaysWhatToGive(t *testing.T) {
	err := enrolProblem("https://t:8443", fmt.Errorf("enrol: reached t-330523110-1: %w", trust.ErrWrongPeer))
	if !strings.Contains(err.Error(), "advertise.federation") || !strings.Contains(err.Error(), "不是县中心主机：https://t:8443") || !errors.Is(err, trust.ErrWrongPeer) {
		t.Error(err)
	}
}
