package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
)

func myCommand() *cobra.Command {
	return group("my", "网上办事：本人（单位）的申请 (applying from home: one's own cases)",
		"  tongban my items --query 生育\n  tongban my submit --item TB-XZRZ-005 --division 330523110200 --form address=梅溪镇甲子村 --material 生育登记表=form.jpg\n  tongban my list",
		myItemsCommand(), mySubmitCommand(false), mySubmitCommand(true), myListCommand(), myResultsCommand(), myShowCommand(), myTimelineCommand(), myActCommand(), myDocumentsCommand(), myPrefillCommand(), myRecordCommand(), myConsentCommand(), myWithdrawConsentCommand(), myNoticesCommand(), myContactCommand(), myConfirmContactCommand(),
		myJointCommand(), myComplaintCommand(), myAgentsCommand(), myProviderCommand())
}

func myItemsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "items", Short: "可网上办理的事项 (what can be applied for from home)", Example: "  tongban my items --query 生育", Args: noArguments}
	query := cmd.Flags().String("query", "", "关键词、拼音首字母或部门 (words, initials, a department)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		a, err := answered[client.OnlineItems](c.api.ListOnlineItems(cmd.Context(), &client.ListOnlineItemsParams{Query: *query}))
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.OnlineItems) {
			t := newTable(c.pick("编码", "CODE"), c.pick("事项", "ITEM"), c.pick("部门", "DEPARTMENT"), c.pick("网上办理", "ONLINE"))
			for _, i := range v.Items {
				online := c.pick("可以", "yes")
				if !i.Online {
					online = i.WhyNot
				}
				t.row(i.Code, i.Name, i.Department, online)
			}
			t.write(w, c.language)
		})
	})
}

// mySubmitCommand hands a case in, or with check only looks whether it could be.
func mySubmitCommand(check bool) *cobra.Command {
	var f submissionFlags
	var m mine
	cmd := &cobra.Command{
		Use:   "submit",
		Short: "网上提交申请 (apply from home)",
		Long: `先上传材料，再提交；缺什么一次列全。申请人即登录的账户；代单位办理用 --acting-for，
代他人办理用 --applicant、--id-number 与 --authority。
Uploads the papers and applies. The applicant is the account that is logged in;
--acting-for names a firm, --applicant with --authority another person.`,
		Example: `  tongban my submit --item TB-XZRZ-005 --division 330523110200 --form address=梅溪镇甲子村 --material 生育登记表=form.jpg --electronic
  tongban my submit --item TB-XZRZ-005 --applicant 王芳 --id-number 330599200103152464 --authority-name 授权委托书 --authority proxy.jpg --form-file form.json --material 生育登记表=form.jpg`,
		Args: noArguments,
	}
	if check {
		cmd.Use, cmd.Short, cmd.Long = "check", "预检，不提交 (check without applying)", ""
		cmd.Example = "  tongban my check --item TB-XZRZ-005 --division 330523110200 --form-file form.json --material 生育登记表=form.jpg"
	}
	cmd.Flags().StringVar(&f.item, "item", "", "事项编码 (item code)")
	f.registerChanges(cmd)
	required(cmd, "item")
	m.register(cmd)
	cmd.Flags().StringVar(&f.renews, "renews", "", "延续的证照：原办件编号=结果序号，见 my results (what is renewed: CASE=RESULT)")
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
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
		item, err := itemToFillIn(cmd.Context(), c, &f)
		if err != nil {
			return err
		}
		attach := func(path string) (client.AttachmentRef, error) { return uploadMine(cmd.Context(), c, path) }
		if check {
			attach = describeFile
		}
		in, err := f.mySubmission(item, attach)
		if err != nil {
			return err
		}
		in.ActingFor, in.AuthorityName, in.Electronic = m.actingFor, m.authorityName, m.electronic
		if in.Authority, err = m.scans(attach); err != nil {
			return err
		}
		if check {
			return reported(c, func() (*http.Response, error) { return c.api.CheckMyCase(cmd.Context(), in) })
		}
		sayKey(c, key)
		a, err := answered[client.MyReceipt](c.api.SubmitMyCase(cmd.Context(), &client.SubmitMyCaseParams{IdempotencyKey: *key}, in))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.MyReceipt) { showMine(w, c.language, &v.Case) })
	})
}

// mySubmission is what is handed in from home, as the flags have it.
func (f *submissionFlags) mySubmission(item *catalog.Item, attach func(path string) (client.AttachmentRef, error)) (client.MySubmission, error) {
	place, err := parseDivision("division", f.division)
	if err != nil {
		return client.MySubmission{}, err
	}
	s := client.MySubmission{Item: f.item, ItemVersion: f.version, Division: place, Phone: f.tel, Form: append([]catalog.FieldValue{}, f.fields...), Applying: f.applying}
	if f.name != "" || f.idNumber != "" {
		s.Applicant = f.applicant(item)
		s.Form = append([]catalog.FieldValue{}, f.fields...)
	}
	if s.Renews, err = f.renewal(); err != nil {
		return s, err
	}
	s.Materials, err = f.handedInPapers(item, attach)
	return s, err
}

// uploadMine brings a whole file to the county.
func uploadMine(ctx context.Context, c *connection, path string) (client.AttachmentRef, error) {
	ref, err := describeFile(path)
	if err != nil {
		return ref, err
	}
	if err := fitsNode(ctx, c, ref.Size); err != nil {
		return ref, aboutFile(path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return ref, usagef("无法读取附件 (cannot read the attachment): %v", err)
	}
	defer file.Close()
	a, err := answered[client.AttachmentState](c.api.PutMyAttachmentWithBody(ctx, ref.Hash, "application/octet-stream", file))
	if err != nil {
		return ref, aboutFile(path, err)
	}
	if a.value.Type != "" {
		ref.Type = a.value.Type
	}
	return ref, nil
}

func myListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "我的办件 (one's own cases)", Example: "  tongban my list", Args: noArguments}
	actingFor := cmd.Flags().String("acting-for", "", "只看该单位的 (only those of this firm's account)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.ListMyCases(cmd.Context(), &client.ListMyCasesParams{ActingFor: *actingFor})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyCases) {
			t := newTable(c.pick("编号", "NUMBER"), c.pick("事项", "ITEM"), c.pick("申请人", "APPLICANT"), c.pick("进度", "STATE"))
			for _, m := range v.Cases {
				t.row(m.Number, m.ItemName, m.ApplicantName, c.pick(m.StatusZh, m.StatusEn))
			}
			t.write(w, c.language)
		})
	})
}

func myShowCommand() *cobra.Command {
	return forApplicant(&cobra.Command{Use: "show NUMBER", Short: "办件详情 (one case)", Example: "  tongban my show 330523-20261123-01-000045-7", Args: aboutCase(oneArgument("NUMBER"))},
		func(cmd *cobra.Command, c *connection, args []string) error {
			send := func() (*http.Response, error) { return c.api.GetMyCase(cmd.Context(), caseID(args[0])) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyCase) {
				showMine(w, c.language, &v.Summary)
				for _, p := range v.Notice {
					fmt.Fprintf(w, "  %s %s\n", clean(p.Material+p.Field), clean(p.How))
				}
				for _, d := range v.Documents {
					fmt.Fprintf(w, "  %s %s\n", clean(d.Name), clean(d.Number))
				}
				showRights(w, c.language, v)
			})
		})
}

func showMine(w io.Writer, lang language, v *client.MyCaseSummary) {
	fmt.Fprintln(w, clean(v.Number))
	var s sheet
	s.line(lang.pick("事项", "item"), v.Item+" "+v.ItemName)
	s.line(lang.pick("申请人", "applicant"), v.ApplicantName)
	s.line(lang.pick("进度", "state"), lang.pick(v.StatusZh, v.StatusEn))
	if !v.ReceivedOn.IsZero() {
		s.line(lang.pick("视为收到", "counts as received"), v.ReceivedOn.String())
	}
	s.write(w)
}

func myTimelineCommand() *cobra.Command {
	return forApplicant(&cobra.Command{Use: "timeline NUMBER", Short: "办理进度 (what happened to a case)", Example: "  tongban my timeline 330523-20261123-01-000045-7", Args: aboutCase(oneArgument("NUMBER"))},
		func(cmd *cobra.Command, c *connection, args []string) error {
			send := func() (*http.Response, error) { return c.api.GetMyTimeline(cmd.Context(), caseID(args[0])) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyTimeline) {
				for _, step := range v.Steps {
					fmt.Fprintf(w, "%s  %s %s\n", momentOf(c.language, step.At, step.SkewMs), clean(c.pick(step.WhatZh, step.WhatEn)), clean(step.Said))
				}
			})
		})
}

func myActCommand() *cobra.Command {
	kinds := []string{"supplement", "withdraw", "comment", "serve_electronically", "serve_on_paper", "ask_hearing", "waive_hearing", "state"}
	cmd := &cobra.Command{
		Use:   "act NUMBER KIND",
		Short: "补正、撤回、留言、送达方式、听证、陈述申辩 (add to one's own case)",
		Long:  "supplement 补正　withdraw 撤回　comment 留言　serve_electronically 同意电子送达　serve_on_paper 窗口领取\nask_hearing 申请听证　waive_hearing 放弃听证　state 对拟不予或拟办决定陈述申辩",
		Example: `  tongban my act 330523-20261123-01-000045-7 supplement --material 生育登记表=form.jpg
  tongban my act 330523-20261123-01-000045-7 withdraw --text 不再需要
  tongban my act 330523-20261123-01-000045-7 withdraw --take-back --text 继续办理
  tongban my act 330523-20261123-01-000045-7 serve_electronically
  tongban my act 330523-20261123-01-000045-7 ask_hearing --text 对拟作出的决定有异议
  tongban my act 330523-20261123-01-000045-7 state --proposal ENTRY --text 申请时已如实申报 --proof 合同.jpg`,
		Args: aboutCase(arguments(2, 2, "NUMBER, KIND")),
	}
	more := addedFlags(cmd)
	proposal := cmd.Flags().String("proposal", "", "拟不予或拟办决定，见 my show：state；决定前未告知拟不予的不填 (what it answers; none before a decision where no refusal was told)")
	waived := cmd.Flags().Bool("waived", false, "放弃陈述申辩：state (the right to be heard is given up)")
	proof := cmd.Flags().StringArray("proof", nil, "佐证材料，可重复：state (a paper that bears it out)")
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		in := client.MyAction{Kind: client.MyActionKind(args[1]), Reason: more.text, Text: more.text, Note: more.text, TakeBack: more.back, Proposal: *proposal, Waived: *waived}
		if !in.Kind.Valid() {
			return usagef("没有这种办理 %q，应为 %s (no such action)", args[1], strings.Join(kinds, ", "))
		}
		if more.back && in.Kind != client.MyWithdraw {
			return usagef("--take-back 用于 withdraw (is for withdraw)")
		}
		if (*proposal != "" || *waived || len(*proof) > 0) && in.Kind != client.MyState {
			return usagef("--proposal、--waived、--proof 用于 state (are for state)")
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		for _, path := range *proof {
			ref, err := uploadMine(cmd.Context(), c, path)
			if err != nil {
				return err
			}
			in.Proof = append(in.Proof, ref)
		}
		var err error
		if in.Form, in.Materials, err = more.read(cmd.Context(), c); err != nil {
			return err
		}
		sayKey(c, key)
		a, err := answered[client.MyReceipt](c.api.ActOnMyCase(cmd.Context(), caseID(args[0]), &client.ActOnMyCaseParams{IdempotencyKey: *key}, in))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.MyReceipt) { showMine(w, c.language, &v.Case) })
	})
}

// added is what an applicant adds to what was handed in.
type added struct {
	materials, fields []string
	back              bool
	text              string
}

func addedFlags(cmd *cobra.Command) *added {
	a := &added{}
	cmd.Flags().StringArrayVar(&a.materials, "material", nil, "补交的材料 NAME[=FILE]，可重复：supplement (a paper with its scan)")
	cmd.Flags().StringArrayVar(&a.fields, "field", nil, "更正的字段 KEY=VALUE，可重复：supplement (an answer put right)")
	cmd.Flags().BoolVar(&a.back, "take-back", false, "收回撤回申请，继续办理：withdraw (take the wish to withdraw back)")
	cmd.Flags().StringVar(&a.text, "text", "", "原因或内容：withdraw、comment、supplement、ask_hearing、state (reason, message)")
	return a
}

// read uploads the papers.
func (a *added) read(ctx context.Context, c *connection) (form []client.FieldValue, papers []client.SubmittedMaterial, err error) {
	for _, f := range a.fields {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return nil, nil, usagef("--field %q：应如 KEY=VALUE (should be)", f)
		}
		form = append(form, catalog.FieldValue{Key: name, Value: value})
	}
	for _, m := range a.materials {
		name, path, _ := strings.Cut(m, "=")
		ref, err := uploadMine(ctx, c, path)
		if err != nil {
			return nil, nil, err
		}
		papers = append(papers, client.SubmittedMaterial{Name: name, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []client.AttachmentRef{ref}})
	}
	return form, papers, nil
}

func myDocumentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "documents NUMBER [KIND]",
		Short:   "我的文书；给出种类则打开（即电子送达） (documents; with a kind it is opened, which is service)",
		Example: "  tongban my documents 330523-20261123-01-000045-7\n  tongban my documents 330523-20261123-01-000045-7 grant_decision --html > decision.html",
		Args:    aboutCase(arguments(1, 2, "NUMBER, KIND")),
	}
	html := cmd.Flags().Bool("html", false, "A4 页面，供打印 (a page to print)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		id := caseID(args[0])
		if len(args) == 1 {
			send := func() (*http.Response, error) { return c.api.ListMyDocuments(cmd.Context(), id) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.DocumentList) {
				for _, d := range v.Documents {
					fmt.Fprintf(w, "%s  %s\n", d.Kind, clean(d.Title))
				}
			})
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		params := &client.OpenMyDocumentParams{}
		if *html {
			params.Format = "html"
		}
		res, err := c.api.OpenMyDocument(cmd.Context(), id, document.Kind(args[1]), params)
		return passOn(c, res, err)
	})
}
