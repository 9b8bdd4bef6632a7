package api

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// numberedResults wants the number of a certificate that is issued: by it the holder is
// told apart, the certificate checked, corrected and renewed. What was issued without one
// before stands.
func numberedResults(c *casework.Case, body ledger.Body) error {
	b, ok := body.(*ledger.CaseIssueV1)
	if !ok || c.Decision != casework.Granted {
		return nil
	}
	var faults []catalog.Fault
	for i, d := range b.Documents {
		if strings.TrimSpace(d.Number) == "" && certificate(d.Name) {
			faults = append(faults, catalog.Fault{Path: fmt.Sprintf("documents[%d].number", i), Code: catalog.FaultMissing, ZH: "“" + d.Name + "”须填写证照编号", EN: d.Name + " is a certificate and has a number"})
		}
	}
	if len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	return nil
}

// certificate reports whether a result is one by its name, whatever stands behind it in
// brackets.
func certificate(name string) bool {
	name, _, _ = strings.Cut(strings.TrimSpace(name), "（")
	if strings.HasSuffix(name, "凭证") {
		return false
	}
	for _, end := range []string{"证", "证书", "执照", "牌照", "证明书", "许可证明"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}
