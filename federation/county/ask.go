package county

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Ask asks the hub at a peer port how it is, from outside a running hub, and
// tells its clock as the answer gave it (zero where it gave none). The
// configuration of TLS proves who asks and checks who answers.
func Ask(ctx context.Context, address string, config *tls.Config) (Status, time.Time, error) {
	config = config.Clone()
	config.NextProtos = nil
	way := &http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if _, err := c.Write([]byte{carriesHTTP}); err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+peerPath+"status", nil)
	if err != nil {
		return Status{}, time.Time{}, err
	}
	resp, err := way.RoundTrip(req)
	if err != nil {
		return Status{}, time.Time{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Status{}, time.Time{}, readError(address, resp.Body)
	}
	var s Status
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&s); err != nil {
		return Status{}, time.Time{}, fmt.Errorf("answer of %s: %w", address, err)
	}
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		date = time.Time{}
	}
	return s, date, nil
}
