package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// Whatever a problem says to do next in Chinese, it says in English too.
func TestNextIsInBothLanguages(t *testing.T) {
	files, err := filepath.Glob("*.go")
	check(t, err)
	found := 0
	next := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		zh, err := strconv.Unquote(lit.Value)
		if err != nil || !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			return
		}
		found++
		if nextEN[zh] == "" {
			t.Errorf("%s has no English", zh)
		}
	}
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); !ok || name.Name != "problem" {
				break
			}
			for i, e := range n.Elts {
				if pair, ok := e.(*ast.KeyValueExpr); !ok && i == 4 {
					next(e)
				} else if ok && pair.Key.(*ast.Ident).Name == "next" {
					next(pair.Value)
				}
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if s, ok := to.(*ast.SelectorExpr); ok && s.Sel.Name == "next" && len(n.Lhs) == len(n.Rhs) {
					next(n.Rhs[i])
				}
			}
		}
		return true
	}
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			check(t, err)
			ast.Inspect(f, look)
		}
	}
	if found < 60 {
		t.Errorf("only %d texts were found in the source", found)
	}
	for zh, en := range nextEN {
		if strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || en == "" || zh == "" {
			t.Errorf("%s: %s", zh, en)
		}
	}
}

// Every refusal of the domain has been thought of: it says what to do in its
// case, and not what is said of a code that nobody knew.
func TestEveryRefusalSaysWhatToDo(t *testing.T) {
	codes := map[string]string{}
	code := func(e ast.Expr, file string) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
				codes[s] = file
			}
		}
	}
	var files []string
	for _, pattern := range []string{"*.go", "../store/*.go", "../federation/*.go", "../node/*/*.go"} {
		some, err := filepath.Glob(pattern)
		check(t, err)
		files = append(files, some...)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		check(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if to, ok := n.Fun.(*ast.Ident); ok && (to.Name == "refuse" || to.Name == "refusal") && len(n.Args) >= 3 {
					code(n.Args[0], name)
				}
			case *ast.CompositeLit:
				of := n.Type
				if sel, ok := of.(*ast.SelectorExpr); ok {
					of = sel.Sel
				}
				if to, ok := of.(*ast.Ident); !ok || to.Name != "Refused" && to.Name != "Refusal" && to.Name != "Unfit" {
					break
				}
				for i, e := range n.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok && pair.Key.(*ast.Ident).Name == "Code" {
						code(pair.Value, name)
					} else if !ok && i == 0 {
						code(e, name)
					}
				}
			}
			return true
		})
	}
	if len(codes) < 250 {
		t.Errorf("only %d codes were found in the source", len(codes))
	}
	for code, file := range codes {
		if next := refusal(code, "", "", nil).next; next == nextUnknown {
			t.Errorf("%s: %s has no advice of its own", file, code)
		}
	}
	for code, next := range refusalNext {
		if codes[code] == "" {
			t.Errorf("nobody refuses with %s", code)
		}
		if nextEN[next] == "" {
			t.Errorf("%s: %s has no English", code, next)
		}
	}
}
