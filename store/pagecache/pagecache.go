// Package pagecache spares SQLite work in its own page cache that grows with the
// cache and was done at every commit; see pagecache.c. It is in use in every
// program that imports it.
package pagecache

// extern int tongban_pagecache(void);
import "C"

import _ "github.com/mattn/go-sqlite3" // brings SQLite, which this package calls

var refused = C.tongban_pagecache()

// InUse tells whether SQLite took it: it takes none once it was used.
func InUse() bool { return refused == 0 }
