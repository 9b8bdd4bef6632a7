package store_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// sameLine holds both ways of reading a feed line against each other.
func sameLine(t interface {
	Fatalf(format string, args ...any)
}, line []byte) {
	var want store.FeedLine
	wantErr := json.Unmarshal(line, &want)
	got, err := store.ParseFeedLine(line)
	if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("of %s\nParseFeedLine: %+v, %v\njson:          %+v, %v", line, got, err, want, wantErr)
	}
}

// feedLines are lines of every form: records and confirmations, applied,
// waiting and refused.
func feedLines(t testing.TB) [][]byte {
	c := storetest.NewCounty(t)
	village, town := c.Village(here), c.Township(town)
	opened := village.Submit(welfare)
	village.Submit(chronic)
	village.Advance(opened.ID)
	c.Settle()
	town.Advance(opened.ID)
	c.Settle()
	var lines [][]byte
	for _, full := range []bool{false, true} {
		page, err := c.Hub().Feed(ctx, store.Follower{Node: village.ID(), Division: here, Full: full}, 0, 1<<20)
		must(t, err)
		lines = append(lines, page.Lines...)
	}
	return append(lines, oddLines...)
}

var oddLines = [][]byte{
	[]byte(`{"index":3,"recorded_at":1,"outcome":"refused","code":"stale","reason":"x","confirms":"a"}`),
	[]byte(`{"index":3,"recorded_at":1,"outcome":"applied","resolves":[{"index":1,"id":"a","outcome":"applied"}],"confirms":"a"}`),
	[]byte(`{"index":3,"recorded_at":1,"outcome":"applied"}`),
	[]byte(`{"index":3,"recorded_at":1,"outcome":"applied","confirms":"a","confirms":"b"}`),
	[]byte(`{"index":3,"recorded_at":1,"outcome":"applied","confirms":"a\\"}"}`),
}

func TestFeedLinesAreJSON(t *testing.T) {
	for _, line := range feedLines(t) {
		sameLine(t, line)
	}
}

func FuzzFeedLine(f *testing.F) {
	for _, line := range oddLines {
		f.Add(line)
	}
	f.Add([]byte(`{"index":3,"recorded_at":1,"outcome":"applied","confirms":"0f5c2a1e-1111-8aaa-9bbb-000000000001"}`))
	f.Add([]byte(`{"index":3,"recorded_at":1,"outcome":"applied","entry":{"id":"a","kind":"case.accept","v":1,"origin":"o","seq":1,"actor":{"staff":"s","role":"r","node":"o"},"scope":"330523","case":"c","prev":"b","occurred_at":1,"body":{},"sig":"AAAA"}}`))
	f.Fuzz(func(t *testing.T, line []byte) { sameLine(t, line) })
}
