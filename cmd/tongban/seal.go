package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func sealCommand() *cobra.Command {
	return group("seal", "电子印章 (electronic seals)",
		"  tongban seal list\n  tongban seal make --department 县民政局\n  tongban seal revoke 0f3a1c529f0b4d6e --reason 密钥可能泄露",
		sealListCommand(), sealMakeCommand(), sealRevokeCommand())
}

func sealListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "列出电子印章 (the seals there are and have been)",
		Example: "  tongban seal list",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListSeals(cmd.Context()) }
		return look(c, send, func(w io.Writer, v *client.SealList) {
			t := newTable(c.pick("印章单位", "HOLDER"), c.pick("第几枚", "GENERATION"), c.pick("密钥", "KEY"), c.pick("启用", "MADE"), c.pick("状态", "STATE"))
			for _, s := range v.Seals {
				state := c.pick("使用中", "in use")
				switch {
				case s.RevokedAt > 0:
					state = c.pick("已吊销：", "revoked: ") + clean(s.Reason)
				case !s.InUse:
					state = c.pick("已更换", "replaced")
				case s.Outdated:
					state = c.pick("须重新启用：签发密钥已更换，盖章会被拒绝（tongban seal make）", "to be made anew: its keys were replaced, and sealing is refused (tongban seal make)")
				}
				t.row(clean(s.Holder), fmt.Sprint(s.Generation), s.Key, moment(s.MadeAt), state)
			}
			t.write(w, c.language)
		})
	})
}

func sealMakeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "make",
		Short: "启用或更换电子印章 (make a seal, or the next one)",
		Long: `在县中心：管理员为部门启用，--department 为事项目录中的部门全称，可重复。
在乡镇：负责人为本乡镇启用，不带参数。重复执行即更换；旧印章盖过的文书仍然有效。
At the county the operator makes a department's; at a township its leader makes the township's.`,
		Example: `  tongban seal make --department 县民政局 --department 县市场监督管理局
  tongban seal make --node http://127.0.0.1:8081`,
		Args: noArguments,
	}
	departments := cmd.Flags().StringArray("department", nil, "部门全称，可重复；乡镇不填 (department; repeatable; none at a township)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if len(*departments) == 0 {
			*departments = []string{""}
		}
		for _, d := range *departments {
			err := c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
				return c.api.MakeSeal(ctx, &client.MakeSealParams{IdempotencyKey: newKey()}, client.MakeSealJSONRequestBody{Department: d})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func sealRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "revoke KEY",
		Short:   "吊销电子印章 (revoke a seal)",
		Example: "  tongban seal revoke 0f3a1c529f0b4d6e --reason 密钥可能泄露",
		Args:    oneArgument("KEY"),
	}
	reason := cmd.Flags().String("reason", "", "原因 (why)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if *reason == "" {
			return usagef("请用 --reason 说明原因 (say why)")
		}
		return c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.RevokeSeal(ctx, args[0], &client.RevokeSealParams{IdempotencyKey: newKey()}, client.RevokeSealJSONRequestBody{Reason: *reason})
		})
	})
}

// newKey is an idempotency key for one call.
func newKey() string { return uuid.NewString() }

// paperFlags are those of printing and sealing.
type paperFlags struct {
	reissue  bool
	why, out string
}

func (f *paperFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.reissue, "reissue", false, "换发：按办件现状出具新文书，取代原文书 (a new one takes its place)")
	cmd.Flags().StringVar(&f.why, "why", "", "换发原因 (why it is reissued)")
}

func (f *paperFlags) body() client.PaperRequest {
	return client.PaperRequest{Reissue: f.reissue, Why: f.why}
}

func casePrintCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "print NUMBER KIND",
		Short: "打印文书，带核验二维码 (print a document with its code)",
		Long: `输出可打印的 A4 网页；--json 输出文书、签名码等，可存作电子文书，用 tongban verify --file 核验。
首次打印与每次补打都留痕，补打件标明第几次。线路中断时村、乡镇也可打印。
Writes a page for A4 paper, or with --json the document with what proves it. Reprints are marked.`,
		Example: `  tongban case print 330523110200-20261123-01-000045-7 receipt_slip --out receipt.html
  tongban case print 330523110200-20261123-01-000045-7 grant_decision --json > grant.json`,
		Args: arguments(2, 2, "NUMBER, KIND"),
	}
	var f paperFlags
	f.register(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		format := client.PrintCaseDocumentParamsFormat("html")
		if c.json {
			format = "json"
		}
		key := newKey()
		send := func() (*http.Response, error) {
			return c.api.PrintCaseDocument(cmd.Context(), caseID(args[0]), client.DocumentKind(args[1]), &client.PrintCaseDocumentParams{IdempotencyKey: key, Format: format}, f.body())
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		return writePage(c, send, f.out)
	})
}

func caseSealCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "seal NUMBER KIND",
		Short:   "给文书加盖电子印章 (put the seal on a document)",
		Example: "  tongban case seal 330523110200-20261123-01-000045-7 grant_decision",
		Args:    arguments(2, 2, "NUMBER, KIND"),
	}
	var f paperFlags
	f.register(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		key := newKey()
		send := func() (*http.Response, error) {
			return c.api.SealCaseDocument(cmd.Context(), caseID(args[0]), client.DocumentKind(args[1]), &client.SealCaseDocumentParams{IdempotencyKey: key}, f.body())
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.PrintedPaper) {
			fmt.Fprintln(w, clean(v.Document.Number), recordedLine(c.language, v.Recorded))
		})
	})
}

func caseVoidCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "void NUMBER KIND",
		Short:   "宣布文书作废 (declare a document void)",
		Example: "  tongban case void 330523110200-20261123-01-000045-7 grant_decision --reason 所载名称有误",
		Args:    arguments(2, 2, "NUMBER, KIND"),
	}
	reason := cmd.Flags().String("reason", "", "原因 (why)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if strings.TrimSpace(*reason) == "" {
			return usagef("请用 --reason 说明原因 (say why)")
		}
		return c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.VoidCaseDocument(ctx, caseID(args[0]), client.DocumentKind(args[1]), &client.VoidCaseDocumentParams{IdempotencyKey: newKey()}, client.VoidCaseDocumentJSONRequestBody{Reason: *reason})
		})
	})
}
