package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func carryCommand() *cobra.Command {
	return group("carry", "携带：用U盘代替线路 (a USB stick instead of the line)",
		"  tongban carry export --out up.carry\n  tongban carry import up.carry",
		carryExportCommand(), carryImportCommand())
}

func carryExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "导出携带包，已签名并加密 (write a bundle, signed and encrypted)",
		Long: `导出携带包：在乡镇、村为待上报的内容，只有县中心能打开；要在途中由乡镇接收，用 --for 指明该乡镇节点。
在县或乡镇用 --for 指明为哪个节点导出其未见的内容，只有该节点能打开。
Writes a bundle: at a township or village what waits to go up, which only the county can read; --for
names a township above that is to take it in on the way. At the county or a township what the node
named by --for has not seen, which only that node can read.`,
		Example: `  tongban carry export --out up.carry
  tongban carry export --for t-330523110-1 --out up.carry
  tongban carry export --for v-330523110200-1 --out down.carry`,
		Args: noArguments,
	}
	var request client.CarryRequest
	cmd.Flags().StringVar(&request.For, "for", "", "给哪个节点 (the node it is for)")
	completeFlag(cmd, "for", completeNodeFlag)
	after := cmd.Flags().Int64("after", 0, "对方已有的账本序号 (county index it has already)")
	cmd.Flags().BoolVar(&request.Full, "full", false, "含对方自己的记录，用于其数据已丢失 (with the node's own entries, for one that lost them)")
	without := cmd.Flags().Bool("no-attachments", false, "不带附件 (without attachments)")
	out := outFlags(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		request.After = *after
		with := !*without
		request.Attachments = &with
		return saveAnswer(cmd.Context(), c, out, func(ctx context.Context) (*http.Response, error) { return c.api.ExportCarry(ctx, request) })
	})
}

func carryImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "import FILE",
		Short:   "导入携带包，重复导入无妨 (take a bundle in; twice does no harm)",
		Example: "  tongban carry import up.carry",
		Args:    oneArgument("FILE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		file, err := os.Open(args[0])
		if err != nil {
			return usagef("无法读取文件 (cannot read the file): %v", err)
		}
		defer file.Close()
		about, err := file.Stat()
		if err != nil {
			return usagef("无法读取文件 (cannot read the file): %v", err)
		}
		if !about.Mode().IsRegular() {
			return usagef("%s 不是文件，请给出携带包文件本身 (not a file: give the bundle itself)", args[0])
		}
		// A bundle may be larger than memory: it is streamed, and read again
		// from its start should the request have to be repeated.
		sized := func(_ context.Context, req *http.Request) error {
			req.ContentLength = about.Size()
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(file, 0, about.Size())), nil }
			return nil
		}
		a, err := answered[client.CarryReport](c.api.ImportCarryWithBody(cmd.Context(), "application/octet-stream", io.NewSectionReader(file, 0, about.Size()), sized))
		if err != nil {
			return err
		}
		err = a.show(c.printer, func(w io.Writer, v *client.CarryReport) {
			var s sheet
			s.line(c.pick("新收入", "taken in"), number(v.Entries))
			s.line(c.pick("原已有", "known before"), number(v.Known))
			s.line(c.pick("附件", "attachments"), number(v.Attachments))
			s.line(c.pick("未通过", "refused"), count(v.Refused))
			s.write(w)
			if len(v.Refusals) == 0 {
				return
			}
			fmt.Fprintln(w)
			t := newTable(c.pick("未通过的条目", "REFUSED"), c.pick("节点", "NODE"), c.pick("收入", "KEPT"), c.pick("原因", "REASON"))
			for _, no := range v.Refusals {
				kept := c.pick("未收入", "no")
				if no.Kept {
					kept = c.pick("已收入", "yes")
				}
				t.row(no.Entry, no.Origin, kept, c.pick(no.Zh, no.En)+" ["+no.Code+"]")
			}
			t.write(w, c.language)
		})
		if err == nil && slices.ContainsFunc(a.value.Refusals, func(no client.CarryRefusal) bool { return !no.Kept }) {
			return errNotTaken
		}
		return err
	})
}

// errNotTaken ends an import that left entries out: the bundle may be all there
// is of them.
var errNotTaken = errors.New("有条目未能收入：请保管好携带包，按上面的原因处理（分叉见手册“分叉”一节） (entries were not taken in: keep the bundle and see the reasons above; for a forked origin see the handbook)")

func backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "备份节点的数据和附件，不停机 (a consistent copy of state and attachments)",
		Long: `备份已加密，只有本节点的密钥或县级密钥能打开；不含密钥，keys 目录和 membership.json 须另行离线保存，否则备份无法打开。用 tongban restore 恢复。
The copy is encrypted: this node's keys open it, and the county's. It holds no keys: keep the keys folder
and membership.json offline too, or nobody but the county can open it. tongban restore puts it back.`,
		Example: "  tongban backup --out village-20261123.backup\n  tongban backup list",
		Args:    noArguments,
	}
	out := outFlags(cmd)
	cmd.AddCommand(backupListCommand(), backupMakeCommand(), backupCheckCommand(), backupGetCommand())
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return saveAnswer(cmd.Context(), c, out, func(ctx context.Context) (*http.Response, error) { return c.api.TakeBackup(ctx) })
	})
}

// outFile is where an answer is saved.
type outFile struct {
	path  string
	force bool
}

func outFlags(cmd *cobra.Command) *outFile {
	var o outFile
	cmd.Flags().StringVar(&o.path, "out", "", "写入的文件 (file to write)")
	cmd.Flags().BoolVar(&o.force, "force", false, "覆盖已有文件 (replace a file that is there)")
	required(cmd, "out")
	return &o
}

// saveAnswer writes a streamed answer to a file. A file of that name is there
// only once it is whole and on the disk: somebody will unplug the stick.
func saveAnswer(ctx context.Context, c *connection, out *outFile, send func(context.Context) (*http.Response, error)) error {
	if _, err := os.Stat(out.path); !errors.Is(err, fs.ErrNotExist) && !out.force {
		return usagef("%s 已存在，加 --force 覆盖 (is there already; --force replaces it)", out.path)
	}
	if err := c.loggedIn(ctx); err != nil {
		return err
	}
	res, err := send(ctx)
	if err := accepted(res, err); err != nil {
		return err
	}
	defer res.Body.Close()
	size, err := saveStream(out.path, res.Body)
	if err != nil {
		return err
	}
	if c.json {
		return c.showValue(struct {
			File  string `json:"file"`
			Bytes int64  `json:"bytes"`
		}{out.path, size})
	}
	_, err = fmt.Fprintf(c.out, c.pick("已写入 %s（%d 字节）\n", "wrote %s (%d bytes)\n"), out.path, size)
	return err
}

func saveStream(path string, from io.Reader) (int64, error) {
	draft, err := os.CreateTemp(filepath.Dir(path), ".tongban-*")
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", path, err)
	}
	defer os.Remove(draft.Name())
	read := &readErrors{from: from}
	size, err := io.Copy(draft, read)
	if err == nil {
		err = draft.Sync()
	}
	err = errors.Join(err, draft.Close())
	switch {
	case read.err != nil:
		return 0, &unreachable{fmt.Errorf("the transfer broke off after %d bytes: %w", size, read.err)}
	case err != nil:
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(draft.Name(), path); err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	return size, nil
}

// readErrors tells a broken line from a full disk.
type readErrors struct {
	from io.Reader
	err  error
}

func (r *readErrors) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
