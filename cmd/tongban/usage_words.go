package main

import (
	"fmt"
	"regexp"
	"strings"
)

// usageWords are what the parser of the command line says, which it says in English
// alone, and how Chinese says it of what the parentheses caught.
var usageWords = []struct {
	english *regexp.Regexp
	chinese func(caught []string) string
}{
	{regexp.MustCompile(`^required flag\(s\) (.+) not set$`), func(c []string) string {
		return "缺少选项 " + flagNames(strings.Split(strings.ReplaceAll(c[1], `"`, ""), ", "))
	}},
	{regexp.MustCompile(`^unknown flag: (--\S+)$`), func(c []string) string { return "没有选项 " + c[1] }},
	{regexp.MustCompile(`^unknown shorthand flag: .+ in (-\S+)$`), func(c []string) string { return "没有选项 " + c[1] }},
	{regexp.MustCompile(`^flag needs an argument: (?:.+ in )?(-\S+)$`), func(c []string) string { return "选项 " + c[1] + " 后面缺少内容" }},
	{regexp.MustCompile(`^bad flag syntax: (.+)$`), func(c []string) string { return "选项写法有误：" + c[1] }},
	{regexp.MustCompile(`(?s)^invalid argument (".*") for "(?:-., )?(--[^"]+)" flag: `), func(c []string) string {
		return fmt.Sprintf("选项 %s 的内容 %s 不正确", c[2], c[1])
	}},
	{regexp.MustCompile(`^at least one of the flags in the group \[(.+)\] is required$`), func(c []string) string {
		return "以下选项至少给出一个：" + flagNames(strings.Fields(c[1]))
	}},
	{regexp.MustCompile(`^if any flags in the group \[.+\] are set they must all be set; missing \[(.+)\]$`), func(c []string) string {
		return "还须同时给出选项 " + flagNames(strings.Fields(c[1]))
	}},
	{regexp.MustCompile(`^if any flags in the group \[.+\] are set none of the others can be; \[(.+)\] were all set$`), func(c []string) string {
		return "以下选项只能给出一个：" + flagNames(strings.Fields(c[1]))
	}},
}

func flagNames(names []string) string { return "--" + strings.Join(names, "、--") }

// inBothLanguages is what the parser of the command line says; words of this
// program are in both already.
func inBothLanguages(err error) string {
	text := err.Error()
	for _, words := range usageWords {
		if caught := words.english.FindStringSubmatch(text); caught != nil {
			return words.chinese(caught) + " (" + text + ")"
		}
	}
	return text
}
