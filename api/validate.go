package api

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/tongban/tongban/node/catalog"
)

// validate holds a request against the document, all of it or all but its
// body. The library's messages quote
// the input, so none of them leaves this node: a fault is a place, a code and
// our own words.
func (s *Server) validate(r *http.Request, route *routers.Route, params map[string]string, withoutBody bool) error {
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			MultiError:          true,
			ExcludeRequestBody:  withoutBody,
			SkipSettingDefaults: true,
			// Who may do what is decided before this (admit).
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}
	var faults []catalog.Fault
	// What monitors and browsers add to the other paths does no harm.
	if strings.HasPrefix(route.Path, "/api/v1/") {
		faults = undeclared(r.URL.RawQuery, route)
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		faults = append(faults, faultsOf(err, "")...)
	}
	if len(faults) == 0 {
		return nil
	}
	p := errInvalid
	for _, f := range faults {
		if f.Code == catalog.FaultUnknown && strings.HasSuffix(f.EN, unknownField) {
			q := *errInvalid
			q.code = "unknown_field"
			p = &q
		}
	}
	return p.with(faults[:min(len(faults), mostFaults)]...)
}

// mostFaults is how many an answer lists.
const mostFaults = 100

// undeclared are the query parameters that an operation has not: a filter
// spelt wrong, or meant for another list, would answer with what nobody asked
// for.
func undeclared(query string, route *routers.Route) []catalog.Fault {
	if query == "" {
		return nil
	}
	given, err := url.ParseQuery(query)
	if err != nil {
		return []catalog.Fault{fault("", "")}
	}
	var faults []catalog.Fault
	for _, name := range slices.Sorted(maps.Keys(given)) {
		declared := route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		if declared == nil {
			declared = route.PathItem.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		}
		switch {
		case declared == nil:
			faults = append(faults, catalog.Fault{Path: shown(name), Code: catalog.FaultUnknown, ZH: "没有这个参数", EN: "the operation has no such parameter"})
		case len(given[name]) > 1 && !(declared.Schema != nil && declared.Schema.Value.Type.Is(openapi3.TypeArray)):
			faults = append(faults, catalog.Fault{Path: name, Code: catalog.FaultDuplicate, ZH: "参数重复，只能给出一次", EN: "the parameter is given more than once"})
		}
	}
	return faults
}

const unknownField = "the API has no such field here"

func faultsOf(err error, at string) []catalog.Fault {
	if many, ok := err.(openapi3.MultiError); ok {
		var faults []catalog.Fault
		for _, e := range many {
			faults = append(faults, faultsOf(e, at)...)
		}
		return faults
	}
	var request *openapi3filter.RequestError
	if errors.As(err, &request) && err == error(request) {
		if request.Parameter != nil {
			at = request.Parameter.Name
		}
		if request.Err == nil {
			return []catalog.Fault{fault(at, "")}
		}
		if errors.Is(request.Err, openapi3filter.ErrInvalidRequired) || errors.Is(request.Err, openapi3filter.ErrInvalidEmptyValue) {
			return []catalog.Fault{fault(at, "required")}
		}
		return faultsOf(request.Err, at)
	}
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		var inner openapi3.MultiError
		if errors.As(schema.Origin, &inner) {
			return faultsOf(inner, at)
		}
		path := join(at, schema.JSONPointer())
		if schema.SchemaField == "properties" {
			path = join(path, unsupported(schema.Reason))
		}
		return []catalog.Fault{fault(path, schema.SchemaField)}
	}
	return []catalog.Fault{fault(at, "")}
}

// unsupported finds the name of a field that is not in a schema: the library
// tells it in its text only.
func unsupported(reason string) []string {
	from, to := strings.Index(reason, `"`), strings.LastIndex(reason, `"`)
	if from < 0 || to <= from {
		return nil
	}
	name, err := strconv.Unquote(reason[from : to+1])
	if err != nil {
		return nil
	}
	return []string{name}
}

// fault says in our words what the rule of a schema was that a value broke.
func fault(path, rule string) catalog.Fault {
	f := catalog.Fault{Path: path, Code: catalog.FaultFormat, ZH: "格式不正确", EN: "not of the form the API asks for"}
	switch rule {
	case "required":
		f.Code, f.ZH, f.EN = catalog.FaultMissing, "必填", "required"
	case "properties", "additionalProperties":
		f.Code, f.ZH, f.EN = catalog.FaultUnknown, "没有这个字段", unknownField
	case "type", "nullable":
		f.Code, f.ZH, f.EN = catalog.FaultType, "值的类型不正确", "the wrong type of value"
	case "enum":
		f.Code, f.ZH, f.EN = catalog.FaultUnknown, "不是允许的取值", "not one of the values allowed"
	case "minLength", "maxLength":
		f.Code, f.ZH, f.EN = catalog.FaultLength, "长度不符合要求", "too short or too long"
	case "minItems", "maxItems":
		f.Code, f.ZH, f.EN = catalog.FaultLimit, "数量不符合要求", "too few or too many"
	case "minimum", "maximum":
		f.Code, f.ZH, f.EN = catalog.FaultRange, "数值超出范围", "out of range"
	}
	return f
}

func join(at string, pointer []string) string {
	path := at
	for _, p := range pointer {
		if _, err := strconv.Atoi(p); err == nil {
			path += "[" + p + "]"
			continue
		}
		if path != "" {
			path += "."
		}
		path += shown(p)
	}
	return path
}

// pathAt names an element of a list.
func pathAt(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
