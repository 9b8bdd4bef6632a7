package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
)

// Anybody draws again what was published; every lie about it is found: another
// population, another seed, others drawn, a checkpoint that somebody else signed.
func TestSampleVerification(t *testing.T) {
	county, err := trust.GenerateCounty(rand.Reader, "330523", time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	must(t, err)
	other, err := trust.GenerateCounty(rand.Reader, "330523", time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	must(t, err)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) (found []tlog.Hash, err error) {
		for _, i := range at {
			found = append(found, stored[i])
		}
		return found, nil
	})
	for i := range int64(40) {
		hashes, err := tlog.StoredHashes(i, []byte(fmt.Sprint("record ", i)), reader)
		must(t, err)
		stored = append(stored, hashes...)
	}
	seed, err := tlog.TreeHash(30, reader)
	must(t, err)
	root, err := tlog.TreeHash(40, reader)
	must(t, err)
	tree, err := tlog.ProveTree(40, 30, reader)
	must(t, err)
	note, err := county.SignCheckpoint(tlog.Tree{N: 40, Hash: root}, 7)
	must(t, err)
	forged, err := other.SignCheckpoint(tlog.Tree{N: 40, Hash: root}, 7)
	must(t, err)

	good := func() *sampleVerification {
		v := &sampleVerification{id: "d-1", ring: trust.NewKeyring("330523", 7, county.Chain(), nil, nil)}
		for i := range 20 {
			v.all = append(v.all, sampling.Member{Part: "县民政局", Ticket: sampling.TicketOf("d-1", fmt.Sprint("330523-", i))})
			v.all[i].Ticket = sampling.TicketOf("d-1", fmt.Sprint("330523", i))
		}
		sampling.Sort(v.all)
		v.public.Sample = client.PublicSample{Population: 20, Hash: sampling.Hash(v.all), Permille: 200, Least: 1, Ready: true, Size: 30, Seed: hex.EncodeToString(seed[:])}
		for _, i := range sampling.Draw([sha256.Size]byte(seed), 200, 1, v.all) {
			v.public.Drawn = append(v.public.Drawn, v.all[i].Ticket.String())
		}
		v.public.Checkpoint = string(note)
		for _, h := range tree {
			v.public.Proof = append(v.public.Proof, h.String())
		}
		return v
	}
	v := good()
	v.check()
	if len(v.answer.Faults) > 0 || v.answer.Drawn != 4 {
		t.Fatalf("%+v", v.answer)
	}
	counts := map[string]int{}
	for i := range 20 {
		v.about(fmt.Sprint("330523-", i))
		counts[v.answer.Case]++
	}
	v.about("330523-99")
	if counts["drawn"] != 4 || counts["not_drawn"] != 16 || v.answer.Case != "not_in" {
		t.Errorf("%v, and one that is not in it: %s", counts, v.answer.Case)
	}
	for name, lie := range map[string]func(v *sampleVerification){
		"总体":                 func(v *sampleVerification) { v.all = v.all[1:] },
		"种子不":                func(v *sampleVerification) { v.public.Sample.Seed = hex.EncodeToString(root[:]) },
		"抽中":                 func(v *sampleVerification) { v.public.Drawn = slices.Clone(v.public.Drawn[1:]) },
		"种子尚":                func(v *sampleVerification) { v.public.Sample.Ready = false },
		"ledger's":           func(v *sampleVerification) { v.public.Checkpoint = string(forged) },
		"to be the ledger's": func(v *sampleVerification) { v.public.Proof = v.public.Proof[1:] },
	} {
		v := good()
		lie(v)
		v.check()
		if !strings.Contains(strings.Join(v.answer.Faults, ";"), name) {
			t.Errorf("%s: %q", name, v.answer.Faults)
		}
	}
}

// A sheet names what is not in order; the rest is.
func TestSamplePoints(t *testing.T) {
	points, err := pointsOf([]string{"notice=两次要求补正"}, []string{"fees"})
	must(t, err)
	if len(points) != len(sampling.Checks) {
		t.Fatalf("%d points", len(points))
	}
	for i, p := range points {
		want := ledger.SamplePoint{Check: sampling.Checks[i].Code, Result: ledger.PointOK}
		switch p.Check {
		case "notice":
			want.Result, want.Note = ledger.PointFault, "两次要求补正"
		case "fees":
			want.Result = ledger.PointNA
		}
		if p != want {
			t.Errorf("%+v, want %+v", p, want)
		}
	}
	for _, bad := range [][2][]string{{{"notice"}, nil}, {{"nothing=x"}, nil}, {nil, {"nothing"}}, {{"fees=x"}, {"fees"}}} {
		if _, err := pointsOf(bad[0], bad[1]); err == nil {
			t.Errorf("%v is a sheet", bad)
		}
	}
}
