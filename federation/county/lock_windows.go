package county

import "os"

// lockShared does nothing here: what another process has locked cannot be read.
func lockShared(*os.File) (bool, error) { return true, nil }
