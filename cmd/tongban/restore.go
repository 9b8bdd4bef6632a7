package main

import (
	"github.com/spf13/cobra"
)

func restoreCommand() *cobra.Command { return &cobra.Command{Use: "restore", Short: "restore", Example: "  tongban restore", RunE: func(*cobra.Command, []string) error { return nil }} }
