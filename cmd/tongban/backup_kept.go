package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

// The backups that a hub keeps in its own folder (backup.folder).

func backupListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "县中心主机文件夹中的备份与正在进行的任务 (the backups that a hub keeps, and what is under way)",
		Example: "  tongban backup list\n  tongban backup list --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.ListBackups(cmd.Context()) }, func(w io.Writer, v *client.KeptBackups) {
			t := newTable(c.pick("文件", "FILE"), c.pick("时间", "TIME"), c.pick("字节", "BYTES"), c.pick("账本条数", "RECORDS"), c.pick("校验", "CHECK"), c.pick("校验时间", "CHECKED"), c.pick("备份人", "BY"))
			for _, b := range v.Backups {
				t.row(b.File, moment(b.At), number(b.Bytes), count(b.Records), backupStanding(c.language, &b), moment(b.CheckedAt), b.ByName)
			}
			t.write(w, c.language)
			if v.Job.File != "" {
				fmt.Fprintln(w, clean(jobLine(c.language, &v.Job)))
			}
		})
	})
}

func backupStanding(lang language, b *client.KeptBackup) string {
	switch b.State {
	case client.Sound:
		return lang.pick("完好", "sound")
	case client.Bad:
		return lang.pick("损坏："+b.Zh, "bad: "+b.En)
	}
	return lang.pick("未校验", "not checked")
}

// jobLine says what is under way, or what became of the last.
func jobLine(lang language, j *client.BackupJob) string {
	what := lang.pick("备份 ", "backup ")
	if j.What == client.BackupJobWhatCheck {
		what = lang.pick("校验 ", "check of ")
	}
	switch {
	case j.EndedAt == 0 && j.Total > 0:
		return fmt.Sprintf(lang.pick("%s%s：进行中，%d%%", "%s%s: under way, %d%%"), what, j.File, j.Done*100/j.Total)
	case j.EndedAt == 0:
		return fmt.Sprintf(lang.pick("%s%s：进行中", "%s%s: under way"), what, j.File)
	case j.Code != "":
		return fmt.Sprintf(lang.pick("%s%s：未成，%s", "%s%s: failed, %s"), what, j.File, lang.pick(j.Zh, j.En))
	}
	return fmt.Sprintf(lang.pick("%s%s：已完成，%s", "%s%s: done, %s"), what, j.File, moment(j.EndedAt))
}

func backupMakeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "make",
		Short: "备份到县中心主机的文件夹 (make a backup in the hub's own folder)",
		Long: `开始一次备份，写完并校验后才列出；进度用 tongban backup list 查看。一次只能进行一个。
Begins a backup into the folder that backup.folder names. It is listed once it is whole and was checked;
tongban backup list tells how far it is. One at a time.`,
		Example: "  tongban backup make\n  tongban backup list",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return beginJob(cmd.Context(), c, func(ctx context.Context) (*http.Response, error) { return c.api.KeepBackup(ctx) })
	})
}

func backupCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check FILE",
		Short:   "校验文件夹中的一份备份 (check one of the kept backups)",
		Example: "  tongban backup check county-1-20261123-020000.backup\n  tongban backup list",
		Args:    oneArgument("FILE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return beginJob(cmd.Context(), c, func(ctx context.Context) (*http.Response, error) { return c.api.CheckBackup(ctx, args[0]) })
	})
}

func beginJob(ctx context.Context, c *connection, send func(context.Context) (*http.Response, error)) error {
	return ask(ctx, c, func() (*http.Response, error) { return send(ctx) }, func(w io.Writer, v *client.BackupJob) {
		fmt.Fprintln(w, clean(jobLine(c.language, v)))
	})
}

func backupGetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "get FILE",
		Short:   "下载文件夹中的一份备份 (fetch one of the kept backups, sealed as it is)",
		Example: "  tongban backup get county-1-20261123-020000.backup --out /media/safe/county-1-20261123.backup",
		Args:    oneArgument("FILE"),
	}
	out := outFlags(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return saveAnswer(cmd.Context(), c, out, func(ctx context.Context) (*http.Response, error) { return c.api.GetKeptBackup(ctx, args[0]) })
	})
}
