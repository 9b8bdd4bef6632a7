package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
)

func doctorCommand() *cobra.Command {
	var config, testTo string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "检查本机：配置、时钟、磁盘、权限、线路、密钥、数据库、告知通道 (check this machine and say what to do)",
		Long: `检查本机的配置、时钟、磁盘空间、权限、与上级的线路、密钥有效期、数据库完整性和告知通道，并说明该怎么办。节点运行时也可以检查。
Checks settings, clock, disk space, permissions, lines to the nodes above, validity of keys,
integrity of the databases and the channels of notices, and says what to do. It may run beside a
running node. --send-test sends one test message through the channels that reach the address.`,
		Example: "  tongban doctor --config /etc/tongban/village.yaml\n  tongban doctor --config /etc/tongban/county.yaml --send-test 13800000000",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return diagnose(cmd.Context(), configPath(config), testTo, asJSON, cmd.OutOrStdout())
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().StringVar(&testTo, "send-test", "", "向这个手机号或邮箱发一条测试消息 (send a test message to this phone or mail address)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "输出 JSON (for programs)")
	return cmd
}

// finding is one thing that was checked.
type finding struct {
	Check string `json:"check"`
	// Verdict is ok, warning or fault.
	Verdict string `json:"verdict"`
	ZH      string `json:"zh"`
	EN      string `json:"en"`
}

// diagnosisJSON is what --json prints.
type diagnosisJSON struct {
	Sound    bool      `json:"sound"`
	Findings []finding `json:"findings"`
}

type diagnosis struct {
	ctx context.Context
	c   configs.Config
	// within is how long another node may take to answer; 0: lineTime.
	within time.Duration
	m      *federation.Membership
	key    *atrest.Key // nil while it cannot be had
	found  []finding
}

func (d *diagnosis) add(check, verdict, zh, en string) {
	d.found = append(d.found, finding{check, verdict, zh, en})
}

// fault says what to do in both languages, and what was met.
func (d *diagnosis) fault(check, zh, en string, err error) {
	d.add(check, "fault", zh, en+": "+err.Error())
}

// unwritable says why a file cannot be written in the data directory.
func (d *diagnosis) unwritable(err error) {
	switch {
	case errors.Is(blob.NoSpace(err), blob.ErrNoSpace):
		d.fault("writable", "磁盘已满或超出配额，无法写入："+d.c.DataDir+"；请清理或更换磁盘，已保存的办件不受影响", "the disk is full, or the quota is used up: make room or replace the disk; what was saved is not affected", err)
	case errors.Is(err, syscall.EROFS):
		d.fault("writable", "磁盘是只读的："+d.c.DataDir+"；多因磁盘故障，请查看系统日志，更换磁盘或重新挂载为可写", "the disk is mounted read-only, most often after a fault of the disk: look at the system's log, replace the disk or mount it writable again", err)
	case errors.Is(err, fs.ErrPermission):
		d.fault("writable", "当前用户无权写入数据目录："+d.c.DataDir+"；请用运行 tongban 的用户检查，或更正属主", "this user may not write in the data directory: check as the user that tongban runs as, or correct the owner", err)
	default:
		d.fault("writable", "数据目录无法写入："+d.c.DataDir+"；请检查磁盘", "the data directory cannot be written; look at the disk", err)
	}
}

var errUnsound = errors.New("检查发现问题，请按上面的说明处理 (there are faults; do what is said above)")

func diagnose(ctx context.Context, path, testTo string, asJSON bool, stdout io.Writer) error {
	d := &diagnosis{ctx: ctx}
	c, err := loadSettings(path)
	if err != nil {
		d.fault("config", "配置有误，请按提示改正", "the settings have faults; correct them as listed", err)
	} else {
		d.c = c
		d.add("config", "ok", "配置正确", "settings are valid")
		d.permissions()
		d.disk()
		d.storage()
		d.membership()
		d.databases()
		d.running()
		d.lines()
		d.notices(testTo)
		d.provider()
	}
	return d.report(asJSON, stdout)
}

func (d *diagnosis) permissions() {
	info, err := os.Stat(d.c.DataDir)
	switch {
	case err != nil:
		d.fault("data_dir", "数据目录不存在或无法读取："+d.c.DataDir+"；请先运行 init 或 enroll，或检查 data_dir", "the data directory is not there or cannot be read; run init or enroll, or look at data_dir", err)
		return
	case info.Mode().Perm()&0o077 != 0:
		d.add("data_dir", "warning", "数据目录对本机其他用户开放，请运行 chmod 700 "+d.c.DataDir, "the data directory is open to other users; run chmod 700 on it")
	default:
		d.add("data_dir", "ok", "数据目录权限正确", "the data directory is private")
	}
	probe, err := os.CreateTemp(d.c.DataDir, "doctor-*")
	if err != nil {
		d.unwritable(err)
		return
	}
	defer os.Remove(probe.Name())
	_, err = probe.Write(make([]byte, 4096))
	if err := errors.Join(err, probe.Sync(), probe.Close()); err != nil {
		d.unwritable(err)
		return
	}
	d.add("writable", "ok", "数据目录可写", "the data directory can be written")
}

func (d *diagnosis) disk() {
	free, err := freeBytes(d.c.DataDir)
	if err != nil {
		d.fault("disk", "无法得知磁盘剩余空间", "how much of the disk is free cannot be told", err)
		return
	}
	zh, en := fmt.Sprintf("磁盘剩余 %d MB", free>>20), fmt.Sprintf("%d MB of disk are free", free>>20)
	switch {
	case free < d.c.Disk.LowBytes:
		d.add("disk", "fault", zh+"，低于停止收件的界限，请立即清理或更换磁盘", en+", below the mark at which cases are no longer taken; make room now")
	case free < d.c.Disk.WarnBytes:
		d.add("disk", "warning", zh+"，请尽快清理", en+"; make room soon")
	default:
		d.add("disk", "ok", zh, en)
	}
}

func (d *diagnosis) membership() {
	m, err := federation.LoadMembership(d.c.DataDir)
	if err != nil {
		d.fault("membership", "登记信息或密钥无法读取", "the membership or the keys cannot be read", err)
		return
	}
	d.m = m
	if err := fits(d.c, m); err != nil {
		d.fault("membership", "配置与登记不符", "the settings are not those of what was enrolled here", err)
		return
	}
	until, err := m.Expires()
	if err != nil {
		d.fault("keys", "本机的密钥与证书不符：请放回离线保存的同一份 keys 目录和 membership.json", "the keys do not fit the certificate: put back keys and membership.json of one and the same copy", err)
		return
	}
	zh, en := "节点密钥和证书有效期至 "+until.Format(time.DateOnly), "keys and certificate are valid until "+until.Format(time.DateOnly)
	switch left := time.Until(until); {
	case left <= 0:
		d.add("keys", "fault", zh+"，已过期，请重新登记", en+", which is past; enrol anew")
	case left < federation.KeysSoon:
		d.add("keys", "warning", zh+"：节点本应已自行更新，请在线路畅通时运行 tongban node renew", en+"; the node should have renewed them by itself: run tongban node renew with the line up")
	default:
		d.add("keys", "ok", zh, en)
	}
}

func (d *diagnosis) databases() {
	if d.m == nil || d.key == nil {
		return
	}
	if _, err := os.Stat(filepath.Join(d.c.DataDir, "state.db")); err != nil {
		d.add("database", "warning", "还没有数据库，首次 serve 时建立", "there is no database yet; the first serve makes it")
		return
	}
	is := d.m.Credential.Credential
	err := store.Inspect(d.ctx, d.c.DataDir, d.key, store.Self{Node: is.Node, Tier: is.Tier, Division: is.Division, Ordinal: is.Ordinal})
	switch {
	case errors.Is(err, atrest.ErrOtherKey):
		return // and storage has said so
	case errors.Is(err, store.ErrUnchecked):
		d.add("database", "warning", "数据库未能检查：磁盘只读、不可写，或文件对当前用户不可读；这不说明数据库有问题，不要因此恢复备份。请先处理磁盘或权限，再检查一次",
			"the database could not be checked: the disk is read-only or not writable, or this user may not read the file. That says nothing of the database: do not restore a backup for it. Put the disk or the permissions right, then check again: "+err.Error())
		return
	case errors.Is(err, store.ErrOtherNode):
		d.fault("database", "数据库属于另一节点，多半是放错了 state.db：请停止节点，移走 state.db*，放回本机自己的；找不到时才用 restore 恢复本机的备份", "the database is another node's, most likely a state.db in the wrong place: stop the node, move state.db* away and put its own back; restore a backup of this node only where that is not to be found", err)
		return
	case errors.Is(err, store.ErrNewerSchema):
		d.fault("database", "数据库由更新版本的 tongban 写入：请安装不低于原来的版本，不要退回旧版，也不要恢复备份", "a newer tongban wrote the database: install one that is no older; do not go back, and do not restore a backup", err)
		return
	case err != nil:
		d.fault("database", "数据库有问题：请停止节点，用 restore 恢复最近的备份；县中心多进程时可移除后重新加入", "there is something wrong with the database: stop the node and restore the last backup; a hub among several may be removed and let in again", err)
		return
	}
	d.add("database", "ok", "数据库完整", "the databases are whole")
	if err := federation.FoundingIn(d.ctx, d.c.DataDir, d.key, d.m); err != nil {
		d.fault("founding", "数据库属于另一次组建的县，节点不会启动：请把 state.db*、local.db* 移到别处保存，放回本机自己的，或用 tongban restore 恢复本机备份", "the database is of another founding, and the node will not start: keep state.db* and local.db* elsewhere and put its own back, or restore a backup of this node", err)
	} else {
		d.add("founding", "ok", "数据库属于本节点登记的县", "the databases are of the county this node enrolled in")
	}
	d.credential()
	d.standing()
}

// credential says whether the county's keys, as this node knows them, have signed
// its credential. What ended is said of the keys.
func (d *diagnosis) credential() {
	err := federation.CredentialIn(d.ctx, d.c.DataDir, d.key, d.m, time.Now())
	switch {
	case err == nil:
		d.add("credential", "ok", "节点凭证由本机所知的县级密钥签发", "the county keys that this node knows have signed its credential")
	case errors.Is(err, trust.ErrExpired):
	case errors.Is(err, trust.ErrSignature) && d.m.County == nil:
		d.add("credential", "warning", "节点凭证由本机还不知道的县级密钥签发：多半是恢复了更换县级密钥之前的备份。请接通线路启动节点，会自动向上级取得；一直取不到时请放回离线保存的同一份 keys 目录和 membership.json",
			"this node does not know the county keys that signed its credential, most likely because a backup of before their rotation was restored: start it with the line up and it asks above for them. If that does not end, put back keys and membership.json of one and the same copy")
	default:
		d.fault("credential", "节点凭证不是由本机 keys 目录和账本中的县级密钥签发，节点不会启动：请放回离线保存的同一份、最近的 keys 目录和 membership.json", "the county keys in this hub's keys folder and ledger have not signed its credential, and it will not start: put back keys and membership.json of one and the same, newest copy", err)
	}
}

// standing says whether the county has cast this node out, as far as it has
// heard; the line may tell more.
func (d *diagnosis) standing() {
	cast, revoked, err := federation.RevocationIn(d.ctx, d.c.DataDir, d.key, d.m, time.Now())
	switch {
	case err != nil:
		d.fault("standing", "无法得知本节点是否已被吊销", "whether this node was revoked cannot be told", err)
	case revoked:
		d.castOut(cast)
	}
}

// castOut says that the county has cast this node out: once, whoever told it.
func (d *diagnosis) castOut(cast federation.Revocation) {
	if d.saidCastOut() {
		return
	}
	zh, en := cast.Words()
	d.add("standing", "fault", zh, en)
}

func (d *diagnosis) saidCastOut() bool {
	return slices.ContainsFunc(d.found, func(f finding) bool { return f.Check == "standing" && f.Verdict == "fault" })
}

// running asks the node itself, if it runs, what is wrong with it.
func (d *diagnosis) running() {
	if d.m == nil {
		return
	}
	ok, problem, err := askReady(d.ctx, d.c)
	switch {
	case err != nil:
		d.add("node", "warning", "节点没有运行，或没有监听 "+d.c.Listen.API+"：启动后再检查一次", "the node does not run, or does not listen there; check again when it does")
	case problem != nil:
		for _, f := range problem.Fields {
			d.add("node", "fault", f.ZH, f.EN+" ["+string(f.Code)+"]")
		}
		if len(problem.Fields) == 0 {
			d.add("node", "fault", problem.MessageZh, problem.Detail+" ["+problem.Code+"]")
		}
	default:
		d.add("node", "ok", "节点正在运行", "the node runs and does its work")
		for _, w := range ok.Warnings {
			d.add("node", "warning", w.Zh, w.En+" ["+w.Code+"]")
		}
	}
}

// readinessJSON is what /readyz answers when the node does its work.
type readinessJSON struct {
	Warnings []client.RefusalReport `json:"warnings"`
}

// askReady asks the node that these settings are for. Nothing secret is sent or
// answered, so that whoever answers at this machine's port will do.
func askReady(ctx context.Context, c configs.Config) (*readinessJSON, *client.Problem, error) {
	host, port, err := net.SplitHostPort(c.Listen.API)
	if err != nil {
		return nil, nil, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if c.TLS.Mode != configs.TLSOff {
		scheme = "https"
	}
	asker := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer asker.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := asker.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body := json.NewDecoder(io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode == http.StatusOK {
		ok := new(readinessJSON)
		return ok, nil, body.Decode(ok)
	}
	no := new(client.Problem)
	return nil, no, body.Decode(no)
}

func (d *diagnosis) report(asJSON bool, to io.Writer) error {
	sound := true
	for _, f := range d.found {
		sound = sound && f.Verdict != "fault"
	}
	if asJSON {
		enc := json.NewEncoder(to)
		enc.SetIndent("", "  ")
		if err := enc.Encode(diagnosisJSON{Sound: sound, Findings: d.found}); err != nil {
			return err
		}
	} else {
		marks := map[string]string{"ok": "✓ 正常", "warning": "! 注意", "fault": "✗ 问题"}
		for _, f := range d.found {
			fmt.Fprintf(to, "%s  %-10s %s\n            %s\n", marks[f.Verdict], f.Check, f.ZH, f.EN)
		}
	}
	if !sound {
		return errUnsound
	}
	return nil
}
