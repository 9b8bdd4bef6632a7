package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/federation/county"
)

// TestEveryBundleAndHubSaysWhatToDo: each fault of a bundle and each refusal of
// a change of the hubs has a next step of its own, in both languages.
func TestEveryBundleAndHubSaysWhatToDo(t *testing.T) {
	literals := func(name string, of func(ast.Node) ast.Expr) (all []string) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "federation", name), nil, 0)
		check(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := of(n).(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				check(t, err)
				all = append(all, s)
			}
			return true
		})
		return all
	}
	bundles := literals("carry/errors.go", func(n ast.Node) ast.Expr {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Code" {
				return pair.Value
			}
		}
		return nil
	})
	hubs := literals("county/errors.go", func(n ast.Node) ast.Expr {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Hub") {
			return v.Values[0]
		}
		return nil
	})
	if len(bundles) < 20 || len(hubs) < 10 {
		t.Fatalf("found %q and %q", bundles, hubs)
	}
	for _, code := range bundles {
		if p := carryProblem(&carry.Fault{Code: code}); p.next == "" || nextEN[p.next] == "" {
			t.Errorf("%s: %q, %q", code, p.next, nextEN[p.next])
		}
	}
	for _, code := range hubs {
		if p := countyProblem(&county.Refusal{Code: code}); p.next == "" || nextEN[p.next] == "" {
			t.Errorf("%s: %q, %q", code, p.next, nextEN[p.next])
		}
	}
}
