package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

func packageCommand() *cobra.Command {
	return group("package", "一件事：多个部门联办 (joint matters of several departments)",
		"  tongban package list\n  tongban case submit --package PK-06 --form-file form.json",
		packageListCommand(), packageShowCommand(), packageCheckCommand(), packageImportCommand(), packageCasesCommand(), packageActCommand(), packageDocumentCommand())
}

func packageListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "在用的一件事 (the joint matters that are offered)",
		Example: "  tongban package list\n  tongban package list --subject organisation",
		Args:    noArguments,
	}
	subject := cmd.Flags().String("subject", "", "谁申请：person 自然人、organisation 法人 (who applies; default all)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.ListPackages(cmd.Context(), &client.ListPackagesParams{Subject: client.ApplicantType(*subject)})
		}
		return look(c, send, func(w io.Writer, v *client.PackageList) {
			t := newTable(c.pick("编码", "CODE"), c.pick("版本", "VERSION"), c.pick("名称", "NAME"), c.pick("牵头部门", "LEADS"), c.pick("收件", "TAKEN IN"), c.pick("事项", "ITEMS"), c.pick("承诺工作日", "PROMISED DAYS"))
			for _, p := range v.Packages {
				t.row(p.Code, number(p.Version), p.Name, p.LeadDepartment, tierNames(c.language, p.AcceptTiers), number(len(p.Items)), number(p.PromisedWorkingDays))
			}
			t.write(w, c.language)
		})
	})
}

func packageShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show CODE",
		Short:   "一张表单、一套材料 (its one form and its one set of papers)",
		Example: "  tongban package show PK-06\n  tongban package show PK-01 --with TB-XFJY-001",
		Args:    oneArgument("CODE"),
	}
	with := cmd.Flags().StringSlice("with", nil, "要办的可选事项，默认全部 (optional items that are wanted; default all)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetPackage(cmd.Context(), args[0], &client.GetPackageParams{Items: *with})
		}
		return look(c, send, func(w io.Writer, v *client.PackageGuide) { showPackage(w, c.language, v) })
	})
}

func showPackage(w io.Writer, lang language, v *client.PackageGuide) {
	p := &v.Package
	var s sheet
	s.line(lang.pick("一件事", "package"), fmt.Sprintf("%s %s v%d", p.Code, p.Name, v.Version))
	s.line(lang.pick("说明", "what"), p.Description)
	s.line(lang.pick("牵头部门", "leads"), p.LeadDepartment)
	s.line(lang.pick("收件", "taken in"), tierNames(lang, p.AcceptTiers))
	s.line(lang.pick("承诺", "promised"), fmt.Sprintf(lang.pick("%d 个工作日", "%d working days"), v.PromisedWorkingDays))
	s.line(lang.pick("材料", "papers"), fmt.Sprintf(lang.pick("逐项办理 %d 份，一次办理 %d 份", "%d one by one, %d together"), v.Burden.Each, v.Burden.Once))
	s.write(w)
	fmt.Fprintln(w)
	t := newTable(lang.pick("阶段", "STAGE"), lang.pick("编码", "CODE"), lang.pick("事项", "ITEM"), lang.pick("部门", "DEPARTMENT"), lang.pick("承诺", "DAYS"), lang.pick("待", "AFTER"), lang.pick("适用情形", "WHEN"))
	for _, i := range v.Items {
		t.row(number(i.Stage), i.Code, i.Name, i.Department, number(i.PromisedWorkingDays), strings.Join(i.After, " "), i.When)
	}
	t.write(w, lang)
	fmt.Fprintln(w)
	t = newTable(lang.pick("材料", "MATERIAL"), lang.pick("形式", "FORM"), lang.pick("份数", "COPIES"), lang.pick("必要", "REQUIRED"), lang.pick("用于", "FOR"), lang.pick("适用情形", "WHEN"))
	for _, m := range v.Materials {
		t.row(m.Name, string(m.Form), number(m.Copies), yes(lang, m.Required), strings.Join(m.Items, " "), m.Condition)
	}
	t.write(w, lang)
	fmt.Fprintln(w)
	t = newTable(lang.pick("字段", "FIELD"), lang.pick("名称", "LABEL"), lang.pick("类型", "TYPE"), lang.pick("必填", "REQUIRED"), lang.pick("可选值", "OPTIONS"), lang.pick("用于", "FOR"))
	for _, f := range v.Form {
		t.row(f.Key, f.Label, string(f.Type), yes(lang, f.Required), strings.Join(f.Options, "|"), strings.Join(f.Items, " "))
	}
	t.write(w, lang)
}

func packageImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "导入一件事，形成草稿 (draft what a file changes)",
		Long: `将文件中有变化的一件事形成下一版本草稿，全部或全不；所含事项须先复核。
草稿与事项一样复核 (item approve) 和发布 (item publish)。
Drafts the next version of every package that differs, all or nothing. Its items
must be approved before. Drafts are approved and published like items.`,
		Example: "  tongban package import packages.json",
		Args:    oneArgument("FILE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		content, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.ImportPackagesWithBody(cmd.Context(), nil, "application/json", bytes.NewReader(content))
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.DraftReport) {
			for _, d := range v.Drafted {
				fmt.Fprintf(w, "%s v%d\n", clean(d.Code), d.Version)
			}
			fmt.Fprintf(w, c.pick("形成草稿 %d 项，未变 %d 项\n", "drafted %d, unchanged %d\n"), len(v.Drafted), v.Unchanged)
		})
	})
}

func packageCheckCommand() *cobra.Command {
	var f submissionFlags
	cmd := &cobra.Command{
		Use:     "check CODE",
		Short:   "联办件预检，不提交；缺什么一次列全 (check a hand-in without handing it in)",
		Example: "  tongban package check PK-06 --form-file form.json --material 生育登记表=form.jpg",
		Args:    oneArgument("CODE"),
	}
	f.registerPackage(cmd)
	f.registerChanges(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		f.pack = args[0]
		if err := f.parse(cmd); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		return checkPackage(cmd.Context(), c, &f)
	})
}

// registerPackage adds what a hand-in of a package says beside its papers.
func (f *submissionFlags) registerPackage(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.with, "with", nil, "一件事中要办的可选事项，默认全部 (optional items of a package that are wanted; default all)")
	if cmd.Flags().Lookup("lacking") == nil {
		cmd.Flags().BoolVar(&f.lacking, "lacking", false, "材料不齐也先收件，由受理人一次性告知补正 (take it in although something is missing)")
	}
}

// packageSubmission puts a hand-in of a package together, as submission does
// that of an item.
func (f *submissionFlags) packageSubmission(ctx context.Context, c *connection, attach func(path string) (client.AttachmentRef, error)) (client.PackageSubmission, error) {
	like, err := f.packageLikeItem(ctx, c)
	if err != nil {
		return client.PackageSubmission{}, err
	}
	single, err := f.submission(like, attach)
	if err != nil {
		return client.PackageSubmission{}, err
	}
	return client.PackageSubmission{Package: f.pack, Version: f.version, Items: f.with, Division: single.Division, Applicant: single.Applicant, Agent: single.Agent,
		Form: single.Form, Materials: single.Materials, Applying: single.Applying, Lacking: f.lacking}, nil
}

// packageLikeItem has a package's one form and its one set of papers.
func (f *submissionFlags) packageLikeItem(ctx context.Context, c *connection) (*catalog.Item, error) {
	a, err := answered[client.PackageGuide](c.api.GetPackage(ctx, f.pack, &client.GetPackageParams{Items: f.with}))
	if err != nil {
		return nil, err
	}
	like := &catalog.Item{Code: f.pack, Subject: catalog.SubjectBoth}
	for _, field := range a.value.Form {
		like.Form = append(like.Form, field.Field)
	}
	for _, m := range a.value.Materials {
		like.Materials = append(like.Materials, m.Material)
	}
	return like, nil
}

func checkPackage(ctx context.Context, c *connection, f *submissionFlags) error {
	submission, err := f.packageSubmission(ctx, c, describeFile)
	if err != nil {
		return err
	}
	return reported(c, func() (*http.Response, error) { return c.api.CheckPackage(ctx, submission) })
}

func submitPackage(ctx context.Context, c *connection, f *submissionFlags, key *string) error {
	sayKey(c, key)
	submission, err := f.packageSubmission(ctx, c, func(path string) (client.AttachmentRef, error) { return upload(ctx, c, path) })
	if err != nil {
		return err
	}
	if f.onFile {
		q := client.RecordQuery{Type: client.ApplicantType(submission.Applicant.Type), Number: submission.Applicant.IDNumber, Package: submission.Package, Items: submission.Items}
		if submission.Materials, err = fromFile(ctx, c, q, submission.Materials); err != nil {
			return err
		}
	}
	a, err := answered[client.JointReceipt](c.api.SubmitPackage(ctx, &client.SubmitPackageParams{IdempotencyKey: *key}, submission))
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.JointReceipt) { showJointReceipt(w, c.language, v) })
}

func showJointReceipt(w io.Writer, lang language, v *client.JointReceipt) {
	fmt.Fprintf(w, "%s  %s\n", clean(v.Joint.Summary.Number), clean(wordName(lang, v.Recorded.Word, v.Recorded.WordZh)))
	showBoard(w, lang, &v.Joint)
	if n := len(v.Attachments); n > 0 {
		fmt.Fprintf(w, lang.pick("附件未到：%d\n", "files missing: %d\n"), n)
	}
}

// showBoard prints a joint matter with each of its cases.
func showBoard(w io.Writer, lang language, v *client.JointBoard) {
	m := &v.Summary
	var s sheet
	s.line(lang.pick("联办编号", "number"), m.Number)
	s.line(lang.pick("一件事", "package"), fmt.Sprintf("%s %s v%d", m.Package, m.Name, v.Version))
	s.line(lang.pick("申请人", "applicant"), m.ApplicantName)
	s.line(lang.pick("牵头", "leads"), m.Department+" "+string(m.Holder))
	s.line(lang.pick("状态", "status"), fmt.Sprintf(lang.pick("%s（%d/%d 已办结）", "%s (%d of %d ended)"), lang.pick(m.StatusZh, string(m.Status)), m.Concluded, m.Cases))
	s.line(lang.pick("到达", "word"), wordName(lang, m.Word, m.WordZh))
	for _, l := range v.Limits {
		state := l.Due.String()
		if l.Overdue {
			state += lang.pick(" 已超期", " overdue")
		}
		s.line(lang.pick(limitZH[l.Kind], string(l.Kind)), state)
	}
	if !v.Notice.On.IsZero() {
		s.line(lang.pick("一次性告知", "told what is missing"), v.Notice.On.String())
	}
	if v.WithdrawalAsked {
		s.line(lang.pick("撤回", "withdrawal"), lang.pick("申请人要求撤回", "the applicant wants to withdraw"))
	}
	s.line(lang.pick("可办理", "you may"), joined(v.Actions))
	s.line(lang.pick("当前条目", "head"), v.Head)
	s.write(w)
	fmt.Fprintln(w)
	t := newTable(lang.pick("阶段", "STAGE"), lang.pick("办件编号", "NUMBER"), lang.pick("事项", "ITEM"), lang.pick("部门", "DEPARTMENT"), lang.pick("状态", "STATUS"), lang.pick("去向", "FATE"), lang.pick("办理单位", "HOLDER"), lang.pick("待", "WAITS FOR"), lang.pick("到期", "DUE"))
	for _, c := range v.Members {
		due := c.Due.String()
		if c.Overdue {
			due += lang.pick(" 已超期", " overdue")
		}
		t.row(number(c.Stage), c.Number, c.ItemName, c.Department, lang.pick(c.StatusZh, string(c.Status)), lang.pick(c.FateZh, string(c.Fate)), string(c.Holder), stepName(lang, c.WaitsFor), due)
	}
	t.write(w, lang)
}

func packageCasesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cases",
		Short:   "联办件列表 (joint matters that were handed in)",
		Example: "  tongban package cases --status supplementing\n  tongban package cases --package PK-06",
		Args:    noArguments,
	}
	var params client.ListJointCasesParams
	cmd.Flags().StringVar(&params.Package, "package", "", "一件事编码 (package code)")
	status := cmd.Flags().String("status", "", "handed_in、supplementing、accepted、decided 或 concluded (status)")
	place := cmd.Flags().String("division", "", "所属区划及以下 (where the matter belongs, or below)")
	cmd.Flags().StringVar(&params.Query, "query", "", "编号或其开头 (a number or its beginning)")
	pageFlags(cmd, &params.Limit, &params.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		var err error
		if params.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		if err := impersonal(params.Query); err != nil {
			return err
		}
		params.Status = client.JointStatus(*status)
		send := func() (*http.Response, error) { return c.api.ListJointCases(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.JointList) {
			t := newTable(c.pick("联办编号", "NUMBER"), c.pick("一件事", "PACKAGE"), c.pick("申请人", "APPLICANT"), c.pick("收件", "HANDED IN"), c.pick("状态", "STATUS"), c.pick("已办结", "ENDED"), c.pick("到达", "WORD"))
			for _, s := range v.Cases {
				t.row(s.Number, s.Package+" "+s.Name, s.ApplicantName, moment(s.HandedInMs), c.pick(s.StatusZh, string(s.Status)), fmt.Sprintf("%d/%d", s.Concluded, s.Cases), wordName(c.language, s.Word, s.WordZh))
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

var jointKinds = []client.JointActionKind{client.JointNotice, client.JointSupplement, client.JointWithdraw}

func packageActCommand() *cobra.Command {
	var a client.JointAction
	var points, materials, fields []string
	var before string
	cmd := &cobra.Command{
		Use:   "act NUMBER KIND",
		Short: "联办件办理：一次性告知、补正、撤回、延长 (what is done for all cases at once)",
		Long: `notice 汇总各窗口审查意见，一次性告知　supplement 补正，相同材料只交一份
withdraw 申请人撤回全部（--take-back 收回撤回申请）
各事项自身的办理用 case act；延长期限由各部门负责人对本部门的办件用 case act … extend。
notice tells what all windows found, once. The steps of each case: case act.`,
		Example: `  tongban package act 330523110200-20261123-01-000045-7 notice --before 2026-12-07
  tongban package act 330523110200-20261123-01-000045-7 supplement --material 户口簿=hukou.jpg
  tongban package act 330523110200-20261123-01-000045-7 withdraw --reason 不再开办
  tongban package act 330523110200-20261123-01-000045-7 withdraw --take-back --reason 要求继续办理`,
		Args: aboutCase(arguments(2, 2, "NUMBER, KIND")),
	}
	flags := cmd.Flags()
	flags.StringVar(&before, "before", "", "补正期限：notice (last day to hand it in)")
	flags.StringVar(&a.Again, "again", "", "再次告知的原因：notice (why it is told again; supervision sees it)")
	flags.StringSliceVar(&a.Supplements, "supplement", nil, "已核对的补正条目：notice (entries that brought what was missing)")
	flags.StringArrayVar(&points, "point", nil, "CASE=材料或字段=missing|wrong|unclear=如何补正，代替各窗口意见，可重复：notice (instead of what the windows found)")
	flags.StringArrayVar(&materials, "material", nil, "补交的材料 NAME[=FILE]，可重复：supplement (a paper, with its scan)")
	flags.StringArrayVar(&fields, "field", nil, "更正的字段 KEY=VALUE，可重复：supplement (an answer put right)")
	flags.StringVar(&a.Note, "note", "", "说明：supplement (note)")
	flags.StringVar(&a.Reason, "reason", "", "原因：withdraw、extend (reason)")
	flags.BoolVar(&a.TakeBack, "take-back", false, "申请人收回撤回申请，继续办理：withdraw (the applicant takes the wish to withdraw back)")
	flags.StringVar(&a.ExpectedHead, "head", "", "办理时看到的当前条目 (the head that was looked at)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		a.Kind = client.JointActionKind(args[1])
		if !slices.Contains(jointKinds, a.Kind) {
			return usagef("没有这种办理 %q，应为 %s (no such step)", args[1], joined(jointKinds))
		}
		if err := jointAction(&a, points, fields, before); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		for _, text := range materials {
			name, path, scanned := strings.Cut(text, "=")
			m := catalog.SubmittedMaterial{Name: name, Form: catalog.SubmittedOriginal, Copies: 1, Attachments: []catalog.AttachmentRef{}}
			if scanned {
				ref, err := upload(cmd.Context(), c, path)
				if err != nil {
					return err
				}
				m.Form, m.Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{ref}
			}
			a.Materials = append(a.Materials, m)
		}
		r, err := answered[client.JointReceipt](c.api.ActOnJointCase(cmd.Context(), caseID(args[0]), &client.ActOnJointCaseParams{IdempotencyKey: *key}, a))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return r.show(c.printer, func(w io.Writer, v *client.JointReceipt) { showJointReceipt(w, c.language, v) })
	})
}

// jointAction fills in what the command line says in words of its own.
func jointAction(a *client.JointAction, points, fields []string, before string) (err error) {
	if before != "" {
		if a.Before, err = parseDate("before", before); err != nil {
			return err
		}
	}
	for _, text := range points {
		id, rest, ok := strings.Cut(text, "=")
		if !ok || id == "" {
			return usagef("--point %q：应如 CASE=户口簿=missing=请提交复印件 (should be CASE=NAME=PROBLEM=HOW)", text)
		}
		p, err := parsePoint(rest)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(a.Members, func(m ledger.MemberPoints) bool { return m.Case == id }); i >= 0 {
			a.Members[i].Points = append(a.Members[i].Points, p)
		} else {
			a.Members = append(a.Members, ledger.MemberPoints{Case: id, Points: []ledger.SupplementPoint{p}})
		}
	}
	for _, text := range fields {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return usagef("--field %q：应如 KEY=VALUE (should be)", text)
		}
		a.Form = append(a.Form, catalog.FieldValue{Key: key, Value: value})
	}
	switch {
	case a.Kind == client.JointWithdraw && a.Reason == "":
		return usagef("%s 需要 --reason (needs --reason)", a.Kind)
	case a.TakeBack && a.Kind != client.JointWithdraw:
		return usagef("--take-back 用于 withdraw (is for withdraw)")
	}
	return nil
}

func packageDocumentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "document NUMBER [KIND]",
		Short: "联办件文书：收件凭证、补正告知书、结果告知单 (the papers of a joint matter)",
		Example: `  tongban package document 330523110200-20261123-01-000045-7
  tongban package document 330523110200-20261123-01-000045-7 joint_receipt --out receipt.html`,
		Args: arguments(1, 2, "NUMBER, KIND"),
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		id := caseID(args[0])
		if len(args) == 1 {
			send := func() (*http.Response, error) { return c.api.ListJointDocuments(cmd.Context(), id) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.JointDocumentList) {
				t := newTable(c.pick("文书", "DOCUMENT"), c.pick("种类", "KIND"))
				for _, d := range v.Documents {
					t.row(d.Title, string(d.Kind))
				}
				t.write(w, c.language)
			})
		}
		format := client.GetJointDocumentParamsFormat("html")
		if c.json {
			format = "json"
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.GetJointDocument(cmd.Context(), id, client.JointDocumentKind(args[1]), &client.GetJointDocumentParams{Format: format})
		}
		return writePage(c, send, *out)
	})
}
