package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

func recordCommand() *cobra.Command {
	return group("record", "一表制：同意、存档材料及其使用 (one form, filled once: consents, papers on file, who used what)",
		"  tongban record consent --name 王芳 --number 330599200103152464\n  tongban record look 330599200103152464 --item TB-XZRZ-005\n  tongban record trace 330599200103152464",
		recordConsentCommand(), recordWithdrawCommand(), recordLookCommand(), recordTraceCommand(), recordVoidCommand())
}

// consentFlags are what a consent is for and until when.
type consentFlags struct {
	purposes []string
	until    string
}

func (f *consentFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.purposes, "for", []string{string(client.ForPapers), string(client.ForFields)}, "用途 papers 材料复用、fields 表单预填 (what for)")
	cmd.Flags().StringVar(&f.until, "until", "", "截止日，默认一年 (last day; a year by default)")
}

func (f *consentFlags) read() (purposes []client.Purpose, until calendar.Date, err error) {
	for _, p := range f.purposes {
		if is := client.Purpose(p); is == client.ForPapers || is == client.ForFields {
			purposes = append(purposes, is)
			continue
		}
		return nil, until, usagef("--for %q：应为 papers 或 fields (one of these)", p)
	}
	if f.until != "" {
		until, err = parseDate("until", f.until)
	}
	return purposes, until, err
}

func showConsent(c *connection) func(io.Writer, *client.ConsentRecorded) {
	return func(w io.Writer, v *client.ConsentRecorded) {
		var s sheet
		s.line(c.pick("同意", "consent"), v.Consent)
		s.line(c.pick("有效至", "until"), v.Until.String())
		s.write(w)
		fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
	}
}

func recordConsentCommand() *cobra.Command {
	var in client.ConsentRequest
	var f consentFlags
	cmd := &cobra.Command{
		Use:   "consent",
		Short: "当面登记本人同意：材料复用、表单预填 (record that somebody agreed, in person)",
		Example: `  tongban record consent --name 王芳 --number 330599200103152464 --division 330523110200
  tongban record consent --name 甲子茶业有限公司 --number 91330599MA000TB146 --for papers --until 2027-12-31`,
		Args: noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&in.Name, "name", "", "姓名或单位名称 (name)")
	flags.StringVar(&in.Number, "number", "", "身份证号码或统一社会信用代码 (ID number or USCC)")
	flags.StringVar((*string)(&in.Division), "division", "", "所属村、乡镇，默认本单位 (the applicant's village or township; this office by default)")
	flags.StringVar(&in.Shown, "shown", "", "核验的证件，默认居民身份证或营业执照 (the document that was looked at)")
	f.register(cmd)
	kind, key := kindFlag(cmd), keyFlag(cmd)
	required(cmd, "name", "number")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) (err error) {
		if in.Type, err = applicantType(*kind, in.Number); err != nil {
			return err
		}
		if in.Shown == "" {
			in.Shown = map[client.ApplicantType]string{client.TypePerson: "居民身份证", client.TypeOrganisation: "营业执照"}[in.Type]
		}
		if in.Purposes, in.Until, err = f.read(); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.RecordConsent(cmd.Context(), &client.RecordConsentParams{IdempotencyKey: *key}, in)
		}
		return uncertain(c, ask(cmd.Context(), c, send, showConsent(c)), *key)
	})
}

func recordWithdrawCommand() *cobra.Command {
	var in client.ConsentWithdrawal
	cmd := &cobra.Command{Use: "withdraw NUMBER", Short: "撤回同意，立即停止使用 (withdraw all that somebody agreed to)", Example: "  tongban record withdraw 330599200103152464 --reason 本人要求", Args: oneArgument("NUMBER")}
	cmd.Flags().StringVar(&in.Reason, "reason", "", "原因 (reason)")
	kind, key := kindFlag(cmd), keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) (err error) {
		in.Number = args[0]
		if in.Type, err = applicantType(*kind, in.Number); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.WithdrawConsent(cmd.Context(), &client.WithdrawConsentParams{IdempotencyKey: *key}, in)
		}
		return uncertain(c, ask(cmd.Context(), c, send, showWithdrawn(c)), *key)
	})
}

func showWithdrawn(c *connection) func(io.Writer, *client.ConsentsWithdrawn) {
	return func(w io.Writer, v *client.ConsentsWithdrawn) {
		fmt.Fprintf(w, c.pick("已撤回 %d 份同意\n", "%d consents withdrawn\n"), v.Withdrawn)
		fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
	}
}

func recordLookCommand() *cobra.Command {
	var in client.RecordQuery
	cmd := &cobra.Command{
		Use:   "look NUMBER",
		Short: "查询存档材料和可预填内容，留痕 (what is on file for an item; logged)",
		Example: `  tongban record look 330599200103152464 --item TB-XZRZ-005
  tongban record look 330599200103152464 --package PK-06`,
		Args: oneArgument("NUMBER"),
	}
	cmd.Flags().StringVar(&in.Item, "item", "", "事项编码 (item code)")
	cmd.Flags().StringVar(&in.Package, "package", "", "一件事编码 (package code)")
	cmd.MarkFlagsOneRequired("item", "package")
	cmd.MarkFlagsMutuallyExclusive("item", "package")
	completeFlag(cmd, "item", completeItemFlag)
	kind := kindFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) (err error) {
		in.Number = args[0]
		if in.Type, err = applicantType(*kind, in.Number); err != nil {
			return err
		}
		send := func() (*http.Response, error) { return c.api.LookUpRecord(cmd.Context(), in) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.RecordOnFile) {
			for _, f := range v.Fields {
				fmt.Fprintf(w, "%s  %s = %s\n", clean(f.Label), clean(f.Key), clean(f.Value))
			}
			showPapers(w, c.language, v.Papers)
		})
	})
}

func showPapers(w io.Writer, lang language, papers []client.PaperOnFile) {
	t := newTable(lang.pick("材料", "PAPER"), lang.pick("收取日期", "BROUGHT"), lang.pick("有效至", "UNTIL"), lang.pick("可否使用", "USABLE"), lang.pick("条目", "ENTRY"))
	for _, p := range papers {
		usable := lang.pick("可以", "yes")
		if !p.Usable {
			usable = lang.pick(p.WhyZh, p.WhyEn)
		}
		t.row(p.Material, p.BroughtOn.String(), p.ValidUntil.String(), usable, p.OnFile.Brought)
	}
	t.write(w, lang)
}

func recordTraceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "trace NUMBER", Short: "谁为哪件办件用了什么材料 (who used what for which case, and who looked)", Example: "  tongban record trace 330599200103152464", Args: oneArgument("NUMBER")}
	kind := kindFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		t, err := applicantType(*kind, args[0])
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.TraceRecord(cmd.Context(), client.AccountNumber{Type: t, Number: args[0]})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.RecordTrace) { showTrace(w, c.language, v.Consents, v.Uses, v.Looks) })
	})
}

func showTrace(w io.Writer, lang language, consents []client.ConsentState, uses []client.PaperUse, looks []client.RecordLook) {
	for _, k := range consents {
		state := lang.pick("有效至 ", "until ") + k.Until.String()
		switch {
		case k.WithdrawnMs > 0:
			state = lang.pick("已撤回 ", "withdrawn ") + moment(k.WithdrawnMs)
		case !k.InForce:
			state = lang.pick("不再有效", "no longer in force")
		}
		fmt.Fprintf(w, "%s  %s  %v  %s\n", lang.pick("同意", "consent"), moment(k.GivenMs), k.Purposes, state)
	}
	t := newTable(lang.pick("时间", "WHEN"), lang.pick("材料", "PAPER"), lang.pick("用于办件", "FOR"), lang.pick("来自办件", "FROM"), lang.pick("经办", "BY"))
	for _, u := range uses {
		t.row(moment(u.At), u.Material, u.Case, u.Source, u.By.Name)
	}
	t.write(w, lang)
	t = newTable(lang.pick("时间", "WHEN"), lang.pick("查询事项", "LOOKED FOR"), lang.pick("区划", "DIVISION"), lang.pick("查询人", "BY"))
	for _, l := range looks {
		t.row(moment(l.At), l.For, l.Division, l.By.Name)
	}
	t.write(w, lang)
}

func recordVoidCommand() *cobra.Command {
	var in client.PaperVoiding
	cmd := &cobra.Command{Use: "void NUMBER", Short: "存档材料作废，不再使用 (a paper of a case is not good any more)",
		Example: "  tongban record void 330523110200-20261123-01-000045-7 --brought 6d2e1e97-323a-81b6-8f98-3387356db0a3 --material 夫妻双方居民身份证 --reason 证件已换发",
		Args:    aboutCase(oneArgument("NUMBER"))}
	cmd.Flags().StringVar(&in.Brought, "brought", "", "收取该材料的条目 (entry that brought it)")
	cmd.Flags().StringVar(&in.Material, "material", "", "材料名称 (its name)")
	cmd.Flags().StringVar(&in.Reason, "reason", "", "原因 (reason)")
	key := keyFlag(cmd)
	required(cmd, "brought", "material", "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		return uncertain(c, c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.VoidPaper(ctx, caseID(args[0]), &client.VoidPaperParams{IdempotencyKey: *key}, in)
		}), *key)
	})
}

// fromFile adds the papers on file that stand for what was not given: those that
// the record may be used for. Where there is no consent it says so, and the papers
// are asked for as ever.
func fromFile(ctx context.Context, c *connection, q client.RecordQuery, given []client.SubmittedMaterial) ([]client.SubmittedMaterial, error) {
	a, err := answered[client.RecordOnFile](c.api.LookUpRecord(ctx, q))
	var no *refusal
	if errors.As(err, &no) && slices.Contains([]string{"consent_missing", "consent_withdrawn", "consent_expired", "consent_purpose"}, no.Code) {
		c.warn("存档材料不能使用："+no.Code, "nothing on file may be used: "+no.Code)
		return given, nil
	}
	if err != nil {
		return nil, err
	}
	for _, p := range a.value.Papers {
		there := slices.ContainsFunc(given, func(m client.SubmittedMaterial) bool { return m.Name == p.Material })
		if !p.Usable || there {
			continue
		}
		given = append(given, client.SubmittedMaterial{Name: p.Material, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []client.AttachmentRef{}, OnFile: p.OnFile})
		c.warn("已有存档，不再要求提交："+p.Material, "on file, not asked for again: "+p.Material)
	}
	return given, nil
}

func myRecordCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "record", Short: "我的存档：同意、材料、谁用过、谁查过 (what is on file of oneself, who used and who looked)", Example: "  tongban my record\n  tongban my record --item TB-XZRZ-005", Args: noArguments}
	item := cmd.Flags().String("item", "", "只看某事项能用的 (papers for one item)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetMyRecord(cmd.Context(), &client.GetMyRecordParams{Item: *item})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyRecord) {
			showPapers(w, c.language, v.Papers)
			showTrace(w, c.language, v.Consents, v.Uses, v.Looks)
		})
	})
}

func myConsentCommand() *cobra.Command {
	var f consentFlags
	cmd := &cobra.Command{Use: "consent", Short: "同意以后复用我交过的材料 (agree to have what one handed in used again)", Example: "  tongban my consent --for papers --until 2027-12-31", Args: noArguments}
	f.register(cmd)
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		purposes, until, err := f.read()
		if err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.GiveMyConsent(cmd.Context(), &client.GiveMyConsentParams{IdempotencyKey: *key}, client.MyConsentRequest{Purposes: purposes, Until: until})
		}
		return uncertain(c, ask(cmd.Context(), c, send, showConsent(c)), *key)
	})
}

func myWithdrawConsentCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "withdraw-consent", Short: "撤回同意，立即停止使用 (withdraw all that one agreed to)", Example: "  tongban my withdraw-consent", Args: noArguments}
	reason := cmd.Flags().String("reason", "", "原因 (reason)")
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.WithdrawMyConsent(cmd.Context(), &client.WithdrawMyConsentParams{IdempotencyKey: *key}, client.MyWithdrawal{Reason: *reason})
		}
		return uncertain(c, ask(cmd.Context(), c, send, showWithdrawn(c)), *key)
	})
}

// showPaperMonths prints what people brought, by month.
func showPaperMonths(w io.Writer, lang language, months []client.PaperMonth) {
	t := newTable(lang.pick("月份", "MONTH"), lang.pick("编码", "CODE"), lang.pick("名称", "NAME"), lang.pick("收件", "HANDED IN"), lang.pick("应交", "DEMANDED"), lang.pick("实交", "BROUGHT"), lang.pick("存档复用", "ON FILE"), lang.pick("减少", "SAVED"))
	for _, m := range months {
		t.row(m.Month, m.Code, m.Name, fmt.Sprint(m.Cases), fmt.Sprint(m.Demanded), fmt.Sprint(m.Asked), fmt.Sprint(m.Reused), fmt.Sprintf("%d.%d%%", m.SavedPerMille/10, m.SavedPerMille%10))
	}
	t.write(w, lang)
}
