package main

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// problemHere is an error of this program as a problem, for programs: what a
// node refuses is one already.
func problemHere(err error) client.Problem {
	p := client.Problem{Type: localProblem, Status: http.StatusUnprocessableEntity, Code: "failed",
		Next: "请按提示处理后重试", NextEn: "do as it says, then try again"}
	p.MessageZh, p.Detail = bothWords(err.Error())
	var faults configs.Faults
	var usage usageError
	var coded interface{ ExitCode() int }
	var advice advised
	var year *calendar.MissingYearError
	switch {
	case errors.As(err, &advice):
		p.Code, p.Next, p.NextEn = advice.code, advice.next, advice.nextEN
		p.MessageZh, p.Detail = bothWords(advice.error.Error())
	case errors.As(err, &faults):
		p.Code, p.Status = "settings", http.StatusBadRequest
		p.MessageZh, p.Detail = "配置有误", "the settings have faults"
		p.Next, p.NextEn = "请按清单逐项更正配置", "correct the settings as listed"
		for _, f := range faults {
			p.Fields = append(p.Fields, catalog.Fault{Path: strings.TrimSpace(f.Key + " " + f.Source), Code: catalog.FaultFormat, ZH: f.ZH, EN: f.EN})
		}
	case errors.As(err, &year): // as the node says it
		p.Code, p.Status = "calendar_year", http.StatusConflict
		p.Next, p.NextEn = "请用 --calendar 给出含该年的日历文件，或请县中心管理员导入该年日历", "give a calendar file that has the year with --calendar, or have the county's operator import it"
	case errors.As(err, &usage):
		p.Code, p.Status = "usage", http.StatusBadRequest
		p.Next, p.NextEn = "请看该命令的 --help", "see the command's --help"
	case errors.Is(err, context.Canceled):
		p.Code, p.MessageZh, p.Detail = "interrupted", "已中断", "interrupted"
	case errors.As(err, &coded) && coded.ExitCode() == exitUnreachable:
		p.Code, p.Status = "unreachable", http.StatusServiceUnavailable
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// bilingual is how errors here say the same in two languages, with what caused
// them after it.
var bilingual = regexp.MustCompile(`(?s)^(.*\p{Han}.*?) \(([a-zA-Z][^()]*(?:\([^()]*\)[^()]*)*)\)(.*)$`)

func bothWords(text string) (zh, en string) {
	m := bilingual.FindStringSubmatch(text)
	if m == nil {
		return text, text
	}
	return m[1] + m[3], m[2] + m[3]
}
