package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/cmd/tongban/demo"
)

func demoCommand() *cobra.Command {
	var dir string
	var check, reset bool
	var port int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "在本机演示一个县：三个县中心进程、两个乡镇、四个村 (a whole county on this machine)",
		Long: `在本机以独立进程运行一个县：三个县中心进程、两个乡镇、四个村，导入真实事项，走一遍主流程，然后保持运行。
Runs a whole county on this machine as processes of their own, imports the real items, walks the
main job once and stays up. For a first look only: passwords are public, everything is on loopback.`,
		Example: "  tongban demo\n  tongban demo --check\n  tongban demo --reset",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reset {
				return demo.Reset(dir)
			}
			binary, err := os.Executable()
			if err != nil {
				return err
			}
			return demo.Run(cmd.Context(), demo.Options{Dir: dir, Check: check, Port: port, Binary: binary, Out: cmd.OutOrStdout()})
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "demo", "数据目录 (data directory)")
	cmd.Flags().IntVar(&port, "port", demo.FirstPort, "新目录使用的第一个端口 (first of the ports a new directory uses)")
	cmd.Flags().BoolVar(&check, "check", false, "自动走一遍并退出，最后一行是 JSON (walk once and end with a line of JSON)")
	cmd.Flags().BoolVar(&reset, "reset", false, "删除演示数据 (remove the demo's data)")
	cmd.MarkFlagsMutuallyExclusive("check", "reset")
	return cmd
}
