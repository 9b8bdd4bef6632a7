package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// envPrefix begins every environment variable that is a setting.
const envPrefix = "TONGBAN_"

// otherVariables begin with the prefix and are not settings: the path of the
// settings file itself, the switch for long tests, and who is asking for the
// commands that work at a node.
var otherVariables = []string{"TONGBAN_CONFIG", "TONGBAN_LONG", "TONGBAN_USER", "TONGBAN_PASSWORD_FILE", "TONGBAN_PPROF"}

// addressOrNode is the setting `node` when it holds a node's id, and when it
// holds an address it tells the commands that work at a node which one: a
// person who has both on one machine must be able to start the node. No id has
// a colon and every address has.
const addressOrNode = "TONGBAN_NODE"

// isSetting reports whether an environment variable with the prefix sets
// something here.
func isSetting(variable, content string) bool {
	if variable == addressOrNode && strings.Contains(content, ":") {
		return false
	}
	return content != "" && !slices.Contains(otherVariables, variable)
}

// settings is what was written, by key, before it means anything.
type settings struct {
	file   string
	values map[string]value
	faults Faults
	bad    map[string]bool // keys that have a fault already
}

func newSettings() *settings {
	return &settings{values: map[string]value{}, bad: map[string]bool{}}
}

func (s *settings) fault(name, source, zh, en string) {
	s.bad[name] = true
	s.faults = append(s.faults, Fault{Key: name, Source: source, ZH: zh, EN: en})
}

// addYAML collects the settings of one YAML document. It works on the syntax
// tree and not by decoding into a struct, for three reasons: every fault can
// be reported with its line, a value keeps its spelling (a division code is
// not turned into a number), and nothing is expanded, so that a small file
// cannot become a large one.
//
// read is false when the document is no YAML: then nothing that it says is
// known, and nothing is said to be missing from it.
func (s *settings) addYAML(data []byte) (read bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return true
	}
	if err == nil {
		err = decoder.Decode(&more)
		if err == nil {
			s.fault("", s.at(&more), "配置文件只能有一个 YAML 文档，请删去 --- 之后的部分", "the settings file must be one YAML document; remove what follows ---")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if line := tabbed(data); line > 0 {
			s.faults = append(s.faults, Fault{Source: fmt.Sprintf("%s:%d", s.file, line), ZH: "行首缩进用了制表符（Tab），YAML 只能用空格：请把制表符换成空格，每级两个", EN: "the line is indented with a tab, and YAML takes spaces alone: replace tabs by spaces, two a level"})
			return false
		}
		s.faults = append(s.faults, Fault{Source: s.file, ZH: "不是正确的 YAML，请检查缩进与冒号", EN: "not valid YAML; check indentation and colons", Err: err})
		return false
	}
	if len(document.Content) != 1 {
		return true
	}
	switch root := document.Content[0]; {
	case isNull(root):
	case root.Kind == yaml.MappingNode:
		s.addMapping(root, "")
	default:
		s.fault("", s.at(root), "配置文件应由“键: 值”组成", "the settings file must consist of key: value lines")
	}
	return true
}

// tabbed is the first line that is indented with a tab; 0 when there is none.
func tabbed(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if bytes.ContainsRune(indent, '\t') {
			return i + 1
		}
	}
	return 0
}

func (s *settings) addMapping(m *yaml.Node, prefix string) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		left, right := m.Content[i], m.Content[i+1]
		name := prefix + left.Value
		switch {
		case left.Kind != yaml.ScalarNode || strings.Contains(left.Value, ".") || !s.known(name):
			s.unknown(name, s.at(left))
		case seen[name]:
			s.fault(name, s.at(left), "重复出现，请只留一处", "stands twice; keep one")
		case right.Kind == yaml.AliasNode:
			s.fault(name, s.at(right), "不能使用 YAML 引用（*），请直接写出值", "YAML aliases (*) are not used here; write the value out")
		case isNull(right):
		case isGroup(name):
			if right.Kind != yaml.MappingNode {
				s.fault(name, s.at(right), "是一组设置，其下各项另起一行缩进书写", "is a group; its settings go indented on the lines below it")
				break
			}
			s.addMapping(right, name+".")
		default:
			s.addValue(name, right)
		}
		seen[name] = true
	}
}

func (s *settings) addValue(name string, n *yaml.Node) {
	v := value{source: s.at(n)}
	switch n.Kind {
	case yaml.ScalarNode:
		v.texts = []string{n.Value}
	case yaml.SequenceNode:
		v.list = true
		for _, element := range n.Content {
			if element.Kind != yaml.ScalarNode {
				s.fault(name, s.at(element), "列表中只能是单个的值", "a list may hold single values only")
				return
			}
			v.texts = append(v.texts, element.Value)
		}
	default:
		s.fault(name, s.at(n), "下面不能再有其他设置", "has no settings below it")
		return
	}
	s.values[name] = v
}

// addEnv lets environment variables override what the file says.
func (s *settings) addEnv(env []string) {
	for _, entry := range env {
		variable, content, _ := strings.Cut(entry, "=")
		rest, ok := strings.CutPrefix(variable, envPrefix)
		if !ok || !isSetting(variable, content) {
			continue
		}
		name := strings.ReplaceAll(strings.ToLower(rest), "__", ".")
		if _, ok := findKey(name); !ok {
			s.unknown(name, variable)
			continue
		}
		s.values[name] = value{texts: []string{content}, env: true, source: variable}
	}
}

func (s *settings) known(name string) bool {
	_, ok := findKey(name)
	return ok || isGroup(name)
}

// unknown refuses a key and names the likeliest intended one. The value is
// not repeated: it may be a secret that was put in the wrong place.
func (s *settings) unknown(name, source string) {
	shown := strings.Trim(quote(name), "“”")
	zh, en := "没有这个设置项", "there is no such setting"
	if near := nearest(name); near != "" {
		zh += fmt.Sprintf("；是否应为 %s？", near)
		en += fmt.Sprintf("; did you mean %s?", near)
	}
	s.faults = append(s.faults, Fault{Key: shown, Source: source, ZH: zh, EN: en})
}

func (s *settings) at(n *yaml.Node) string { return fmt.Sprintf("%s:%d", s.file, n.Line) }

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// nearest is the key most like name: the fewest edits, or the same last word
// in another group; empty when none is close.
func nearest(name string) string {
	const most = 64
	if len(name) > most {
		return ""
	}
	best, fewest := "", 3
	for _, k := range keys {
		if d := distance(name, k.name); d < fewest {
			best, fewest = k.name, d
		}
	}
	if best != "" {
		return best
	}
	last := name[strings.LastIndexAny(name, ".")+1:]
	for _, k := range keys {
		if last != "" && (k.name == last || strings.HasSuffix(k.name, "."+last) || k.name == strings.Replace(name, "_", ".", 1)) {
			return k.name
		}
	}
	return ""
}

// distance is the number of edits between two words, in bytes; two neighbours that
// changed places are one.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				cost++
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cost = min(cost, rows[i-2][j-2]+1)
			}
			rows[i][j] = min(cost, rows[i-1][j]+1, rows[i][j-1]+1)
		}
	}
	return rows[len(a)][len(b)]
}
