// Package fault is the shape of the failures between nodes that people read: a
// stable code and what it means in Chinese and English. Each room of the
// federation has a fault type of its own, by its area, so that one room's are
// not taken for another's.
package fault

import "fmt"

// Area is the room a fault comes from.
type Area interface {
	~struct{}
	// Area is the name in front of the error's text.
	Area() string
}

// Fault is a failure that a person may have to read. errors.Is compares codes.
type Fault[A Area] struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	// Err is the cause, for logs.
	Err error `json:"-"`
}

func (f *Fault[A]) Error() string {
	var area A
	if f.Err != nil {
		return fmt.Sprintf("%s: %s (%s): %v", area.Area(), f.EN, f.ZH, f.Err)
	}
	return fmt.Sprintf("%s: %s (%s)", area.Area(), f.EN, f.ZH)
}

func (f *Fault[A]) Unwrap() error { return f.Err }

// Is makes faults of one area and code equal, whatever caused them.
func (f *Fault[A]) Is(target error) bool {
	t, ok := target.(*Fault[A])
	return ok && t.Code == f.Code
}

// Because is the fault with its cause.
func (f *Fault[A]) Because(err error) *Fault[A] {
	with := *f
	with.Err = err
	return &with
}

func (f *Fault[A]) Becausef(format string, args ...any) *Fault[A] {
	return f.Because(fmt.Errorf(format, args...))
}
