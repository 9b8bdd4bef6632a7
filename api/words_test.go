package api

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/ledger"
)

// Each kind of entry has its words on the pages, in both languages: a list of what
// happened shows no codes.
func TestEveryKindHasWordsOnThePages(t *testing.T) {
	for _, language := range []string{"zh", "en"} {
		raw, err := os.ReadFile("web/src/locales/" + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var messages struct {
			Kind map[string]map[string]string `json:"kind"`
		}
		if err := json.Unmarshal(raw, &messages); err != nil {
			t.Fatal(err)
		}
		for _, info := range ledger.Kinds {
			kind := info.Kind
			group, name, _ := strings.Cut(string(kind), ".")
			if messages.Kind[group][name] == "" {
				t.Errorf("%s: kind.%s is missing", language, kind)
			}
			if language == "zh" && kindZH[kind] == "" {
				t.Errorf("the answers have no word for %s", kind)
			}
		}
	}
}
