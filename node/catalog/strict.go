package catalog

import "github.com/tongban/tongban/node/importfile"

// decodeStrict reads one JSON document into the struct that into points to and
// reports every departure from its shape, with its line. The struct is filled
// in only when there is none.
func decodeStrict(data []byte, into any) []Fault {
	return ofFile(importfile.Decode(data, into))
}

func ofFile(found importfile.Faults) []Fault {
	if len(found) == 0 {
		return nil
	}
	faults := make([]Fault, len(found))
	for i, f := range found {
		faults[i] = Fault{Path: f.Path, Line: f.Line, Code: FaultCode(f.Code), ZH: f.ZH, EN: f.EN}
		if f.Path == "$" {
			faults[i].Path = "" // the document as a whole
		}
	}
	return faults
}

// located gives faults of what stands in a document the lines they stand at.
func located(data []byte, faults []Fault) []Fault {
	paths := make([]string, len(faults))
	for i, f := range faults {
		paths[i] = f.Path
	}
	for i, line := range importfile.Lines(data, paths) {
		faults[i].Line = line
	}
	return faults
}
