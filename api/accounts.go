package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
)

// Accounts of those who apply from home, as clerks open them:
//
//	POST /api/v1/accounts          OpenAccount
//	POST /api/v1/accounts/find     FindAccount
//	PUT  /api/v1/accounts/agents   SetAccountAgents
//	POST /api/v1/accounts/disable  DisableAccount

// shownCode is an activation code that was made out here, in memory alone.
type shownCode struct {
	code  string
	until time.Time
}

// activatePage is where a code is used up.
const activatePage = "/my/activate"

// errCodeShown answers a repeat whose code nobody has any more.
var errCodeShown = &problem{http.StatusConflict, "code_shown", "the code was shown once and is kept nowhere; open the account again for a new one", "激活码只显示一次，已无法再次显示", "请重新开户领取新的激活码，原激活码随即失效", nil, 0}

// OpenAccount records that somebody was looked at in person, and makes out their
// activation code.
func (s *Server) OpenAccount(ctx context.Context, in gen.OpenAccountRequestObject) (gen.OpenAccountResponseObject, error) {
	actor, err := as(ctx, identity.AccountOpen, s.thisDesk(ctx))
	if err != nil {
		return nil, err
	}
	var random [account.CodeBytes]byte
	rand.Read(random[:]) // never fails: it ends the process instead
	code, until := account.NewCode(random), s.o.Now().Add(account.CodeLife)
	id := s.node.ActionID(actor.Staff, in.Params.IdempotencyKey)
	// A repeat shows what was shown: the same code, while this node remembers it.
	if shown, ok := s.codes.get(id); ok {
		code, until = shown.code, shown.until
	}
	s.codes.set(id, shownCode{code, until})
	number := plainNumber(in.Body.Number)
	body := &ledger.AccountOpenV1{Account: uuid.Must(uuid.NewV7()).String(), Type: string(in.Body.Type), Name: strings.TrimSpace(in.Body.Name), Number: number,
		Phone: plainNumber(in.Body.Phone), Division: s.self.Division, Shown: in.Body.Shown, CodeHash: account.HashCode(string(in.Body.Type), number, code),
		ExpiresAt: until.UnixMilli(), Agents: normalAgents(in.Body.Agents)}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AccountOpen, Body: body, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	if err := s.isCode(ctx, recorded.Entry, body.CodeHash); err != nil {
		return nil, err
	}
	if body.Type == account.Person {
		number = identifier.MaskIDNumber(number)
	}
	slip := document.Slip(document.Issuer{Centre: s.name(ctx), Supervision: s.o.SupervisionPhone, Clerk: actor.Name}, body.Name, number, code, until, calendar.DateOf(s.o.Now()), s.o.Address)
	page, err := addressedPage(slip, s.o.Address, activatePage)
	if err != nil {
		return nil, err
	}
	return gen.OpenAccount201JSONResponse{Code: code, ExpiresAt: until.UnixMilli(), Slip: *slip, Page: string(page), Recorded: recorded}, nil
}

// isCode makes sure that the code which is about to be shown is the one that was
// recorded: under the same key another hub, or this one before it was started
// anew, may have made out another.
func (s *Server) isCode(ctx context.Context, entry, hash string) error {
	e, err := s.store.Entry(ctx, entry)
	if err != nil {
		return err
	}
	body, err := e.Decode()
	if err != nil {
		return err
	}
	if b, ok := body.(*ledger.AccountOpenV1); !ok || b.CodeHash != hash {
		return errCodeShown
	}
	return nil
}

// FindAccount shows how the account of a number stands.
func (s *Server) FindAccount(ctx context.Context, in gen.FindAccountRequestObject) (gen.FindAccountResponseObject, error) {
	known, err := s.store.AccountOf(ctx, string(in.Body.Type), plainNumber(in.Body.Number))
	if err != nil {
		return nil, found(err)
	}
	shown := privacy.Applicant(ledger.Applicant{Type: known.Type, Name: known.Name, IDNumber: known.Number})
	out := gen.FindAccount200JSONResponse{Account: known.ID, Type: in.Body.Type, Name: shown.Name, Number: shown.IDNumber, Home: known.Home,
		Activated: known.PasswordHash != "", CodeWaiting: known.CodeHash != "" && s.o.Now().UnixMilli() <= known.CodeExpires, Disabled: known.Disabled,
		Unsure: s.self.Tier != node.County && known.PasswordHash == ""}
	if known.CodeExpires > 0 {
		out.SinceMs = known.CodeExpires - account.CodeLife.Milliseconds()
	}
	if out.Unsure {
		out.CodeWaiting = false
	}
	for _, g := range known.Agents {
		masked := privacy.Applicant(ledger.Applicant{Type: account.Person, Name: g.Name, IDNumber: g.Number})
		g.Name, g.Number = masked.Name, masked.IDNumber
		out.Agents = append(out.Agents, g)
	}
	return out, nil
}

// SetAccountAgents sets who may act for a firm.
func (s *Server) SetAccountAgents(ctx context.Context, in gen.SetAccountAgentsRequestObject) (gen.SetAccountAgentsResponseObject, error) {
	actor, err := as(ctx, identity.AccountOpen, s.thisDesk(ctx))
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AccountAgents, Key: in.Params.IdempotencyKey,
		Body: &ledger.AccountAgentsV1{Number: plainNumber(in.Body.Number), Division: s.self.Division, Agents: normalAgents(in.Body.Agents)}})
	if err != nil {
		return nil, err
	}
	return gen.SetAccountAgents200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// SetMyAgents sets who may act for the firm that is logged in.
func (s *Server) SetMyAgents(ctx context.Context, in gen.SetMyAgentsRequestObject) (gen.SetMyAgentsResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	_, err = s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountAgents, Key: in.Params.IdempotencyKey,
		Body: &ledger.AccountAgentsV1{Number: v.Number, Division: s.self.Division, Agents: normalAgents(in.Body.Agents)}})
	if err != nil {
		return nil, err
	}
	known, err := s.store.Account(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.myAccount(ctx, known)
	return gen.SetMyAgents200JSONResponse(out), err
}

// DisableAccount closes an account, or opens it again.
func (s *Server) DisableAccount(ctx context.Context, in gen.DisableAccountRequestObject) (gen.DisableAccountResponseObject, error) {
	if err := s.atCounty(); err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.AccountDisable, identity.Target{})
	if err != nil {
		return nil, err
	}
	known, err := s.store.AccountOf(ctx, string(in.Body.Type), plainNumber(in.Body.Number))
	if err != nil {
		return nil, found(err)
	}
	disabled := in.Body.Disabled == nil || *in.Body.Disabled
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AccountDisable, Key: in.Params.IdempotencyKey,
		Body: &ledger.AccountDisableV1{Account: known.ID, Disabled: disabled, Reason: in.Body.Reason}})
	if err != nil {
		return nil, err
	}
	if disabled {
		if err := s.store.EndSessions(ctx, applicantSession+known.ID, s.o.Now().UnixMilli()); err != nil {
			return nil, err
		}
	}
	return gen.DisableAccount200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// thisDesk is the office of this node, of the caller's department.
func (s *Server) thisDesk(ctx context.Context) identity.Target {
	t := identity.Target{Division: s.self.Division}
	if a := requestOf(ctx).actor; a != nil {
		t.Department = a.Department
	}
	return t
}

func normalAgents(agents []account.Agent) []account.Agent {
	out := make([]account.Agent, len(agents))
	for i, g := range agents {
		a := casework.NormaliseAgent(ledger.Agent{Name: g.Name, IDNumber: g.Number, Authority: g.Authority})
		out[i] = account.Agent{Name: a.Name, Number: a.IDNumber, Authority: a.Authority, Until: g.Until}
	}
	return out
}
