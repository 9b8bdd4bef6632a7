package federation

// AtPoint has f called at every moment at which a renewal may be cut off, until
// the returned function is called.
func AtPoint(f func(name string)) (restore func()) {
	before := point
	point = f
	return func() { point = before }
}
