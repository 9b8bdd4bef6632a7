package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node"
)

func nodeCommand() *cobra.Command {
	return group("node", "节点：列表、入网、吊销 (nodes of the county)",
		"  tongban node list\n  tongban node invite --tier village --division 330523110200 --name 甲子村便民服务站",
		nodeListCommand(), nodeShowCommand(), nodeInviteCommand(), nodeRevokeCommand(), nodeRenameCommand(),
		nodeRenewCommand(), nodeLevelsCommand(), nodeRaiseLevelCommand())
}

func nodeListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "节点列表 (the nodes)",
		Example: "  tongban node list\n  tongban node list --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		a, err := answered[client.NodeList](c.api.ListNodes(cmd.Context()))
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.NodeList) {
			t := newTable(c.pick("节点", "NODE"), c.pick("层级", "TIER"), c.pick("区划", "DIVISION"), c.pick("名称", "NAME"), c.pick("证书到期", "EXPIRES"), c.pick("状态", "STATE"))
			for _, n := range v.Nodes {
				t.row(n.Node, tierName(c.language, n.Tier), string(n.Division), n.Name, moment(n.ExpiresAt), nodeState(c.language, &n))
			}
			t.write(w, c.language)
		})
	})
}

func nodeState(lang language, n *client.Node) string {
	switch {
	case n.RevokedAt > 0:
		return lang.pick("已吊销", "revoked")
	case n.Forked:
		return lang.pick("分叉，已停用", "forked")
	case n.SucceededBy != "":
		return lang.pick("已由 "+n.SucceededBy+" 接替", "succeeded by "+n.SucceededBy)
	}
	return lang.pick("正常", "in order")
}

func nodeShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show [NODE]",
		Short:   "节点详情；不给节点则为所连接的节点 (one node; without NODE the one asked)",
		Example: "  tongban node show\n  tongban node show v-330523110200-1",
		Args:    arguments(0, 1, "NODE"),

		ValidArgsFunction: completeNodes,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if len(args) == 0 {
			return showThisNode(cmd, c)
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		a, err := answered[client.Node](c.api.GetNode(cmd.Context(), args[0]))
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, n *client.Node) {
			var s sheet
			s.line(c.pick("节点", "node"), n.Node)
			s.line(c.pick("名称", "name"), n.Name)
			s.line(c.pick("层级", "tier"), tierName(c.language, n.Tier))
			s.line(c.pick("区划", "division"), string(n.Division))
			s.line(c.pick("序号", "ordinal"), count(n.Ordinal))
			s.line(c.pick("状态", "state"), nodeState(c.language, n))
			s.line(c.pick("入网", "enrolled"), moment(n.EnrolledAt))
			s.line(c.pick("恢复前为", "before its restore"), n.Succeeds)
			s.line(c.pick("证书到期", "expires"), moment(n.ExpiresAt))
			s.line(c.pick("吊销", "revoked"), moment(n.RevokedAt))
			s.line(c.pick("吊销原因", "reason"), n.RevokeReason)
			s.line(c.pick("互联地址", "federation"), n.Federation)
			s.line(c.pick("主机互联地址", "peer"), n.Peer)
			s.write(w)
		})
	})
}

func showThisNode(cmd *cobra.Command, c *connection) error {
	a, err := answered[client.ThisNode](c.api.GetThisNode(cmd.Context()))
	if err != nil {
		return err
	}
	return a.show(c.printer, func(w io.Writer, n *client.ThisNode) {
		var s sheet
		s.line(c.pick("节点", "node"), n.Node)
		s.line(c.pick("名称", "name"), n.Name)
		s.line(c.pick("层级", "tier"), tierName(c.language, n.Tier))
		s.line(c.pick("区划", "division"), string(n.Division)+" "+n.DivisionName)
		s.line(c.pick("版本", "version"), n.Version)
		s.line(c.pick("目录期号", "edition"), count(n.Edition))
		s.line(c.pick("线路", "line"), lineName(c.language, n.Line)+" "+n.Line.Upstream)
		s.line(c.pick("节点时间", "its time"), moment(n.TimeMs))
		s.line(c.pick("演示数据", "demo"), yes(c.language, n.Demo))
		s.write(w)
	})
}

func nodeInviteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invite",
		Short: "签发一次性入网令牌 (a one-time token for a new node)",
		Long: `为一个新节点签发一次性入网令牌。令牌只显示这一次，单独输出在标准输出上。
Makes the token with which one new node may enrol. It is shown this once, alone
on standard output, so that it can go into a file.`,
		Example: `  tongban node invite --tier village --division 330523110200 --name 甲子村便民服务站
  tongban node invite --tier county --division 330523 --name 县中心二号主机 --id county-2 > token`,
		Args: noArguments,
	}
	tier := cmd.Flags().String("tier", "", "层级 county、township 或 village (its tier)")
	place := cmd.Flags().String("division", "", "区划代码 (its division)")
	completeFlag(cmd, "division", completeDivisions)
	name := cmd.Flags().String("name", "", "名称 (its name)")
	id := cmd.Flags().String("id", "", "节点编号，默认由层级与区划生成 (its id, made up by default)")
	required(cmd, "tier", "division", "name")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		code, err := parseDivision("division", *place)
		if err != nil {
			return err
		}
		if t := node.Tier(*tier); t != node.County && t != node.Township && t != node.Village {
			return usagef("--tier %q：应为 county、township 或 village (one of these)", *tier)
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		a, err := answered[client.Invitation](c.api.InviteNode(cmd.Context(), &client.InviteNodeParams{IdempotencyKey: *key}, client.InvitationRequest{Tier: node.Tier(*tier), Division: code, Name: *name, Node: *id}))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.Invitation) {
			fmt.Fprintln(w, clean(v.Token))
			c.warn(fmt.Sprintf("以上令牌只显示这一次。节点 %s，有效至 %s", clean(v.Node), moment(v.ExpiresAt)),
				fmt.Sprintf("the token above is shown this once. node %s, until %s", clean(v.Node), moment(v.ExpiresAt)))
		})
	})
}

func nodeRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke NODE",
		Short: "吊销节点 (withdraw a node's credential)",
		Long: `吊销一个节点。由备份恢复过的机器，吊销现在的节点即连同恢复前的旧编号一并吊销；只吊销旧编号不影响现在的节点。
Withdraws a node's credential. Of a machine that was restored from a backup, revoking what it is now
revokes what it was before, too; revoking what it was before leaves alone what it is now.`,
		Example: `  tongban node revoke v-330523110200-1 --reason 电脑失窃
  tongban node revoke v-330523110200-1 --reason 电脑失窃 --at 2026-11-20T18:00`,
		Args: oneArgument("NODE"),

		ValidArgsFunction: completeNodes,
	}
	reason := cmd.Flags().String("reason", "", "原因 (why)")
	at := cmd.Flags().String("at", "", "自何时起其记录不再有效，默认现在 (from when on; default now)")
	required(cmd, "reason")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		from, err := parseMoment("at", *at)
		if err != nil {
			return err
		}
		err = recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.RevokeNode(cmd.Context(), args[0], &client.RevokeNodeParams{IdempotencyKey: *key}, client.RevokeRequest{Reason: *reason, At: from})
		})
		if err != nil {
			return err
		}
		a, err := answered[client.Node](c.api.GetNode(cmd.Context(), args[0]))
		if err == nil && a.value.SucceededBy != "" {
			next := clean(a.value.SucceededBy)
			c.warn("这台机器恢复后已换用 "+next+"，仍可工作；要停用机器请吊销 "+next, "its machine goes on as "+next+" since it was restored, and still works; to stop the machine revoke "+next)
		}
		return nil
	})
}

func nodeRenameCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rename NODE NAME",
		Short:   "节点改名 (rename a node)",
		Example: "  tongban node rename v-330523110200-1 甲子村便民服务站",
		Args:    arguments(2, 2, "NODE NAME"),

		ValidArgsFunction: completeNodes,
	}
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.RenameNode(cmd.Context(), args[0], &client.RenameNodeParams{IdempotencyKey: *key}, client.RenameRequest{Name: args[1]})
		})
	})
}
