package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// tlsCommand makes this program a bare TLS server: a goroutine a connection,
// which waits for a byte, and nothing else.
const tlsCommand = "tls-peer"

func runTLS(args []string) error {
	var at string
	f := flag.NewFlagSet(tlsCommand, flag.ContinueOnError)
	f.StringVar(&at, "address", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	cert, err := selfSigned()
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp", at, &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true})
	if err != nil {
		return err
	}
	go func() { // as a node does, so that what is compared is what is kept
		for range time.Tick(2 * time.Second) {
			debug.FreeOSMemory()
		}
	}()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			var b [1]byte
			io.ReadFull(conn, b[:])
			conn.Write(b[:])
			io.ReadFull(conn, b[:])
		}()
	}
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "bench"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// bareTLS is what an idle connection costs the bare server, in bytes resident:
// each with a certificate of its own, as nodes have.
func (b *bench) bareTLS(ctx context.Context) (each float64, err error) {
	own, err := os.Executable()
	if err != nil {
		return 0, err
	}
	port, err := loopback.FreePort()
	if err != nil {
		return 0, err
	}
	bare := exec.Command(own, tlsCommand, "-address", loopback.Address(port))
	bare.Stderr = os.Stderr
	if err := bare.Start(); err != nil {
		return 0, err
	}
	defer func() { bare.Process.Kill(); bare.Wait() }()
	err = loopback.Await(ctx, "the bare server", 10*time.Second, 10*time.Millisecond, func(context.Context) error {
		conn, err := net.Dial("tcp", loopback.Address(port))
		if err == nil {
			conn.Close()
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, 5*time.Second); err != nil {
		return 0, err
	}
	const resident = "VmRSS:"
	before := memoryOfPID(bare.Process.Pid, resident)
	conns := make([]*tls.Conn, b.idle)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	err = inParallel(b.idle, 16, func(i int) error {
		cert, err := selfSigned()
		if err != nil {
			return err
		}
		if conns[i], err = tls.Dial("tcp", loopback.Address(port), &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true}); err != nil {
			return err
		}
		if _, err := conns[i].Write([]byte{1}); err != nil {
			return err
		}
		_, err = io.ReadFull(conns[i], make([]byte, 1))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("bare TLS: %w", err)
	}
	if err := pause(ctx, b.idleFor); err != nil {
		return 0, err
	}
	return float64(memoryOfPID(bare.Process.Pid, resident)-before) / float64(b.idle), nil
}

// pause waits, unless the run ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
