package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"

	"github.com/tongban/tongban/federation"
)

// filler is a village that was enrolled but does not run: its keys sign the
// cases that are sent in its name.
type filler struct{ Node, Division, Staff string }

// fillBatch is how many cases one request carries.
const fillBatch = 1000

// fill sends cases until the county has n of the fillers, and tells how many
// it has.
func (c *county) fill(ctx context.Context, villages []filler, n int) (int, error) {
	papers, err := newSubmissions()
	if err != nil {
		return 0, err
	}
	each := (n + len(villages) - 1) / len(villages)
	began, before := time.Now(), cpuOf(c.hubs...)
	sent := make([]int, len(villages))
	err = inParallel(len(villages), len(villages), func(i int) error {
		v, err := c.opened(villages[i], papers)
		if err != nil {
			return err
		}
		sent[i], err = v.fill(ctx, i, each, func(stored uint64) {
			if i == 0 && stored%10_000 < fillBatch {
				c.step("some %d cases", int(stored)*len(villages))
			}
		})
		return err
	})
	sum := 0
	for _, s := range sent {
		sum += s
	}
	if sum > 0 {
		took := time.Since(began)
		c.table.add(figure{Section: "large", Name: fmt.Sprintf("filling up to %d cases", each*len(villages)), Value: float64(sum) / took.Seconds(), Unit: "cases/s",
			Detail: fmt.Sprintf("%d cases in %s, %s µs CPU of the hub a case", sum, took.Round(time.Second), short(float64((cpuOf(c.hubs...)-before).Microseconds())/float64(sum)))})
	}
	return each * len(villages), err
}

// sender is a filler with its keys and a line to the hub.
type sender struct {
	filler
	papers  *submissions
	keys    *trust.NodeKeys
	ordinal int
	web     *http.Client
	url     string
}

func (c *county) opened(f filler, papers *submissions) (*sender, error) {
	m, err := federation.LoadMembership(filepath.Join(c.dir, f.Node, "data"))
	if err != nil {
		return nil, err
	}
	cert, err := m.Keys.Certificate(m.Certificate)
	if err != nil {
		return nil, err
	}
	p, err := c.passport()
	if err != nil {
		return nil, err
	}
	conf := trust.ClientConfig(trust.TLSOptions{Trust: p.owner.Trust, Certificate: func() *tls.Certificate { return cert }, Now: time.Now}, trust.Expect{Tiers: []node.Tier{node.County}})
	return &sender{filler: f, papers: papers, keys: m.Keys, ordinal: m.Credential.Credential.Ordinal,
		web: &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: conf}}, url: "https://" + loopback.Address(c.hubs[0].fed)}, nil
}

func (s *sender) fill(ctx context.Context, place, upTo int, progress func(uint64)) (sent int, err error) {
	defer s.web.CloseIdleConnections()
	at, err := s.exchange(ctx, http.MethodGet, outbox.OriginsPath+"?node="+s.Node, nil)
	if err != nil {
		return 0, err
	}
	for first := at; at < uint64(upTo); progress(at) {
		var lines bytes.Buffer
		for seq := at + 1; seq <= min(at+fillBatch, uint64(upTo)); seq++ {
			e, err := s.entry(seq, place*1_000_000+int(seq))
			if err != nil {
				return sent, err
			}
			raw, err := json.Marshal(e)
			if err != nil {
				return sent, err
			}
			lines.Write(raw)
			lines.WriteByte('\n')
		}
		if at, err = s.exchange(ctx, http.MethodPost, outbox.EntriesPath, packed(lines.Bytes())); err != nil {
			return sent, err
		}
		sent = int(at - first)
	}
	return sent, nil
}

// entry is the village's seq-th case, that of the n-th resident.
func (s *sender) entry(seq uint64, n int) (*ledger.Entry, error) {
	raw, err := s.papers.of(n)
	if err != nil {
		return nil, err
	}
	var said struct {
		Applicant ledger.Applicant            `json:"applicant"`
		Form      []catalog.FieldValue        `json:"form"`
		Materials []catalog.SubmittedMaterial `json:"materials"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return nil, err
	}
	now, at := time.Now(), division.Code(s.Division)
	number, err := casework.NewNumber(at, calendar.DateOf(now), s.ordinal, int(seq))
	if err != nil {
		return nil, err
	}
	item := &s.papers.item
	body, err := json.Marshal(&ledger.CaseSubmitV1{Number: number.Compact(), Item: item.Code, ItemVersion: 1, Department: item.Department, Division: at, Applicant: said.Applicant,
		Form: said.Form, Materials: said.Materials, Steps: casework.Plan(item, node.Village), HandedInAt: at})
	if err != nil {
		return nil, err
	}
	id := ledger.IDFromKey(s.Node, s.Staff, fmt.Sprint(seq))
	e := &ledger.Entry{ID: id, Kind: ledger.CaseSubmit, V: 1, Origin: s.Node, Seq: seq, Case: id, Scope: at, OccurredAt: now.UnixMilli(), Body: body,
		Actor: identity.Actor{Staff: s.Staff, Name: "经办人", Role: "village_worker", Node: s.Node}}
	return e, e.Sign(s.keys.Sign)
}

// exchange asks the hub, and returns how far it has the village's entries.
func (s *sender) exchange(ctx context.Context, method, path string, body []byte) (uint64, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/vnd.tongban.entries+zstd")
	resp, err := s.web.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return 0, err
	}
	var a outbox.Answer
	if resp.StatusCode != http.StatusOK || json.Unmarshal(text, &a) != nil || len(a.Origins) != 1 || a.Origins[0].Forked {
		return 0, fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, text)
	}
	return a.Origins[0].Stored, nil
}
