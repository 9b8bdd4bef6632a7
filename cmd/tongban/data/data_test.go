package data

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/catalog"
)

var update = flag.Bool("update", false, "write the tags and samples that the rules give into items.json; then go generate")

// What is carried is the file that people read and change.
func TestItemsAreTheFile(t *testing.T) {
	file, err := os.ReadFile("items.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(Items(), file) && !*update {
		t.Error("items.json.gz is not items.json; run go generate ./cmd/tongban/data")
	}
}

// The shipped items are tagged with the life events, and their papers described, by
// the rules of package catalog (SuggestLife, SuggestSample). Whoever imports them
// changes both as they like.
func TestItemsCarryLifeEventsAndSamples(t *testing.T) {
	file, err := os.ReadFile("items.json")
	if err != nil {
		t.Fatal(err)
	}
	items, faults := catalog.ParseItems(file)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if *update {
		if err := os.WriteFile("items.json", tagged(t, file, items), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	papers, described, forms := 0, 0, 0
	for _, item := range items {
		if want := catalog.SuggestLife(item); !slices.Equal(item.LifeEvents, want) {
			t.Errorf("%s %s has %v, the rule says %v", item.Code, item.Name, item.LifeEvents, want)
		}
		for _, m := range item.Materials {
			bare := m
			bare.SampleNote, bare.SampleText, bare.SampleForm = "", nil, false
			catalog.SuggestSample(&bare)
			if bare.SampleNote != m.SampleNote || !slices.Equal(bare.SampleText, m.SampleText) || bare.SampleForm != m.SampleForm {
				t.Errorf("%s %s is not described by the rule", item.Code, m.Name)
			}
			papers++
			if m.HasSample() {
				described++
			}
			if m.SampleForm {
				forms++
			}
		}
	}
	if 2*described < papers || forms < 100 {
		t.Errorf("of %d papers %d are described and %d have a filled-in form", papers, described, forms)
	}
	t.Logf("%d papers, %d described, %d with a filled-in form", papers, described, forms)
}

// tagged writes tags and samples into the file as it is laid out, so that a reader
// sees nothing else change.
func tagged(t *testing.T, file []byte, items []catalog.Item) []byte {
	t.Helper()
	var out []string
	item, paper, inPapers := -1, 0, false
	var skipping string
	quote := func(v any) string {
		b := new(bytes.Buffer)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(b.String())
	}
	block := func(indent, key string, values []string) string {
		lines := make([]string, len(values))
		for i, v := range values {
			lines[i] = indent + "  " + quote(v)
		}
		return indent + `"` + key + `": [` + "\n" + strings.Join(lines, ",\n") + "\n" + indent + "]"
	}
	for _, line := range strings.Split(string(file), "\n") {
		trimmed := strings.TrimSpace(line)
		key, _, _ := strings.Cut(strings.TrimPrefix(trimmed, `"`), `"`)
		if skipping != "" {
			if line == skipping || line == skipping+"," {
				skipping = ""
			}
			continue
		}
		switch {
		case strings.HasPrefix(line, `      "code": `):
			item, paper = item+1, -1
		case strings.HasPrefix(line, `      "life_events": [`):
			skipping = "      ]"
			continue
		case strings.HasPrefix(line, `      "materials": [`):
			inPapers = true
		case line == "      ]," && inPapers:
			inPapers = false
		case inPapers && line == "        {":
			paper++
		case inPapers && key == "sample_text":
			skipping = "          ]"
			continue
		case inPapers && strings.HasPrefix(key, "sample_"):
			continue
		case inPapers && (line == "        }" || line == "        },"):
			m := items[item].Materials[paper]
			m.SampleNote, m.SampleText, m.SampleForm = "", nil, false
			if catalog.SuggestSample(&m) {
				last := strings.TrimSuffix(out[len(out)-1], ",")
				extra := `          "sample_note": ` + quote(m.SampleNote)
				if len(m.SampleText) > 0 {
					extra += ",\n" + block("          ", "sample_text", m.SampleText)
				}
				if m.SampleForm {
					extra += ",\n" + `          "sample_form": true`
				}
				out[len(out)-1] = last + ",\n" + extra
			} else {
				out[len(out)-1] = strings.TrimSuffix(out[len(out)-1], ",")
			}
		}
		out = append(out, line)
		if strings.HasPrefix(line, `      "subject": `) {
			var events []string
			for _, e := range catalog.SuggestLife(items[item]) {
				events = append(events, string(e))
			}
			out = append(out, block("      ", "life_events", events)+",")
		}
	}
	return []byte(strings.Join(out, "\n"))
}
