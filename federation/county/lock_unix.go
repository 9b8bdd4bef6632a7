//go:build unix

package county

import (
	"errors"
	"os"
	"syscall"
)

// lockShared tries to keep others from writing a raft.db, as bbolt does; false
// when one of them has it.
func lockShared(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
