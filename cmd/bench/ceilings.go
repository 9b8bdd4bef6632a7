package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/federation/county/countybench"
	"github.com/tongban/tongban/store/storebench"
)

// rowBytes is the size of what the ceilings write: about one submission.
const rowBytes = 2048

// ceilings measures what the county is made of.
func (b *bench) ceilings(ctx context.Context) error {
	syncs, err := fsyncs(filepath.Join(b.dir, "fsync"), b.during/2)
	if err != nil {
		return err
	}
	b.table.add(figure{Section: "ceilings", Name: "disk", Value: perSecond(len(syncs), syncs), Unit: "fsyncs/s", Detail: spreadOf(syncs).String()})
	rows, err := storebench.Durable(ctx, b.dir, rowBytes, b.during/2)
	if err != nil {
		return err
	}
	b.table.add(figure{Section: "ceilings", Name: "SQLite, 1 client", Value: perSecond(len(rows), rows), Unit: "tx/s", Detail: spreadOf(rows).String()})
	loads, err := b.bareRaft(ctx)
	if err != nil {
		return err
	}
	for _, l := range loads {
		b.table.add(figure{Section: "ceilings", Name: bareName(l.Clients), Value: float64(len(l.Took)) / l.During.Seconds(), Unit: "writes/s", Detail: spreadOf(l.Took).String()})
	}
	return nil
}

func bareName(clients int) string { return fmt.Sprintf("bare raft, %s", clientsName(clients)) }

func clientsName(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// perSecond is a rate of things done one after the other.
func perSecond(n int, took []time.Duration) float64 {
	var sum time.Duration
	for _, t := range took {
		sum += t
	}
	return float64(n) / max(sum.Seconds(), 1e-9)
}

// fsyncs writes and syncs a page at the end of a file.
func fsyncs(path string, during time.Duration) (took []time.Duration, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	page := make([]byte, 4096)
	for end := time.Now().Add(during); time.Now().Before(end); {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// peerCommand makes this program one peer of a bare Raft cluster.
const peerCommand = "raft-peer"

func runPeer(args []string) error {
	var peers, clients string
	var o countybench.Options
	f := flag.NewFlagSet(peerCommand, flag.ContinueOnError)
	f.StringVar(&o.Address, "address", "", "")
	f.StringVar(&o.Dir, "dir", "", "")
	f.StringVar(&peers, "peers", "", "")
	f.StringVar(&clients, "clients", "[1]", "")
	f.DurationVar(&o.During, "during", time.Second, "")
	f.IntVar(&o.CommandBytes, "bytes", rowBytes, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	o.Peers = strings.Split(peers, ",")
	if err := json.Unmarshal([]byte(clients), &o.Clients); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return countybench.Run(ctx, o, func(loads []countybench.Load) { json.NewEncoder(os.Stdout).Encode(loads) })
}

// bareRaft runs three peers as processes; the one that leads answers.
func (b *bench) bareRaft(ctx context.Context) ([]countybench.Load, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(len(b.clients))*b.during)
	defer cancel()
	var addresses []string
	for range 3 {
		port, err := loopback.FreePort()
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, loopback.Address(port))
	}
	clients, err := json.Marshal(b.clients)
	if err != nil {
		return nil, err
	}
	answers := make(chan []countybench.Load, 3)
	ended := make(chan error, 3)
	for i, a := range addresses {
		dir := filepath.Join(b.dir, fmt.Sprint("bare-", i))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, own, peerCommand, "-address", a, "-dir", dir, "-peers", strings.Join(addresses, ","),
			"-clients", string(clients), "-during", b.during.String(), "-bytes", fmt.Sprint(rowBytes))
		cmd.Stderr = os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 10 * time.Second
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		go func() {
			var loads []countybench.Load
			if json.NewDecoder(bufio.NewReader(out)).Decode(&loads) == nil {
				answers <- loads
			}
			ended <- cmd.Wait()
		}()
	}
	var loads []countybench.Load
	select {
	case loads = <-answers:
	case err = <-ended:
		err = fmt.Errorf("a peer ended: %w", err)
		ended <- nil
	case <-ctx.Done():
		err = ctx.Err()
	}
	cancel()
	for range 3 {
		<-ended
	}
	return loads, err
}
