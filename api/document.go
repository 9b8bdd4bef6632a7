package api

import "github.com/getkin/kin-openapi/openapi3"

// keepRequests drops of the document what no request is held against: answers,
// and what is said for people, which is more than half of it. The page to read
// loads the document anew.
func keepRequests(doc *openapi3.T) {
	doc.Info, doc.Tags, doc.ExternalDocs = nil, nil, nil
	if doc.Components != nil {
		doc.Components = &openapi3.Components{SecuritySchemes: doc.Components.SecuritySchemes}
	}
	k := keeper{}
	for _, item := range doc.Paths.Map() {
		item.Summary, item.Description = "", ""
		k.parameters(item.Parameters)
		for _, op := range item.Operations() {
			op.Summary, op.Description, op.ExternalDocs, op.Responses = "", "", nil, nil
			k.parameters(op.Parameters)
			if op.RequestBody == nil || op.RequestBody.Value == nil {
				continue
			}
			op.RequestBody.Value.Description = ""
			k.content(op.RequestBody.Value.Content)
		}
	}
}

// keeper remembers the schemas it has been at: they refer to each other.
type keeper map[*openapi3.Schema]bool

func (k keeper) parameters(all openapi3.Parameters) {
	for _, p := range all {
		if p.Value == nil {
			continue
		}
		p.Value.Description, p.Value.Example, p.Value.Examples = "", nil, nil
		k.schema(p.Value.Schema)
		k.content(p.Value.Content)
	}
}

func (k keeper) content(c openapi3.Content) {
	for _, media := range c {
		media.Example, media.Examples = nil, nil
		k.schema(media.Schema)
	}
}

func (k keeper) schema(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil || k[ref.Value] {
		return
	}
	s := ref.Value
	k[s] = true
	s.Title, s.Description, s.Example, s.ExternalDocs = "", "", nil, nil
	k.schema(s.Items)
	k.schema(s.Not)
	k.schema(s.AdditionalProperties.Schema)
	for _, property := range s.Properties {
		k.schema(property)
	}
	for _, refs := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, r := range refs {
			k.schema(r)
		}
	}
}
