package main

import (
	"fmt"
	"io"
)

// printError says what went wrong, on as many lines as there are faults.
func printError(w io.Writer, lang language, err error) {
	fmt.Fprintf(w, "%s: %v\n", lang.pick("出错", "error"), err)
}
