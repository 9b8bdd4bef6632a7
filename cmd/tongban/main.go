// Command tongban is a county hub, a township node, a village node, and the
// tool to look after them and to work at them.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
