package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
)

func itemCommand() *cobra.Command {
	return group("item", "事项目录：查询、导入、复核、发布 (the catalog)",
		"  tongban item list --query 生育\n  tongban item import items.json\n  tongban item publish --note 第一期目录",
		itemListCommand(), itemLivesCommand(), itemShowCommand(), itemValidateCommand(), itemImportCommand(), itemDiffCommand(),
		itemApproveCommand(), itemPublishCommand(), itemWithdrawCommand(), itemEditionsCommand(), itemCancelCommand(), itemOverlayCommand(), itemSheetCommand())
}

func itemListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "查询事项 (find items)",
		Example: `  tongban item list --query 生育
  tongban item list --life birth
  tongban item list --tier village --limit 100
  tongban item list --drafts`,
		Args: noArguments,
	}
	var params client.ListItemsParams
	flags := cmd.Flags()
	flags.StringVar(&params.Query, "query", "", "编码、名称或部门的一部分 (part of code, name or department)")
	flags.StringVar(&params.Department, "department", "", "部门 (department)")
	life := flags.String("life", "", "生活事件，见 tongban item lives (life event; tongban item lives lists them)")
	tier := flags.String("tier", "", "在该层级收件的事项 (taken in at this tier: county, township, village)")
	status := flags.String("status", "", "in_force、coming、withdrawn 或 all，默认 in_force")
	drafts := flags.Bool("drafts", false, "待复核、待发布的版本 (versions that wait for approval or publication)")
	pageFlags(cmd, &params.Limit, &params.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *drafts {
			return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.ListDrafts(cmd.Context()) }, versionsTable(c))
		}
		params.Life = catalog.LifeEvent(*life)
		params.Tier, params.Status = node.Tier(*tier), client.ListItemsParamsStatus(*status)
		return look(c, func() (*http.Response, error) { return c.api.ListItems(cmd.Context(), &params) }, func(w io.Writer, v *client.ItemList) {
			t := newTable(c.pick("编码", "CODE"), c.pick("名称", "NAME"), c.pick("部门", "DEPARTMENT"), c.pick("收件层级", "TAKEN IN"), c.pick("承诺", "PROMISE"), c.pick("版本", "VERSION"), c.pick("状态", "STATUS"))
			for _, i := range v.Items {
				t.row(i.Code, i.Name, i.Department, tierNames(c.language, i.AcceptTiers), promise(c.language, i.Instant, i.PromisedWorkingDays), number(i.Version), itemStatus(c.language, i.Status))
			}
			t.write(w, c.language)
			fmt.Fprintf(w, c.pick("共 %d 项\n", "%d in all\n"), v.Total)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

func itemLivesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "lives",
		Short:   "生活事件及其事项数 (life events to find items by)",
		Example: "  tongban item lives\n  tongban item lives --tier village",
		Args:    noArguments,
	}
	tier := cmd.Flags().String("tier", "", "只数在该层级收件的事项 (counts what is taken in at this tier)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		params := client.ListLifeEventsParams{Tier: node.Tier(*tier)}
		return look(c, func() (*http.Response, error) { return c.api.ListLifeEvents(cmd.Context(), &params) }, func(w io.Writer, v *client.LifeEventList) {
			t := newTable(c.pick("代码", "EVENT"), c.pick("生活事件", "NAME"), c.pick("事项数", "ITEMS"))
			for _, e := range v.Events {
				t.row(string(e.Event), c.pick(e.ZH, e.EN), count(e.Items))
			}
			t.write(w, c.language)
		})
	})
}

func pageFlags(cmd *cobra.Command, limit *int, cursor *string) {
	cmd.Flags().IntVar(limit, "limit", 0, "每页条数，1–500，默认 50 (rows of a page)")
	cmd.Flags().StringVar(cursor, "cursor", "", "上一页给出的续页标记 (where the page before ended)")
}

func morePages(w io.Writer, lang language, next string) {
	if next != "" {
		fmt.Fprintf(w, lang.pick("还有更多：--cursor %s\n", "more: --cursor %s\n"), clean(next))
	}
}

func tierNames(lang language, tiers []node.Tier) string {
	names := make([]string, len(tiers))
	for i, t := range tiers {
		names[i] = tierName(lang, t)
	}
	return strings.Join(names, lang.pick("、", ", "))
}

func promise(lang language, instant bool, days int) string {
	if instant {
		return lang.pick("即办", "at once")
	}
	return fmt.Sprintf(lang.pick("%d工作日", "%d days"), days)
}

func itemStatus(lang language, s client.ItemStatus) string {
	zh := map[client.ItemStatus]string{
		client.StatusDraft: "草稿", client.StatusApproved: "已复核", client.StatusComing: "将生效",
		client.StatusInForce: "在用", client.StatusReplaced: "已更替", client.StatusWithdrawn: "已下架",
	}[s]
	if zh == "" {
		zh = string(s)
	}
	return lang.pick(zh, strings.ReplaceAll(string(s), "_", " "))
}

// versionsTable prints versions of items.
func versionsTable(c *connection) func(w io.Writer, v *client.VersionList) {
	return func(w io.Writer, v *client.VersionList) {
		t := newTable(c.pick("编码", "CODE"), c.pick("版本", "VERSION"), c.pick("名称", "NAME"), c.pick("状态", "STATUS"), c.pick("起草", "DRAFTED BY"), c.pick("复核", "APPROVED BY"), c.pick("期", "EDITION"), c.pick("生效", "FROM"))
		for _, i := range v.Versions {
			t.row(i.Code, number(i.Version), i.Name, itemStatus(c.language, i.Status), i.DraftedBy, i.ApprovedBy, count(i.Edition), moment(i.EffectiveFrom))
		}
		t.write(w, c.language)
	}
}

func itemShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show CODE",
		Short: "办事指南 (an item as people are told it)",
		Example: `  tongban item show TB-XZRZ-005
  tongban item show TB-XZRZ-005 --version 2
  tongban item show TB-XZRZ-005 --versions`,
		Args:              oneArgument("CODE"),
		ValidArgsFunction: completeItems,
	}
	version := cmd.Flags().Int("version", 0, "版本，默认在用的 (version; default the one in force)")
	office := cmd.Flags().String("office", "", "按哪个窗口显示 (whose contact data)")
	versions := cmd.Flags().Bool("versions", false, "列出各版本 (list its versions)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if *versions {
			return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.ListItemVersions(cmd.Context(), args[0]) }, versionsTable(c))
		}
		place, err := parseDivision("office", *office)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.GetItem(cmd.Context(), args[0], &client.GetItemParams{Version: *version, Office: place})
		}
		return look(c, send, func(w io.Writer, v *client.ItemAtVersion) { showItem(w, c.language, v) })
	})
}

func showItem(w io.Writer, lang language, v *client.ItemAtVersion) {
	i := &v.Item
	offered := catalog.Effective(*i, v.Overlay)
	var s sheet
	s.line(lang.pick("事项", "item"), i.Name)
	s.line(lang.pick("编码", "code"), fmt.Sprintf("%s  v%d  %s", i.Code, v.Version, itemStatus(lang, v.Status)))
	s.line(lang.pick("类型", "type"), string(i.Type))
	s.line(lang.pick("部门", "department"), i.Department)
	for _, basis := range i.LegalBasis {
		s.line(lang.pick("依据", "law"), legalBasis(basis))
	}
	s.line(lang.pick("对象", "for"), string(i.Subject))
	for _, c := range i.Conditions {
		text := c.Text
		if c.Basis != "" {
			text += "（" + c.Basis + "）"
		}
		s.line(lang.pick("条件", "condition"), text)
	}
	s.line(lang.pick("数量", "number"), i.Quantity)
	s.line(lang.pick("收件", "taken in"), tierNames(lang, i.AcceptTiers))
	steps := make([]string, len(i.ReviewSteps))
	for n, step := range i.ReviewSteps {
		steps[n] = tierName(lang, step.Tier) + string(step.Role)
	}
	s.line(lang.pick("环节", "steps"), strings.Join(steps, " → "))
	s.line(lang.pick("时限", "limits"), fmt.Sprintf(lang.pick("承诺 %s，法定 %d 工作日", "promised %s, by law %d working days"), promise(lang, i.Instant, i.PromisedWorkingDays), i.StatutoryWorkingDays))
	s.line(lang.pick("收费", "fee"), i.Fee.Standard)
	for _, r := range i.Fee.Rates {
		s.line(lang.pick("标准", "rate"), fmt.Sprintf("%s %s/%s %s", r.Name, fee.Yuan(r.AmountFen), r.Unit, r.Basis))
	}
	for _, r := range i.Results {
		s.line(lang.pick("结果", "result"), r.Name)
	}
	s.line(lang.pick("窗口", "window"), offered.Window)
	s.line(lang.pick("时间", "hours"), offered.Hours)
	s.line(lang.pick("电话", "phone"), offered.Item.Phone)
	s.line(lang.pick("地点", "where"), offered.Item.Location)
	s.line(lang.pick("备注", "remarks"), i.Remarks)
	s.write(w)

	fmt.Fprintln(w)
	t := newTable(lang.pick("材料", "MATERIAL"), lang.pick("形式", "FORM"), lang.pick("份数", "COPIES"), lang.pick("必要", "REQUIRED"), lang.pick("适用情形", "WHEN"), lang.pick("要求", "HOW IT MUST LOOK"))
	for _, m := range i.Materials {
		t.row(m.Name, string(m.Form), strconv.Itoa(m.Copies), yes(lang, m.Required), m.Condition, m.SampleNote)
	}
	t.write(w, lang)

	fmt.Fprintln(w)
	t = newTable(lang.pick("字段", "FIELD"), lang.pick("名称", "LABEL"), lang.pick("类型", "TYPE"), lang.pick("必填", "REQUIRED"), lang.pick("可选值", "OPTIONS"))
	for _, f := range i.Form {
		t.row(f.Key, f.Label, string(f.Type), yes(lang, f.Required), strings.Join(f.Options, "|"))
	}
	t.write(w, lang)
}

// legalBasis is a law as documents cite it: 《…》第…条, with the number of a
// policy document.
func legalBasis(b catalog.LegalBasis) string {
	text := "《" + b.Law + "》" + b.Article
	if b.DocumentNo != "" {
		text += "（" + b.DocumentNo + "）"
	}
	return text
}
