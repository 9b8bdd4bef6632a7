package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identifier"
)

// checked is what is known of a number: its normal form, or what is wrong.
type checked struct {
	Kind    string `json:"kind"`
	Valid   bool   `json:"valid"`
	Value   string `json:"value,omitempty"`
	Reason  string `json:"reason,omitempty"`
	ZH      string `json:"zh,omitempty"`
	EN      string `json:"en,omitempty"`
	Warning string `json:"warning,omitempty"`
}

// checks are the kinds of numbers, by their names on the command line.
var checks = map[string]func(text string) (value, warning string, err error){
	"id": func(text string) (string, string, error) {
		n, err := identifier.ParseIDNumber(text, calendar.DateOf(time.Now()))
		return n.Number, "", err
	},
	"uscc": func(text string) (string, string, error) {
		u, err := identifier.ParseUSCC(text)
		warning := ""
		if err == nil && !u.OrganisationFits {
			warning = "其中的组织机构代码校验位不符，请核对证照 (the organisation code inside does not fit its check character; look at the licence)"
		}
		return u.Code, warning, err
	},
	"division": func(text string) (string, string, error) {
		d, err := division.ParseKnown(identifier.Normalise(text))
		return string(d), "", err
	},
	"mobile": func(text string) (string, string, error) {
		p, err := identifier.ParsePhone(text)
		if err == nil && p.Kind != identifier.Mobile {
			err = &identifier.Error{Kind: identifier.KindPhone, Reason: identifier.ReasonLandline}
		}
		return p.Number, "", err
	},
}

var checkKinds = []string{"id", "uscc", "division", "mobile"}

func checkNumberCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check id|uscc|division|mobile VALUE",
		Short: "校验号码，无需连接节点 (check a number; needs no node)",
		Long: `id 居民身份证号码 (GB 11643)　uscc 统一社会信用代码 (GB 32100)
division 行政区划代码　mobile 手机号码
号码有效时输出规范写法，退出码 0；否则说明错在哪里，退出码 1。
Prints the normal form of a valid number and ends with 0, else says what is
wrong and ends with 1.`,
		Example: `  tongban check id 33059919850412005X
  tongban check uscc 91330599MA000TB146 --json
  tongban check division 330523110200
  tongban check mobile 13800000000`,
		Args: arguments(2, 2, "KIND, VALUE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return checkKinds, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().Bool("json", false, "以 JSON 输出 (print JSON)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		check, ok := checks[args[0]]
		if !ok {
			return usagef("没有这种号码 %q，应为 id、uscc、division 或 mobile (no such kind)", args[0])
		}
		return sayNumber(printerOf(cmd), args[0], args[1], check)
	}
	return cmd
}

func sayNumber(p printer, kind, text string, check func(string) (string, string, error)) error {
	value, warning, wrong := check(text)
	if p.json {
		if err := p.showValue(checkedOf(kind, value, warning, wrong)); err != nil || wrong == nil {
			return err
		}
		return toldAlready
	}
	if wrong == nil {
		fmt.Fprintln(p.out, value)
		if warning != "" {
			fmt.Fprintln(p.errors, warning)
		}
	}
	return wrong
}

func checkedOf(kind, value, warning string, wrong error) checked {
	c := checked{Kind: kind, Valid: wrong == nil, Value: value, Warning: warning}
	var number *identifier.Error
	var code *division.CodeError
	switch {
	case errors.As(wrong, &number):
		c.Reason, c.ZH, c.EN = string(number.Reason), number.Chinese(), number.English()
	case errors.As(wrong, &code):
		zh, en := code.Reason.Text()
		c.Reason, c.ZH, c.EN = string(code.Reason), "区划代码"+zh, "division code: "+en
	}
	if wrong != nil {
		c.Value = ""
	}
	return c
}
