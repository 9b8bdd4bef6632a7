package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "版本 (version of this program)",
		Example: "  tongban version\n  tongban version --json",
		Args:    noArguments,
	}
	asJSON := cmd.Flags().Bool("json", false, "以 JSON 输出 (print JSON)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		about := struct {
			Version string `json:"version"`
			Go      string `json:"go"`
			System  string `json:"system"`
		}{version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
		if *asJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(about)
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "tongban %s (%s, %s)\n", about.Version, about.Go, about.System)
		return err
	}
	return cmd
}
