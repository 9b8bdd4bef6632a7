package main

import (
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func deviceCommand() *cobra.Command {
	return group("device", "外出设备 (devices that staff take out)",
		"  tongban device list --all\n  tongban device revoke ABCDEFGHIJKLMNOPQRSTUVWX23 --reason 下乡途中遗失",
		deviceListCommand(), deviceRevokeCommand())
}

func deviceListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "列出外出设备 (the devices)",
		Long: `列出自己的外出设备；--all 列出管辖范围内的：县中心管理员为全县，乡镇为本乡镇及各村。
已注销的，“效力”一栏说明登记该设备的节点是否已经生效。
Lists one's own; with --all those within reach. Of one that was revoked, it says
whether the node it was registered at has cut it off.`,
		Example: "  tongban device list\n  tongban device list --all",
		Args:    noArguments,
	}
	all := cmd.Flags().Bool("all", false, "管辖范围内的全部设备 (everybody's within reach)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.ListDevices(cmd.Context(), &client.ListDevicesParams{All: *all})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.DeviceList) {
			t := newTable(c.pick("编号", "ID"), c.pick("名称", "NAME"), c.pick("使用人", "OWNER"), c.pick("登记于", "NODE"), c.pick("登记时间", "REGISTERED"), c.pick("注销", "REVOKED"), c.pick("效力", "EFFECT"))
			for _, d := range v.Devices {
				t.row(d.Id, clean(d.Name), clean(d.Owner), d.Node, moment(d.RegisteredAt), moment(d.RevokedAt), deviceEffect(c.language, &d))
			}
			t.write(w, c.language)
		})
	})
}

func deviceRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke DEVICE",
		Short: "注销丢失的外出设备 (revoke a device that was lost)",
		Long: `注销丢失的外出设备。自己的设备在登记它的节点注销，立即生效；他人的设备由县中心管理员或
乡镇（本乡镇及各村）注销，随账本送达登记它的节点即生效，此后断网也有效。
没有提交的办件随设备清除，不能恢复。
Revokes a device that was lost: at the node at once; from the county or the township
as soon as it arrives there. What is queued on it and not handed in is gone with it.`,
		Example: "  tongban device revoke ABCDEFGHIJKLMNOPQRSTUVWX23 --reason 下乡途中遗失",
		Args:    oneArgument("DEVICE"),
	}
	reason := cmd.Flags().String("reason", "", "原因，注销他人的设备须填写 (why; needed for another's)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		key := newKey()
		send := func() (*http.Response, error) {
			return c.api.RevokeDevice(cmd.Context(), args[0], &client.RevokeDeviceParams{IdempotencyKey: key}, client.RevokeDeviceJSONRequestBody{Reason: *reason})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, d *client.Device) {
			var s sheet
			s.line(c.pick("设备", "device"), clean(d.Name))
			s.line(c.pick("注销", "revoked"), moment(d.RevokedAt))
			s.line(c.pick("效力", "effect"), deviceEffect(c.language, d))
			s.write(w)
		})
	})
}

func deviceEffect(lang language, d *client.Device) string {
	switch d.Effect {
	case client.DeviceHere:
		return lang.pick("已生效", "in effect")
	case client.DeviceThere:
		return lang.pick("登记节点已生效", "in effect at its node")
	case client.DeviceUnderWay:
		if d.NodeHeardMs == 0 {
			return lang.pick("送达中，登记节点尚无消息", "under way; its node was not heard yet")
		}
		return lang.pick("送达中，登记节点上次联系 ", "under way; its node was last heard ") + moment(d.NodeHeardMs)
	}
	return ""
}
