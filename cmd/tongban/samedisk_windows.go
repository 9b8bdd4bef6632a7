package main

import (
	"path/filepath"
	"strings"
)

// sameDisk tells whether two folders lie on one drive.
func sameDisk(a, b string) (bool, error) {
	return strings.EqualFold(filepath.VolumeName(a), filepath.VolumeName(b)), nil
}
