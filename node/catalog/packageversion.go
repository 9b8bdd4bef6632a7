package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// PackageVersion is one frozen wording of a package, as Version is of an item.
type PackageVersion struct {
	Number  int // from 1, dense for each package
	Hash    string
	Package Package
}

// ParsePackage reads one package. Whether it can be offered is asked of
// CheckPackage, which needs its items.
func ParsePackage(data []byte) (Package, []Fault) {
	var p Package
	if faults := decodeStrict(data, &p); len(faults) > 0 {
		return Package{}, faults
	}
	return p, nil
}

// CanonicalPackage is the one JSON form of a package that is hashed and signed,
// as Canonical is of an item.
func CanonicalPackage(p Package) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(normalPackage(p)); err != nil {
		// Strings, integers and lists of them always encode.
		panic(fmt.Sprintf("catalog: encoding a package: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// HashPackage is the SHA-256 of CanonicalPackage in lower-case hex.
func HashPackage(p Package) string { return hashOf(CanonicalPackage(p)) }

// IsPackageCode reports whether a code in an edition names a package.
func IsPackageCode(code string) bool { return packageCode.MatchString(code) }

func normalPackage(p Package) Package {
	p.AcceptTiers, p.Items, p.OptionalItems = list(p.AcceptTiers), list(p.Items), list(p.OptionalItems)
	p.Stages, p.Dependencies = slices.Clone(list(p.Stages)), list(p.Dependencies)
	for i := range p.Stages {
		p.Stages[i].Items = list(p.Stages[i].Items)
	}
	for i := range p.Dependencies {
		p.Dependencies[i].After = list(p.Dependencies[i].After)
	}
	p.Internal, p.Merged, p.Notes = list(p.Internal), list(p.Merged), list(p.Notes)
	for i := range p.Internal {
		p.Internal[i].Consumers = list(p.Internal[i].Consumers)
	}
	for i := range p.Merged {
		p.Merged[i].Items = list(p.Merged[i].Items)
	}
	return p
}
