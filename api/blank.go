package api

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/tongban/tongban/node/catalog"
)

// What people write has to say something: a reason of spaces, or of a full stop, is
// none, and stands in the ledger and on documents for ever. This is looked at here for
// every request that hands something over, and not by kind or handler.

// wordless are the texts that need neither letter nor digit: passwords, what a
// form's own rules judge, and what somebody may say by a sign alone.
var wordless = map[string]bool{"password": true, "old_password": true, "new_password": true, "secret": true, "otp": true, "value": true, "tags": true, "document": true}

// unsaid are the operations whose bodies are left alone: they record nothing and
// say themselves what is wrong, or take files and entries that are read strictly.
func unsaid(operation string) bool {
	return strings.HasPrefix(operation, "check") || strings.HasPrefix(operation, "verify") || strings.HasPrefix(operation, "federation")
}

// blanks are the texts of a JSON body that say nothing.
func blanks(operation string, body []byte) []catalog.Fault {
	if unsaid(operation) || len(body) == 0 {
		return nil
	}
	var tree any
	if json.Unmarshal(body, &tree) != nil {
		return nil // told before
	}
	// A rating of five stars may have an emoji for all its words.
	faults := blanksIn(tree, "", operation == "giveRating")
	slices.SortFunc(faults, func(a, b catalog.Fault) int { return strings.Compare(a.Path, b.Path) })
	return faults
}

func blanksIn(v any, path string, signs bool) (faults []catalog.Fault) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			at := join(path, []string{name})
			if text, ok := member.(string); ok {
				faults = append(faults, blankText(at, text, signs || wordless[name])...)
				continue
			}
			faults = append(faults, blanksIn(member, at, signs || wordless[name])...)
		}
	case []any:
		for i, member := range v {
			at := pathAt(path, i)
			if text, ok := member.(string); ok {
				faults = append(faults, blankText(at, text, signs)...)
				continue
			}
			faults = append(faults, blanksIn(member, at, signs)...)
		}
	}
	return faults
}

// blankText is the fault of a text that shows nothing, or that has neither a letter
// nor a digit; an empty one is left to whoever asks for it.
func blankText(path, text string, signs bool) []catalog.Fault {
	switch {
	case text == "":
	case !strings.ContainsFunc(text, shows):
		return []catalog.Fault{{Path: path, Code: catalog.FaultMissing, ZH: "只有空白，请填写内容", EN: "it has nothing but space; write something or leave it out"}}
	case !signs && !strings.ContainsFunc(text, speaks):
		return []catalog.Fault{{Path: path, Code: catalog.FaultText, ZH: "没有文字，请写明内容", EN: "it has no words; say what is meant"}}
	}
	return nil
}

// shows reports whether a character can be seen. The last four are letters or signs
// to Unicode and blank on paper.
func shows(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\u115f\u1160\u3164\uffa0\u2800", r)
}

func speaks(r rune) bool { return shows(r) && (unicode.IsLetter(r) || unicode.IsNumber(r)) }
