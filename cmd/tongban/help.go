package main

import "github.com/spf13/cobra"

// usageTemplate is cobra's, with headings a clerk can read.
const usageTemplate = `用法 Usage:{{if .HasAvailableSubCommands}}
  {{.CommandPath}} <命令 command>{{else}}
  {{.UseLine}}{{end}}{{if .HasExample}}

示例 Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$all := .Commands}}{{if .Groups}}{{range $group := .Groups}}

{{.Title}}{{range $all}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{else}}

命令 Commands:{{range $all}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

选项 Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

通用选项 Common flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`

// dressHelp sets the texts cobra would otherwise bring in English only.
func dressHelp(root *cobra.Command) {
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpCommand(&cobra.Command{
		Use:                   "help [命令 command]",
		Short:                 "说明 (help about any command)",
		Example:               "  tongban help case submit",
		GroupID:               groupClient,
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			named, rest, err := cmd.Root().Find(args)
			if err != nil || named == nil || len(rest) > 0 {
				return usagef("没有命令 %q (no such command)", args)
			}
			named.InitDefaultHelpFlag()
			return named.Help()
		},
	})
	eachCommand(root, func(cmd *cobra.Command) {
		cmd.Flags().BoolP("help", "h", false, "说明 (this text)")
	})
}

func eachCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, visit)
	}
}
