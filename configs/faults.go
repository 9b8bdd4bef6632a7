package configs

import (
	"fmt"
	"strings"
	"unicode"
)

// Fault is one thing wrong with the settings.
type Fault struct {
	Key    string // dotted key such as "listen.api"; empty when the file as a whole is at fault
	Source string // where it was set: "county.yaml:12" or "TONGBAN_LISTEN__API"; the file's name when it was not set
	ZH, EN string // what would be right
	Err    error  // the cause from the operating system or the parser, if any
}

// String is the fault in one line, both languages.
func (f Fault) String() string {
	var b strings.Builder
	if f.Key != "" {
		b.WriteString(f.Key)
	}
	if f.Source != "" {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("(" + f.Source + ")")
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(f.ZH + " / " + f.EN)
	if f.Err != nil {
		fmt.Fprintf(&b, " [%v]", f.Err)
	}
	return b.String()
}

// Faults is every fault of one set of settings, in the order of the key
// table, those of the file as a whole first. It is the error type of Load and
// Validate.
type Faults []Fault

// Error lists every fault on a line of its own.
func (f Faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "配置有 %d 处错误 / %d fault(s) in the settings:", len(f), len(f))
	for _, fault := range f {
		b.WriteString("\n  - " + fault.String())
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As the causes, so that a caller can tell
// a missing file from a wrong one.
func (f Faults) Unwrap() []error {
	var causes []error
	for _, fault := range f {
		if fault.Err != nil {
			causes = append(causes, fault.Err)
		}
	}
	return causes
}

// orNil keeps an empty list from becoming a non-nil error.
func (f Faults) orNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// complaint is what is wrong with a value, before it is known where it stood.
type complaint struct {
	zh, en string
	err    error
}

func wrong(zh, en string) *complaint { return &complaint{zh: zh, en: en} }

// quote shows a value in a message: shortened, and with control characters
// made visible so that a terminal is not driven by a settings file.
func quote(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) > most {
		runes = append(runes[:most:most], '…')
	}
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = '\uFFFD'
		}
	}
	return "“" + string(runes) + "”"
}
