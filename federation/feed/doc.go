// Package feed brings the county's ledger down: the catalog and everything
// else a node may see.
package feed
