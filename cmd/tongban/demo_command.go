package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/cmd/tongban/demo"
)

func demoCommand() *cobra.Command {
	var dir string
	var check, reset, bare bool
	var port int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "在本机演示一个县：三个县中心进程、两个乡镇、四个村 (a whole county on this machine)",
		Long: `在本机以独立进程运行一个县：三个县中心进程、两个乡镇、四个村，导入真实事项，走一遍主流程，再办几件日常业务（评价、投诉、收费、网上申请、一件事），然后保持运行。
Runs a whole county on this machine as processes of their own, imports the real items, walks the
main job once, does some of a day's business, and stays up. For a first look only: passwords are public, everything is on loopback.`,
		Example: "  tongban demo\n  tongban demo --check\n  tongban demo --reset",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := printerOf(cmd)
			if reset {
				if err := demo.Reset(dir); err != nil {
					return err
				}
				return p.forPrograms(map[string]string{"removed": dir})
			}
			if port < 1 || port > demo.LastPort {
				return usagef("--port 应在 1 到 %d 之间 (is between 1 and %[1]d)", demo.LastPort)
			}
			binary, err := os.Executable()
			if err != nil {
				return err
			}
			// A terminal that is closed, or a pipe that nobody reads any more, must leave no
			// nodes behind.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP, syscall.SIGPIPE)
			defer stop()
			o := demo.Options{Dir: dir, Check: check, Bare: bare, Port: port, Binary: binary, Out: cmd.OutOrStdout()}
			if p.json {
				o.Out, o.Summary = cmd.ErrOrStderr(), cmd.OutOrStdout()
			}
			return demo.Run(ctx, o)
		},
	}
	cmd.Flags().Bool("json", false, "标准输出只有一行 JSON 的对账结果，其余写到标准错误 (the figures of the walk as a line of JSON, words go to standard error)")
	cmd.Flags().StringVar(&dir, "dir", "demo", "数据目录 (data directory)")
	cmd.Flags().IntVar(&port, "port", demo.FirstPort, "新目录使用的第一个端口 (first of the ports a new directory uses)")
	cmd.Flags().BoolVar(&check, "check", false, "自动走一遍并退出，最后一行是 JSON (walk once and end with a line of JSON)")
	cmd.Flags().BoolVar(&reset, "reset", false, "删除演示数据 (remove the demo's data)")
	cmd.Flags().BoolVar(&bare, "bare", false, "主流程之后不再生成其他办件，供测试使用 (nothing after the walk, for tests that make their own)")
	cmd.MarkFlagsMutuallyExclusive("check", "reset")
	cmd.MarkFlagsMutuallyExclusive("check", "dir")
	cmd.MarkFlagsMutuallyExclusive("check", "port")
	return cmd
}
