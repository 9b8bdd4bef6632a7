package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// passwords is where a password comes from: a file, or the person at the
// terminal. There is no flag for the password itself: other people on the
// machine can read a command line.
type passwords struct {
	file    string
	stdin   io.Reader
	prompts io.Writer
}

func passwordSource(cmd *cobra.Command) passwords {
	return passwords{file: flagOr(cmd, "password-file", os.Getenv(envPasswordFile)), stdin: cmd.InOrStdin(), prompts: cmd.ErrOrStderr()}
}

// atHand reports whether ask can answer.
func (p passwords) atHand() bool { return p.file != "" || p.terminal() != nil }

// terminal is the terminal a person sits at, nil when there is none.
func (p passwords) terminal() *os.File {
	if f, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// ask is the login name, asked for if user is empty, and the password.
func (p passwords) ask(node, user string) (login, password string, err error) {
	if user == "" {
		if p.terminal() == nil {
			return "", "", usagef("请用 --user 或 %s 给出登录名 (give the login name)", envUser)
		}
		fmt.Fprintf(p.prompts, "%s\n登录名 login: ", node)
		line, err := readLine(p.terminal())
		if err != nil {
			return "", "", fmt.Errorf("read the login name: %w", err)
		}
		user = line
	}
	if p.file != "" {
		password, err = passwordFromFile(p.file, p.stdin)
	} else {
		password, err = p.hidden(fmt.Sprintf("%s 的密码 password of %[1]s: ", user))
	}
	return user, password, err
}

// hidden reads a password from the terminal without showing it.
func (p passwords) hidden(prompt string) (string, error) {
	tty := p.terminal()
	if tty == nil {
		return "", usagef("请用 --password-file 或 %s 给出密码 (give the password in a file)", envPasswordFile)
	}
	fmt.Fprint(p.prompts, prompt)
	text, err := term.ReadPassword(int(tty.Fd()))
	fmt.Fprintln(p.prompts)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(text), nil
}

// passwordFromFile is the first line of a file, - being standard input. Only
// the line's end is cut: a password may end with a space.
func passwordFromFile(name string, stdin io.Reader) (string, error) {
	in := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", usagef("无法读取密码文件 (cannot read the password file): %v", err)
		}
		defer file.Close()
		in = file
	}
	line, err := readLine(in)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if line == "" {
		return "", usagef("密码文件第一行为空 (the password file's first line is empty)")
	}
	return line, nil
}

func readLine(r io.Reader) (string, error) {
	const most = 4096
	line, err := bufio.NewReader(io.LimitReader(r, most)).ReadString('\n')
	if err == io.EOF {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}
