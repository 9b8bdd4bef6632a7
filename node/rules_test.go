package node_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/rules.md anew")

// rules are those of the law and of the centre that the program keeps, by section of
// the handbook they come from: 2 the clock, 3 papers, 4 one window, 5 supervision, 6
// ratings, 7 complaints, 8 the notice sheet, 9 publication, 10 identifiers. A test
// names those it proves in its comment, as in "Rules: 2.4, 5.6."

var rules = [][2]string{
	{"2.1", "No licence needed: told at once, not accepted (Licence Law art. 32 no. 1)"},
	{"2.2", "Not this authority's matter: refused at once, and the right authority named (art. 32 no. 2)"},
	{"2.3", "What can be put right on the spot is told and put right there; nothing is written until then (art. 32 no. 3)"},
	{"2.4", "What is missing is told within five working days, once, and whole (art. 32 no. 4)"},
	{"2.5", "Nobody told in time: accepted on the day of receipt (art. 32 no. 4)"},
	{"2.6", "Complete, or everything brought: it is accepted; a refusal needs a ground of the law (art. 32 no. 5)"},
	{"2.7", "Acceptance and refusal are told in dated writing with the authority's seal (art. 32)"},
	{"2.8", "Decided within twenty working days of acceptance (art. 42)"},
	{"2.9", "The authority's head may add ten, once, before the time is over, and the applicant is told why (art. 42)"},
	{"2.10", "Another law may set another limit"},
	{"2.11", "Joint handling: 45 working days, and 15 more at most (art. 42)"},
	{"2.12", "A lower office ends its first review within twenty working days (art. 43)"},
	{"2.13", "What can be decided on the spot is decided there (art. 34)"},
	{"2.14", "Two officers or more look at a place (art. 34)"},
	{"2.15", "The time of what art. 45 names is not counted, and the time it needs is told in writing"},
	{"2.16", "Site survey and publicity stop the centre's promise alone (convention)"},
	{"2.17", "A hearing is asked for within five working days of being told (art. 47)"},
	{"2.18", "It is held within twenty (art. 47)"},
	{"2.19", "Notice of it is given seven days before (art. 48)"},
	{"2.20", "It costs the parties nothing, and its notice says so (art. 47)"},
	{"2.21", "Issued and served within ten working days of the decision (art. 44)"},
	{"2.22", "Days are working days without statutory holidays (art. 82)"},
	{"2.23", "Renewal: applied for thirty days before; without an answer it counts as renewed (art. 50)"},
	{"2.24", "No fee outside the published list (art. 58)"},
	{"2.25", "Forms are free, and anybody has them (art. 58)"},
	{"2.26", "What is no licence has its own limits, and its papers do not name the Licence Law"},
	{"2.27", "Before a refusal that was told of, those whom it concerns state their case, and the decision says what became of that (art. 7, 36)"},
	{"2.31", "A working day is one listed as worked, or no holiday and Monday to Friday; a year that is missing is an error"},
	{"2.32", "The first day is not counted; due is the n-th counted day (Civil Code art. 201)"},
	{"2.33", "A suspension leaves out the working days after its start up to its end"},
	{"2.34", "Suspensions that overlap count once"},
	{"2.35", "While one is open there is no due date"},
	{"2.36", "An extension is approved on the due date at the latest"},
	{"2.37", "Handed in from home on a day that is not worked: received on the next that is (convention)"},
	{"2.38", "Natural days: start and n; a last day that is not worked moves on (Civil Code art. 203)"},
	{"2.39", "Dates are Beijing's, whatever instant was written"},
	{"2.40", "A provisional year warns; a calendar that comes later computes anew and moves nothing that was told"},
	{"2.41", "The worked vectors"},
	{"3.1", "Every document has centre, department, number, case, item, applicant, date, contact and supervision phone"},
	{"3.2", "收件凭证: papers with copies, time, receiver"},
	{"3.3", "受理通知书: day of acceptance, both due dates, query code"},
	{"3.4", "不予受理决定书: reason, basis, right authority, remedy"},
	{"3.5", "一次性补正告知书: every paper and how to put it right"},
	{"3.6", "特别程序告知书: kind, basis, time, left out of the clock"},
	{"3.7", "延长审批期限告知书: reason, new date, the head who approved"},
	{"3.8", "听证告知书: the right and its five days"},
	{"3.9", "准予决定书: content, validity, what is issued"},
	{"3.10", "不予决定书: facts, reasons, basis, the right to review or suit (art. 38)"},
	{"3.11", "终止办理通知书: who asked, why, papers returned"},
	{"3.12", "送达回证: documents and numbers, recipient, method, deliverer; each method proven"},
	{"3.13", "Remedy notice: review within sixty days at the named body, suit within six months"},
	{"3.14", "Whoever is decided against is told the remedy on the paper itself, so that no period runs untold"},
	{"4.1", "Papers come in through the window: no other step asks the applicant for any"},
	{"4.2", "A reviewer who needs more sends the case back; the one notice is for before acceptance"},
	{"4.3", "Whoever accepted does not decide, but for instant items (convention)"},
	{"4.4", "首问负责: the first person asked answers until another window has taken over"},
	{"4.5", "一次性告知: asking twice is a finding"},
	{"4.6", "AB岗: a substitute on duty when the owner is absent"},
	{"4.7", "失职追究: card, explanation, finding, sanction; the person may state a defence"},
	{"4.8", "A village never decides"},
	{"4.9", "A township decides its own matters, the county its licences"},
	{"4.10", "Handing on keeps one number and one clock; the way between is not left out"},
	{"5.1", "Amber: one working day of the promise left, instant items unfinished at the close of business"},
	{"5.2", "Yellow: the promise has passed"},
	{"5.3", "Red: the law's limit has passed, the promise by three working days, or two yellow cards"},
	{"5.4", "Cards go to the handler, the head and the supervisor"},
	{"5.5", "A card is never taken back; explanation and finding close it, and it stays counted"},
	{"5.6", "Found: a second notice"},
	{"5.7", "Found: a fee above its standard"},
	{"5.8", "Found: a skipped step"},
	{"5.9", "Found: sent back without a reason"},
	{"5.10", "Found: a special procedure longer than told"},
	{"5.11", "Hours a line was down count against nobody"},
	{"6.1", "Five grades, the last two bad"},
	{"6.2", "One rating of one visit"},
	{"6.3", "Voluntary, on the spot or later by the code"},
	{"6.4", "Who was rated does not see who rated"},
	{"6.5", "A bad rating is verified, put right, reported to the rater and graded again"},
	{"6.6", "One working day to contact, five to finish (convention)"},
	{"6.7", "A malicious rating is marked and never deleted"},
	{"6.8", "Published without any person"},
	{"6.9", "Satisfied is grades 3 to 5 of rated, rectified of bad"},
	{"7.1", "A reply within five working days (convention)"},
	{"7.2", "Staff contest a card, and another supervisor decides"},
	{"7.3", "Formal review is not handled here: the notice says where"},
	{"7.4", "The handler is not whom it is about"},
	{"7.5", "Anonymous complaints are taken"},
	{"7.6", "Acknowledged with a number"},
	{"8.1", "窗口告知单: item, basis, who, papers, steps, limits, fee, result, window, hours, phones; missing papers ticked; date, clerk, signatures, two copies"},
	{"9.1", "Basis, conditions, procedure, limits, papers, forms and fees are public (art. 30)"},
	{"9.2", "Grant decisions are public (art. 40)"},
	{"9.3", "Progress by number and query code"},
	{"9.4", "Hall screens: number, item, step"},
	{"9.5", "A name keeps its first character"},
	{"9.6", "An ID number keeps six and four, outside the hall the last four"},
	{"9.7", "A phone keeps three and four"},
	{"9.8", "An address to the village"},
	{"9.9", "A bank account keeps the last four"},
	{"9.10", "Never public: health, disability, means, minors, adoption, marriage, legal aid"},
	{"9.11", "Relief is posted by name, village, kind and amount, and gone at the end of its days"},
	{"9.12", "Legal persons' names and codes are public"},
	{"9.13", "Each unmasked view is recorded"},
	{"10.1", "Trimmed and in capitals before it is checked"},
	{"10.2", "GB 11643: weights, check character, sex"},
	{"10.3", "A real date of birth, not in the future, a known province; unknown areas pass"},
	{"10.4", "GB 32100: weights and check character"},
	{"10.5", "GB 11714: an organisation code that does not fit is a warning"},
	{"10.6", "Division codes: lengths, parents, ranges"},
	{"10.7", "Mobiles and landlines"},
	{"10.8", "The vectors of all of them"},
}

var named = regexp.MustCompile(`(?m)^Rules: ([0-9., \n]+)$`)

// Every rule has a test that names it, no test names a rule there is not, and
// docs/rules.md says which.
func TestEveryRuleHasItsTest(t *testing.T) {
	known, proves := map[string]bool{}, map[string][]string{}
	for _, r := range rules {
		if known[r[0]] {
			t.Errorf("rule %s is there twice", r[0])
		}
		known[r[0]] = true
	}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "web" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Doc == nil {
				continue
			}
			for _, m := range named.FindAllStringSubmatch(f.Doc.Text(), -1) {
				for id := range strings.SplitSeq(strings.TrimRight(m[1], ".\n "), ",") {
					id = strings.TrimSpace(id)
					if !known[id] || !strings.HasPrefix(f.Name.Name, "Test") {
						t.Errorf("%s names rule %q", f.Name.Name, id)
					}
					where := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, ".."+string(filepath.Separator))))
					proves[id] = append(proves[id], "`"+where+"` "+f.Name.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Rules and the tests that prove them\n\nPrinted from `node/rules_test.go` and the comments of the tests, which a test holds against each\nother (`go test ./node -run EveryRule -update`). *Convention* is what no law says: it can be set.\n\n| rule | what it says | tests |\n|---|---|---|\n")
	for _, r := range rules {
		tests := proves[r[0]]
		if len(tests) == 0 {
			t.Errorf("no test names rule %s: %s", r[0], r[1])
		}
		slices.Sort(tests)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r[0], r[1], strings.Join(tests, "<br>"))
	}
	const page = "../docs/rules.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != b.String() {
		t.Errorf("%s is out of date (%v); run go test ./node -run EveryRule -update", page, err)
	}
}
