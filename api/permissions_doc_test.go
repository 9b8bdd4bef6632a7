package api

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
)

var update = flag.Bool("update", false, "write generated documents anew")

var roleZH = map[identity.Role]string{
	identity.VillageWorker: "村(社区)代办员", identity.TownshipClerk: "乡镇窗口", identity.TownshipReviewer: "乡镇审核", identity.TownshipLeader: "乡镇分管领导",
	identity.DepartmentWindow: "部门窗口", identity.DepartmentReviewer: "行政审批股", identity.DepartmentLeader: "首席代表、分管领导", identity.FeeCounter: "收费窗口",
	identity.Supervisor: "电子监察", identity.CountyOperator: "中心管理员", identity.Auditor: "审计",
}

var reachEN = map[identity.Reach]string{identity.Own: "own", identity.Subtree: "subtree", identity.Department: "department", identity.Whole: "county"}

// permissionsDocument prints the table of permissions from the code that
// enforces it.
func permissionsDocument(doc *openapi3.T) []byte {
	var b bytes.Buffer
	b.WriteString("# Permissions\n\n")
	b.WriteString("Printed from `identity.Grants` and `api.routePermissions`, which enforce it; a test fails when this page is out of date (`go test ./api -run PermissionsDocument -update`). What no row allows is refused.\n\n")
	b.WriteString("A grant holds at the tier of its role only and as far as its reach: `own` the person's own division; `subtree` that division and those below; `department` what the person's department answers for, in the whole county; `county` everything in the county.\n\n")
	b.WriteString("## Roles\n\n| role | 角色 | tier |\n|---|---|---|\n")
	for _, r := range identity.Roles {
		fmt.Fprintf(&b, "| `%s` | %s | %s %s |\n", r, roleZH[r], r.Tier(), r.Tier().Chinese())
	}
	writeGrants(&b)
	writeOperations(&b, doc)
	return b.Bytes()
}

func writeGrants(b *bytes.Buffer) {
	var actions []identity.Action
	for _, g := range identity.Grants {
		if !slices.Contains(actions, g.Action) {
			actions = append(actions, g.Action)
		}
	}
	slices.Sort(actions)
	for _, tier := range []node.Tier{node.Village, node.Township, node.County} {
		var roles []identity.Role
		for _, r := range identity.Roles {
			if r.Tier() == tier {
				roles = append(roles, r)
			}
		}
		fmt.Fprintf(b, "\n## Role × action at the %s (%s)\n\n| action |", tier, tier.Chinese())
		for _, r := range roles {
			fmt.Fprintf(b, " %s |", r)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(roles)) + "\n")
		for _, a := range actions {
			fmt.Fprintf(b, "| `%s` |", a)
			for _, r := range roles {
				reach, _ := identity.ReachOf(r, a)
				fmt.Fprintf(b, " %s |", reachEN[reach])
			}
			b.WriteString("\n")
		}
	}
}

func writeOperations(b *bytes.Buffer, doc *openapi3.T) {
	b.WriteString("\n## What each operation of the API asks for\n\nOperations on one case, item, person or place check the reach again with that in hand, and the ledger checks once more when the entry is applied. `actOnCase` asks for the action of its kind (`case.accept` for `accept`, …).\n\n| operation | | asks for |\n|---|---|---|\n")
	type row struct{ id, path, who string }
	var rows []row
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !between(op) {
				rows = append(rows, row{op.OperationID, method + " " + path, whoMay(op)})
			}
		}
	}
	slices.SortFunc(rows, func(x, y row) int {
		_, px, _ := strings.Cut(x.path, " ")
		_, py, _ := strings.Cut(y.path, " ")
		return cmp.Or(strings.Compare(px, py), strings.Compare(x.path, y.path))
	})
	for _, r := range rows {
		fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", r.id, r.path, r.who)
	}
}
