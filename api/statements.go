package api

import (
	"context"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// statementOf is what a request to act says of an intended refusal, or of a case
// before it is decided (陈述申辩); nothing for other kinds.
func statementOf(in *gen.CaseAction) (ledger.Kind, identity.Action, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.ActTellRefusal:
		need.text("reason", in.Reason)
		need.that("before", !in.Before.IsZero())
		namesOnly(&need, in.Parties)
		return ledger.RefusalTell, identity.CaseSuspend, &ledger.RefusalTellV1{Reason: in.Reason, Before: in.Before, Parties: in.Parties}, need.err()
	case gen.ActState:
		need.text("party", in.Party)
		need.text("text", in.Text)
		need.that("proposal", !in.Waived || in.Proposal != "")
		return ledger.RefusalState, identity.CaseSubmit, &ledger.RefusalStateV1{Proposal: in.Proposal, Party: in.Party, Interested: in.Interested, Text: in.Text, Waived: in.Waived, Proof: in.Proof}, need.err()
	}
	return "", "", nil, errInvalid
}

// statementsIn are the statements among the entries of a case, in their order.
func statementsIn(entries []store.EntryView) (all []gen.CaseStatement, err error) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != ledger.RefusalState || e.Status == ledger.Refused {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			return nil, err
		}
		if b, ok := body.(*ledger.RefusalStateV1); ok {
			all = append(all, gen.CaseStatement{Entry: e.ID, AtMs: e.OccurredAt, Proposal: b.Proposal, Party: b.Party, Interested: b.Interested, Waived: b.Waived, Text: b.Text, Proof: b.Proof,
				Online: e.Actor.Role == identity.Applicant})
		}
	}
	return all, nil
}

// veilStatements masks what was told and said before a decision like the rest of a
// case.
func veilStatements(veil *privacy.Veil, out *gen.Case) {
	out.Weighed = veilText(veil, out.Weighed)
	told := make([]casework.Intent, len(out.Intents))
	for i, t := range out.Intents {
		t.Reason, t.Parties = veilText(veil, t.Reason), veil.Parties(t.Parties)
		told[i] = t
	}
	out.Intents = told
	for i, s := range out.Statements {
		out.Statements[i].Party, out.Statements[i].Text, out.Statements[i].Proof = veil.Party(s.Party, s.Interested), veilText(veil, s.Text), veil.Files(s.Proof)
	}
}

// ofRefusal reports whether a statement is of a case before its decision, and not of
// a measure about what was issued. A repeat is of the same, decided or not.
func ofRefusal(c *casework.Case, proposal string) bool {
	return proposal == "" || slices.ContainsFunc(c.Intents, func(i casework.Intent) bool { return i.Entry == proposal })
}

// statedFromHome is what an applicant says of a pending case.
func statedFromHome(c *casework.Case, in *gen.MyAction) *ledger.RefusalStateV1 {
	return &ledger.RefusalStateV1{Proposal: in.Proposal, Party: c.Applicant.Name, Text: in.Text, Waived: in.Waived, Proof: in.Proof}
}

// waivedOf refuses to give up a right that was not told.
func waivedOf(in *gen.MyAction) error {
	need := needs{}
	need.that("proposal", !in.Waived || in.Proposal != "")
	return need.err()
}

// maySpeak tells before anything is recorded that a statement is of no use.
func (s *Server) maySpeak(ctx context.Context, v *Visitor, c *casework.Case, b *ledger.RefusalStateV1) error {
	if err := c.MayState(s.nowFromHome(v.ID), b); err != nil {
		return err
	}
	return s.ownFiles(ctx, v, "proof", b.Proof)
}

// myRefusal is what an applicant is told of a refusal of their case that is intended,
// and what they said. What others say of it is theirs.
func (s *Server) myRefusal(c *casework.Case, said []gen.CaseStatement) (out gen.MyRefusal) {
	out.Statements = []gen.MyStatement{}
	for _, x := range said {
		if !x.Interested {
			out.Statements = append(out.Statements, gen.MyStatement{AtMs: x.AtMs, Text: x.Text, Waived: x.Waived, Online: x.Online})
		}
	}
	if i := c.Intended(); i != nil {
		out.Id, out.Reason, out.ToldOn, out.Before = i.Entry, i.Reason, i.ToldOn, i.Before
	}
	out.Open = c.MayState(s.nowFromHome(""), &ledger.RefusalStateV1{Party: c.Applicant.Name}) == nil
	return out
}

// saidSince reports whether the applicant said something of the refusal that was told
// last, if only that they have nothing to say.
func saidSince(c *casework.Case, said []gen.CaseStatement) bool {
	for _, x := range said {
		if !x.Interested && x.Proposal == c.Intended().Entry {
			return true
		}
	}
	return false
}

// speaks is the condition of a list that something was said in a case, and waits for
// whoever decides. What keeps it from being read is told at the end.
func (s *Server) speaks(ctx context.Context, wanted gen.ListCasesParamsVoice, want func(*casework.Case) bool, failed *error) func(*casework.Case) bool {
	return func(c *casework.Case) bool {
		if want != nil && !want(c) || *failed != nil {
			return false
		}
		voices, err := s.store.Voices(ctx, c)
		if err != nil {
			*failed = err
			return false
		}
		return slices.ContainsFunc(voices, func(v casework.Voice) bool {
			return wanted == gen.CasesVoiced || string(v) == string(wanted)
		})
	}
}
