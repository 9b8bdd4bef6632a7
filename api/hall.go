package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The screens of the hall:
//
//	GET /api/v1/public/hall  StreamHall

const (
	// maxScreens bounds the streams of a node; a hall has a few screens.
	maxScreens = 64
	// hallBefore is from how many entries back a new screen begins, hallBatch
	// how many entries are looked at at once.
	hallBefore, hallBatch = 200, 500
	hallBeat              = 20 * time.Second
)

var errScreens = &problem{http.StatusServiceUnavailable, "too_many_screens", "this node serves as many screens as it can", "接入的大厅屏过多", "请关闭不用的大厅屏后重试", nil, time.Minute}

// hallStep is what a screen shows: the number without what the whole county
// shares, the item, the step, and the desk that has it. Call is said when it is
// the applicant's turn to come there.
type hallStep struct {
	Lead  string `json:"lead"`
	Tail  string `json:"tail"`
	Item  string `json:"item"`
	Step  string `json:"step"`
	Where string `json:"where,omitempty"`
	Call  string `json:"call,omitempty"`
}

// What an applicant is called for.
const (
	callSupplement = "supplement" // to bring what is missing
	callCollect    = "collect"    // to collect the result
)

// StreamHall streams the steps of this hall's cases.
func (s *Server) StreamHall(ctx context.Context, in gen.StreamHallRequestObject) (gen.StreamHallResponseObject, error) {
	if s.screens.Add(1) > maxScreens {
		s.screens.Add(-1)
		return nil, errScreens
	}
	after, err := s.store.LastMove(ctx)
	if err != nil {
		s.screens.Add(-1)
		return nil, err
	}
	last, err := strconv.ParseInt(in.Params.LastEventID, 10, 64)
	if err != nil || last > after || last < after-10*hallBatch {
		last = max(after-hallBefore, 0)
	}
	return &hallStream{s: s, ctx: ctx, after: last}, nil
}

type hallStream struct {
	s     *Server
	ctx   context.Context
	after int64
}

// VisitStreamHallResponse implements the answer: events until the screen goes,
// the request's time is over (the screen connects again), or the node stops.
func (h *hallStream) VisitStreamHallResponse(w http.ResponseWriter) error {
	defer h.s.screens.Add(-1)
	flush := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	if _, err := fmt.Fprint(w, "retry: 3000\nevent: beat\ndata: {}\n\n"); err != nil {
		return nil
	}
	beat := time.NewTicker(hallBeat)
	defer beat.Stop()
	for {
		changed := h.s.store.Changed()
		if err := h.send(w); err != nil {
			return nil // the screen is gone, or the state cannot be read: it connects again
		}
		if err := flush.Flush(); err != nil {
			return nil
		}
		select {
		case <-changed:
		case <-beat.C:
			// An event and no comment: the screen shows how old what it shows is.
			if _, err := fmt.Fprint(w, "event: beat\ndata: {}\n\n"); err != nil {
				return nil
			}
		case <-h.ctx.Done():
			return nil
		case <-h.s.stopping:
			return nil
		}
	}
}

// send sends what happened since.
func (h *hallStream) send(w http.ResponseWriter) error {
	for {
		moved, err := h.s.store.Moves(h.ctx, h.after, hallBatch)
		if err != nil {
			return err
		}
		for i := range moved {
			h.after = max(h.after, moved[i].N)
			step, shown, err := h.s.hallStep(h.ctx, &moved[i])
			if err != nil {
				return err
			}
			if !shown {
				continue
			}
			data, err := json.Marshal(step)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "id: %d\nevent: step\ndata: %s\n\n", moved[i].N, data); err != nil {
				return err
			}
		}
		if len(moved) == 0 {
			return nil
		}
	}
}

// hallStep is what this hall shows of a case: nothing of another hall's, and
// nothing of an item whose cases are never public.
func (s *Server) hallStep(ctx context.Context, m *store.Moved) (hallStep, bool, error) {
	if m.HandedInAt != s.self.Division && m.Holder != s.self.Division {
		return hallStep{}, false, nil
	}
	item, err := s.store.Item(ctx, m.Item, m.ItemVersion)
	if err != nil {
		return hallStep{}, false, err
	}
	if catalog.PublicityOf(&item.Item, m.Applicant.Type != "organisation") == catalog.NeverPublic {
		return hallStep{}, false, nil
	}
	n, err := casework.ParseNumber(m.Number)
	if err != nil {
		return hallStep{}, false, nil
	}
	lead, tail := hallNumber(n)
	step := hallStep{Lead: lead, Tail: tail, Item: m.ItemName, Step: statusZH[m.Status]}
	if next, open := m.Current(); open {
		step.Step += "，待" + tierZH[next.Tier] + verbZH[next.Verb]
		switch {
		case m.Status == casework.Supplementing:
			step.Call = callSupplement
		case next.Verb == ledger.VerbDeliver:
			step.Call = callCollect
		}
		if step.Where, err = s.hallWhere(ctx, m, &item.Item); err != nil {
			return hallStep{}, false, err
		}
	}
	return step, true, nil
}

// hallWhere is the desk that has a case: in this hall the window and the place that
// its office has set for the item, else the department or the office. Empty where
// nothing is set: the hall's name stands for it.
func (s *Server) hallWhere(ctx context.Context, m *store.Moved, item *catalog.Item) (string, error) {
	if m.Holder != s.self.Division {
		if m.Holder.Tier() == node.County {
			return m.Department, nil
		}
		d, err := s.store.Division(ctx, m.Holder)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil
		} else if err != nil {
			return "", err
		}
		return d.Name, nil
	}
	overlays, err := s.store.Overlays(ctx, item.Code)
	if err != nil {
		return "", err
	}
	offered := item.With(chain(overlays, s.self.Division)...)
	at := []string{offered.Window}
	// The county's own place is the county's; it is nothing to a township's hall.
	if own := offered.Item.Location != item.Location; own || s.self.Division.Tier() == node.County {
		place, _, _ := strings.Cut(offered.Item.Location, "；")
		at = append(at, place)
	}
	return strings.TrimSpace(strings.Join(at, " ")), nil
}

// hallNumber is a number as a screen shows it: without the county and the year, so
// that no two cases of a hall look alike; the end, which people look for, apart.
func hallNumber(n casework.Number) (lead, tail string) {
	parts := strings.Split(n.String(), "-") // division, day, ordinal, counter, check digit
	return fmt.Sprintf("%s-%s-%s-", parts[0][6:], parts[1][4:], parts[2]), parts[3] + "-" + parts[4]
}

// EndStreams ends the streams of the hall's screens, for a node that stops.
func (s *Server) EndStreams() { s.stop.Do(func() { close(s.stopping) }) }
