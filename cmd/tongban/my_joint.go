package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
)

func myJointCommand() *cobra.Command {
	return group("joint", "我的一件事联办 (one's own joint matters of several departments)",
		"  tongban my joint packages\n  tongban my joint submit PK-06 --form-file form.json --material 身份证=id.jpg\n  tongban my joint list",
		myPackagesCommand(), myJointSubmitCommand(false), myJointSubmitCommand(true), myJointListCommand(), myJointShowCommand(), myJointActCommand(), myJointDocumentsCommand())
}

func myPackagesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "packages",
		Short:   "可网上申请的一件事 (the joint matters that can be applied for from home)",
		Example: "  tongban my joint packages\n  tongban my joint packages --type organisation",
		Args:    noArguments,
	}
	kind := kindFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		params := &client.ListOnlinePackagesParams{}
		if *kind != "" {
			t, err := applicantType(*kind, "")
			if err != nil {
				return err
			}
			params.Subject = t
		}
		send := func() (*http.Response, error) { return c.api.ListOnlinePackages(cmd.Context(), params) }
		return look(c, send, func(w io.Writer, v *client.OnlinePackages) {
			t := newTable(c.pick("编码", "CODE"), c.pick("一件事", "PACKAGE"), c.pick("牵头", "LEADS"), c.pick("所含事项", "ITEMS"), c.pick("网上申请", "ONLINE"))
			for _, p := range v.Packages {
				online := c.pick("可以", "yes")
				if !p.Online {
					online = c.pick("须到窗口", "at a window")
				}
				t.row(p.Code, p.Name, p.Department, number(len(p.Items)), online)
			}
			t.write(w, c.language)
		})
	})
}

// mine are the flags of who applies from home, beside those of any hand-in.
type mine struct {
	actingFor, authorityName string
	authority                []string
	electronic               bool
}

func (m *mine) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.actingFor, "acting-for", "", "代办单位的账户编号 (account of the firm one acts for)")
	cmd.Flags().StringVar(&m.authorityName, "authority-name", "", "授权凭证名称 (what the proof of authority is)")
	cmd.Flags().StringSliceVar(&m.authority, "authority", nil, "授权凭证扫描件 (scans of the proof of authority)")
	cmd.Flags().BoolVar(&m.electronic, "electronic", false, "同意电子送达 (agree to be served electronically)")
	for _, other := range []string{"agent", "agent-id-number", "agent-phone", "agent-authority", "agent-authority-seen"} {
		_ = cmd.Flags().MarkHidden(other) // whoever is logged in acts
	}
}

func (m *mine) scans(attach func(path string) (client.AttachmentRef, error)) (refs []client.AttachmentRef, err error) {
	for _, path := range m.authority {
		ref, err := attach(path)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// myJointSubmitCommand hands a package in, or with check only looks whether it could
// be.
func myJointSubmitCommand(check bool) *cobra.Command {
	var f submissionFlags
	var m mine
	cmd := &cobra.Command{
		Use:   "submit CODE",
		Short: "网上申请一件事 (apply for a joint matter from home)",
		Long: `一张表单、一套材料、一个编号；先上传材料，再提交，缺什么一次列全。
One form, one set of papers, one number. Uploads the papers and applies.`,
		Example: `  tongban my joint submit PK-06 --form-file form.json --material 身份证=id.jpg --electronic
  tongban my joint submit PK-06 --with TB-XZRZ-005 --form-file form.json --material 身份证=id.jpg`,
		Args: oneArgument("CODE"),
	}
	if check {
		cmd.Use, cmd.Short, cmd.Long = "check CODE", "预检，不提交 (check without applying)", ""
		cmd.Example = "  tongban my joint check PK-06 --form-file form.json --material 身份证=id.jpg"
	}
	cmd.Flags().StringSliceVar(&f.with, "with", nil, "要办的可选事项，默认全部 (optional items that are wanted; default all)")
	f.registerChanges(cmd)
	m.register(cmd)
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		f.pack = args[0]
		if err := f.parse(cmd); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if f.formType == "" {
			f.formType = string(catalog.SubmittedElectronic)
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		attach := describeFile
		if !check {
			attach = func(path string) (client.AttachmentRef, error) { return uploadMine(cmd.Context(), c, path) }
		}
		in, err := f.myPackage(cmd.Context(), c, &m, attach)
		if err != nil {
			return err
		}
		if check {
			return reported(c, func() (*http.Response, error) { return c.api.CheckMyJointCase(cmd.Context(), in) })
		}
		return myJointReceipt(c, key, func() (*http.Response, error) {
			return c.api.SubmitMyJointCase(cmd.Context(), &client.SubmitMyJointCaseParams{IdempotencyKey: *key}, in)
		})
	})
}

// myPackage is what is handed in from home, as the flags have it.
func (f *submissionFlags) myPackage(ctx context.Context, c *connection, m *mine, attach func(path string) (client.AttachmentRef, error)) (in client.MyPackageSubmission, err error) {
	like, err := f.packageLikeItem(ctx, c)
	if err != nil {
		return in, err
	}
	single, err := f.mySubmission(like, attach)
	if err != nil {
		return in, err
	}
	in = client.MyPackageSubmission{Package: f.pack, Version: f.version, Items: f.with, Division: single.Division, Applicant: single.Applicant, Phone: single.Phone,
		Form: single.Form, Materials: single.Materials, Applying: single.Applying, ActingFor: m.actingFor, AuthorityName: m.authorityName, Electronic: m.electronic}
	in.Authority, err = m.scans(attach)
	return in, err
}

// reported prints what is missing, and fails where something is.
func reported(c *connection, send func() (*http.Response, error)) error {
	a, err := answered[client.CheckReport](send())
	if err != nil {
		return err
	}
	if err := a.show(c.printer, func(w io.Writer, v *client.CheckReport) { showCheck(w, c.language, v) }); err != nil {
		return err
	}
	if !a.value.Ok {
		return toldAlready
	}
	return nil
}

// myJointReceipt sends under a key and prints what became of it.
func myJointReceipt(c *connection, key *string, send func() (*http.Response, error)) error {
	sayKey(c, key)
	a, err := answered[client.MyJointReceipt](send())
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.MyJointReceipt) { showMyJoint(w, c.language, &v.Joint) })
}

func showMyJoint(w io.Writer, lang language, v *client.MyJointSummary) {
	fmt.Fprintln(w, clean(v.Number))
	var s sheet
	s.line(lang.pick("一件事", "package"), v.Package+" "+v.Name)
	s.line(lang.pick("申请人", "applicant"), v.ApplicantName)
	s.line(lang.pick("牵头", "leads"), v.Department)
	s.line(lang.pick("进度", "state"), lang.pick(v.StatusZh, string(v.Status)))
	if !v.ReceivedOn.IsZero() {
		s.line(lang.pick("视为收到", "counts as received"), v.ReceivedOn.String())
	}
	s.write(w)
}

func myJointListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "我的联办件 (one's own joint matters)",
		Example: "  tongban my joint list",
		Args:    noArguments,
	}
	var params client.ListMyJointCasesParams
	pageFlags(cmd, &params.Limit, &params.Cursor)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListMyJointCases(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyJointCases) {
			t := newTable(c.pick("编号", "NUMBER"), c.pick("一件事", "PACKAGE"), c.pick("申请人", "APPLICANT"), c.pick("进度", "STATE"), c.pick("到期", "DUE"))
			for _, m := range v.Cases {
				t.row(m.Summary.Number, m.Summary.Name, m.Summary.ApplicantName, c.pick(m.Summary.StatusZh, string(m.Summary.Status)), m.Due.String())
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

func myJointShowCommand() *cobra.Command {
	return forApplicant(&cobra.Command{Use: "show NUMBER", Short: "联办件详情及各办件 (one joint matter and its cases)", Example: "  tongban my joint show 330523-20261123-01-000045-7", Args: aboutCase(oneArgument("NUMBER"))},
		func(cmd *cobra.Command, c *connection, args []string) error {
			send := func() (*http.Response, error) { return c.api.GetMyJointCase(cmd.Context(), caseID(args[0])) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyJointCase) {
				showMyJoint(w, c.language, &v.Summary)
				for _, p := range v.Notice {
					fmt.Fprintf(w, c.pick("  须补正：%s %s\n", "  wanted: %s %s\n"), clean(p.Material+p.Field), clean(p.How))
				}
				if !v.SupplementBefore.IsZero() {
					fmt.Fprintf(w, c.pick("  补正期限 %s\n", "  before %s\n"), v.SupplementBefore)
				}
				t := newTable(c.pick("办件编号", "NUMBER"), c.pick("事项", "ITEM"), c.pick("部门", "DEPARTMENT"), c.pick("进度", "STATE"))
				for _, m := range v.Members {
					t.row(m.Number, m.ItemName, m.Department, c.pick(m.StatusZh, m.StatusEn))
				}
				t.write(w, c.language)
			})
		})
}

func myJointActCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "act NUMBER KIND",
		Short: "整件补正、撤回 (add to all of it, or withdraw it)",
		Long:  "supplement 补正　withdraw 撤回（--take-back 收回撤回申请）",
		Example: `  tongban my joint act 330523-20261123-01-000045-7 supplement --material 身份证=id.jpg
  tongban my joint act 330523-20261123-01-000045-7 withdraw --text 不再需要`,
		Args: aboutCase(arguments(2, 2, "NUMBER, KIND")),
	}
	more := addedFlags(cmd)
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		in := client.MyJointAction{Kind: client.MyJointActionKind(args[1]), Reason: more.text, Note: more.text, TakeBack: more.back}
		if !in.Kind.Valid() {
			return usagef("没有这种办理 %q，应为 supplement 或 withdraw (no such action)", args[1])
		}
		if more.back && in.Kind != client.MyJointWithdraw {
			return usagef("--take-back 用于 withdraw (is for withdraw)")
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		var err error
		if in.Form, in.Materials, err = more.read(cmd.Context(), c); err != nil {
			return err
		}
		return myJointReceipt(c, key, func() (*http.Response, error) {
			return c.api.ActOnMyJointCase(cmd.Context(), caseID(args[0]), &client.ActOnMyJointCaseParams{IdempotencyKey: *key}, in)
		})
	})
}

func myJointDocumentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "documents NUMBER [KIND]",
		Short:   "联办件文书；给出种类则打开 (its documents; with a kind it is opened)",
		Example: "  tongban my joint documents 330523-20261123-01-000045-7\n  tongban my joint documents 330523-20261123-01-000045-7 joint_receipt --html > receipt.html",
		Args:    aboutCase(arguments(1, 2, "NUMBER, KIND")),
	}
	html := cmd.Flags().Bool("html", false, "A4 页面，供打印 (a page to print)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		id := caseID(args[0])
		if len(args) == 1 {
			send := func() (*http.Response, error) { return c.api.ListMyJointDocuments(cmd.Context(), id) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.JointDocumentList) {
				for _, d := range v.Documents {
					fmt.Fprintf(w, "%s  %s\n", d.Kind, clean(d.Title))
				}
			})
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		params := &client.GetMyJointDocumentParams{}
		if *html {
			params.Format = "html"
		}
		res, err := c.api.GetMyJointDocument(cmd.Context(), id, client.JointDocumentKind(args[1]), params)
		return passOn(c, res, err)
	})
}
