package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// someJSON draws a value that nearly fits a schema, or does.
func someJSON(t *rapid.T, schema *openapi3.Schema, depth int) any {
	if depth > 8 || rapid.IntRange(0, 200).Draw(t, "wild") == 137 {
		return rapid.SampledFrom([]any{nil, true, 1.5, 1e300, -1, 1234567890123456, "", "x", []any{}, map[string]any{}}).Draw(t, "value")
	}
	switch {
	case schema.Type.Is("object"):
		m := map[string]any{}
		for _, name := range slices.Sorted(mapKeys(schema.Properties)) {
			if slices.Contains(schema.Required, name) && rapid.IntRange(0, 60).Draw(t, "left out") != 37 || rapid.Bool().Draw(t, "there") {
				m[name] = someJSON(t, schema.Properties[name].Value, depth+1)
			}
		}
		if rapid.IntRange(0, 60).Draw(t, "more") == 37 {
			m["other"] = 1
		}
		return m
	case schema.Type.Is("array"):
		all := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			all = append(all, someJSON(t, schema.Items.Value, depth+1))
		}
		return all
	case schema.Type.Is("integer"):
		return rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, 9), rapid.IntRange(1, 9), rapid.IntRange(-1, 120), rapid.Int()).Draw(t, "number")
	case schema.Type.Is("boolean"):
		return rapid.Bool().Draw(t, "boolean")
	}
	texts := []string{"", "张三", "x", "330523110200", strings.Repeat("\U0001F600", 20), strings.Repeat("字", 200), strings.Repeat("x", 201), strings.Repeat("0f", 32), "a\nb"}
	if rapid.IntRange(0, 50).Draw(t, "odd") != 37 {
		texts = slices.DeleteFunc(texts, func(s string) bool { return schema.VisitJSONString(s) != nil })
		texts = append(texts, strings.Repeat("2", int(schema.MinLength)))
		for _, v := range schema.Enum {
			texts = append(texts, v.(string))
		}
	}
	return rapid.SampledFrom(texts).Draw(t, "text")
}

func mapKeys(m openapi3.Schemas) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// What fits a shape passes the validator of the document.
func TestShapesSayNoMoreThanTheDocument(t *testing.T) {
	document, err := loadDocument()
	check(t, err)
	shapes, fitting := 0, map[string]int{}
	for _, item := range document.Paths.Map() {
		for _, op := range item.Operations() {
			s := bodyShape(op)
			if s == nil {
				continue
			}
			shapes++
			media := op.RequestBody.Value.Content[jsonType]
			rapid.Check(t, func(t *rapid.T) {
				v := someJSON(t, media.Schema.Value, 0)
				data, err := json.Marshal(v)
				if rapid.Bool().Draw(t, "spaced") {
					data, err = json.MarshalIndent(v, " ", "\t")
				}
				if err != nil {
					t.Fatal(err)
				}
				if !s.fits(data) {
					return
				}
				fitting[op.OperationID]++
				var decoded any
				if err := json.Unmarshal(data, &decoded); err != nil {
					t.Fatal(err)
				}
				if err := media.Schema.Value.VisitJSON(decoded, openapi3.VisitAsRequest()); err != nil {
					t.Fatalf("%s: %s fits, but: %v", op.OperationID, data, err)
				}
			})
		}
	}
	if len(fitting) < 8 {
		t.Errorf("%d shapes; bodies that fitted: %v", shapes, fitting)
	}
}

// The bodies that come most are known by their shape.
func TestExamplesFit(t *testing.T) {
	document, err := loadDocument()
	check(t, err)
	for _, path := range []string{"/api/v1/cases", "/api/v1/cases/check"} {
		op := document.Paths.Value(path).Post
		s := bodyShape(op)
		if s == nil {
			t.Fatalf("%s: no shape", path)
		}
		media := op.RequestBody.Value.Content[jsonType]
		if media.Example == nil {
			continue
		}
		data, err := json.Marshal(media.Example)
		check(t, err)
		if !s.fits(data) {
			t.Errorf("%s: the example does not fit its shape: %s", path, data)
		}
		if s.fits(append(data, '1')) || s.fits(data[1:]) {
			t.Errorf("%s: what is no JSON fits", path)
		}
	}
}
