package api

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Entries travel faster than scans, so a case can wait for its decision at an office
// that has not got all of its papers yet.

// papersHere refuses to grant a case while a scan of its papers is not at the office
// that decides. What can be fetched is. A refusal, or an early end, can have other
// grounds than what a paper says, and needs none.
func (s *Server) papersHere(ctx context.Context, c *casework.Case, a Action) error {
	b, ok := a.Body.(*ledger.CaseDecideV1)
	if !ok || !b.Granted || c.Holder != s.self.Division || c.May(ledger.CaseDecide) != nil {
		return nil // recording it says why not
	}
	if _, err := s.store.Entry(ctx, s.node.ActionID(a.Actor.Staff, a.Key)); !errors.Is(err, store.ErrNotFound) {
		return err // a repeat is answered with its outcome
	}
	brought, err := s.broughtLater(ctx, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	awaited, err := s.awaited(ctx, c, brought, func(hash string) bool { return s.fetch(ctx, hash) == nil })
	if err != nil || len(awaited) == 0 {
		return err
	}
	no := &store.Refused{Code: "papers_awaited"}
	var zh, en []string
	for i, w := range awaited {
		from := cmp.Or(w.Node, string(w.Division))
		whereZH, whereEN := "待“"+from+"”上传", "to come from "+from
		if w.AtCounty {
			whereZH, whereEN = "在县中心，待线路恢复后取回", "at the county, to be fetched when the line is up"
		}
		zh, en = append(zh, "“"+w.Material+"”（"+whereZH+"）"), append(en, w.Material+" ("+whereEN+")")
		no.Faults = append(no.Faults, catalog.Fault{Path: pathAt("papers", i), Code: catalog.FaultMissing,
			ZH: "“" + w.Material + "”的扫描件还未传到本处，" + whereZH, EN: "the scans of " + w.Material + " are not here yet: " + whereEN})
	}
	no.ZH = "有材料的扫描件还未传到本处，不能准予：" + strings.Join(zh, "、") + "。请等待上传完成；已无法取得的，请窗口请申请人重新提交该材料"
	no.EN = "scans of papers have not come here yet, so the case cannot be granted: " + strings.Join(en, ", ") + ". Wait until they are uploaded; where they are lost, have the window ask for the paper anew"
	return no
}

// awaited are the papers of a case whose scans are not here. The county holds what a
// majority of its hubs does. get, where there is one, may bring a scan.
func (s *Server) awaited(ctx context.Context, c *casework.Case, brought []gen.CaseSupplement, get func(hash string) bool) ([]gen.AwaitedPaper, error) {
	files, err := s.store.AttachmentsOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	confirmed := map[string]bool{}
	for _, f := range files {
		confirmed[f.Hash] = f.Confirmed
	}
	var failed error
	here := func(hash string) bool {
		has, err := s.blobs.Has(hash)
		failed = errors.Join(failed, err)
		return has || s.self.Tier == node.County && confirmed[hash]
	}
	all := handIns(c, brought)
	awaited := casework.Awaited(all, here)
	if get != nil && len(awaited) > 0 && failed == nil {
		for _, w := range awaited {
			for _, f := range w.Files {
				if !here(f) && !get(f) {
					break // the rest of the paper is no use without it
				}
			}
		}
		awaited = casework.Awaited(all, here)
	}
	if failed != nil {
		return nil, failed
	}
	var out []gen.AwaitedPaper
	for _, w := range awaited {
		p := gen.AwaitedPaper{Material: w.Material, Entry: w.Entry, Division: c.HandedInAt, AtCounty: !slices.ContainsFunc(w.Files, func(f string) bool { return !confirmed[f] })}
		e, err := s.store.Entry(ctx, w.Entry)
		if err != nil {
			return nil, err
		}
		n, err := s.store.Node(ctx, e.Origin)
		if err == nil {
			p.Division, p.Node = n.Division, n.Name
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// handIns are the papers of a case in the order in which they were handed in, for
// itself or for all of the joint matter it is part of.
func handIns(c *casework.Case, brought []gen.CaseSupplement) []casework.HandIn {
	var all []casework.HandIn
	add := func(entry string, materials []catalog.SubmittedMaterial) {
		for _, m := range materials {
			h := casework.HandIn{Entry: entry, Material: m.Name}
			for _, f := range m.Attachments {
				h.Files = append(h.Files, f.Hash)
			}
			all = append(all, h)
		}
	}
	add(c.OpenedBy(), c.Materials)
	add(c.OpenedBy(), []catalog.SubmittedMaterial{{Name: casework.AuthorityPaper, Attachments: c.Authority}})
	for _, b := range brought {
		add(b.Entry, b.Materials)
	}
	return all
}

// broughtLater is what was brought to a case after it was handed in.
func (s *Server) broughtLater(ctx context.Context, c *casework.Case) ([]gen.CaseSupplement, error) {
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	own, _ := supplements(entries)
	return s.broughtForAll(ctx, c, entries, own)
}
