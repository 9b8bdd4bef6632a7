// Package data is the county's starting data, carried in the binary so that
// the demo, `calendar due` and `item validate` work on a machine without a
// node and without a network. A node never reads it by itself: what holds in a
// county is what was imported and published there.
package data

import (
	"bytes"
	"compress/gzip"
	"io"
	"sync"

	_ "embed"
)

//go:generate gzip -kfn9 items.json

// itemsPacked is items.json: a megabyte that would otherwise be in every
// village's binary and memory.
//
//go:embed items.json.gz
var itemsPacked []byte

// Items is the item file: items of the three tiers, as `item import` takes it.
var Items = sync.OnceValue(func() []byte {
	r, err := gzip.NewReader(bytes.NewReader(itemsPacked))
	if err != nil {
		panic("data: items.json.gz: " + err.Error()) // the build is broken, not the input
	}
	all, err := io.ReadAll(r)
	if err != nil {
		panic("data: items.json.gz: " + err.Error())
	}
	return all
})

// Packages is the file of joint handling (一件事) over Items.
//
//go:embed packages.json
var Packages []byte

// Calendar is the file of the State Council's yearly holiday arrangements, as
// `calendar import` takes it. A year not announced yet is marked provisional.
//
//go:embed calendar.json
var Calendar []byte

// Divisions is the file of the county's divisions, as `division import` takes
// it.
//
//go:embed divisions.json
var Divisions []byte
