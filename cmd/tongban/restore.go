package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

func restoreCommand() *cobra.Command {
	var config, from string
	var keys []string
	var verify, lone bool
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "从备份恢复已停止的节点 (restore a stopped node from a backup)",
		Long: `用 tongban backup 生成的备份恢复已停止的节点。备份先全部核对，再一次性替换；中途断电，数据仍是旧的或新的，不会各占一半。
备份是加密的：用数据目录中的密钥打开，或用 --keys 指明的密钥（例如保险柜中的县级密钥）。
乡镇、村节点恢复后，先从上级取回备份之后已上报的内容，再自动换用新的节点编号和序号，才会继续收件：
备份之后打印过的办件编号因此不会再次给出，旧U盘（tongban carry）随时仍可导入。请先导入所有旧U盘，再凭纸质材料补办仍缺少的办件。
县中心只有一个进程时（或多数进程永久丢失时）用 --lone：以恢复的数据为准，本机成为唯一的县中心进程，其他进程须清空数据后重新加入。
Restores a stopped node from a file that tongban backup made. The keys in the data directory open it,
or those in the folders named with --keys (the county's, from the safe). Below the county the node first gets
back from above what it had sent since, and then goes on under a new id and ordinal by itself: no case
number of before is given out twice, and sticks of before can still be imported. Import every one of them
before anything is handed in again from the papers. --lone makes this hub the county's only one, with the
restored data: for a single hub, or when the majority is lost for good.`,
		Example: "  tongban restore --config village.yaml --from village-20261124.backup\n  tongban restore --config county.yaml --from county.backup --verify\n  tongban restore --keys SAFE/keys --from village.backup --verify\n  tongban restore --config county.yaml --from county.backup --lone",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if verify && config == "" && len(keys) > 0 {
				return verifyBackup(cmd.Context(), from, keys, printerOf(cmd))
			}
			c, err := loadSettings(config)
			if err != nil {
				return err
			}
			if verify {
				openOwnKeys(c)
				return verifyBackup(cmd.Context(), from, append(keys, c.DataDir), printerOf(cmd))
			}
			p := printerOf(cmd)
			done := restored{DataDir: c.DataDir}
			if err := restore(cmd.Context(), c, from, keys, lone, p.words(), &done); err != nil {
				return err
			}
			return p.forPrograms(done)
		},
	}
	configFlag(cmd, &config)
	jsonFlag(cmd)
	cmd.Flags().StringVar(&from, "from", "", "备份文件；只用 --lone 时可不写 (the backup)")
	cmd.Flags().StringArrayVar(&keys, "keys", nil, "另有密钥的目录，用来打开备份，可重复 (a folder with more keys that may open the backup; may be repeated)")
	cmd.Flags().BoolVar(&verify, "verify", false, "只核对备份，不恢复 (only check the backup)")
	cmd.Flags().BoolVar(&lone, "lone", false, "本机成为唯一的县中心进程 (this hub becomes the county's only one)")
	return cmd
}

// restoredBelow is what is to be done after a township or village was restored.
const restoredBelow = `接下来 (next):
1. 运行 serve，接通线路：节点先取回备份之后已上报的内容，再自动换用新的节点编号（序号加一），之前不收件。备份之后打印过的编号不会再次给出。
   (Run serve with the line up: it gets back what it had sent since, then goes on under a new node id and ordinal by itself; until then it takes nothing. No number printed since the backup is given out again.)
2. 在乡镇或县中心导入本机的每一个旧U盘携带包（tongban carry import）：早导入、晚导入、重复导入都可以，不会丢失，也不会重复。
   (Import every stick this node had written, at the township or the county: early, late or twice, nothing is lost or done twice.)
3. 都导入之后，再核对回执存根，凭纸质材料补办仍缺少的办件（tongban case show 编号）。
   (Only then look for receipts whose case is still missing, tongban case show NUMBER, and hand those in again from the papers.)
4. 以后的携带包和备份属于新编号的节点；新的 membership.json 请再次离线保存。
   (Bundles and backups are the new id's from then on. Copy the new membership.json offline again.)
`

// backupState is what a backup holds, for programs.
type backupState struct {
	Node        string `json:"node"`
	Tier        string `json:"tier"`
	Division    string `json:"division"`
	MadeAt      int64  `json:"made_at"`
	Attachments int    `json:"attachments"`
	// Damaged attachments were left out when the backup was made.
	Damaged int `json:"damaged"`
}

func stateOf(m *store.Manifest) *backupState {
	return &backupState{m.Node, string(m.Tier), string(m.Division), m.MadeAt, len(m.Attachments), len(m.Damaged)}
}

// restored is what restore did, for programs: Lone is the hub that is the
// county's only one now.
type restored struct {
	DataDir string       `json:"data_dir"`
	Backup  *backupState `json:"backup,omitempty"`
	Lone    string       `json:"lone,omitempty"`
}

func verifyBackup(ctx context.Context, from string, keys []string, p printer) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := federation.OpenBackup(f, keys...)
	if err != nil {
		return backupProblem(err)
	}
	m, err := store.VerifyArchive(ctx, content)
	if err != nil {
		return backupProblem(err)
	}
	describe(p.words(), "备份完好 (the backup is sound)", m)
	return p.forPrograms(stateOf(m))
}

func describe(to io.Writer, what string, m *store.Manifest) {
	made := time.UnixMilli(m.MadeAt).In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format("2006-01-02 15:04")
	fmt.Fprintf(to, "%s：%s（%s %s），%s，附件 %d 个 (attachments)\n", what, m.Node, m.Tier, m.Division, made, len(m.Attachments))
	if len(m.Damaged) > 0 {
		fmt.Fprintf(to, "备份时已损坏、未包含的附件 %d 个 (damaged attachments left out)\n", len(m.Damaged))
	}
}

func restore(ctx context.Context, c configs.Config, from string, keys []string, lone bool, stdout io.Writer, done *restored) error {
	if from == "" && !lone {
		return usagef("需要 --from (is needed)")
	}
	if lone && c.Tier != configs.County {
		return usagef("--lone 只用于县中心 (is for a hub of the county)")
	}
	unlock, err := lockData(c.DataDir)
	if err != nil {
		return err
	}
	defer unlock()
	k, err := makeStorageKey(c, stdout)
	if err != nil {
		return err
	}
	if from != "" {
		f, err := os.Open(from)
		if err != nil {
			return err
		}
		defer f.Close()
		content, err := federation.OpenBackup(f, append(keys, c.DataDir)...)
		if err != nil {
			return backupProblem(err)
		}
		m, err := store.RestoreArchive(ctx, c.DataDir, k, content, func(m *store.Manifest, chain []json.RawMessage) error {
			return federation.CheckBackup(c.DataDir, m, chain)
		})
		if err != nil {
			return backupProblem(err)
		}
		done.Backup = stateOf(m)
		describe(stdout, "已恢复 (restored)", m)
		if m.Tier != node.County {
			fmt.Fprint(stdout, restoredBelow)
		}
		if m.Tier == node.County && !lone {
			fmt.Fprintln(stdout, "县中心：若只有一个进程，请再运行 tongban restore --lone；否则请移除本进程、清空数据后重新 join (a single hub: run restore --lone; otherwise remove this hub and join anew)")
		}
	}
	if !lone {
		return nil
	}
	m, err := federation.LoadMembership(c.DataDir)
	if errors.Is(err, federation.ErrNotEnrolled) {
		return fmt.Errorf("%w；恢复县中心还需要离线保存的 keys 目录和 membership.json (the keys folder and membership.json kept offline are needed too)", err)
	}
	if err != nil {
		return err
	}
	if err := federation.Recover(ctx, federation.Options{Dir: c.DataDir, Key: k, Membership: m, PeerAdvertise: c.Advertise.Peer, Logger: logger(c, stdout)}); err != nil {
		return err
	}
	done.Lone = m.Credential.Credential.Node
	fmt.Fprintf(stdout, "%s 现在是唯一的县中心进程，请运行 serve (is the county's only hub now; run serve)\n", m.Credential.Credential.Node)
	fmt.Fprintln(stdout, "随后请县管理员运行 tongban trust recover --reason …，各节点才会跟随恢复后的账本 (then the county's operator runs trust recover: without it the nodes below that had seen more do not follow)")
	return nil
}
