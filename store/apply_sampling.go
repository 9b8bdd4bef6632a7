package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
	"github.com/tongban/tongban/node/supervision"
)

// Draws of cases for inspection, and the sheets of those who inspect. They are
// at the county alone, as all cases are.

var sampleUnknown = refuse("sample_unknown", "没有这次抽查", "there is no such draw")

// endCase notes on which day a case came to an end, and how: among those that
// did cases are drawn.
func (a *applier) endCase(was, c *casework.Case) error {
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	outcome, ms := sampling.Outcome(c)
	before, beforeMS := "", int64(0)
	if was != nil {
		before, beforeMS = sampling.Outcome(was)
	}
	switch {
	case outcome == before && ms == beforeMS:
		return nil
	case outcome == "":
		return a.forgetEnd(c.ID)
	}
	return a.w.exec(a.ctx, `INSERT INTO case_ends (case_id, day, outcome) VALUES (?1, ?2, ?3)
		ON CONFLICT (case_id) DO UPDATE SET day = ?2, outcome = ?3`, c.ID, dayNumber(calendar.DateOf(time.UnixMilli(ms))), outcome)
}

func (a *applier) forgetEnd(id string) error {
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	return a.w.exec(a.ctx, `DELETE FROM case_ends WHERE case_id = ?`, id)
}

// prepareDraw commits a draw: the cases it is drawn from are those of this
// moment, whatever becomes of the ledger until the seed is there.
func (a *applier) prepareDraw(e *ledger.Entry, b *ledger.SampleDrawV1) (func() error, error) {
	if b.To.After(calendar.DateOf(millis(e.OccurredAt - e.SkewMS))) {
		return nil, refuse("sample_period", "抽查期间不得晚于今日", "the period that is drawn from must not lie ahead")
	}
	members, err := a.population(e.ID, b)
	switch {
	case err != nil:
		return nil, err
	case len(members) == 0:
		return nil, refuse("sample_empty", "该范围内没有可抽查的办件", "no case fits the rule")
	case len(members) > sampling.MaxPopulation:
		return nil, refuse("sample_large", fmt.Sprintf("范围内办件超过 %d 件，请缩小期间或范围", sampling.MaxPopulation), fmt.Sprintf("more than %d cases fit; narrow the period or the rule", sampling.MaxPopulation))
	}
	sampling.Sort(members)
	s := sampling.Sample{ID: e.ID, Rule: *b, By: e.Actor, At: e.OccurredAt, Population: len(members), Hash: sampling.Hash(members)}
	return func() error {
		s.Index, s.Size = a.head, a.head+uint64(b.After)
		body, err := json.Marshal(s)
		if err != nil {
			return err
		}
		return a.w.exec(a.ctx, `INSERT INTO samples (id, idx, body, members) VALUES (?, ?, ?, ?)`, s.ID, s.Index, body, memberLines(members))
	}, nil
}

// population is the cases that a draw is made from: each is inspected once.
func (a *applier) population(draw string, b *ledger.SampleDrawV1) ([]sampling.Member, error) {
	rows, err := a.w.query(a.ctx, `SELECT c.id, c.number, c.item, c.department, c.division, x.outcome FROM case_ends x JOIN cases c ON c.id = x.case_id
		WHERE x.day BETWEEN ? AND ? AND NOT EXISTS (SELECT 1 FROM sample_sheets s WHERE s.case_id = x.case_id) LIMIT ?`,
		dayNumber(b.From), dayNumber(b.To), 20*sampling.MaxPopulation)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var members []sampling.Member
	for rows.Next() {
		var c sampling.Ended
		if err := rows.Scan(&c.Case, &c.Number, &c.Item, &c.Department, &c.Division, &c.Outcome); err != nil {
			return nil, storage("read cases", err)
		}
		if sampling.Fits(b, &c) {
			members = append(members, sampling.Member{Part: c.Part(b.By), Ticket: sampling.TicketOf(draw, c.Number), Case: c.Case})
		}
	}
	return members, storage("read cases", rows.Err())
}

func memberLines(members []sampling.Member) string {
	var b strings.Builder
	for i := range members {
		b.WriteString(members[i].Part)
		b.WriteByte('\t')
		b.WriteString(members[i].Ticket.String())
		b.WriteByte('\t')
		b.WriteString(members[i].Case)
		b.WriteByte('\n')
	}
	return b.String()
}

func parseMembers(text string) ([]sampling.Member, error) {
	members := make([]sampling.Member, 0, strings.Count(text, "\n"))
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("store: a line of a draw: %.200q", line)
		}
		ticket, err := sampling.ParseTicket(fields[1])
		if err != nil {
			return nil, err
		}
		members = append(members, sampling.Member{Part: fields[0], Ticket: ticket, Case: fields[2]})
	}
	return members, nil
}

func (a *applier) prepareSheet(e *ledger.Entry, b *ledger.SampleReviewV1) (func() error, error) {
	drawn, err := a.isDrawn(b.Draw, b.Case)
	switch {
	case err != nil:
		return nil, err
	case !drawn:
		return nil, refuse("sample_not_drawn", "该件未被抽中，或抽查的种子尚未产生", "the case was not drawn, or the seed of the draw is not there yet")
	}
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM sample_sheets WHERE draw = ? AND case_id = ?)`, b.Draw, b.Case)
	if err != nil {
		return nil, err
	}
	if n != 0 {
		return nil, refuse("sample_reviewed", "该件已评查", "the case was inspected already")
	}
	hands, err := a.handsOn(b.Case)
	if err != nil {
		return nil, err
	}
	sheet, err := sampling.Review(e, b, hands)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(sheet)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := a.w.exec(a.ctx, `INSERT INTO sample_sheets (draw, case_id, verdict, body) VALUES (?, ?, ?, ?)`, b.Draw, b.Case, string(sheet.Verdict), body); err != nil {
			return err
		}
		if sheet.Verdict == sampling.Passed {
			return nil
		}
		return a.lookNow(b.Case, e.ID)
	}, nil
}

// isDrawn reports whether a draw, with the seed that the ledger gave it, drew a
// case.
func (a *applier) isDrawn(draw, caseID string) (bool, error) {
	var body, lines string
	err := a.w.row(a.ctx, `SELECT body, members FROM samples WHERE id = ?`, draw).Scan(&body, &lines)
	if errors.Is(err, sql.ErrNoRows) {
		return false, sampleUnknown
	}
	if err != nil {
		return false, storage("read draw", err)
	}
	var s sampling.Sample
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		return false, storage("read draw", err)
	}
	if a.head < s.Size {
		return false, nil
	}
	members, err := parseMembers(lines)
	if err != nil {
		return false, err
	}
	seed, err := tlog.TreeHash(int64(s.Size), tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) { return a.s.tree.readHashes(a.ctx, at) }))
	if err != nil {
		return false, fmt.Errorf("store: seed of draw %s: %w", draw, err)
	}
	return slices.ContainsFunc(sampling.Draw(seed, s.Rule.Permille, s.Rule.Least, members), func(i int) bool { return members[i].Case == caseID }), nil
}

// handsOn are the staff numbers of those who took a step in a case.
func (a *applier) handsOn(id string) ([]string, error) {
	entries, err := a.past(`(id = ?1 OR case_id = ?1 AND case_id <> '' AND case_id <> id) AND status = 'applied'`, id)
	if err != nil {
		return nil, err
	}
	var hands []string
	for _, p := range entries {
		if info, ok := ledger.Lookup(p.e.Kind, p.e.V); ok && !info.Beside && !slices.Contains(hands, p.e.Actor.Staff) {
			hands = append(hands, p.e.Actor.Staff)
		}
	}
	return hands, nil
}

// lookNow has the county look at a case for what does not show in the case
// itself.
func (a *applier) lookNow(id, entry string) error {
	if err := a.flushLooks(); err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO looks (number, case_id, day, head) SELECT number, id, 0, ?2 FROM cases WHERE id = ?1 ON CONFLICT (number) DO UPDATE SET day = 0, head = excluded.head`, id, entry)
}

// selectSeen tells which rules a case was seen to break that do not show in the
// case itself, as the bits of seenRules: that the county refused an entry of it
// for leaving a step out (whoever recorded it had let it pass), what an inspection
// found, and that somebody tried to charge above the published list: a desk refused it
// and said so, or the county refused what a node below had let pass.
const selectSeen = `SELECT EXISTS (SELECT 1 FROM entries WHERE case_id = ?1 AND case_id <> '' AND case_id <> id AND status = 'refused' AND code IN ('wrong_step', 'not_accepted_yet'))
	+ 2 * EXISTS (SELECT 1 FROM sample_sheets WHERE case_id = ?1 AND verdict = 'fault') + 4 * EXISTS (SELECT 1 FROM sample_sheets WHERE case_id = ?1 AND verdict = 'grave')
	+ 8 * EXISTS (SELECT 1 FROM entries WHERE case_id = ?1 AND case_id <> '' AND case_id <> id AND (kind = 'fee.excess' AND status = 'applied' OR kind = 'fee.charge' AND status = 'refused' AND code IN ('fee_above_standard', 'fee_not_listed', 'no_fee')))`

func seenRules(bits int64) []supervision.Rule {
	var seen []supervision.Rule
	for i, rule := range []supervision.Rule{supervision.StepSkipped, supervision.SampleFault, supervision.SampleGrave, supervision.FeeAbove} {
		if bits&(1<<i) != 0 {
			seen = append(seen, rule)
		}
	}
	return seen
}
