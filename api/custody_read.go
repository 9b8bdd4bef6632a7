package api

import (
	"context"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Who has the papers:
//
//	GET /api/v1/cases/{id}/papers                  GetCasePapers
//	GET /api/v1/custody/transfers                  ListTransfers
//	GET /api/v1/custody/transfers/{list}           GetTransfer
//	GET /api/v1/custody/transfers/{list}/document  GetTransferDocument

// GetCasePapers says who has each paper of a case.
func (s *Server) GetCasePapers(ctx context.Context, in gen.GetCasePapersRequestObject) (gen.GetCasePapersResponseObject, error) {
	h, err := s.holdingOf(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	book, err := s.store.Papers(ctx, h.id)
	if err != nil {
		return nil, err
	}
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.GetCasePapers200JSONResponse{Case: h.id, Number: h.number, Papers: []gen.CasePaper{}}
	hide, err := s.veilOver(ctx, h)
	if err != nil {
		return nil, err
	}
	for _, p := range book.Places() {
		paper := gen.CasePaper{Material: p.Material, Brought: p.Brought, At: p.At, AtName: places[p.At].Name, Missing: p.Missing,
			Answerable: p.Answerable(), AnswerableName: places[p.Answerable()].Name, SinceMs: p.Since}
		for _, note := range p.Damaged {
			paper.Damaged = append(paper.Damaged, hide(note))
		}
		if p.Way != nil {
			paper.List, paper.To, paper.ToName = p.Way.List, p.Way.To, places[p.Way.To].Name
		}
		paper.Returned = p.Way == nil && h.returned
		out.Papers = append(out.Papers, paper)
	}
	return out, nil
}

// ListTransfers lists transfer lists.
func (s *Server) ListTransfers(ctx context.Context, in gen.ListTransfersRequestObject) (gen.ListTransfersResponseObject, error) {
	f := store.TransferFilter{At: s.self.Division, Open: true}
	switch in.Params.View {
	case gen.TransfersIncoming:
		f.At, f.To = "", s.self.Division
	case gen.TransfersOutgoing:
		f.At, f.From = "", s.self.Division
	case gen.TransfersAll:
		f = store.TransferFilter{}
	}
	rows, err := s.readableHandedOver(ctx, f)
	if err != nil {
		return nil, err
	}
	transfers, err := s.transfers(ctx, rows)
	return gen.ListTransfers200JSONResponse{Transfers: transfers}, err
}

// GetTransfer shows one list.
func (s *Server) GetTransfer(ctx context.Context, in gen.GetTransferRequestObject) (gen.GetTransferResponseObject, error) {
	out, err := s.transfer(ctx, in.List)
	return gen.GetTransfer200JSONResponse(out), err
}

// GetTransferDocument makes the list for both ends to sign.
func (s *Server) GetTransferDocument(ctx context.Context, in gen.GetTransferDocumentRequestObject) (gen.GetTransferDocumentResponseObject, error) {
	t, err := s.transfer(ctx, in.List)
	if err != nil {
		return nil, err
	}
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	h := document.Handing{List: t.List, From: places.centre(t.From, string(t.From)), To: places.centre(t.To, string(t.To)), On: calendar.DateOf(time.UnixMilli(t.SentMs)),
		Carrier: t.Carrier, Note: t.Note, By: t.SentBy.Name}
	for _, p := range t.Papers {
		state := paperStateZH[p.State]
		if p.Note != "" {
			state += "：" + p.Note
		}
		h.Papers = append(h.Papers, document.HandedPaper{Number: p.Number, Item: p.ItemName, Material: p.Material, State: state})
	}
	d := document.Transfer(h)
	if asPage(string(in.Params.Format)) {
		return printedPage(printPage(d)), nil
	}
	return gen.GetTransferDocument200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}

// paperStateZH is what a printed list says of a paper; nothing while it is on the
// way, for that is what the list is for.
var paperStateZH = map[gen.TransferPaperState]string{gen.PaperReceived: "已签收", gen.PaperMissing: "未收到", gen.PaperTakenBack: "已收回"}

// transfer is one list, as the caller may read it.
func (s *Server) transfer(ctx context.Context, list string) (gen.Transfer, error) {
	rows, err := s.readableHandedOver(ctx, store.TransferFilter{List: list})
	if err != nil {
		return gen.Transfer{}, err
	}
	if len(rows) == 0 {
		return gen.Transfer{}, errNotFound
	}
	all, err := s.transfers(ctx, rows)
	if err != nil {
		return gen.Transfer{}, err
	}
	return all[0], nil
}

// transfers puts papers together by their lists.
func (s *Server) transfers(ctx context.Context, rows []store.HandedOver) ([]gen.Transfer, error) {
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	all := []gen.Transfer{}
	at := map[string]int{}
	for _, h := range rows {
		of, err := s.holdingOf(ctx, h.Case)
		if err != nil {
			return nil, err
		}
		hide, err := s.veilOver(ctx, of)
		if err != nil {
			return nil, err
		}
		i, known := at[h.List]
		if !known {
			sent, err := s.store.Entry(ctx, h.Sent)
			if err != nil {
				return nil, found(err)
			}
			w := s.word(sent, nil)
			t := gen.Transfer{List: h.List, From: h.From, FromName: places[h.From].Name, To: h.To, ToName: places[h.To].Name, SentMs: h.SentAt,
				SentBy: sent.Actor, Papers: []gen.TransferPaper{}, Word: w, WordZh: wordZH[w]}
			if body, err := sent.Decode(); err == nil {
				if b, ok := body.(*ledger.CustodySendV1); ok {
					t.Carrier, t.Note = b.Carrier, hide(b.Note)
				}
			}
			i = len(all)
			at[h.List], all = i, append(all, t)
		}
		p := gen.TransferPaper{Case: h.Case, Number: of.number, ItemName: of.name, Material: h.Material, State: gen.PaperOnTheWay, ReceivedMs: h.ReceivedAt, Note: hide(h.Note)}
		switch {
		case h.Received == h.To:
			p.State = gen.PaperReceived
		case h.Received != "":
			p.State = gen.PaperTakenBack
		case h.Missing:
			p.State = gen.PaperMissing
		}
		if h.Received == "" {
			all[i].Open++
		}
		all[i].Papers = append(all[i].Papers, p)
	}
	return all, nil
}
