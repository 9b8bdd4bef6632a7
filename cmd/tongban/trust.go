package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/federation"
)

func trustCommand() *cobra.Command {
	return group("trust", "县级密钥 (the county's keys)", "  tongban trust rotate\n  tongban trust ca --config county.yaml > ca.pem\n  tongban trust recover --reason 由备份恢复\n  tongban trust lost",
		trustRotateCommand(), trustCACommand(), trustKeysCommand(), trustRecoverCommand(), trustLostCommand())
}

func trustCACommand() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "打印本县证书机构的证书 (print the county's CA certificate)",
		Long: `打印本机所知的县证书机构证书（PEM）。浏览器或 --ca 信任它之后，即可用 https 访问节点。
Prints the county's CA certificates as this machine knows them (PEM), for --ca and for browsers.`,
		Example: "  tongban trust ca --config /etc/tongban/county.yaml > ca.pem",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadSettings(config)
			if err != nil {
				return err
			}
			openOwnKeys(c)
			m, err := federation.LoadMembership(c.DataDir)
			if err != nil {
				return err
			}
			p := printerOf(cmd)
			for _, ca := range m.Trust.CAs {
				fmt.Fprintln(p.words(), strings.TrimSpace(ca))
			}
			return p.forPrograms(struct {
				County string   `json:"county"`
				CAs    []string `json:"cas"`
			}{string(m.Trust.County), m.Trust.CAs})
		},
	}
	configFlag(cmd, &config)
	jsonFlag(cmd)
	return cmd
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
