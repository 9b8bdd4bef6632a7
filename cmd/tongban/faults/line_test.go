package faults

import "github.com/tongban/tongban/cmd/tongban/loopback"

// line leads to a node above; it is laid when the county is.
type line struct {
	To   string // the node it leads to
	Port int

	*loopback.Line `json:"-"`
}
