package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// Time limits, for everybody:
//
//	GET /api/v1/calendar/due  GetDue

// GetDue computes when a time limit ends.
func (s *Server) GetDue(ctx context.Context, in gen.GetDueRequestObject) (gen.GetDueResponseObject, error) {
	period, err := periodOf(in.Params)
	if err != nil {
		return nil, err
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return nil, err
	}
	r, err := days.Due(period)
	if err != nil {
		return nil, err
	}
	return gen.GetDue200JSONResponse{Due: r.Due, Start: r.Start, Limit: r.Limit, Counted: r.Counted, SuspendedSince: r.Suspended,
		Warning: r.Warning(), Days: r.Days, Explanation: r.Explanation()}, nil
}

func periodOf(p gen.GetDueParams) (calendar.Period, error) {
	if (p.Days == 0) == (p.NaturalDays == 0) {
		return calendar.Period{}, errInvalid.with(fault("days", "required"))
	}
	period := calendar.Period{Days: p.Days, Unit: calendar.WorkingDays, Online: p.Online}
	if p.NaturalDays > 0 {
		period.Days, period.Unit = p.NaturalDays, calendar.NaturalDays
	}
	var err error
	if period.Start, err = calendar.Parse(p.From); err != nil {
		return period, errInvalid.with(fault("from", "format"))
	}
	for _, text := range p.Suspend {
		suspension, err := suspensionOf(text)
		if err != nil {
			return period, err
		}
		period.Suspensions = append(period.Suspensions, suspension)
	}
	if most := calendar.LongestExtension(p.Days); p.Extend > most {
		return period, errInvalid.with(catalog.Fault{Path: "extend", Code: catalog.FaultLaw, ZH: fmt.Sprintf("最多延长 %d 个工作日，且只能延长一次（行政许可法第四十二条）", most),
			EN: fmt.Sprintf("at most %d working days are added, once (Administrative Licence Law art. 42)", most)})
	}
	if p.Extend > 0 {
		period.Extension = calendar.Extension{Days: p.Extend, Approved: period.Start}
		if p.Approved != "" {
			if period.Extension.Approved, err = calendar.Parse(p.Approved); err != nil {
				return period, errInvalid.with(fault("approved", "format"))
			}
		}
	}
	return period, nil
}

func suspensionOf(text string) (calendar.Suspension, error) {
	from, to, ok := strings.Cut(text, "..")
	var s calendar.Suspension
	var err error
	if s.Start, err = calendar.Parse(from); err != nil || !ok {
		return s, errInvalid.with(fault("suspend", "format"))
	}
	if to != "" {
		if s.End, err = calendar.Parse(to); err != nil {
			return s, errInvalid.with(fault("suspend", "format"))
		}
	}
	return s, nil
}
