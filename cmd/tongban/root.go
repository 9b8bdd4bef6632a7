package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// What the process ends with. Scripts branch on these, so they never change.
const (
	exitOK          = 0
	exitRefused     = 1 // the node, or a check made here, said no
	exitUsage       = 2 // the command line is wrong
	exitUnreachable = 3 // no node answered
)

// version is set at the build with -ldflags "-X main.version=...".
var version = "dev"

// run executes one command line and returns the exit code. It ends early, in
// order, when ctx ends or the process is interrupted.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	markRan(root)
	cmd, err := root.ExecuteContextC(ctx)
	return finish(cmd, err, stderr)
}

// newRoot is the tree of commands. Everything the binary can do is in the two
// lists here.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tongban",
		Short: "县乡村三级政务服务 (government services of county, township and village)",
		Long: `县乡村三级政务服务：同一程序可作县中心、乡镇节点、村级节点，也是其管理与办件工具。
Government services of a county: one program for the hub, the townships, the
villages, and for looking after them.

退出码 exit codes: 0 完成 done, 1 被拒绝 refused, 2 用法有误 usage, 3 无法连接 not reachable`,
		Example: `  tongban calendar due --from 2026-09-29T15:00 --days 5
  tongban login --node http://127.0.0.1:8080 --user jiazi-daiban
  tongban case list --view waiting`,
		Args:          noArguments,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().String("lang", "", "显示语言 zh 或 en，默认随 LANG (language of tables and messages)")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: groupServer, Title: "节点 Running a node:"},
		&cobra.Group{ID: groupClient, Title: "使用 Working at a node:"},
	)
	for _, cmd := range serverCommands() {
		cmd.GroupID = groupServer
		root.AddCommand(cmd)
	}
	for _, cmd := range clientCommands() {
		cmd.GroupID = groupClient
		root.AddCommand(cmd)
	}
	dressHelp(root)
	return root
}

const (
	groupServer = "server"
	groupClient = "client"
)

// clientCommands are the commands that work at a node over its API, or need
// none. serverCommands, its sister, are those that are a node.
func clientCommands() []*cobra.Command {
	return []*cobra.Command{
		loginCommand(),
		logoutCommand(),
		nodeCommand(),
		raftCommand(),
		trustCommand(),
		divisionCommand(),
		calendarCommand(),
		checkNumberCommand(),
		itemCommand(),
		staffCommand(),
		deviceCommand(),
		accountCommand(),
		myCommand(),
		figuresCommand(),
		recordCommand(),
		caseCommand(),
		custodyCommand(),
		ratingCommand(),
		complaintCommand(),
		superviseCommand(),
		sampleCommand(),
		appraisalCommand(),
		attendanceCommand(),
		packageCommand(),
		sealCommand(),
		verifyCommand(),
		lookupCommand(),
		publicCommand(),
		statsCommand(),
		feeCommand(),
		resultCommand(),
		noticeCommand(),
		archiveCommand(),
		guideCommand(),
		syncCommand(),
		attentionCommand(),
		carryCommand(),
		backupCommand(),
		reconcileCommand(),
		completionCommand(),
		versionCommand(),
	}
}

// group is a command that only holds others.
func group(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:     use,
		Short:   short,
		Example: example,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// noArguments refuses words after a command, and takes them for a mistyped
// subcommand where there are any.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return usagef("不需要参数 %q (takes no argument %[1]q)", args[0])
	}
	message := fmt.Sprintf("没有命令 %q (no such command %[1]q)", cmd.CommandPath()+" "+args[0])
	if cmd.SuggestionsMinimumDistance <= 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += "；是否要用 did you mean: " + strings.Join(near, ", ")
	}
	return usageError{message}
}

// usageError says that the command line is wrong.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// ranError is an error of a command that began its work: its command line was
// right. Whatever cobra returns without it is about the command line.
type ranError struct{ err error }

func (e ranError) Error() string { return e.err.Error() }
func (e ranError) Unwrap() error { return e.err }

func markRan(cmd *cobra.Command) {
	if work := cmd.RunE; work != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := work(cmd, args); err != nil {
				return ranError{err}
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		markRan(sub)
	}
}

// finish prints what went wrong and returns the exit code.
func finish(cmd *cobra.Command, err error, stderr io.Writer) int {
	var ran ranError
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case !errors.As(err, &ran) || errors.As(err, &usage):
		if printerOf(cmd).json {
			_ = printer{out: stderr}.showValue(problemHere(usageError{inBothLanguages(err)}))
			return exitUsage
		}
		fmt.Fprintf(stderr, "用法有误 usage: %s\n%s --help\n", inBothLanguages(err), cmd.CommandPath())
		return exitUsage
	}
	var coded interface{ ExitCode() int }
	code := exitRefused
	if errors.As(err, &coded) {
		code = coded.ExitCode()
	}
	printError(stderr, cmd, ran.err)
	return code
}
