package store

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
)

// selectAbsent finds those for whom somebody stands in, on some days.
const selectAbsent = `SELECT id FROM staff WHERE division = ? AND instr(body, ?) > 0 ORDER BY id`

// substituteIn is how a person's record names their substitute.
func substituteIn(staff string) string {
	name, _ := json.Marshal(staff) // never fails: it is a text
	return `"substitute":` + string(name)
}

// standsInAs reports whether a person stood in for a colleague who held a role when
// something happened (AB岗).
func (a *applier) standsInAs(staff *identity.Staff, role identity.Role, when int64) (bool, error) {
	ids, err := a.absentFor(staff)
	if err != nil {
		return false, err
	}
	var colleagues []identity.Staff
	for _, id := range ids {
		p, err := a.staff(id)
		if err != nil {
			return false, err
		}
		colleagues = append(colleagues, *p)
	}
	day := calendar.DateOf(time.UnixMilli(when))
	return slices.Contains(identity.Lent(staff, colleagues, when, day), role) ||
		slices.Contains(identity.Lent(staff, colleagues, when+clockTolerance, day), role), nil
}

func (a *applier) absentFor(staff *identity.Staff) ([]string, error) {
	rows, err := a.w.query(a.ctx, selectAbsent, string(staff.Division), substituteIn(staff.ID))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, storage("read staff", err)
		}
		ids = append(ids, id)
	}
	return ids, storage("read staff", rows.Err())
}
