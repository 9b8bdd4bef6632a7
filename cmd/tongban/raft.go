package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func raftCommand() *cobra.Command {
	return group("raft", "县中心主机 (the county's hubs)",
		"  tongban raft status\n  tongban raft add county-2 10.0.0.12:8444",
		raftStatusCommand(), raftAddCommand(), raftRemoveCommand(), raftTransferCommand())
}

func raftStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "主机与账本进度 (who leads, who votes, how far the log is)",
		Example: "  tongban raft status\n  tongban raft status --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.ListHubs(cmd.Context()) }, func(w io.Writer, v *client.HubReport) {
			var s sheet
			s.line(c.pick("本机", "this hub"), v.Self+" "+v.State)
			s.line(c.pick("主节点", "leader"), v.Leader)
			s.line(c.pick("任期", "term"), number(v.Term))
			s.line(c.pick("已提交", "commit"), number(v.Commit))
			s.line(c.pick("已应用", "applied"), number(v.Applied))
			s.line(c.pick("快照", "snapshot"), count(v.Snapshot))
			s.line(c.pick("就绪", "ready"), readiness(c.language, v.Ready, v.Problem))
			s.write(w)
			fmt.Fprintln(w)
			t := newTable(c.pick("主机", "HUB"), c.pick("地址", "ADDRESS"), c.pick("主节点", "LEADER"), c.pick("有表决权", "VOTER"), c.pick("已应用", "APPLIED"), c.pick("最近联系", "CONTACT"), c.pick("就绪", "READY"))
			for _, h := range v.Hubs {
				t.row(h.Id, h.Address, yes(c.language, h.Leader), yes(c.language, h.Voter), count(h.Applied), ago(c.language, h.LastContactMs), hubState(c.language, &h))
			}
			t.write(w, c.language)
		})
	})
}

// ago is how long since a hub heard its leader, which itself hears nobody.
func ago(lang language, ms int64) string {
	if ms <= 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", ms, lang.pick("毫秒前", "ms ago"))
}

func readiness(lang language, ready bool, problem string) string {
	if ready {
		return lang.pick("是", "yes")
	}
	return strings.TrimSpace(lang.pick("否", "no") + " " + problem)
}

func hubState(lang language, h *client.Hub) string {
	if !h.Reachable {
		return strings.TrimSpace(lang.pick("无法连接", "out of reach") + " " + h.Problem)
	}
	return readiness(lang, h.Ready, h.Problem)
}

func raftAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "add HUB ADDRESS",
		Short:   "加入主机 (make an enrolled hub a voter)",
		Example: "  tongban raft add county-2 10.0.0.12:8444",
		Args:    arguments(2, 2, "HUB ADDRESS"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return c.do(cmd.Context(), "已加入 "+args[0], args[0]+" votes", func(ctx context.Context) (*http.Response, error) {
			return c.api.AddHub(ctx, client.HubRequest{Id: args[0], Address: args[1]})
		})
	})
}

func raftRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove HUB",
		Short:   "移除主机 (take a hub's vote)",
		Example: "  tongban raft remove county-3",
		Args:    oneArgument("HUB"),

		ValidArgsFunction: completeHubs,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return c.do(cmd.Context(), "已移除 "+args[0], args[0]+" votes no more", func(ctx context.Context) (*http.Response, error) {
			return c.api.RemoveHub(ctx, args[0])
		})
	})
}

func raftTransferCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "transfer-leadership [HUB]",
		Short:   "转移主节点 (let another hub lead)",
		Example: "  tongban raft transfer-leadership\n  tongban raft transfer-leadership county-2",
		Args:    arguments(0, 1, "HUB"),

		ValidArgsFunction: completeHubs,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		request := client.TransferRequest{}
		if len(args) == 1 {
			request.To = args[0]
		}
		return c.do(cmd.Context(), "已转移", "another hub leads", func(ctx context.Context) (*http.Response, error) {
			return c.api.TransferLeadership(ctx, request)
		})
	})
}
