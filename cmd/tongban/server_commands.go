package main

import "github.com/spf13/cobra"

// serverCommands are the commands that are a node.
func serverCommands() []*cobra.Command { return nil }
