package importfile

import (
	"slices"
	"strings"
)

// Touched reports whether the value at path, what it is part of or something
// in it has one of these faults of shape, so that it was left empty. A member
// that nothing defines is in no value.
func (f Faults) Touched(path string) bool {
	return slices.ContainsFunc(f, func(f Fault) bool {
		return f.Code != Unknown && (within(f.Path, path) || within(path, f.Path))
	})
}

// Beside are these faults of shape with those of the rules that do not come
// from them: what the rules say of an object in which something could not be
// read is left for when it can be.
func (f Faults) Beside(rules Faults) Faults {
	all := slices.Clone(f)
	for _, r := range rules {
		if !slices.ContainsFunc(f, func(s Fault) bool {
			if s.Code == Unknown {
				return false
			}
			object := s.Path
			if i := strings.LastIndex(object, "."); i >= 0 {
				object = object[:i]
			}
			return within(r.Path, object) || within(object, r.Path)
		}) {
			all = append(all, r)
		}
	}
	return all.capped()
}

func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
}
