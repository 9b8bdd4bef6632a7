package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
)

func sampleCommand() *cobra.Command {
	return group("sample", "随机抽查 (inspection of cases drawn at random)",
		"  tongban sample draw --from 2026-10-01 --to 2026-10-31 --permille 50 --by department --reason 十月抽查\n  tongban sample verify 019ac0e2-7425-70de-944b-e07fc1f90ae7 --trust anji-trust.json",
		sampleDrawCommand(), sampleListCommand(), sampleShowCommand(), sampleReviewCommand(), sampleVerifyCommand())
}

func sampleDrawCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "draw",
		Short: "发起抽查：先公布规则和总体，再由账本产生种子 (commit a draw; its seed comes later)",
		Long: `抽查先承诺：规则、总体及其摘要即时固定并公布；种子是县账本再增加 --after 条记录时的默克尔树根，
任何人事先都无法知道，事后都可以重算。抽过的办件不再抽。
The draw is committed first: the rule and the list of cases are fixed and its hash is
published. The seed is the root of the county's ledger --after records later, which
nobody can know before and everybody can compute after.`,
		Example: "  tongban sample draw --from 2026-10-01 --to 2026-10-31 --permille 50 --least 1 --by department --reason 十月抽查",
		Args:    noArguments,
	}
	flags := cmd.Flags()
	var r client.SampleRule
	from := flags.String("from", "", "办结日期起 (first day on which a case ended)")
	to := flags.String("to", "", "办结日期止，含当日 (last day)")
	place := flags.String("division", "", "区划及以下 (division, and below)")
	completeFlag(cmd, "division", completeDivisions)
	flags.StringVar(&r.Department, "department", "", "部门 (department)")
	flags.StringVar(&r.Item, "item", "", "事项代码 (code of an item)")
	flags.StringSliceVar(&r.Outcomes, "outcome", nil, "结果，可重复 (how it ended; repeatable): "+strings.Join(ledger.SampleOutcomes, "、"))
	flags.StringVar(&r.By, "by", "", "分层 (divided by): department、township、item")
	completeFlag(cmd, "by", completeWords(ledger.SampleBy...))
	flags.IntVar(&r.Permille, "permille", 50, "每层抽取千分比，进一 (of a thousand of each part, rounded up)")
	flags.IntVar(&r.Least, "least", 1, "每层至少 (of each part at least)")
	flags.IntVar(&r.After, "after", 100, "账本再增加多少条记录后产生种子 (records until the seed)")
	flags.StringVar(&r.Reason, "reason", "", "抽查事由 (why)")
	key := keyFlag(cmd)
	required(cmd, "from", "to", "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		var err error
		if r.From, err = parseDate("from", *from); err != nil {
			return err
		}
		if r.To, err = parseDate("to", *to); err != nil {
			return err
		}
		if r.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		a, err := answered[client.Sample](c.api.DrawSample(cmd.Context(), &client.DrawSampleParams{IdempotencyKey: *key}, r))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.Sample) { showSample(w, c.language, v) })
	})
}

func showSample(w io.Writer, lang language, v *client.Sample) {
	var s sheet
	s.line(lang.pick("编号", "draw"), v.Id)
	s.line(lang.pick("期间", "period"), v.Rule.From.String()+" — "+v.Rule.To.String())
	s.line(lang.pick("总体", "drawn from"), number(v.Population)+lang.pick(" 件，摘要 ", " cases, hash ")+v.Hash)
	seed := fmt.Sprintf(lang.pick("账本满 %d 条时产生，现有 %d 条", "the root of the ledger at %d records; it has %d"), v.Size, v.Head)
	if v.Ready {
		seed = fmt.Sprintf(lang.pick("账本第 %d 条，已产生", "the root of the ledger at %d records, there"), v.Size)
	}
	s.line(lang.pick("种子", "seed"), seed)
	s.line(lang.pick("评查", "inspected"), fmt.Sprintf(lang.pick("已评查 %d，不合格 %d", "%d, faulty %d"), v.Inspected, v.Faulty))
	s.write(w)
}

func sampleListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "抽查清单，公开 (the draws; public)",
		Example: "  tongban sample list",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListPublicSamples(cmd.Context()) }
		return look(c, send, func(w io.Writer, v *client.PublicSampleList) {
			t := newTable(c.pick("编号", "DRAW"), c.pick("期间", "PERIOD"), c.pick("总体", "OF"), c.pick("种子", "SEED"), c.pick("已评查", "INSPECTED"), c.pick("不合格", "FAULTY"))
			for _, x := range v.Samples {
				seed := fmt.Sprintf(c.pick("第 %d 条时", "at %d"), x.Size)
				if x.Ready {
					seed = x.Seed[:16] + "…"
				}
				t.row(x.Id, x.From.String()+" — "+x.To.String(), number(x.Population), seed, digits(x.Inspected), digits(x.Faulty))
			}
			t.write(w, c.language)
		})
	})
}

func sampleShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show DRAW",
		Short:   "一次抽查：抽中的办件和评查结果 (which cases were drawn, and their sheets)",
		Example: "  tongban sample show 019ac0e2-7425-70de-944b-e07fc1f90ae7",
		Args:    oneArgument("DRAW"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetSample(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.SampleDetail) {
			showSample(w, c.language, &v.Sample)
			t := newTable(c.pick("办件", "CASE"), c.pick("分层", "PART"), c.pick("事项", "ITEM"), c.pick("结论", "VERDICT"), c.pick("评查人", "BY"))
			for _, x := range v.Cases {
				t.row(x.Number, x.Part, x.ItemName, c.pick(sampleVerdictZH[x.Sheet.Verdict], string(x.Sheet.Verdict)), x.Sheet.By.Name)
			}
			t.write(w, c.language)
		})
	})
}

var sampleVerdictZH = map[sampling.Verdict]string{"": "待评查", sampling.Passed: "合格", sampling.Faulty: "不合格", sampling.Grave: "严重不合格"}

func sampleReviewCommand() *cobra.Command {
	var checks strings.Builder
	for _, x := range sampling.Checks {
		fmt.Fprintf(&checks, "\n  %-12s %s", x.Code, x.ZH)
	}
	cmd := &cobra.Command{
		Use:   "review DRAW NUMBER",
		Short: "填写评查表 (the sheet of a case that was drawn)",
		Long: `未列出的项目为合格。不合格的发出黄牌，严重的发出红牌，由被查单位说明、整改。经办过该件的人员不得评查。
Points that are not named are in order. Faults make a yellow card, grave ones a red one.

项目 (points):` + checks.String(),
		Example: "  tongban sample review 019ac0e2-7425-70de-944b-e07fc1f90ae7 330523110200-20261123-01-000045-7\n" +
			"  tongban sample review 019ac0e2-7425-70de-944b-e07fc1f90ae7 330523110200-20261123-01-000045-7 --fault notice=两次要求补正 --na fees",
		Args: arguments(2, 2, "DRAW NUMBER"),
	}
	var r client.SampleSheetRequest
	flags := cmd.Flags()
	faults := flags.StringArray("fault", nil, "不合格项目=说明，可重复 (point=what is wrong; repeatable)")
	na := flags.StringArray("na", nil, "不适用的项目，可重复 (a point that does not apply; repeatable)")
	flags.BoolVar(&r.Grave, "grave", false, "严重不合格 (grave)")
	flags.StringVar(&r.Note, "note", "", "备注 (a note)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var err error
		if r.Points, err = pointsOf(*faults, *na); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		r.Case = caseID(args[1])
		sayKey(c, key)
		err = c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.ReviewSample(ctx, args[0], &client.ReviewSampleParams{IdempotencyKey: *key}, r)
		})
		return uncertain(c, err, *key)
	})
}

// pointsOf is a whole sheet of what is said to be otherwise than in order.
func pointsOf(faults, na []string) ([]ledger.SamplePoint, error) {
	points := make([]ledger.SamplePoint, len(sampling.Checks))
	at := map[string]*ledger.SamplePoint{}
	for i, x := range sampling.Checks {
		points[i] = ledger.SamplePoint{Check: x.Code, Result: ledger.PointOK}
		at[x.Code] = &points[i]
	}
	for _, f := range faults {
		code, note, _ := strings.Cut(f, "=")
		if at[code] == nil || note == "" {
			return nil, usagef("--fault %q：应为 项目=说明 (point=what is wrong)", f)
		}
		at[code].Result, at[code].Note = ledger.PointFault, note
	}
	for _, code := range na {
		if at[code] == nil || at[code].Result != ledger.PointOK {
			return nil, usagef("--na %q：没有这一项，或已列为不合格 (no such point, or it is a fault)", code)
		}
		at[code].Result = ledger.PointNA
	}
	return points, nil
}

func sampleVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify DRAW",
		Short: "重新抽一遍，验证抽查未被操纵，无须登录 (draw again; needs no login)",
		Long: `取公布的总体、规则和种子，在本机重算：总体与承诺的摘要一致；种子是县账本在约定条数时的根（由县签名的
检查点和一致性证明得出）；抽中的正是分值最低的。--trust 用已有的县信任文件核对签名，否则向该节点索取。
--case 另查某办件是否在总体中、是否被抽中。全部属实时退出码 0。
Computes again here: the population has the committed hash, the seed is the root of the
county's ledger at the size that was stated, and the cases drawn are those of the lowest
score. --case says whether a case was among them.`,
		Example: "  tongban sample verify 019ac0e2-7425-70de-944b-e07fc1f90ae7 --trust anji-trust.json --case 330523110200-20261123-01-000045-7",
		Args:    oneArgument("DRAW"),
	}
	trustFile := cmd.Flags().String("trust", "", "县信任文件 (the county's trust file)")
	about := cmd.Flags().String("case", "", "办件编号 (number of a case)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		v := &sampleVerification{id: args[0]}
		if err := v.fetch(cmd.Context(), c, *trustFile); err != nil {
			return err
		}
		v.check()
		if *about != "" {
			v.about(caseID(*about))
		}
		if c.json {
			if err := c.showValue(v.answer); err != nil {
				return err
			}
		} else {
			var s sheet
			s.line(c.pick("总体", "population"), fmt.Sprintf(c.pick("%d 件", "%d cases"), len(v.all)))
			s.line(c.pick("种子", "seed"), v.public.Sample.Seed)
			s.line(c.pick("抽中", "drawn"), number(v.answer.Drawn))
			if v.answer.Case != "" {
				s.line(c.pick("办件", "case"), c.pick(map[string]string{"drawn": "被抽中", "not_drawn": "在总体中，未被抽中", "not_in": "不在总体中"}[v.answer.Case], v.answer.Case))
			}
			s.write(c.out)
		}
		if len(v.answer.Faults) > 0 {
			return errors.New(c.pick("抽查与公布的不符：", "the draw is not what was published: ") + strings.Join(v.answer.Faults, "; "))
		}
		if !c.json {
			fmt.Fprintln(c.out, c.pick("属实：按公布的规则和种子，抽中的正是这些", "genuine: the published rule and seed draw these"))
		}
		return nil
	})
}

// sampleVerification draws again what was published of a draw.
type sampleVerification struct {
	id     string
	public client.PublicSampleProof
	all    []sampling.Member
	ring   trust.Keyring
	answer struct {
		Drawn  int      `json:"drawn"`
		Case   string   `json:"case,omitempty"`
		Faults []string `json:"faults,omitempty"`
	}
}

func (v *sampleVerification) fetch(ctx context.Context, c *connection, trustFile string) error {
	public, err := answered[client.PublicSampleProof](c.api.GetPublicSample(ctx, v.id))
	if err != nil {
		return err
	}
	v.public = public.value
	for {
		page, err := answered[client.PublicPopulation](c.api.GetPublicPopulation(ctx, v.id, &client.GetPublicPopulationParams{After: len(v.all), Limit: 10_000}))
		if err != nil {
			return err
		}
		for _, line := range page.value.Lines {
			ticket, err := sampling.ParseTicket(line.Ticket)
			if err != nil {
				return err
			}
			v.all = append(v.all, sampling.Member{Part: line.Part, Ticket: ticket})
		}
		if len(page.value.Lines) == 0 || len(v.all) >= page.value.Of {
			break
		}
	}
	var file []byte
	if trustFile != "" {
		file, err = readBounded(trustFile, 32<<20)
	} else {
		var ring answer[json.RawMessage]
		if ring, err = answered[json.RawMessage](c.api.GetKeyring(ctx)); err == nil {
			file = ring.raw
		}
	}
	if err != nil {
		return err
	}
	v.ring, err = trust.DecodeKeyring(file)
	return err
}

func (v *sampleVerification) fault(format string, args ...any) {
	v.answer.Faults = append(v.answer.Faults, fmt.Sprintf(format, args...))
}

func (v *sampleVerification) check() {
	s := &v.public.Sample
	ordered := slices.Clone(v.all)
	sampling.Sort(ordered)
	if len(v.all) != s.Population || sampling.Hash(ordered) != s.Hash {
		v.fault("总体与承诺的摘要不符 (the population is not the one that was committed)")
	}
	seed, err := hex.DecodeString(s.Seed)
	if !s.Ready || err != nil || len(seed) != tlog.HashSize {
		v.fault("种子尚未产生 (there is no seed yet)")
		return
	}
	if err := v.checkSeed(tlog.Hash(seed)); err != nil {
		v.fault("种子不能证明是账本的根 (the seed is not proved to be the ledger's): %v", err)
	}
	var drawn []string
	for _, i := range sampling.Draw([tlog.HashSize]byte(seed), s.Permille, s.Least, ordered) {
		drawn = append(drawn, ordered[i].Ticket.String())
	}
	v.answer.Drawn = len(drawn)
	published := slices.Clone(v.public.Drawn)
	slices.Sort(drawn)
	slices.Sort(published)
	if !slices.Equal(drawn, published) {
		v.fault("抽中的不是分值最低的 (others were drawn than those of the lowest score)")
	}
	v.all = ordered
}

// checkSeed holds the seed against a checkpoint that the county signed.
func (v *sampleVerification) checkSeed(seed tlog.Hash) error {
	keys, err := v.ring.Trust()
	if err != nil {
		return err
	}
	c, err := keys.OpenCheckpoint([]byte(v.public.Checkpoint))
	if err != nil {
		return err
	}
	proof := make(tlog.TreeProof, len(v.public.Proof))
	for i, text := range v.public.Proof {
		if proof[i], err = tlog.ParseHash(text); err != nil {
			return err
		}
	}
	if c.Tree.N == v.public.Sample.Size {
		if c.Tree.Hash != seed {
			return errors.New("another root")
		}
		return nil
	}
	return tlog.CheckTree(proof, c.Tree.N, c.Tree.Hash, v.public.Sample.Size, seed)
}

// about tells what became of a case, by its number.
func (v *sampleVerification) about(caseNumber string) {
	ticket := sampling.TicketOf(v.id, strings.ReplaceAll(caseNumber, "-", "")).String()
	switch {
	case slices.Contains(v.public.Drawn, ticket):
		v.answer.Case = "drawn"
	case slices.ContainsFunc(v.all, func(m sampling.Member) bool { return m.Ticket.String() == ticket }):
		v.answer.Case = "not_drawn"
	default:
		v.answer.Case = "not_in"
	}
}
