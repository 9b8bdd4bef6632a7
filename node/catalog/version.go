package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Version is one frozen wording of an item. Cases name an item by code and
// version number; Hash (SHA-256 of Canonical, lower-case hex) lets any tier
// see that its copy is the one the county approved.
type Version struct {
	Number int // from 1, dense for each item
	Hash   string
	Item   Item
}

// Reasons why a version is refused; VersionError carries one of them.
var (
	ErrVersionNumber  = errors.New("version numbers of an item are dense from 1")
	ErrVersionHash    = errors.New("the hash is not that of the item")
	ErrVersionForm    = errors.New("the item is not in canonical form")
	ErrVersionCode    = errors.New("the item has another code")
	ErrVersionNothing = errors.New("nothing changed since the previous version")
)

// VersionError says which version of which item is refused, and why.
type VersionError struct {
	Code   string
	Number int
	Err    error
}

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("item %q version %d: %v", show(e.Code), e.Number, e.Err)
}

// Unwrap returns the reason.
func (e *VersionError) Unwrap() error { return e.Err }

// FirstVersion is version 1 of an item.
func FirstVersion(item Item) Version {
	return Version{Number: 1, Hash: Hash(item), Item: normal(item)}
}

// Next is the version that follows v. It is refused (*VersionError) when the
// item is another one or is not changed at all.
func (v Version) Next(item Item) (Version, error) {
	next := Version{Number: v.Number + 1, Hash: Hash(item), Item: normal(item)}
	switch {
	case item.Code != v.Item.Code:
		return Version{}, &VersionError{Code: item.Code, Number: next.Number, Err: ErrVersionCode}
	case next.Hash == v.Hash:
		return Version{}, &VersionError{Code: item.Code, Number: next.Number, Err: ErrVersionNothing}
	}
	return next, nil
}

// OpenVersion reads a version as it travels between tiers and proves that it
// is what its hash says: the bytes are canonical, so that every tier computes
// the same hash, and they are an item of that code. The error is a
// *VersionError. Whether the item is fit for publication was decided by the
// county that approved it and is not asked again.
func OpenVersion(code string, number int, hash string, canonical []byte) (Version, error) {
	refuse := func(err error) (Version, error) {
		return Version{}, &VersionError{Code: code, Number: number, Err: err}
	}
	if number < 1 {
		return refuse(ErrVersionNumber)
	}
	item, faults := ParseItem(canonical)
	switch {
	case len(faults) > 0:
		return refuse(fmt.Errorf("%w: %s", ErrVersionForm, faults[0].EN))
	case !bytes.Equal(Canonical(item), canonical):
		return refuse(ErrVersionForm)
	case item.Code != code:
		return refuse(ErrVersionCode)
	case hash != hashOf(canonical):
		return refuse(ErrVersionHash)
	}
	return Version{Number: number, Hash: hash, Item: item}, nil
}

// Canonical is the one JSON form of an item that is hashed and signed: fields
// in struct order, absent optional fields left out, lists never null, no
// escaping beyond what JSON demands, no white space.
func Canonical(item Item) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(normal(item)); err != nil {
		// Strings, integers, booleans and lists of them always encode.
		panic(fmt.Sprintf("catalog: encoding an item: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Hash is the SHA-256 of Canonical in lower-case hex.
func Hash(item Item) string { return hashOf(Canonical(item)) }

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// normal copies an item and makes its empty lists non-nil, so that an item
// built in code and one read from JSON encode alike and share no memory.
func normal(item Item) Item {
	item.LegalBasis = list(item.LegalBasis)
	item.AcceptTiers = list(item.AcceptTiers)
	item.ReviewSteps = list(item.ReviewSteps)
	item.SpecialProcedures = list(item.SpecialProcedures)
	item.Materials = list(item.Materials)
	item.Form = list(item.Form)
	for i := range item.Form {
		item.Form[i].Options = slices.Clone(item.Form[i].Options)
	}
	for i := range item.Materials {
		item.Materials[i].SampleText = slices.Clone(item.Materials[i].SampleText)
	}
	item.Results = list(item.Results)
	item.LifeEvents = slices.Clone(item.LifeEvents)
	item.Conditions = slices.Clone(item.Conditions)
	item.Fee.Rates = slices.Clone(item.Fee.Rates)
	return item
}

func list[T any](of []T) []T { return append([]T{}, of...) }
