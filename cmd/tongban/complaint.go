package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func complaintCommand() *cobra.Command {
	return group("complaint", "投诉、建议、咨询 (complaints, suggestions, inquiries)",
		"  tongban complaint open --type complaint --division 330523110 --text 等候一小时\n  tongban complaint list --open",
		complaintOpenCommand(), complaintLookupCommand(), complaintListCommand(), complaintShowCommand(), complaintAssignCommand(), complaintReplyCommand(), complaintNoticeCommand())
}

func complaintOpenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "open",
		Short: "登记，可匿名，无须登录 (take one in; no login, no name needed)",
		Example: `  tongban complaint open --type complaint --division 330523110 --text 等候一小时
  tongban complaint open --type inquiry --item TB-MZJ-004 --text 需要哪些材料 --name 王芳 --phone 13800000000`,
		Args: noArguments,
	}
	f := complaintFlags(cmd)
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return openComplaint(c, f, key, func(r client.ComplaintRequest) (*http.Response, error) {
			return c.api.OpenComplaint(cmd.Context(), &client.OpenComplaintParams{IdempotencyKey: *key}, r)
		})
	})
}

// complaintAsked is what the flags say of a complaint.
type complaintAsked struct {
	client.ComplaintRequest
	kind, place string
}

func complaintFlags(cmd *cobra.Command) *complaintAsked {
	r := &complaintAsked{}
	flags := cmd.Flags()
	flags.StringVar(&r.kind, "type", "", "complaint 投诉、suggestion 建议、inquiry 咨询")
	completeFlag(cmd, "type", completeWords("complaint", "suggestion", "inquiry"))
	flags.StringVar(&r.Case, "case", "", "办件编号 (number of a case)")
	flags.StringVar(&r.Item, "item", "", "事项代码 (code of an item)")
	flags.StringVar(&r.place, "division", "", "所涉单位区划 (the office's division)")
	completeFlag(cmd, "division", completeDivisions)
	flags.StringVar(&r.Department, "department", "", "所涉部门 (its department)")
	flags.StringVar(&r.Staff, "staff", "", "被投诉人工号 (staff number of whom it is about)")
	flags.StringVar(&r.Text, "text", "", "内容 (what it is)")
	flags.StringVar(&r.Name, "name", "", "姓名，可不填 (name, if wanted)")
	flags.StringVar(&r.Phone, "phone", "", "电话，可不填 (phone, if wanted)")
	required(cmd, "type", "text")
	return r
}

func openComplaint(c *connection, f *complaintAsked, key *string, send func(client.ComplaintRequest) (*http.Response, error)) error {
	if err := checkKey(*key); err != nil {
		return err
	}
	r := f.ComplaintRequest
	var err error
	if r.Division, err = parseDivision("division", f.place); err != nil {
		return err
	}
	r.Type = client.ComplaintType(f.kind)
	sayKey(c, key)
	a, err := answered[client.ComplaintReceipt](send(r))
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.ComplaintReceipt) {
		fmt.Fprintf(w, c.pick("受理编号 %s，查询码 %s，请保存；答复期限 %s\n", "number %s, code %s, keep them; a reply is due by %s\n"), v.Number, v.Code, v.Due)
		fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
	})
}

func complaintListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "清单 (the list)",
		Example: "  tongban complaint list --open\n  tongban complaint list --mine",
		Args:    noArguments,
	}
	var p client.ListComplaintsParams
	place := cmd.Flags().String("division", "", "区划及以下 (division, and below)")
	completeFlag(cmd, "division", completeDivisions)
	cmd.Flags().BoolVar(&p.Open, "open", false, "未答复 (not replied to)")
	cmd.Flags().BoolVar(&p.Mine, "mine", false, "由本人承办 (those the caller answers for)")
	pageFlags(cmd, &p.Limit, &p.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		var err error
		if p.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		send := func() (*http.Response, error) { return c.api.ListComplaints(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ComplaintList) {
			t := newTable(c.pick("编号", "NUMBER"), c.pick("类型", "TYPE"), c.pick("单位", "OFFICE"), c.pick("内容", "TEXT"), c.pick("承办人", "HANDLER"), c.pick("期限", "DUE"), c.pick("状态", "STATE"))
			for _, x := range v.Complaints {
				t.row(x.Number, c.pick(complaintTypeZH[string(x.Type)], string(x.Type)), string(x.Division)+" "+x.Department, x.Text, x.Handler, x.Due.String(), complaintState(c.language, &x))
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

var complaintTypeZH = map[string]string{"complaint": "投诉", "suggestion": "建议", "inquiry": "咨询"}

func complaintState(lang language, x *client.Complaint) string {
	state := lang.pick(map[client.ComplaintState]string{client.ComplaintOpened: "已登记", client.ComplaintAssigned: "办理中", client.ComplaintReplied: "已答复"}[x.State], string(x.State))
	if x.Overdue {
		state += lang.pick("（超期）", " (overdue)")
	}
	return state
}

func complaintShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "详情 (one of them)",
		Example: "  tongban complaint show T33052311020020261127010000016\n  tongban complaint show T33052311020020261127010000016 --reveal",
		Args:    oneArgument("NUMBER"),
	}
	reveal := cmd.Flags().Bool("reveal", false, "不隐去个人信息，留痕 (unmasked; recorded)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetComplaint(cmd.Context(), args[0], &client.GetComplaintParams{Reveal: *reveal})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Complaint) {
			var s sheet
			s.line(c.pick("编号", "number"), v.Number)
			s.line(c.pick("类型", "type"), c.pick(complaintTypeZH[string(v.Type)], string(v.Type)))
			s.line(c.pick("状态", "state"), complaintState(c.language, v))
			s.line(c.pick("办件", "case"), v.Case)
			s.line(c.pick("单位", "office"), string(v.Division)+" "+v.Department)
			s.line(c.pick("姓名", "name"), v.Name)
			s.line(c.pick("电话", "phone"), v.Phone)
			s.line(c.pick("内容", "text"), v.Text)
			s.line(c.pick("承办人", "handler"), v.Handler)
			s.line(c.pick("答复期限", "due"), v.Due.String())
			s.line(c.pick("答复", "reply"), v.Reply)
			s.line(c.pick("措施", "measures"), v.Measures)
			s.line(c.pick("救济途径", "remedy"), c.pick(v.RemedyZh, v.RemedyEn))
			s.write(w)
		})
	})
}

func complaintAssignCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "assign NUMBER STAFF",
		Short:   "指定承办人 (name who answers for it)",
		Example: "  tongban complaint assign T33052311020020261127010000016 s-12",
		Args:    arguments(2, 2, "NUMBER, STAFF"),
	}
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.AssignComplaint(cmd.Context(), args[0], &client.AssignComplaintParams{IdempotencyKey: *key}, client.ComplaintAssignment{Handler: args[1]})
		})
	})
}

func complaintReplyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reply NUMBER",
		Short:   "答复 (reply to it)",
		Example: "  tongban complaint reply T33052311020020261127010000016 --upheld --reply 情况属实 --measures 增设窗口",
		Args:    oneArgument("NUMBER"),
	}
	var b client.ComplaintAnswer
	cmd.Flags().BoolVar(&b.Upheld, "upheld", false, "属实 (it is so)")
	cmd.Flags().StringVar(&b.Reply, "reply", "", "答复内容 (what is replied)")
	cmd.Flags().StringVar(&b.Measures, "measures", "", "处理措施 (what was done)")
	key := keyFlag(cmd)
	required(cmd, "reply")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.ReplyComplaint(cmd.Context(), args[0], &client.ReplyComplaintParams{IdempotencyKey: *key}, b)
		})
	})
}

func complaintNoticeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "notice NUMBER",
		Short:   "打印答复书 (the reply, for A4)",
		Example: "  tongban complaint notice T33052311020020261127010000016 --out reply.html",
		Args:    oneArgument("NUMBER"),
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.GetComplaintNotice(cmd.Context(), args[0], &client.GetComplaintNoticeParams{Format: client.GetComplaintNoticeParamsFormat(pageFormat(c))})
		}
		return writePage(c, send, *out)
	})
}

func complaintLookupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "lookup NUMBER",
		Short:   "查询答复，无须登录 (what became of it, for the complainant; needs no login)",
		Example: "  tongban complaint lookup T330523110200202611230100000019 --code PSR5Q-PGNN6",
		Args:    oneArgument("NUMBER"),
	}
	code := cmd.Flags().String("code", "", "受理时告知的查询码 (the code told with the number)")
	required(cmd, "code")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.LookUpComplaint(cmd.Context(), client.ComplaintLookup{Number: args[0], Code: *code})
		}
		return look(c, send, func(w io.Writer, v *client.ComplaintOutcome) {
			var s sheet
			s.line(c.pick("编号", "number"), v.Number)
			s.line(c.pick("状态", "state"), c.pick(map[client.ComplaintOutcomeState]string{client.AnswerOpened: "已登记", client.AnswerAssigned: "办理中", client.AnswerReplied: "已答复"}[v.State], string(v.State)))
			s.line(c.pick("内容", "text"), v.Text)
			s.line(c.pick("答复期限", "reply due"), dateText(v.Due))
			if v.State == client.AnswerReplied {
				s.line(c.pick("答复", "reply"), v.Reply)
				s.line(c.pick("措施", "measures"), v.Measures)
				s.line(c.pick("救济", "remedy"), c.pick(v.RemedyZh, v.RemedyEn))
			}
			s.write(w)
		})
	})
}
