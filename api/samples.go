package api

import (
	"cmp"
	"context"
	"encoding/hex"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
)

// Inspection of cases drawn at random (随机抽查). Draws are public, for anybody
// to draw again; which cases were drawn, and what was found, is not.
//
//	GET  /api/v1/samples                         ListSamples
//	POST /api/v1/samples                         DrawSample
//	GET  /api/v1/samples/{id}                    GetSample
//	POST /api/v1/samples/{id}/sheets             ReviewSample
//	GET  /api/v1/public/samples                  ListPublicSamples
//	GET  /api/v1/public/samples/{id}             GetPublicSample
//	GET  /api/v1/public/samples/{id}/population  GetPublicPopulation

// maxSamples bounds a list of draws, maxTickets a page of a population.
const (
	maxSamples = 200
	maxTickets = 10_000
)

// drawing is a draw with what the ledger has made of it so far.
type drawing struct {
	sampling.Sample
	head              uint64
	seed              []byte // nil while it is not there
	all               []sampling.Member
	drawn             []int
	inspected, faulty int64
}

func (d *drawing) ready() bool { return d.seed != nil }

// drawing reads a draw; with the cases it is drawn from, where they are asked
// for.
func (s *Server) drawing(ctx context.Context, of *sampling.Sample, withCases bool) (*drawing, error) {
	d := &drawing{Sample: *of}
	var err error
	if d.head, err = s.store.Head(ctx); err != nil {
		return nil, err
	}
	if d.inspected, d.faulty, err = s.store.Inspected(ctx, of.ID); err != nil {
		return nil, err
	}
	if d.head >= of.Size {
		tree, err := s.store.Tree(ctx, of.Size)
		if err != nil {
			return nil, err
		}
		d.seed = tree.Hash[:]
	}
	if !withCases {
		return d, nil
	}
	if d.all, err = s.store.Population(ctx, of.ID); err != nil {
		return nil, found(err)
	}
	if d.ready() {
		d.drawn = sampling.Draw([32]byte(d.seed), of.Rule.Permille, of.Rule.Least, d.all)
	}
	return d, nil
}

func (s *Server) drawingOf(ctx context.Context, id string, withCases bool) (*drawing, error) {
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	of, err := s.store.Sample(ctx, id)
	if err != nil {
		return nil, found(err)
	}
	return s.drawing(ctx, of, withCases)
}

func sampleView(d *drawing) gen.Sample {
	return gen.Sample{Id: d.ID, Index: int64(d.Index), Size: int64(d.Size), Rule: d.Rule, By: d.By, At: d.At, Population: d.Population, Hash: d.Hash,
		Head: int64(d.head), Ready: d.ready(), Drawn: len(d.drawn), Inspected: d.inspected, Faulty: d.faulty}
}

// ListSamples lists the draws.
func (s *Server) ListSamples(ctx context.Context, _ gen.ListSamplesRequestObject) (gen.ListSamplesResponseObject, error) {
	if _, err := as(ctx, identity.SampleRead, identity.Target{}); err != nil {
		return nil, err
	}
	all, err := s.drawings(ctx)
	out := gen.ListSamples200JSONResponse{Samples: []gen.Sample{}}
	for _, d := range all {
		out.Samples = append(out.Samples, sampleView(d))
	}
	return out, err
}

func (s *Server) drawings(ctx context.Context) ([]*drawing, error) {
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	list, err := s.store.Samples(ctx, maxSamples)
	if err != nil {
		return nil, err
	}
	all := make([]*drawing, len(list))
	for i := range list {
		if all[i], err = s.drawing(ctx, &list[i], false); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// DrawSample commits a draw.
func (s *Server) DrawSample(ctx context.Context, in gen.DrawSampleRequestObject) (gen.DrawSampleResponseObject, error) {
	actor, err := as(ctx, identity.SampleDraw, identity.Target{})
	if err != nil {
		return nil, err
	}
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	if err := in.Body.Check(); err != nil {
		return nil, errInvalid.with(fault("from", "range"))
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.SampleDraw, Body: in.Body, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	d, err := s.drawingOf(ctx, recorded.Entry, false)
	if err != nil {
		return nil, err
	}
	return gen.DrawSample201JSONResponse(sampleView(d)), nil
}

// GetSample shows a draw, the cases that were drawn and their sheets.
func (s *Server) GetSample(ctx context.Context, in gen.GetSampleRequestObject) (gen.GetSampleResponseObject, error) {
	if _, err := as(ctx, identity.SampleRead, identity.Target{}); err != nil {
		return nil, err
	}
	d, err := s.drawingOf(ctx, in.Id, true)
	if err != nil {
		return nil, err
	}
	sheets, err := s.store.Sheets(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	out := gen.GetSample200JSONResponse{Sample: sampleView(d), Seed: hex.EncodeToString(d.seed), Checks: []gen.SampleCheck{}, Cases: []gen.DrawnCase{}}
	for _, c := range sampling.Checks {
		out.Checks = append(out.Checks, gen.SampleCheck{Code: c.Code, Zh: c.ZH, En: c.EN})
	}
	for _, i := range d.drawn {
		m := &d.all[i]
		c, err := s.store.Case(ctx, m.Case)
		if err != nil {
			return nil, err
		}
		drawn := gen.DrawnCase{Case: c.ID, Number: printed(c.Number), Part: m.Part, ItemName: c.ItemName, Department: c.Department, Ticket: m.Ticket.String()}
		if sheet, ok := sheets[m.Case]; ok {
			veil, err := s.veil(ctx, c)
			if err != nil {
				return nil, err
			}
			hide := veil.Text
			points := make([]ledger.SamplePoint, len(sheet.Points))
			for i, p := range sheet.Points {
				points[i] = ledger.SamplePoint{Check: p.Check, Result: p.Result, Note: hide(p.Note)}
			}
			drawn.Sheet = gen.SampleSheet{Verdict: sheet.Verdict, Points: points, Note: hide(sheet.Note), By: sheet.By, At: sheet.At}
		}
		out.Cases = append(out.Cases, drawn)
	}
	return out, nil
}

// ReviewSample records the sheet of a case that was drawn.
func (s *Server) ReviewSample(ctx context.Context, in gen.ReviewSampleRequestObject) (gen.ReviewSampleResponseObject, error) {
	actor, err := as(ctx, identity.SampleReview, identity.Target{})
	if err != nil {
		return nil, err
	}
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	id := in.Body.Case
	if n, err := casework.ParseNumber(id); err == nil {
		id = n.Compact()
	}
	c, err := s.store.Case(ctx, id)
	if err != nil {
		return nil, found(err)
	}
	body := &ledger.SampleReviewV1{Draw: in.Id, Case: c.ID, Points: in.Body.Points, Grave: in.Body.Grave, Note: in.Body.Note}
	if err := body.Check(); err != nil {
		return nil, errInvalid.with(fault("points", "required"))
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.SampleReview, Body: body, Key: in.Params.IdempotencyKey})
	return gen.ReviewSample200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

func publicSample(d *drawing) gen.PublicSample {
	return gen.PublicSample{Id: d.ID, Index: int64(d.Index), Size: int64(d.Size), From: d.Rule.From, To: d.Rule.To, Division: string(d.Rule.Division), Department: d.Rule.Department,
		Item: d.Rule.Item, Outcomes: d.Rule.Outcomes, By: d.Rule.By, Permille: d.Rule.Permille, Least: d.Rule.Least, At: d.At, Population: d.Population, Hash: d.Hash,
		Ready: d.ready(), Seed: hex.EncodeToString(d.seed), Drawn: len(d.drawn), Inspected: d.inspected, Faulty: d.faulty}
}

// ListPublicSamples lists the draws for the public.
func (s *Server) ListPublicSamples(ctx context.Context, _ gen.ListPublicSamplesRequestObject) (gen.ListPublicSamplesResponseObject, error) {
	all, err := s.drawings(ctx)
	out := gen.ListPublicSamples200JSONResponse{Samples: []gen.PublicSample{}}
	for _, d := range all {
		out.Samples = append(out.Samples, publicSample(d))
	}
	return out, err
}

// GetPublicSample shows what it takes to draw again.
func (s *Server) GetPublicSample(ctx context.Context, in gen.GetPublicSampleRequestObject) (gen.GetPublicSampleResponseObject, error) {
	d, err := s.drawingOf(ctx, in.Id, true)
	if err != nil {
		return nil, err
	}
	out := gen.GetPublicSample200JSONResponse{Sample: publicSample(d), Drawn: []string{}, Proof: []string{}}
	for _, i := range d.drawn {
		out.Drawn = append(out.Drawn, d.all[i].Ticket.String())
	}
	if !d.ready() {
		return out, nil
	}
	note, err := s.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.node.Trust().OpenCheckpoint(note)
	if err != nil {
		return nil, err
	}
	if uint64(c.Tree.N) < d.Size {
		return out, nil // this hub has not signed so far yet
	}
	proof, err := s.store.ProveTree(ctx, uint64(c.Tree.N), d.Size)
	if err != nil {
		return nil, found(err)
	}
	out.Checkpoint = string(note)
	for _, h := range proof {
		out.Proof = append(out.Proof, h.String())
	}
	return out, nil
}

// GetPublicPopulation lists the tickets of the cases that are drawn from.
func (s *Server) GetPublicPopulation(ctx context.Context, in gen.GetPublicPopulationRequestObject) (gen.GetPublicPopulationResponseObject, error) {
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	all, err := s.store.Population(ctx, in.Id)
	if err != nil {
		return nil, found(err)
	}
	from := min(in.Params.After, len(all))
	to := min(from+cmp.Or(in.Params.Limit, maxTickets), len(all))
	out := gen.GetPublicPopulation200JSONResponse{Of: len(all), Lines: make([]gen.PopulationLine, 0, to-from)}
	for _, m := range all[from:to] {
		out.Lines = append(out.Lines, gen.PopulationLine{Part: m.Part, Ticket: m.Ticket.String()})
	}
	return out, nil
}
