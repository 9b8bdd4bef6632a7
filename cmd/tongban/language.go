package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// language is what people are spoken to in. Help is in both.
type language string

const (
	chinese language = "zh"
	english language = "en"
)

// pick returns the text of the language.
func (l language) pick(zh, en string) string {
	if l == english {
		return en
	}
	return zh
}

// languageOf is what --lang says, then what the environment says. Chinese is
// spoken unless English is asked for: a machine at a village desk often has no
// language set at all.
func languageOf(cmd *cobra.Command) language {
	chosen := ""
	if flag := cmd.Flag("lang"); flag != nil {
		chosen = flag.Value.String()
	}
	for _, variable := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if chosen == "" {
			chosen = os.Getenv(variable)
		}
	}
	if strings.HasPrefix(strings.ToLower(chosen), "en") {
		return english
	}
	return chinese
}
