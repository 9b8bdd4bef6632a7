// Package sorted sorts slices as slices.SortFunc does, and in the same order, with
// one sort for all types where that compiles one for each: ten kilobytes of program
// for every place that sorts.
package sorted

import "sort"

// By sorts by cmp; what is equal lies in any order, the same each time.
func By[T any](s []T, cmp func(a, b T) int) { sort.Sort(&slice[T]{s, cmp}) }

// StableBy sorts by cmp and leaves what is equal as it was.
func StableBy[T any](s []T, cmp func(a, b T) int) { sort.Stable(&slice[T]{s, cmp}) }

type slice[T any] struct {
	s   []T
	cmp func(a, b T) int
}

// Len implements sort.Interface.
func (s *slice[T]) Len() int { return len(s.s) }

// Less implements sort.Interface.
func (s *slice[T]) Less(i, j int) bool { return s.cmp(s.s[i], s.s[j]) < 0 }

// Swap implements sort.Interface.
func (s *slice[T]) Swap(i, j int) { s.s[i], s.s[j] = s.s[j], s.s[i] }
