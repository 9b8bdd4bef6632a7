package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/importfile"
)

// refusal is a no: the node's problem, or that of a check made here.
type refusal struct {
	client.Problem
	raw []byte // as it came; nil when the check was made here
}

func (r *refusal) Error() string { return r.Code + ": " + r.Detail }

// unreachable says that nobody answered. What was sent may have arrived.
type unreachable struct{ err error }

func (u *unreachable) Error() string {
	var unknown x509.UnknownAuthorityError
	if errors.As(u.err, &unknown) {
		return fmt.Sprintf("不认识节点的证书，请用 --ca 给出县的 CA 证书 (the node's certificate is unknown; give the county's CA with --ca): %v", u.err)
	}
	return fmt.Sprintf("无法连接节点 (the node cannot be reached): %v", u.err)
}
func (u *unreachable) Unwrap() error { return u.err }

// ExitCode tells run what the process ends with.
func (u *unreachable) ExitCode() int { return exitUnreachable }

// sendError sorts out why a request had no answer. Refusals met on the way,
// as when a session has ended, and the person's own Ctrl-C stay what they are.
func sendError(err error) error {
	var refused *refusal
	var usage usageError
	var sending *url.Error
	switch {
	case errors.As(err, &refused), errors.As(err, &usage), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &sending):
		return &unreachable{err}
	}
	return err
}

// localProblem is the type of a problem found here and not by a node.
const localProblem = "about:blank"

// faultsFound is a refusal for faults found here, without a node.
func faultsFound(faults []catalog.Fault) error {
	return &refusal{Problem: client.Problem{
		Type: localProblem, Title: http.StatusText(http.StatusUnprocessableEntity), Status: http.StatusUnprocessableEntity,
		Code: "file_faults", MessageZh: fmt.Sprintf("文件有 %d 处错误", len(faults)),
		Detail: fmt.Sprintf("the file has %d faults", len(faults)), Next: "请按清单逐项更正文件", NextEn: "correct the file as listed", Fields: faults,
	}}
}

// importFaults makes a refusal of the faults of a calendar or division file;
// another error stays as it is.
func importFaults(err error) error {
	var found importfile.Faults
	if !errors.As(err, &found) {
		return err
	}
	faults := make([]catalog.Fault, len(found))
	for i, f := range found {
		faults[i] = catalog.Fault{Path: f.Path, Line: f.Line, Code: catalog.FaultCode(f.Code), ZH: f.ZH, EN: f.EN}
	}
	return faultsFound(faults)
}

// toldAlready ends a command with 1 when what it printed says why.
var toldAlready = errors.New("told already")

// printError says what went wrong and what to do, each fault on a line with
// its path. With --json a refusal is the problem document.
func printError(w io.Writer, cmd *cobra.Command, err error) {
	lang := languageOf(cmd)
	var r *refusal
	switch {
	case errors.Is(err, toldAlready):
	case !errors.As(err, &r) && printerOf(cmd).json:
		_ = printer{out: w}.showValue(problemHere(err))
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(w, lang.pick("已中断", "interrupted"))
	case !errors.As(err, &r):
		fmt.Fprintf(w, "%s: %s\n", lang.pick("出错", "error"), lines(err.Error()))
	case printerOf(cmd).json:
		raw := r.raw
		if raw == nil {
			raw, _ = json.Marshal(r.Problem)
		}
		_ = printer{out: w}.showJSON(raw)
	default:
		printProblem(w, lang, &r.Problem)
	}
}

func printProblem(w io.Writer, lang language, p *client.Problem) {
	message := lang.pick(p.MessageZh, p.Detail)
	if message == "" {
		message = p.Title
	}
	fmt.Fprintf(w, "%s: %s [%s]\n", lang.pick("未能办理", "refused"), clean(message), clean(p.Code))
	printFaults(w, lang, p.Fields)
	if next := nextOf(lang, p); next != "" {
		fmt.Fprintf(w, "%s: %s\n", lang.pick("下一步", "next"), clean(next))
	}
	if p.RequestId != "" {
		fmt.Fprintf(w, "%s: %s\n", lang.pick("请求编号", "request"), clean(p.RequestId))
	}
}

// nextOf is what a problem asks for, with the command for it where there is
// one. A node that is older than next_en says it in Chinese alone.
func nextOf(lang language, p *client.Problem) string {
	next := p.Next
	if p.NextEn != "" {
		next = lang.pick(p.Next, p.NextEn)
	}
	if command := problemCommands[p.Code]; next != "" && command != "" {
		next += lang.pick("：", ": ") + command
	}
	return next
}

// problemCommands are the commands for what a problem asks for: a node tells
// everybody what to do, and only this program knows how it is done here.
var problemCommands = map[string]string{
	"papers_missing":     "tongban custody receive",
	"papers_damaged":     "tongban custody receive",
	"papers_not_here":    "tongban custody where NUMBER",
	"paper_unknown":      "tongban custody where NUMBER",
	"paper_elsewhere":    "tongban custody where NUMBER",
	"paper_on_the_way":   "tongban custody where NUMBER",
	"not_sent":           "tongban custody show LIST",
	"not_for_here":       "tongban custody show LIST",
	"received_already":   "tongban custody show LIST",
	"custody_desk":       "tongban custody show LIST",
	"node_revoked":       "tongban carry export",
	"edition_unknown":    "tongban item editions",
	"case_refused":       "tongban case resubmit NUMBER",
	"seal_missing":       "tongban seal make",
	"seal_renew":         "tongban seal make",
	"hub_not_enrolled":   "tongban node invite --tier county, tongban join",
	"hub_no_vote":        "tongban raft add HUB ADDRESS",
	"hub_not_handed_on":  "tongban raft status",
	"division_unknown":   "tongban division import FILE",
	"roster_missing":     "tongban staff roster set PERSON",
	"steps_unstaffed":    "tongban staff add, tongban item publish --unstaffed",
	"nothing_to_publish": "tongban item import FILE, tongban item approve",
	"token_unknown":      "tongban node invite",
	"token_used":         "tongban node invite",
	"token_expired":      "tongban node invite",
	"token_other":        "tongban node invite",
	"calendar_year":      "tongban calendar import FILE",
}

// printWarnings lists what somebody should look at although nothing was refused
// for it.
func printWarnings(w io.Writer, lang language, warnings []catalog.Fault) {
	for _, f := range warnings {
		fmt.Fprintf(w, "%s: %s\n", lang.pick("注意", "note"), clean(lang.pick(f.ZH, f.EN)))
	}
}

// printFaults lists faults, each on a line with its place and path. The same
// fault of many members of one list is told once, with how many they are.
func printFaults(w io.Writer, lang language, faults []catalog.Fault) {
	const many = 5
	alike := map[catalog.Fault][]string{}
	for _, f := range faults {
		if key, ok := ofList(f); ok {
			alike[key] = append(alike[key], f.Path)
		}
	}
	for _, f := range faults {
		path := f.Path
		if key, ok := ofList(f); ok && len(alike[key]) > many {
			all := alike[key]
			if all[0] != f.Path {
				continue
			}
			path = fmt.Sprintf(lang.pick("%s … %s 等 %d 处", "%s … %s, %d of them"), all[0], all[len(all)-1], len(all))
		}
		if path == "" {
			path = lang.pick("全文", "whole")
		}
		if f.Line > 0 {
			path = fmt.Sprintf(lang.pick("第 %d 行 %s", "line %d, %s"), f.Line, path)
		}
		fmt.Fprintf(w, "  %s: %s [%s]\n", clean(path), clean(lang.pick(f.ZH, f.EN)), clean(string(f.Code)))
	}
}

// ofList is what the same fault of another member of a list has in common with
// one; false for a fault that has a place of its own.
func ofList(f catalog.Fault) (catalog.Fault, bool) {
	list, _, ok := strings.Cut(f.Path, "[")
	f.Path = list
	return f, ok && f.Line == 0
}
