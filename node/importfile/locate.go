package importfile

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Locate gives every fault that has none the line at which its path stands in
// the document, or where what it is missing from begins. A fault of the file
// as a whole has no line.
func Locate(data []byte, faults Faults) Faults {
	paths := make([]string, len(faults))
	for i, f := range faults {
		paths[i] = f.Path
	}
	for i, line := range Lines(data, paths) {
		if faults[i].Line == 0 {
			faults[i].Line = line
		}
	}
	return faults
}

// Lines are the lines at which paths stand, 0 for the document as a whole.
func Lines(data []byte, paths []string) []int {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	w := &locator{data: data, dec: json.NewDecoder(bytes.NewReader(data)), at: map[string]int{}}
	for _, p := range paths {
		for p != "" && p != "$" {
			if _, known := w.at[p]; known {
				break
			}
			w.at[p] = 0
			p = parent(p)
		}
	}
	if len(w.at) > 0 {
		// A document that breaks off has been said to; what stands before that
		// has its lines.
		_ = w.value("", 0)
	}
	lines := make([]int, len(paths))
	for i, p := range paths {
		for ; p != "" && p != "$" && lines[i] == 0; p = parent(p) {
			lines[i] = w.at[p]
		}
	}
	return lines
}

// parent is the path of what holds the last part of a path.
func parent(path string) string {
	if cut := strings.LastIndexAny(path, ".["); cut > 0 {
		return path[:cut]
	}
	return ""
}

// locator walks a document down the paths that are asked for.
type locator struct {
	data []byte
	dec  *json.Decoder
	at   map[string]int // line by path; 0: asked for, not met
	// offset and line are how far the lines have been counted.
	offset, line int
}

// here is the line of what comes next, or of the token just read when after.
func (w *locator) here() int {
	next := int(w.dec.InputOffset())
	for next < len(w.data) && strings.IndexByte(" \t\r\n,:", w.data[next]) >= 0 {
		next++
	}
	w.line += bytes.Count(w.data[w.offset:max(next, w.offset)], []byte("\n"))
	w.offset = max(next, w.offset)
	return 1 + w.line
}

func (w *locator) value(path string, depth int) error {
	tok, err := w.dec.Token()
	if err != nil {
		return err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if _, asked := w.at[path]; path != "" && !asked || depth > maxDepth {
		return skipRest(w.dec)
	}
	for i := 0; w.dec.More(); i++ {
		at, line := Index(path, i), w.here()
		if open == '{' {
			tok, err := w.dec.Token()
			if err != nil {
				return err
			}
			name, _ := tok.(string)
			at = Key(path, name)
		}
		if _, asked := w.at[at]; asked {
			w.at[at] = line
		}
		if err := w.value(at, depth+1); err != nil {
			return err
		}
	}
	_, err = w.dec.Token()
	return err
}

// skipRest reads on to the end of the object or list that is open. Counting
// instead of recursing keeps deep nesting from using up the stack.
func skipRest(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}
