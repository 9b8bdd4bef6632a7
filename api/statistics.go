package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/store"
)

// Counts:
//
//	GET /api/v1/statistics          GetStatistics
//	GET /api/v1/statistics/catalog  GetCatalogStatistics

// GetStatistics counts cases within the caller's reach.
func (s *Server) GetStatistics(ctx context.Context, in gen.GetStatisticsRequestObject) (gen.GetStatisticsResponseObject, error) {
	p := in.Params
	reach, _, err := s.officeFilter(ctx, identity.StatisticsRead, p.Division, p.Department, "", 0)
	if err != nil {
		return nil, err
	}
	f := store.StatisticsFilter{From: p.From, To: p.To, Within: reach.Within, Department: reach.Department, Item: p.Item, Channel: string(p.Channel)}
	if p.By != "" && p.By != gen.ByAll {
		f.By = store.Grouping(p.By)
	}
	rows, err := s.store.Statistics(ctx, f)
	if err != nil {
		return nil, err
	}
	names, err := s.namesOf(ctx, f.By)
	if err != nil {
		return nil, err
	}
	out := gen.GetStatistics200JSONResponse{By: string(f.By), Rows: make([]gen.StatisticsRow, 0, len(rows))}
	for i := range rows {
		out.Rows = append(out.Rows, shownCounts(&rows[i], names))
	}
	sheet, err := statisticsSheet(out.Rows).as(string(p.Format))
	if err != nil || sheet != nil {
		return sheet, err
	}
	return out, nil
}

// namesOf are what people call the keys of a grouping.
func (s *Server) namesOf(ctx context.Context, by store.Grouping) (func(key string) string, error) {
	switch by {
	case store.ByItem:
		items, err := s.store.LatestItems(ctx)
		names := make(map[string]string, len(items))
		for i := range items {
			names[items[i].Code] = items[i].Name
		}
		return func(key string) string { return names[key] }, err
	case store.ByDivision:
		known, err := s.places(ctx)
		return func(key string) string { return known[division.Code(key)].Name }, err
	case store.ByTier:
		return func(key string) string { return node.Tier(key).Chinese() }, nil
	case store.ByChannel:
		return func(key string) string { return map[string]string{"desk": "窗口", "online": "网上"}[key] }, nil
	}
	return func(string) string { return "" }, nil
}

func shownCounts(r *store.StatisticsRow, name func(string) string) gen.StatisticsRow {
	return gen.StatisticsRow{Key: r.Key, Name: name(r.Key), HandedIn: r.HandedIn, TakenUp: r.TakenUp, NotAccepted: r.NotAccepted, Granted: r.Granted, Declined: r.Declined,
		Terminated: r.Terminated, Corrected: r.Corrected, OnTime: r.OnTime, Early: r.Early, Overdue: r.Overdue, Undated: r.Undated, Timed: r.Timed,
		MeanDaysHundredths: r.MeanHundredths(), P90Days: r.Took.Percentile(90), Papers: r.Papers, Reused: r.Reused, ReusedPermille: rating.PerMille(r.Reused, r.Papers)}
}

func statisticsSheet(rows []gen.StatisticsRow) *spreadsheet {
	t := &spreadsheet{name: "statistics", heads: strings.Split("项目,名称,收件,受理,不予受理,准予,不予,终止,补正,按时,提前,超期,未承诺时限,计时件数,平均工作日,90%工作日,材料数,共享复用材料数,复用率‰", ",")}
	for _, r := range rows {
		t.rows = append(t.rows, []any{r.Key, r.Name, r.HandedIn, r.TakenUp, r.NotAccepted, r.Granted, r.Declined, r.Terminated, r.Corrected, r.OnTime, r.Early, r.Overdue,
			r.Undated, r.Timed, hundredths(r.MeanDaysHundredths), ofAny(int64(r.P90Days)), r.Papers, r.Reused, r.ReusedPermille})
	}
	return t
}

// GetCatalogStatistics shows how the catalog grew and shrank.
func (s *Server) GetCatalogStatistics(ctx context.Context, _ gen.GetCatalogStatisticsRequestObject) (gen.GetCatalogStatisticsResponseObject, error) {
	changes, err := s.store.CatalogChanges(ctx, s.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	out := gen.GetCatalogStatistics200JSONResponse{}
	for _, c := range changes {
		out.Editions = append(out.Editions, gen.CatalogStatisticsRow{Edition: c.Edition, EffectiveFrom: c.From, InForce: c.InForce, Added: c.Added, Cut: c.Cut})
	}
	return out, nil
}

// ofAny is a number that is -1 of none; nothing then.
func ofAny(n int64) any {
	if n < 0 {
		return ""
	}
	return n
}

// hundredths is a number of hundredths with its two decimals; nothing of none.
func hundredths(n int64) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}
