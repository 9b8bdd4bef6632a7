package api

import (
	"context"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/statistics"
	"github.com/tongban/tongban/store"
)

// What people were spared of bringing, by month:
//
//	GET /api/v1/figures/papers/months  GetPaperMonths

// GetPaperMonths tells by month how many papers were asked for and brought.
func (s *Server) GetPaperMonths(ctx context.Context, in gen.GetPaperMonthsRequestObject) (gen.GetPaperMonthsResponseObject, error) {
	p := in.Params
	reach, _, err := s.officeFilter(ctx, identity.StatisticsRead, p.Division, p.Department, "", 0)
	if err != nil {
		return nil, err
	}
	f := store.StatisticsFilter{From: p.From, To: p.To, Within: reach.Within, Department: reach.Department, Item: p.Code}
	if f.From == "" {
		f.From = statistics.Month(s.o.Now().AddDate(0, -11, 0).UnixMilli())
	}
	out := gen.GetPaperMonths200JSONResponse{Months: []gen.PaperMonth{}}
	if p.Of == gen.OfPackages {
		rows, err := s.store.PackagePapers(ctx, f)
		if err != nil {
			return nil, err
		}
		names, err := s.packageNames(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out.Months = append(out.Months, gen.PaperMonth{Month: r.Month, Code: r.Package, Name: names[r.Package], Cases: r.Cases, Demanded: r.Demanded, Asked: r.Asked, Reused: r.Reused,
				SavedPerMille: int64(catalog.Burden{Demanded: int(r.Demanded), Asked: int(r.Asked)}.Saved())})
		}
		return out, nil
	}
	f.By = store.ByMonth
	months, err := s.store.Statistics(ctx, f)
	if err != nil {
		return nil, err
	}
	name, err := s.namesOf(ctx, store.ByItem)
	if err != nil {
		return nil, err
	}
	for i := len(months) - 1; i >= 0; i-- {
		if p.Of != gen.OfItems {
			out.Months = append(out.Months, paperMonth(months[i].Key, p.Code, name(p.Code), &months[i]))
			continue
		}
		f.From, f.To, f.By = months[i].Key, months[i].Key, store.ByItem
		items, err := s.store.Statistics(ctx, f)
		if err != nil {
			return nil, err
		}
		for j := range items {
			out.Months = append(out.Months, paperMonth(months[i].Key, items[j].Key, name(items[j].Key), &items[j]))
		}
	}
	return out, nil
}

func paperMonth(month, code, name string, r *store.StatisticsRow) gen.PaperMonth {
	return gen.PaperMonth{Month: month, Code: code, Name: name, Cases: r.HandedIn, Demanded: r.Papers, Asked: r.Papers - r.Reused, Reused: r.Reused,
		SavedPerMille: int64(catalog.Burden{Demanded: int(r.Papers), Asked: int(r.Papers - r.Reused)}.Saved())}
}

func (s *Server) packageNames(ctx context.Context) (map[string]string, error) {
	packages, err := s.store.PackagesInForce(ctx, s.o.Now().UnixMilli())
	names := map[string]string{}
	for i := range packages {
		names[packages[i].Code] = packages[i].Name
	}
	return names, err
}
