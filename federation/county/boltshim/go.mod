module github.com/boltdb/bolt

go 1.26

require go.etcd.io/bbolt v1.5.0

require golang.org/x/sys v0.38.0 // indirect
