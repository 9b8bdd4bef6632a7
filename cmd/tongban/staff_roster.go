package main

import (
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/identity"
)

func staffRosterCommand() *cobra.Command {
	return group("roster", "花名册：编制、资格、职级、负责人 (establishment, qualifications, rank)",
		"  tongban staff roster list\n  tongban staff roster set meixi-lingdao --established --qualification 行政执法证=2029-12-31 --rank vice_leader --heads charge --reason 任职登记",
		staffRosterListCommand(), staffRosterSetCommand())
}

func staffRosterListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "花名册 (the roster)",
		Example: "  tongban staff roster list --division 330523110",
		Args:    noArguments,
	}
	place := cmd.Flags().String("division", "", "区划 (division)")
	completeFlag(cmd, "division", completeDivisions)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		code, err := parseDivision("division", *place)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.ListStaff(cmd.Context(), &client.ListStaffParams{Division: code})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.StaffList) {
			t := newTable(c.pick("登录名", "LOGIN"), c.pick("姓名", "NAME"), c.pick("区划", "DIVISION"), c.pick("部门", "DEPARTMENT"), c.pick("编制", "ESTABLISHED"),
				c.pick("职级", "RANK"), c.pick("负责", "HEADS"), c.pick("资格", "QUALIFICATIONS"), c.pick("AB岗", "SUBSTITUTE"))
			for _, s := range v.Staff {
				r := s.Roster
				established := c.pick("未登记", "no record")
				if r.Rank != "" {
					established = c.pick(map[bool]string{true: "在编", false: "编外"}[r.Established], map[bool]string{true: "yes", false: "no"}[r.Established])
				}
				t.row(s.Login, s.Name, string(s.Division), s.Department, established, rankName(c.language, r.Rank), headsName(c.language, r.Heads), qualifications(r.Qualifications), duties(s.Duty))
			}
			t.write(w, c.language)
		})
	})
}

func qualifications(all []client.Qualification) string {
	text := make([]string, len(all))
	for i, q := range all {
		text[i] = q.Kind + " " + q.Number + "→" + q.Until.String()
		if len(q.Departments) > 0 {
			text[i] += "（" + strings.Join(q.Departments, "、") + "）"
		}
	}
	return strings.Join(text, ", ")
}

func duties(all []client.Duty) string {
	var text []string
	for _, d := range all {
		switch {
		case d.Substitute != "":
			text = append(text, d.Substitute+" "+d.From.String()+".."+d.Until.String())
		case d.Absent:
			text = append(text, "请假/leave "+d.From.String()+".."+d.Until.String())
		}
	}
	return strings.Join(text, ", ")
}

func rankName(lang language, r identity.Rank) string {
	return lang.pick(map[identity.Rank]string{identity.RankClerk: "一般人员", identity.RankDeputy: "副股（科）长", identity.RankSection: "股（科）长", identity.RankVice: "单位副职", identity.RankLeader: "单位正职"}[r], string(r))
}

func headsName(lang language, h identity.Headed) string {
	return lang.pick(map[identity.Headed]string{identity.HeadsOffice: "科室", identity.HeadsWindow: "窗口", identity.InCharge: "分管"}[h], string(h))
}

func staffRosterSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set STAFF",
		Short: "登记，取代原有记录 (what the roster says of a person, instead of before)",
		Long: `登记编制、资格及有效期、职级、科室和负责事项，自此刻起生效。只有在编、持有效行政执法证、股（科）长以上且当日在岗的人员可以作出审批决定；
窗口首席代表须为股（科）长以上；没有登记的人员不能审批。
Sets establishment, qualifications and until when they are good, rank, office and
what a person heads, from now on. Only a section head or higher of the establishment
whose certificate (行政执法证) is good and who is not absent decides a case; a window is
headed by a section head or higher.`,
		Example: `  tongban staff roster set meixi-lingdao --established --qualification 行政执法证=2029-12-31 --rank vice_leader --heads charge --reason 任职登记
  tongban staff roster set qiankengqiao --rank clerk --reason 聘用`,
		Args: oneArgument("STAFF"),

		ValidArgsFunction: completeStaff,
	}
	var r client.RosterRequest
	flags := cmd.Flags()
	flags.BoolVar(&r.Established, "established", false, "在编 (in the establishment)")
	held := flags.StringSlice("qualification", nil, "资格=有效期至[=部门、部门]，可重复 (kind=last day[=departments]; repeatable), 行政执法证=2029-12-31=县民政局、县林业局")
	rank := flags.String("rank", "", "职级 (rank): "+joined(identity.Ranks))
	heads := flags.String("heads", "", "负责 (heads): office 科室、window 窗口、charge 分管领导")
	flags.StringVar(&r.Office, "office", "", "科室 (office)")
	flags.StringVar(&r.Reason, "reason", "", "原因 (why)")
	required(cmd, "rank", "reason")
	completeFlag(cmd, "heads", completeWords("office", "window", "charge"))
	completeFlag(cmd, "rank", completeWords(strings.Split(joined(identity.Ranks), ", ")...))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		r.Rank, r.Heads = identity.Rank(*rank), identity.Headed(*heads)
		if !r.Rank.Valid() || !r.Heads.Valid() {
			return usagef("--rank 应为 %s；--heads 应为 office、window 或 charge (rank or heads is not known)", joined(identity.Ranks))
		}
		for _, text := range *held {
			kind, day, ok := strings.Cut(text, "=")
			day, scope, scoped := strings.Cut(day, "=")
			if !ok || kind == "" {
				return usagef("--qualification 应为 资格=有效期至，例如 行政执法证=2029-12-31 (kind=last day): %s", text)
			}
			until, err := parseDate("qualification", day)
			if err != nil {
				return err
			}
			q := client.Qualification{Kind: kind, Until: until}
			if scoped {
				q.Departments = strings.FieldsFunc(scope, func(r rune) bool { return r == '、' || r == ' ' })
			}
			r.Qualifications = append(r.Qualifications, q)
		}
		return recordStaff(cmd.Context(), c, args[0], c.api.SetStaffRoster, r)
	})
}

func staffSubstituteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "substitute STAFF [SUBSTITUTE]",
		Short:   "安排AB岗或请假；不写顶岗人、也不请假则取消 (who stands in on some days, or leave; without either it is taken back)",
		Example: "  tongban staff substitute meixi-shenhe meixi-lingdao --from 2026-12-07 --until 2026-12-11 --reason 年休假\n  tongban staff substitute meixi-shenhe --from 2026-12-07 --until 2026-12-11 --reason 提前返岗\n  tongban staff substitute meixi-shenhe --absent --from 2026-12-07 --until 2026-12-11 --reason 病假",
		Args:    arguments(1, 2, "STAFF [SUBSTITUTE]"),

		ValidArgsFunction: completeStaff,
	}
	var r client.SubstituteRequest
	from := cmd.Flags().String("from", "", "首日 (first day)")
	until := cmd.Flags().String("until", "", "末日 (last day)")
	cmd.Flags().StringVar(&r.Reason, "reason", "", "原因 (why)")
	cmd.Flags().BoolVar(&r.Absent, "absent", false, "请假，无人顶岗 (on leave, and nobody stands in)")
	required(cmd, "from", "until", "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var err error
		if r.From, err = parseDate("from", *from); err != nil {
			return err
		}
		if r.Until, err = parseDate("until", *until); err != nil {
			return err
		}
		if len(args) == 2 && r.Absent {
			return usagef("已有顶岗人，不需要 --absent (whoever has a substitute is absent anyway)")
		}
		if len(args) == 2 {
			if r.Substitute, err = staffID(cmd.Context(), c, args[1]); err != nil {
				return err
			}
		}
		return recordStaff(cmd.Context(), c, args[0], c.api.SetSubstitute, r)
	})
}
