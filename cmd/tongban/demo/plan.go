package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

const planFile = "demo.json"

// plan is which nodes there are and where, kept in the data directory so that
// a second start goes on with the same ones.
type plan struct {
	Nodes []*member `json:"nodes"`
	// Founded, Peopled and Walked note how far the first start had come.
	Founded bool `json:"founded"`
	Peopled bool `json:"peopled"`
	Walked  bool `json:"walked"`
	// Applied notes that the resident's account is there.
	Applied bool `json:"applied"`
	// Enlivened notes that the day's other business is there.
	Enlivened bool `json:"enlivened"`
	// Walks counts the walks begun: one that was cut off begins anew.
	Walks int `json:"walks"`
}

// member is one node: where it listens, and the lines it reaches others by.
type member struct {
	ID       string `json:"id"`
	Tier     string `json:"tier"`
	Division string `json:"division"`
	Name     string `json:"name"`
	API      int    `json:"api"`
	Fed      int    `json:"federation,omitempty"`
	Peer     int    `json:"peer,omitempty"`
	LAN      int    `json:"lan,omitempty"`
	// Above are the lines to the nodes above, which the demo can cut.
	Above    []line `json:"above,omitempty"`
	Enrolled bool   `json:"enrolled"`
}

// line is a port of the demo's that leads to another node's federation port.
type line struct {
	To   string `json:"to"`
	Port int    `json:"port"`
}

func (m *member) url() string { return fmt.Sprintf("http://127.0.0.1:%d", m.API) }

// places are the demo's nodes below the county.
var places = []struct{ tier, division, name, township string }{
	{"township", "330523110", "梅溪镇便民服务中心", ""},
	{"township", "330523111", "天子湖镇便民服务中心", ""},
	{"village", "330523110220", "钱坑桥村便民服务站", "330523110"},
	{"village", "330523110221", "武康桥村便民服务站", "330523110"},
	{"village", "330523111219", "呤诗村便民服务站", "330523111"},
	{"village", "330523111218", "吴址村便民服务站", "330523111"},
}

const (
	countyCode = "330523"
	hubCount   = 3
	// FirstPort is the first port used where none is asked for.
	FirstPort = 7410
	// LastPort is the highest first port that leaves room for all others.
	LastPort = 65535 - 60
)

// newPlan lays the county out; port gives the next port to use.
func newPlan(port func() (int, error)) (*plan, error) {
	p := new(plan)
	var err error
	next := func() int {
		n, e := port()
		err = errors.Join(err, e)
		return n
	}
	var hubs []string
	for i := range hubCount {
		id := fmt.Sprintf("county-%d", i+1)
		hubs = append(hubs, id)
		p.Nodes = append(p.Nodes, &member{ID: id, Tier: "county", Division: countyCode, Name: "县政务服务中心", API: next(), Fed: next(), Peer: next()})
	}
	townships := map[string]string{}
	for _, at := range places {
		m := &member{ID: at.tier + "-" + at.division, Tier: at.tier, Division: at.division, Name: at.name, API: next()}
		if at.tier == "township" {
			m.Fed = next()
			townships[at.division] = m.ID
		} else {
			m.Above = append(m.Above, line{To: townships[at.township], Port: next()})
		}
		for _, h := range hubs {
			m.Above = append(m.Above, line{To: h, Port: next()})
		}
		p.Nodes = append(p.Nodes, m)
	}
	for _, m := range p.Nodes {
		m.LAN = next()
	}
	return p, err
}

// counting gives fixed ports, so that a person finds the pages again.
func counting(first int) func() (int, error) {
	port := first - 1
	return func() (int, error) { port++; return port, nil }
}

// free gives ports that nobody uses now.
func free() func() (int, error) {
	given := map[int]bool{}
	return func() (int, error) {
		for {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return 0, err
			}
			port := l.Addr().(*net.TCPAddr).Port
			if err := l.Close(); err != nil {
				return 0, err
			}
			if !given[port] {
				given[port] = true
				return port, nil
			}
		}
	}
}

func loadPlan(dir string) (*plan, error) {
	b, err := os.ReadFile(filepath.Join(dir, planFile))
	if err != nil {
		return nil, err
	}
	p := new(plan)
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("%s 已损坏，请运行 make demo-reset (damaged; run make demo-reset): %w", filepath.Join(dir, planFile), err)
	}
	return p, nil
}

func (p *plan) save(dir string) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, planFile+".new")
	if err := os.WriteFile(temp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(dir, planFile))
}

func (p *plan) ports() []int {
	var all []int
	for _, m := range p.Nodes {
		for _, port := range []int{m.API, m.Fed, m.Peer, m.LAN} {
			if port != 0 {
				all = append(all, port)
			}
		}
		for _, l := range m.Above {
			all = append(all, l.Port)
		}
	}
	return all
}

// busyPort is one of the plan's ports that somebody listens on, 0 if none is.
func (p *plan) busyPort() int {
	for _, port := range p.ports() {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return port
		}
		l.Close()
	}
	return 0
}

func (p *plan) of(tier string) []*member {
	var all []*member
	for _, m := range p.Nodes {
		if m.Tier == tier {
			all = append(all, m)
		}
	}
	return all
}

func (p *plan) node(id string) *member {
	for _, m := range p.Nodes {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// screen is the terminal.
type screen struct {
	out   interface{ Write([]byte) (int, error) }
	began time.Time
}

func (s *screen) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *screen) step(format string, args ...any) {
	fmt.Fprintf(s.out, "[%5.1fs] %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}
