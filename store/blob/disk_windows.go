package blob

import (
	"errors"
	"syscall"
)

// Of winerror.h; package syscall does not name them.
const (
	errorHandleDiskFull    = syscall.Errno(39)
	errorDiskFull          = syscall.Errno(112)
	errorDiskQuotaExceeded = syscall.Errno(1295)
)

// syncDir does nothing: Windows cannot flush a folder, and NTFS journals the
// names in it.
func syncDir(string) error { return nil }

func isNoSpace(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull) || errors.Is(err, errorDiskQuotaExceeded)
}
