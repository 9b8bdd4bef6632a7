package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func nodeRenewCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "renew",
		Short: "更新所连接节点的密钥和证书 (new keys and certificate for the node asked)",
		Long: `为所连接的节点换发密钥、凭证和证书，须与县中心有线路。换发前签过的仍然有效；已登录的人员自动续期。
到期前 180 天节点会自行更新；换发后请重新离线备份该机的 keys 目录和 membership.json。
Gives the node asked new keys, a credential and a certificate; it needs a line to the county. What it
signed before stays good. A node does so by itself 180 days before its keys end. Copy its keys folder
and membership.json to the safe again afterwards.`,
		Example: "  tongban node renew\n  tongban node renew --node http://127.0.0.1:8080 --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.RenewNode(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Renewed) {
			fmt.Fprintf(w, c.pick("%s 的密钥已更新，有效至 %s\n", "%s has new keys until %s\n"), clean(v.Node), moment(v.UntilMs))
			c.warn("请重新离线备份该机的 keys 目录和 membership.json", "copy its keys folder and membership.json to the safe again")
		})
	})
}

func nodeLevelsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "levels",
		Short:   "各节点能读的账本级别 (the level of entries each node reads)",
		Example: "  tongban node levels\n  tongban node levels --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.GetLevel(cmd.Context()) }, func(w io.Writer, v *client.LevelReport) {
			var s sheet
			s.line(c.pick("全县级别", "in force"), count(v.Level))
			s.line(c.pick("本程序可读", "this program reads"), count(v.Reads))
			s.write(w)
			fmt.Fprintln(w)
			t := newTable(c.pick("节点", "NODE"), c.pick("名称", "NAME"), c.pick("可读级别", "READS"), c.pick("最近联系", "CONTACT"))
			for _, n := range v.Nodes {
				reads := count(n.Reads)
				if n.Reads == 0 {
					reads = c.pick("未报告", "not said")
				}
				t.row(n.Node, n.Name, reads, moment(n.SeenMs))
			}
			t.write(w, c.language)
		})
	})
}

func nodeRaiseLevelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "raise-level LEVEL",
		Short: "全县升级完成后启用新的账本级别 (open a new level of entries after an upgrade)",
		Long: `全县节点升级后，启用新版本的条目。只升不降。有节点尚未报告能读时拒绝并列出；确要不等它们，用 --even-though 逐一列出：它们将停止同步，直到升级。
Opens the kinds of entries of a level, for good. Refused, with their names, while nodes have not said that
they read it, unless --even-though names each of them: those stop following until they are upgraded.`,
		Example: `  tongban node levels
  tongban node raise-level 3
  tongban node raise-level 3 --even-though v-330523110200-1`,
		Args: oneArgument("LEVEL"),
	}
	even := cmd.Flags().StringSlice("even-though", nil, "还不能读的节点，可多次给出 (a node that cannot read it yet; may be repeated)")
	completeFlag(cmd, "even-though", completeNodeFlag)
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		level, err := strconv.Atoi(args[0])
		if err != nil || level < 1 {
			return usagef("LEVEL %q：应为正整数 (a positive number)", args[0])
		}
		return recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.RaiseLevel(cmd.Context(), &client.RaiseLevelParams{IdempotencyKey: *key}, client.LevelRequest{Level: level, EvenThough: *even})
		})
	})
}
