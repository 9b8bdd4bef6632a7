package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tongban/tongban/node"
)

// Change is one difference between two versions of an item, fit to be read by
// the person who approves the new one. Before is empty for what is new, After
// for what is gone.
type Change struct {
	// Path names materials, fields and the like by their name and not by their
	// place: materials[公司章程].copies.
	Path   string `json:"path"`
	Label  string `json:"label"` // the Chinese name of what changed
	Before string `json:"before"`
	After  string `json:"after"`
}

// Diff lists what differs between two versions of an item, in the order of
// the item's fields. Entries of lists are matched by name (form fields by
// key), so that one inserted paper is one change; a mere change of order is
// one change of the list. Diff is empty exactly when the canonical forms, and
// so the hashes, are equal.
func Diff(a, b Item) []Change {
	return diffStruct(reflect.ValueOf(normal(a)), reflect.ValueOf(normal(b)), "")
}

func diffValue(a, b reflect.Value, path, label string) []Change {
	switch a.Kind() {
	case reflect.Struct:
		return diffStruct(a, b, path)
	case reflect.Slice:
		return diffList(a, b, path, label)
	}
	if a.Equal(b) {
		return nil
	}
	return []Change{{Path: path, Label: label, Before: readable(a), After: readable(b)}}
}

func diffStruct(a, b reflect.Value, path string) []Change {
	var changes []Change
	for i := range a.NumField() {
		tag := a.Type().Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		if path != "" {
			name = path + "." + name
		}
		changes = append(changes, diffValue(a.Field(i), b.Field(i), name, tag.Get("zh"))...)
	}
	return changes
}

func diffList(a, b reflect.Value, path, label string) []Change {
	before, after := keysOf(a), keysOf(b)
	var changes []Change
	for i, key := range before {
		here := path + "[" + key + "]"
		if j := slices.Index(after, key); j < 0 {
			changes = append(changes, Change{Path: here, Label: label, Before: readable(a.Index(i))})
		} else {
			changes = append(changes, diffValue(a.Index(i), b.Index(j), here, label)...)
		}
	}
	for j, key := range after {
		if !slices.Contains(before, key) {
			changes = append(changes, Change{Path: path + "[" + key + "]", Label: label, After: readable(b.Index(j))})
		}
	}
	return append(changes, diffOrder(before, after, path, label)...)
}

// diffOrder compares the order of the entries that both lists have.
func diffOrder(before, after []string, path, label string) []Change {
	common := func(of, in []string) []string {
		return slices.DeleteFunc(slices.Clone(of), func(k string) bool { return !slices.Contains(in, k) })
	}
	was, is := common(before, after), common(after, before)
	if slices.Equal(was, is) {
		return nil
	}
	return []Change{{Path: path, Label: label + "（顺序）", Before: strings.Join(was, "、"), After: strings.Join(is, "、")}}
}

// keysOf names the entries of a list; a repeated name gets its count, so that
// drafts with repeated names can be compared too.
func keysOf(list reflect.Value) []string {
	keys := make([]string, list.Len())
	for i := range keys {
		key, n := keyOf(list.Index(i)), 1
		keys[i] = key
		for slices.Contains(keys[:i], keys[i]) {
			n++
			keys[i] = key + "#" + strconv.Itoa(n)
		}
	}
	return keys
}

// keyOf is what makes an entry the same entry in both versions. Steps and
// legal bases have no name: any change makes them another entry, unless only
// a detail beside the law and its article differs.
func keyOf(entry reflect.Value) string {
	switch e := entry.Interface().(type) {
	case node.Tier:
		return string(e)
	case LifeEvent:
		return string(e)
	case Material:
		return e.Name
	case Field:
		return e.Key
	case Result:
		return e.Name
	case SpecialProcedure:
		return e.Name
	case Condition:
		return e.Text
	case LegalBasis:
		return e.Law + e.Article
	}
	return readable(entry)
}

// readable renders a value for people: yes and no in Chinese, a whole entry
// as its fields with their names.
func readable(v reflect.Value) string {
	if tier, ok := v.Interface().(node.Tier); ok && tier.Valid() {
		return tier.Chinese()
	}
	if event, ok := v.Interface().(LifeEvent); ok {
		zh, _ := event.Names()
		return zh
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return "是"
		}
		return "否"
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = readable(v.Index(i))
		}
		return strings.Join(parts, "、")
	case reflect.Struct:
		if s, ok := v.Interface().(ReviewStep); ok {
			if s.WorkingDays != 0 {
				return fmt.Sprintf("%s%s%d日", readable(v.Field(0)), s.Role, s.WorkingDays)
			}
			return readable(v.Field(0)) + string(s.Role)
		}
		var parts []string
		for i := range v.NumField() {
			f, tag := v.Field(i), v.Type().Field(i).Tag
			said := f.Kind() == reflect.Bool && !strings.Contains(tag.Get("json"), ",omitempty")
			if !f.IsZero() || said {
				parts = append(parts, tag.Get("zh")+"："+readable(f))
			}
		}
		return strings.Join(parts, "；")
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	}
	return fmt.Sprint(v.Interface())
}
