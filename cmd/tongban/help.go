package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// usage writes how a command is used: what cobra's own template says, with
// headings a clerk can read. It is no template because packages that call
// methods by name make the linker keep every method of every type, which is a
// fifth of the binary.
func usage(w io.Writer, cmd *cobra.Command) {
	fmt.Fprint(w, "用法 Usage:")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n  %s <命令 command>", cmd.CommandPath())
	} else {
		fmt.Fprintf(w, "\n  %s", cmd.UseLine())
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\n\n示例 Examples:\n%s", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		if len(cmd.Groups()) == 0 {
			fmt.Fprint(w, "\n\n命令 Commands:")
			usageOfCommands(w, cmd, func(*cobra.Command) bool { return true })
		}
		for _, group := range cmd.Groups() {
			fmt.Fprintf(w, "\n\n%s", group.Title)
			usageOfCommands(w, cmd, func(sub *cobra.Command) bool { return sub.GroupID == group.ID })
		}
	}
	if cmd.HasAvailableLocalFlags() {
		fmt.Fprintf(w, "\n\n选项 Flags:\n%s", strings.TrimRight(cmd.LocalFlags().FlagUsages(), " \n"))
	}
	if cmd.HasAvailableInheritedFlags() {
		fmt.Fprintf(w, "\n\n通用选项 Common flags:\n%s", strings.TrimRight(cmd.InheritedFlags().FlagUsages(), " \n"))
	}
	fmt.Fprintln(w)
}

func usageOfCommands(w io.Writer, cmd *cobra.Command, chosen func(*cobra.Command) bool) {
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && chosen(sub) {
			fmt.Fprintf(w, "\n  %-*s %s", sub.NamePadding(), sub.Name(), sub.Short)
		}
	}
}

// dressHelp sets the texts cobra would otherwise bring in English only.
func dressHelp(root *cobra.Command) {
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		usage(cmd.OutOrStderr(), cmd)
		return nil
	})
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
