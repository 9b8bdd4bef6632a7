package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func archiveCommand() *cobra.Command {
	return group("archive", "归档：案卷目录、归档、导出 (the archive of cases that have ended)",
		"  tongban archive list --due\n  tongban archive make 330523110200-20261123-01-000045-7 --years 30\n  tongban archive export 330523110200-20261123-01-000045-7 --out volume.zip",
		archiveListCommand(), archiveShowCommand(), archiveMakeCommand(), archiveExportCommand())
}

func archiveListCommand() *cobra.Command {
	var p client.ListArchivesParams
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "案卷目录，或待归档办件 (volumes, or what is still to be archived)",
		Example: "  tongban archive list\n  tongban archive list --due",
		Args:    noArguments,
	}
	due := cmd.Flags().Bool("due", false, "已办结、尚未归档的办件 (ended and not archived)")
	cmd.Flags().IntVar(&p.Limit, "limit", 100, "最多条数 (at most)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *due {
			p.State = client.ArchivesDue
		}
		send := func() (*http.Response, error) { return c.api.ListArchives(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ArchiveList) {
			t := newTable(c.pick("案卷号", "VOLUME"), c.pick("办件编号", "CASE"), c.pick("事项", "ITEM"), c.pick("状态", "STATUS"), c.pick("办结", "ENDED"), c.pick("归档", "ARCHIVED"))
			for _, x := range v.Volumes {
				t.row(x.Volume, x.Number, x.ItemName, c.pick(x.StatusZh, x.Status), moment(x.EndedMs), moment(x.ArchivedMs))
			}
			t.write(w, c.language)
		})
	})
}

func archiveShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "案卷内容与未了事项 (what a volume holds, and what is still open)",
		Example: "  tongban archive show 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCaseArchive(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.CaseArchive) { showVolume(w, c.language, v) })
	})
}

func showVolume(w io.Writer, lang language, v *client.CaseArchive) {
	var s sheet
	s.line(lang.pick("案卷号", "volume"), v.Volume)
	s.line(lang.pick("办件编号", "number"), v.Number)
	s.line(lang.pick("事项", "item"), v.ItemName)
	if v.Archived {
		s.line(lang.pick("归档", "archived"), moment(v.ArchivedMs))
	}
	for _, d := range v.Duties {
		s.line(lang.pick("未了", "open"), lang.pick(d.Zh, d.En))
	}
	s.write(w)
	fmt.Fprintln(w)
	t := newTable("#", lang.pick("类别", "KIND"), lang.pick("名称", "NAME"), "SHA-256")
	for i, p := range v.Pieces {
		t.row(fmt.Sprint(i+1), p.Kind, clean(p.Name), p.Hash[:12])
	}
	t.write(w, lang)
}

func archiveMakeCommand() *cobra.Command {
	var request client.ArchiveRequest
	cmd := &cobra.Command{
		Use:     "make NUMBER",
		Short:   "归档 (put a case that has ended into the archive)",
		Example: "  tongban archive make 330523110200-20261123-01-000045-7 --years 30 --note 二楼档案室",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	cmd.Flags().IntVar(&request.Years, "years", 0, "保管年限，0 为永久 (years; 0 for ever)")
	cmd.Flags().StringVar(&request.Note, "note", "", "备注，如存放地点 (note)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		a, err := answered[client.CaseArchive](c.api.ArchiveCase(cmd.Context(), caseID(args[0]), &client.ArchiveCaseParams{IdempotencyKey: *key}, request))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.CaseArchive) { showVolume(w, c.language, v) })
	})
}

func archiveExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "export NUMBER",
		Short:   "导出案卷为一个文件，含目录与校验值；留痕 (the volume as one file with manifest and hashes; recorded)",
		Example: "  tongban archive export 330523110200-20261123-01-000045-7 --out volume.zip --why 法院调取",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	out := outFlags(cmd)
	why := cmd.Flags().String("why", "", "原因，留痕 (why; recorded)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		return saveAnswer(cmd.Context(), c, out, func(ctx context.Context) (*http.Response, error) {
			return c.api.ExportCaseArchive(ctx, caseID(args[0]), &client.ExportCaseArchiveParams{TongbanWhy: url.PathEscape(*why)})
		})
	})
}
