// Package bolt stands in for the archived github.com/boltdb/bolt, which
// raft-boltdb/v2 imports for one migration function and which no longer
// compiles on several architectures. It gives that function the maintained
// bbolt under the old names; the file format is the same.
package bolt

import (
	"io/fs"

	"go.etcd.io/bbolt"
)

type (
	// DB is bbolt.DB.
	DB = bbolt.DB
	// Tx is bbolt.Tx.
	Tx = bbolt.Tx
	// Bucket is bbolt.Bucket.
	Bucket = bbolt.Bucket
	// Options is bbolt.Options.
	Options = bbolt.Options
)

// Open is bbolt.Open.
func Open(path string, mode fs.FileMode, options *Options) (*DB, error) {
	return bbolt.Open(path, mode, options)
}
