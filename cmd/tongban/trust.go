package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func trustCommand() *cobra.Command {
	return group("trust", "县级密钥 (the county's keys)", "  tongban trust rotate", trustRotateCommand())
}

func trustRotateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "更换县级密钥 (make new county keys)",
		Long: `生成新的县级密钥并记入账本。旧密钥签过的仍然有效，各节点不需重新登记。更换时全部县中心进程须在线；换后请重新离线备份各主机的 keys 目录。
Makes new keys for the county and has the ledger say so. What was made with the old ones stays good.
All hubs must be reachable; back up their keys folders offline again afterwards.`,
		Example: "  tongban trust rotate",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) { return c.api.RotateTrust(ctx) })
	})
}
