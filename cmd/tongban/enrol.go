package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/division"
)

func initCommand() *cobra.Command {
	var config, login, name, passwordFile string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "新建县：生成密钥和首个县中心进程 (found a county: keys and its first hub)",
		Long: `在县中心的第一台机器上运行一次：生成县的密钥和首个县中心进程的登记，并设首位管理员。
没有给出密码文件时，打印一个初始密码，首次登录须修改。
Run once, on the county's first machine: makes the county's keys, enrols the first hub and
sets the first operator. Without a password file an initial password is printed.`,
		Example: "  tongban init --config county.yaml --login admin --name 中心管理员",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadSettings(config)
			if err != nil {
				return err
			}
			p := printerOf(cmd)
			made, err := initialise(cmd.Context(), c, login, name, passwordFile, p.words())
			if err != nil {
				return err
			}
			return p.forPrograms(made)
		},
	}
	configFlag(cmd, &config)
	jsonFlag(cmd)
	cmd.Flags().StringVar(&login, "login", "admin", "首位管理员的登录名 (login of the first operator)")
	cmd.Flags().StringVar(&name, "name", "中心管理员", "首位管理员的称呼 (name of the first operator)")
	cmd.Flags().StringVar(&passwordFile, "password-file", "", "密码文件，须 chmod 600 (file with the password)")
	return cmd
}

// founded is what init made, for programs.
type founded struct {
	County  string `json:"county"`
	Node    string `json:"node"`
	DataDir string `json:"data_dir"`
	KeyFile string `json:"key_file"`
	Login   string `json:"login"`
	// InitialPassword is there when no password was given; it is changed at the first login.
	InitialPassword string `json:"initial_password,omitempty"`
}

func initialise(ctx context.Context, c configs.Config, login, name, passwordFile string, stdout io.Writer) (*founded, error) {
	if c.Tier != configs.County {
		return nil, fmt.Errorf("init 只用于县中心，配置中 tier 为 %s；乡镇和村请用 enroll (init is for the county; use enroll)", c.Tier)
	}
	password, mustChange := "", false
	if passwordFile != "" {
		secret, err := configs.ReadSecret(passwordFile)
		if err != nil {
			return nil, err
		}
		password = string(secret)
	} else {
		initial, err := trust.InitialPassword()
		if err != nil {
			return nil, err
		}
		password, mustChange = initial, true
	}
	if err := trust.CheckPassword(password, login, 0); err != nil {
		return nil, err
	}
	hasher, err := trust.NewHasher(trust.DefaultPasswordParams)
	if err != nil {
		return nil, err
	}
	hash, err := hasher.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	id := c.Node
	if id == "" {
		id = federation.NodeID(division.Code(c.Division), 1)
	}
	unlock, err := lockData(c.DataDir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	genesis := federation.Genesis{Login: login, Name: name, PasswordHash: hash, MustChange: mustChange, Federation: federationURL(c), Peer: c.Advertise.Peer}
	openOwnKeys(c)
	m, err := federation.Unfounded(c.DataDir)
	if err != nil {
		return nil, err
	}
	if m != nil && m.Credential.Credential.Node == id && string(m.Credential.Credential.Division) == c.Division {
		if err := m.FoundAnew(rand.Reader, c.DataDir, c.Name, certificateNames(c), genesis, time.Now()); err != nil {
			return nil, err
		}
		fmt.Fprintln(stdout, "上次 init 之后还没有启动过：沿用已生成的密钥，重新设定首位管理员 (nothing was started since the init before: its keys are kept, and the first operator is set anew)")
	} else if err := newCounty(c, id, genesis, stdout); err != nil {
		return nil, err
	}
	fmt.Fprintf(stdout, "已新建县 %s，首个县中心进程 %s，数据在 %s (county founded)\n", c.Division, id, c.DataDir)
	fmt.Fprintf(stdout, "请离线备份 %s/keys：没有它，县的身份无法恢复。(Back up the keys folder offline: without it the county's identity is lost.)\n", c.DataDir)
	made := &founded{County: c.Division, Node: id, DataDir: c.DataDir, KeyFile: c.Storage.KeyFile, Login: login}
	if mustChange {
		made.InitialPassword = password
		fmt.Fprintf(stdout, "管理员 %s 的初始密码：%s（首次登录须修改 to be changed at first login）\n", login, password)
	}
	return made, nil
}

// newCounty makes the keys of a county and of its first hub, and saves them.
func newCounty(c configs.Config, id string, g federation.Genesis, stdout io.Writer) error {
	if err := federation.Vacant(c.DataDir); err != nil {
		return err
	}
	m, err := federation.NewCounty(rand.Reader, division.Code(c.Division), id, c.Name, certificateNames(c), g, time.Now())
	if err != nil {
		return err
	}
	if _, err := makeStorageKey(c, stdout); err != nil {
		return err
	}
	return m.Save(c.DataDir)
}

func joinCommand() *cobra.Command {
	cmd := enrolling("join", "加入县中心：再增加一个县中心进程 (another hub joins the county)",
		`用一次性口令把本机登记为另一个县中心进程。口令由 tongban node invite --tier county 生成。
之后运行 serve，再由管理员运行 tongban raft add 让它参与表决。
Enrols this machine as another hub with a one-time token (tongban node invite --tier county).
Then run serve, and have an operator run tongban raft add.`,
		"  tongban join --config county-2.yaml --county https://10.1.2.1:8443 --token-file token.txt", configs.County)
	return cmd
}

func enrollCommand() *cobra.Command {
	return enrolling("enroll", "登记乡镇或村节点 (a township or village joins the county)",
		`用一次性口令把本机登记为乡镇或村节点。口令由县中心运行 tongban node invite 生成，只能用一次。
Enrols this machine as a township or village node with a one-time token (tongban node invite).`,
		"  tongban enroll --config village.yaml --county https://10.1.2.1:8443 --token-file token.txt", configs.Township, configs.Village)
}

func enrolling(use, short, long, example string, tiers ...configs.Tier) *cobra.Command {
	var config, county, tokenFile string
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadSettings(config)
			if err != nil {
				return err
			}
			if !slices.Contains(tiers, c.Tier) {
				return fmt.Errorf("%s 不用于 %s 节点；县中心用 init 或 join，乡镇和村用 enroll (this command is not for tier %[2]s)", use, c.Tier)
			}
			hubs := c.Upstream.County
			if county != "" {
				hubs = append([]string{county}, hubs...)
			}
			if len(hubs) == 0 || tokenFile == "" {
				return usagef("需要 --county 和 --token-file (are needed)")
			}
			token, err := readToken(cmd.InOrStdin(), tokenFile)
			if err != nil {
				return err
			}
			p := printerOf(cmd)
			is, err := enrol(cmd.Context(), c, hubs, token, p.words())
			if err != nil {
				return err
			}
			return p.forPrograms(is)
		},
	}
	configFlag(cmd, &config)
	jsonFlag(cmd)
	cmd.Flags().StringVar(&county, "county", "", "县中心的联网地址，如 https://10.1.2.1:8443，默认取配置 (a hub's federation address)")
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "一次性口令文件，- 为标准输入 (file with the one-time token, - for standard input)")
	return cmd
}

func readToken(stdin io.Reader, path string) (string, error) {
	if path != "-" {
		secret, err := configs.ReadSecret(path)
		return string(secret), err
	}
	b, err := io.ReadAll(io.LimitReader(stdin, 4096))
	return strings.TrimSpace(string(b)), err
}

// enrolled is what a machine was enrolled as, for programs.
type enrolled struct {
	Node     string `json:"node"`
	Tier     string `json:"tier"`
	Division string `json:"division"`
	DataDir  string `json:"data_dir"`
	KeyFile  string `json:"key_file"`
}

func enrol(ctx context.Context, c configs.Config, hubs []string, token string, stdout io.Writer) (is *enrolled, err error) {
	for _, hub := range hubs {
		if err := federationAddress(hub); err != nil {
			return nil, err
		}
	}
	if _, err := trust.DecodeJoinToken(token); err != nil {
		return nil, enrolProblem("", err)
	}
	unlock, err := lockData(c.DataDir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := federation.Vacant(c.DataDir); err != nil {
		return nil, err
	}
	unsure := false
	leave := leaveNothing(c)
	defer func() {
		// Who may have enrolled this machine without being able to say so must
		// be asked again with the same keys.
		if err != nil && !unsure {
			err = errors.Join(err, leave())
		}
	}()
	if _, err := makeStorageKey(c, stdout); err != nil {
		return nil, err
	}
	keys, err := federation.EnrolmentKeys(rand.Reader, c.DataDir)
	if err != nil {
		return nil, err
	}
	e, err := atAnyHub(hubs, func(hub string) (*federation.Enrolled, error) {
		e, err := federation.Enrol(ctx, federation.EnrolOptions{County: hub, Token: token, Keys: keys, Names: certificateNames(c),
			Federation: federationURL(c), Peer: c.Advertise.Peer, Now: time.Now,
			Expect: federation.Place{Node: c.Node, Tier: string(c.Tier), Division: c.Division}})
		unsure = unsure || err != nil && !refusedFor(hub, err)
		return e, err
	})
	if err != nil {
		return nil, err
	}
	unsure = true // enrolled: its keys are needed whatever happens now
	m, err := federation.MembershipOf(e, keys)
	if err != nil {
		return nil, err
	}
	if err := m.Save(c.DataDir); err != nil {
		return nil, err
	}
	w := e.Credential.Credential
	fmt.Fprintf(stdout, "已登记为 %s（%s %s），数据在 %s (enrolled)\n", w.Node, w.Tier, w.Division, c.DataDir)
	return &enrolled{Node: w.Node, Tier: string(w.Tier), Division: string(w.Division), DataDir: c.DataDir, KeyFile: c.Storage.KeyFile}, nil
}

// leaveNothing remembers what is there before a machine is enrolled, and takes
// away what was made since: keys that nobody will ever know. What was there
// stays, from an attempt before.
func leaveNothing(c configs.Config) func() error {
	made := []string{c.Storage.KeyFile, filepath.Join(c.DataDir, sealMarkFile), federation.EnrolmentKeyFile(c.DataDir)}
	made = slices.DeleteFunc(made, func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, fs.ErrNotExist)
	})
	return func() error {
		var failed error
		for _, path := range made {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = errors.Join(failed, err)
			}
		}
		return failed
	}
}

// atAnyHub enrols at the first hub that does it: the next one is asked where one
// does not answer, or is cut off from the others. Enrolling is repeated with the
// same keys, so it does no harm if one did it and could not say so. Where none
// does, the error is the first one's.
func atAnyHub(hubs []string, enrol func(hub string) (*federation.Enrolled, error)) (*federation.Enrolled, error) {
	var first error
	for _, hub := range hubs {
		hub = strings.TrimRight(hub, "/")
		e, err := enrol(hub)
		if err == nil {
			return e, nil
		}
		problem := enrolProblem(hub, err)
		var no *federation.RemoteError
		if !errors.As(problem, new(noCounty)) && !(errors.As(err, &no) && no.Status == http.StatusServiceUnavailable) {
			return nil, problem
		}
		if first == nil {
			first = problem
		}
	}
	return nil, first
}

// certificateNames are the host names and addresses a node's certificate is
// good for.
func certificateNames(c configs.Config) []string {
	names := []string{"localhost", "127.0.0.1"}
	for _, address := range []string{c.Advertise.Federation, c.Advertise.Peer, c.Listen.API, c.Listen.Federation, c.Listen.Peer} {
		host, _, err := net.SplitHostPort(address)
		if err != nil || host == "" || host == "0.0.0.0" || host == "::" || slices.Contains(names, host) {
			continue
		}
		names = append(names, host)
	}
	if host, err := os.Hostname(); err == nil && host != "" && !slices.Contains(names, host) {
		names = append(names, host)
	}
	return names
}

func federationURL(c configs.Config) string {
	if c.Advertise.Federation == "" {
		return ""
	}
	return "https://" + c.Advertise.Federation
}
