package demo

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
)

// roster enters the demo's people in the roster: leaders are qualified to
// decide, reviewers head their offices, and a village's people are not in the
// establishment.
func roster(ctx context.Context, admin *loopback.Seat) error {
	var list client.StaffList
	if err := admin.Get(ctx, "/api/v1/staff", &list); err != nil {
		return err
	}
	until, err := calendar.NewDate(2030, 12, 31)
	if err != nil {
		return err
	}
	for _, p := range list.Staff {
		r, known := records[firstRole(p)]
		if !known || p.Roster.Rank != "" {
			continue
		}
		r.Reason = "任职登记"
		if r.Established {
			r.Qualifications = []identity.Qualification{{Kind: "行政执法证", Until: until}}
		}
		in := loopback.Request{Method: http.MethodPut, URL: "/api/v1/staff/" + url.PathEscape(p.Id) + "/roster", In: r}
		if err := again(ctx, func() error { return admin.Call(ctx, in, nil) }); err != nil {
			return err
		}
	}
	return nil
}

func firstRole(p client.Staff) identity.Role {
	if len(p.Roles) == 0 {
		return ""
	}
	return p.Roles[0]
}

// records is what the roster says of who holds a role.
var records = map[identity.Role]client.RosterRequest{
	identity.DepartmentLeader:   {Established: true, Rank: identity.RankVice, Heads: identity.InCharge},
	identity.TownshipLeader:     {Established: true, Rank: identity.RankVice, Heads: identity.InCharge},
	identity.DepartmentReviewer: {Established: true, Rank: identity.RankSection, Office: "行政审批股", Heads: identity.HeadsOffice},
	identity.TownshipReviewer:   {Established: true, Rank: identity.RankSection, Office: "党群服务中心", Heads: identity.HeadsOffice},
	identity.DepartmentWindow:   {Established: true, Rank: identity.RankSection, Heads: identity.HeadsWindow},
	identity.TownshipClerk:      {Established: true, Rank: identity.RankClerk},
	identity.FeeCounter:         {Established: true, Rank: identity.RankClerk},
	identity.VillageWorker:      {Rank: identity.RankClerk},
}
