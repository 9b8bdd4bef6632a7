package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "命令补全脚本 (shell completion)",
		Example: `  source <(tongban completion bash)
  tongban completion bash > /etc/bash_completion.d/tongban
  tongban completion zsh > "${fpath[1]}/_tongban"
  tongban completion powershell | Out-String | Invoke-Expression`,
		Args:      oneArgument("bash|zsh|fish|powershell"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usagef("%q：应为 bash、zsh、fish 或 powershell (one of these)", args[0])
		},
	}
}

// patience is how long a person waits after pressing Tab.
const patience = 1500 * time.Millisecond

// completeItems offers the codes of items in force at the node that was used
// last. Whatever goes wrong, there are simply none: a message would land in
// the middle of the command line.
func completeItems(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const most = 500
	return complete(cmd, args, begun, func(ctx context.Context, c *connection, offer func(word, about string)) {
		a, err := answered[client.ItemList](c.api.ListItems(ctx, &client.ListItemsParams{Query: begun, Limit: most}))
		if err != nil {
			return
		}
		for _, i := range a.value.Items {
			offer(i.Code, i.Name)
		}
	})
}

// completeNodes offers the ids of the county's nodes.
func completeNodes(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return complete(cmd, args, begun, func(ctx context.Context, c *connection, offer func(word, about string)) {
		a, err := answered[client.NodeList](c.api.ListNodes(ctx))
		if err != nil {
			return
		}
		for _, n := range a.value.Nodes {
			offer(n.Node, n.Name)
		}
	})
}

// completeNodeFlag is completeNodes for a flag.
func completeNodeFlag(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return completeNodes(cmd, nil, begun)
}

// completeDivisions offers the codes of the county's divisions.
func completeDivisions(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return complete(cmd, nil, begun, func(ctx context.Context, c *connection, offer func(word, about string)) {
		a, err := answered[client.DivisionList](c.api.ListDivisions(ctx, &client.ListDivisionsParams{}))
		if err != nil {
			return
		}
		for _, d := range a.value.Divisions {
			offer(string(d.Code), d.Name)
		}
	})
}

// completeStaff offers the numbers of staff.
func completeStaff(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return complete(cmd, args, begun, func(ctx context.Context, c *connection, offer func(word, about string)) {
		a, err := answered[client.StaffList](c.api.ListStaff(ctx, &client.ListStaffParams{}))
		if err != nil {
			return
		}
		for _, s := range a.value.Staff {
			offer(s.Id, s.Login+" "+s.Name)
		}
	})
}

// completeHubs offers the ids of the hubs.
func completeHubs(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return complete(cmd, args, begun, func(ctx context.Context, c *connection, offer func(word, about string)) {
		a, err := answered[client.HubReport](c.api.ListHubs(ctx))
		if err != nil {
			return
		}
		for _, h := range a.value.Hubs {
			offer(h.Id, h.Address)
		}
	})
}

// complete asks the node that was used last for the words of a first argument.
func complete(cmd *cobra.Command, args []string, begun string, find func(context.Context, *connection, func(word, about string))) ([]cobra.Completion, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	if len(args) > 0 {
		return nil, none
	}
	c, err := connect(cmd)
	if err != nil || c.session.saved.Access == "" {
		return nil, none
	}
	c.session.passwords = passwords{}
	parent := cmd.Context()
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, patience)
	defer cancel()
	var found []cobra.Completion
	find(ctx, c, func(word, about string) {
		if strings.HasPrefix(word, begun) {
			found = append(found, cobra.CompletionWithDesc(clean(word), clean(about)))
		}
	})
	return found, none
}

// completeItemFlag is completeItems for a flag, which comes after words too.
func completeItemFlag(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return completeItems(cmd, nil, begun)
}

// completeWords offers fixed words.
func completeWords(words ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}
