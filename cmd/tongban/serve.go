package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/tongban/tongban/api"
	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/api/web"
	"github.com/tongban/tongban/cmd/tongban/demo"
	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
)

// serverCommands are the commands that are a node.
func serverCommands() []*cobra.Command {
	return []*cobra.Command{serveCommand(), initCommand(), joinCommand(), enrollCommand(), restoreCommand(), doctorCommand(), demoCommand(), keyCommand()}
}

func serveCommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "运行本节点 (run this node)",
		Long:    "运行本节点，直到收到中断信号。\nRuns this node until it is interrupted.",
		Example: "  tongban serve --config /etc/tongban/county.yaml",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadSettings(config)
			if err != nil {
				return err
			}
			if printerOf(cmd).json {
				c.Log.Format = "json"
			}
			return serve(cmd.Context(), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().Bool("json", false, "日志和错误以 JSON 输出 (log, and say what goes wrong, in JSON)")
	return cmd
}

func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "config", "", "配置文件，默认取环境变量 TONGBAN_CONFIG (settings file)")
}

func configPath(flag string) string {
	if flag != "" {
		return flag
	}
	return os.Getenv("TONGBAN_CONFIG")
}

// shutdownTime is how long requests under way may take to end.
const shutdownTime = 15 * time.Second

// serve runs a node until ctx ends or it must stop.
func serve(ctx context.Context, c configs.Config, stdout, stderr io.Writer) error {
	if _, err := os.Stat(c.DataDir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", c.DataDir, federation.ErrNotEnrolled) // and nothing is made there
	}
	unlock, err := lockData(c.DataDir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := serveProfiles(ctx); err != nil {
		return err
	}
	collecting(node.Tier(c.Tier))
	api.Prepare()
	k, err := storageKey(ctx, c, logger(c, stderr))
	if err != nil {
		return startProblem(c.DataDir, err)
	}
	for {
		// A node that was restored goes on as another one, from the beginning.
		if err := serveOnce(ctx, c, k, stdout, stderr); !errors.Is(err, federation.ErrSucceeded) {
			return err
		}
	}
}

// serveOnce runs the node that the data directory is now.
func serveOnce(ctx context.Context, c configs.Config, k *atrest.Key, stdout, stderr io.Writer) error {
	m, err := federation.LoadMembership(c.DataDir)
	if err != nil {
		return startProblem(c.DataDir, keysProblem{err})
	}
	if err := fits(c, m); err != nil {
		return err
	}
	if err := m.MayFound(c.DataDir); err != nil {
		return err
	}
	if err := writable(c.DataDir); err != nil {
		return err
	}
	log := logger(c, stderr)
	ports, err := open(c)
	if err != nil {
		return err
	}
	defer ports.close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	options := nodeOptions(c, k, m, ports, log, stop)
	if options.Notices, err = noticeSettings(c); err != nil {
		return err
	}
	n, err := federation.Start(ctx, options)
	if err != nil {
		return startProblem(c.DataDir, err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			log.Error("not closed in order", "error", err)
		}
	}()
	handler, err := newAPI(c, n, log)
	if err != nil {
		return err
	}
	defer handler.Close()
	go giveBack(ctx)
	fmt.Fprintf(stdout, "tongban %s %s 已启动 started, api %s\n", version, n.Self().Node, ports.api.Addr())
	err = listenAll(ctx, c, n, handler, ports, log)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

func nodeOptions(c configs.Config, k *atrest.Key, m *federation.Membership, p *ports, log *slog.Logger, stop func(error)) federation.Options {
	return federation.Options{
		Dir: c.DataDir, Key: k, Membership: m, Version: version, Limits: limitsOf(c), Logger: log,
		Peer: p.peer, PeerAdvertise: c.Advertise.Peer,
		Timing: county.Timing{Heartbeat: c.Raft.Heartbeat, Election: c.Raft.Election, Lease: c.Raft.Lease,
			SnapshotThreshold: c.Raft.SnapshotEntries, TrailingLogs: c.Raft.TrailingLogs},
		Genesis: m.Genesis, Founded: func() error { return m.Founded(c.DataDir) },
		Township: c.Upstream.Township, County: c.Upstream.County, Proxy: proxyOf(c), Names: certificateNames(c), LAN: c.Advertise.LAN, TokenLife: c.Session.Access,
		Heartbeat: c.Sync.Heartbeat, BackoffMax: c.Sync.BackoffMax, SkewWarn: c.Sync.SkewWarn, UnnamedDays: c.Limits.UnnamedDays,
		BatchEntries: c.Sync.BatchEntries, BatchBytes: int(c.Sync.BatchBytes),
		Disk:  federation.Disk{Free: func() (int64, error) { return freeBytes(c.DataDir) }, Low: c.Disk.LowBytes, Warn: c.Disk.WarnBytes},
		Fatal: stop,
	}
}

// proxyOf is what the lines to the nodes above go through; the settings have
// checked it.
func proxyOf(c configs.Config) *url.URL {
	if c.Upstream.Proxy == "" {
		return nil
	}
	u, err := url.Parse(c.Upstream.Proxy)
	if err != nil {
		return nil
	}
	return u
}

// fits compares the settings with what the node was enrolled as.
func fits(c configs.Config, m *federation.Membership) error {
	is := m.Credential.Credential
	if string(is.Tier) != string(c.Tier) || string(is.Division) != c.Division || c.Node != "" && !m.IsOrWas(c.Node) {
		return fmt.Errorf("配置与登记不符：本目录登记为 %s（%s %s），配置为 %s（%s %s）；请改正配置中的 tier、division、node (this directory is enrolled as %[1]s (%[2]s %[3]s), the settings are for %[4]s (%[5]s %[6]s); correct tier, division and node in them)",
			is.Node, is.Tier, is.Division, cmp.Or(c.Node, "-"), c.Tier, c.Division)
	}
	return nil
}

// ports are the listeners of a node.
type ports struct{ api, lan, federation, peer net.Listener }

func open(c configs.Config) (*ports, error) {
	p := new(ports)
	for _, l := range []struct {
		key, address string
		into         *net.Listener
	}{{"listen.api", c.Listen.API, &p.api}, {"listen.lan", c.Listen.LAN, &p.lan}, {"listen.federation", c.Listen.Federation, &p.federation}, {"listen.peer", c.Listen.Peer, &p.peer}} {
		if l.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", l.address)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("无法监听 %s=%s：端口可能被占用，请检查是否有遗留进程，或修改配置 (cannot listen; is the port taken, or another tongban still running?): %w", l.key, l.address, err)
		}
		*l.into = listener
	}
	return p, nil
}

func (p *ports) close() {
	for _, l := range []net.Listener{p.api, p.lan, p.federation, p.peer} {
		if l != nil {
			l.Close()
		}
	}
}

// limitsOf are the limits on attachments: the settings' where they say less.
func limitsOf(c configs.Config) catalog.Limits {
	limits := catalog.DefaultLimits()
	limits.AttachmentBytes, limits.CaseBytes = c.Limits.AttachmentBytes, c.Limits.CaseAttachmentsBytes
	limits.Types = slices.DeleteFunc(slices.Clone(limits.Types), func(t string) bool { return !blob.IsType(t) })
	return limits
}

func newAPI(c configs.Config, n *federation.Node, log *slog.Logger) (*api.Server, error) {
	params := trust.DefaultPasswordParams
	params.AtOnce = c.Limits.LoginHashes
	hasher, err := trust.NewHasher(params)
	if err != nil {
		return nil, err
	}
	metricsToken := ""
	if c.Metrics.TokenFile != "" {
		secret, err := configs.ReadSecret(c.Metrics.TokenFile)
		if err != nil {
			return nil, err
		}
		metricsToken = string(secret)
	}
	provider, err := identityProvider(c)
	if err != nil {
		return nil, err
	}
	pages, err := web.Handler()
	if err != nil {
		return nil, err
	}
	var people *gen.Demo
	if c.Demo {
		if people, err = demoPeople(c.DataDir); err != nil {
			return nil, err
		}
	}
	return api.New(api.Options{
		People: people,
		Pages:  pages,
		Node:   n, Store: n.Store, Blobs: n.Blobs, Hasher: hasher, Provider: provider, Logger: log, Version: version, Name: c.Name, Demo: c.Demo,
		Secure:    c.TLS.Mode != configs.TLSOff || c.TLS.BehindGateway,
		BodyBytes: c.Limits.BodyBytes, Request: c.Limits.Request, Refresh: c.Session.Refresh,
		MetricsToken: metricsToken, HideMetrics: !c.Metrics.Enabled, SupervisionPhone: c.Centre.SupervisionPhone, Address: addressFor(c),
		Backups: backupsOf(c),
		Limits:  limitsOf(c), BehindGateway: c.TLS.BehindGateway, LAN: lanAddresses(c),
	})
}

// backupsOf is where a hub keeps its own backups. They must leave the room that it
// needs to take cases.
func backupsOf(c configs.Config) api.Backups {
	return api.Backups{Folder: c.Backup.Folder, Config: c.File, Room: func() (int64, error) {
		free, err := freeBytes(c.Backup.Folder)
		return free - c.Disk.WarnBytes, err
	}}
}

// addressFor is where applicants reach the county, as far as the settings say.
func addressFor(c configs.Config) string {
	if c.Centre.Address == "" && len(c.OIDC.Addresses) > 0 {
		return c.OIDC.Addresses[0]
	}
	return c.Centre.Address
}

// demoPeople are the people of a demonstration, none where nobody named them.
func demoPeople(dir string) (*gen.Demo, error) {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), demo.PeopleFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	people := new(gen.Demo)
	if err := json.Unmarshal(text, people); err != nil {
		return nil, fmt.Errorf("%s: %w", demo.PeopleFile, err)
	}
	return people, nil
}

// lanAddresses are where phones on the local network reach the pages.
func lanAddresses(c configs.Config) (all []string) {
	_, port, err := net.SplitHostPort(c.Listen.LAN)
	if err != nil {
		return nil
	}
	for _, name := range c.Advertise.LAN {
		all = append(all, (&url.URL{Scheme: "https", Host: net.JoinHostPort(name, port)}).String())
	}
	return all
}

// listenAll serves the node's ports until ctx ends, then lets requests end.
func listenAll(ctx context.Context, c configs.Config, n *federation.Node, handler *api.Server, p *ports, log *slog.Logger) error {
	group, ctx := errgroup.WithContext(ctx)
	pages := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	pages.RegisterOnShutdown(handler.EndStreams)
	listener := p.api
	switch c.TLS.Mode {
	case configs.TLSNode:
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return n.Certificate(), nil }})
	case configs.TLSFiles:
		pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
		if err != nil {
			return fmt.Errorf("tls.cert_file, tls.key_file: %w", err)
		}
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{pair}})
	}
	serveUntil(ctx, group, pages, listener)
	if p.lan != nil {
		phones := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
		serveUntil(ctx, group, phones, tls.NewListener(p.lan, lanTLS(n)))
	}
	if p.federation != nil && n.Self().Tier != node.Village {
		below := &http.Server{Handler: n.FederationHandler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
		below.RegisterOnShutdown(n.EndFeeds)
		serveUntil(ctx, group, below, tls.NewListener(p.federation, n.FederationTLS()))
	}
	return group.Wait()
}

// lanTLS serves the local network once the county has signed for it.
func lanTLS(n *federation.Node) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := n.LANCertificate(); c != nil {
				return c, nil
			}
			return nil, errors.New("the county has not signed for this node's local network yet")
		}}
}

func serveUntil(ctx context.Context, group *errgroup.Group, s *http.Server, l net.Listener) {
	var idle idleConns
	idle.watch(s)
	group.Go(func() error {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		idle.cut(time.Now())
		if err := s.Shutdown(last); err != nil {
			return s.Close()
		}
		return nil
	})
}

func logger(c configs.Config, to io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.Log.Level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}

// lockData keeps two processes out of one data directory.
func lockData(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritable(dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("数据目录 %s 正被另一个 tongban 进程使用，请先停止它 (another tongban process is using this data directory; stop it first)", dir)
	}
	// Who holds it, for whoever looks for a process that was left.
	if err := f.Truncate(0); err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		f.Close()
		return nil, unwritable(dir, err)
	}
	return func() { f.Close() }, nil
}
