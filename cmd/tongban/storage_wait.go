package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store/atrest"
)

// lookForKey is how often a node without its key looks whether it is there by
// now.
const lookForKey = 2 * time.Second

// storageKey gives the node its key and its data sealed with it. Without the key
// it waits, saying so in the log and at its api port, rather than end and be
// started again without it.
func storageKey(ctx context.Context, c configs.Config, log *slog.Logger) (*atrest.Key, error) {
	keys, err := openStorageKey(c, passphraseAtTerminal())
	if err == nil {
		err = sealOwnKeys(c, keys)
		if err != nil {
			return nil, keysProblem{err}
		}
	}
	m, unread := federation.LoadMembership(c.DataDir)
	if unread != nil && (err == nil || !errors.Is(unread, trust.ErrKeysSealed)) {
		return nil, keysProblem{unread}
	}
	if unread == nil {
		if wrong := errors.Join(fits(c, m), writable(c.DataDir)); wrong != nil {
			return nil, wrong
		}
	}
	if err != nil {
		log.Error("the storage key is missing; this node waits for it and is not ready", "error", err)
		if keys, err = waitForKey(ctx, c, m, err, log); err != nil {
			return nil, err
		}
		log.Info("the storage key is there")
		if err := sealOwnKeys(c, keys); err != nil {
			return nil, keysProblem{err}
		}
	}
	return keys.Key, sealData(ctx, c, keys, log)
}

// sealData goes on with what was begun: a change of keys, or the first sealing.
func sealData(ctx context.Context, c configs.Config, keys atrest.Keys, log *slog.Logger) error {
	mark, err := sealedWith(c.DataDir)
	if err != nil {
		return err
	}
	switch {
	case keys.Previous != nil:
		log.Info("the data is being sealed with the new storage key")
		return rotateTo(ctx, c, keys)
	case mark == "" || errors.Is(federation.Sealed(c.DataDir, keys.Key), atrest.ErrClear):
		log.Info("the data is being sealed for the first time")
		if err := federation.Reseal(ctx, c.DataDir, nil, keys.Key); err != nil {
			return err
		}
	}
	return markSealed(c.DataDir, keys.Key)
}

func passphraseAtTerminal() func() (string, error) {
	p := passwords{stdin: os.Stdin, prompts: os.Stderr}
	if p.terminal() == nil {
		return nil
	}
	return func() (string, error) { return p.hidden("存储密钥的口令 passphrase of the storage key: ") }
}

// waitForKey answers every request that the node is not ready until its key is
// there.
func waitForKey(ctx context.Context, c configs.Config, m *federation.Membership, why error, log *slog.Logger) (atrest.Keys, error) {
	listener, err := net.Listen("tcp", c.Listen.API)
	if err != nil {
		return atrest.Keys{}, fmt.Errorf("%w (%w)", why, err)
	}
	if c.TLS.Mode == configs.TLSNode && m == nil {
		listener.Close() // its certificate's key is sealed, too
	} else if listener, err = waitingTLS(c, m, listener); err != nil {
		return atrest.Keys{}, err
	}
	server := &http.Server{Handler: waitingPage(why), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go server.Serve(listener)
	defer server.Close()
	tick := time.NewTicker(lookForKey)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return atrest.Keys{}, ctx.Err()
		case <-tick.C:
		}
		keys, err := openStorageKey(c, nil)
		if err == nil {
			return keys, nil
		}
		if err.Error() != why.Error() {
			why = err
			server.Handler.(*waiting).say(err)
			log.Error("the storage key is missing; this node waits for it and is not ready", "error", err)
		}
	}
}

func waitingTLS(c configs.Config, m *federation.Membership, l net.Listener) (net.Listener, error) {
	var pair tls.Certificate
	var err error
	switch c.TLS.Mode {
	case configs.TLSNode:
		var own *tls.Certificate
		if own, err = m.Keys.Certificate(m.Certificate); err == nil {
			pair = *own
		}
	case configs.TLSFiles:
		pair, err = tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
	default:
		return l, nil
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}), nil
}

// waiting is what the api port answers meanwhile.
type waiting struct {
	mu   sync.Mutex
	code string
	zh   string
	en   string
}

func waitingPage(why error) *waiting {
	w := new(waiting)
	w.say(why)
	return w
}

// say takes the reason; whoever asks is not told paths.
func (w *waiting) say(why error) {
	code, reason := "storage_key_unusable", errKeyBroken
	for _, known := range []struct {
		code string
		err  error
	}{{"storage_key_missing", errNoKey}, {"storage_key_never_made", errNeverKey}, {"storage_key_other", errOtherKey}, {"storage_key_locked", atrest.ErrLocked}, {"storage_key_passphrase", atrest.ErrPassphrase}} {
		if errors.Is(why, known.err) {
			code, reason = known.code, known.err
			break
		}
	}
	zh, en, _ := strings.Cut(reason.Error(), " (")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.code, w.zh, w.en = code, zh, strings.TrimSuffix(en, ")")
}

func (w *waiting) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	to.Header().Set("Cache-Control", "no-store")
	if r.URL.Path == "/healthz" {
		to.Header().Set("Content-Type", "application/json")
		io.WriteString(to, `{"status":"ok"}`+"\n")
		return
	}
	w.mu.Lock()
	p := client.Problem{Type: "about:blank", Title: http.StatusText(http.StatusServiceUnavailable), Status: http.StatusServiceUnavailable,
		Code: w.code, Detail: w.en, MessageZh: w.zh, Next: "请按提示处理，放回密钥后自动继续", NextEn: "do as it says; the node goes on by itself when it has its key",
		Fields: []client.Fault{{Path: "readyz", Code: catalog.FaultCode(w.code), ZH: w.zh, EN: w.en}}}
	w.mu.Unlock()
	to.Header().Set("Content-Type", "application/problem+json")
	to.Header().Set("Retry-After", "5")
	to.WriteHeader(http.StatusServiceUnavailable)
	// A caller that is gone needs no answer.
	_ = json.NewEncoder(to).Encode(p)
}
