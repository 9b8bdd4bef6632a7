package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// prepare reads the plan of an earlier start, or makes one. A folder that holds
// anything else is not taken: a reset would remove it.
func prepare(o Options, s *screen) (*county, error) {
	p, err := loadPlan(o.Dir)
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh {
		if err := vacant(o.Dir); err != nil {
			return nil, err
		}
	}
	// Ports of a start that came to nothing are laid out anew.
	if fresh || err == nil && !p.begun() && !o.Check {
		ports := counting(o.Port)
		if o.Check {
			ports = free()
		}
		p, err = newPlan(ports)
	}
	if err != nil {
		return nil, err
	}
	if used := p.busyPort(); used != 0 {
		return nil, fmt.Errorf("端口 %d 已被占用：可能是上一次演示还在运行，请先停止它；或换一个目录和端口：tongban demo --dir DIR --port 7600 (port %[1]d is taken; is another demo still running?)%s", used, leftovers(o.Dir))
	}
	if first := p.Nodes[0].API; first != o.Port && !o.Check {
		s.say("该目录已有演示数据，沿用原来的端口 %d (this folder's demo keeps its ports)", first)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := p.save(o.Dir); err != nil {
		return nil, err
	}
	return &county{o: o, s: s, plan: p, procs: map[string]*loopback.Process{}, lines: map[int]*loopback.Line{}, died: make(chan error, 32)}, nil
}

// vacant is nil for a folder that is empty or not there yet.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s 里已有别的文件，演示不使用它；请换一个空目录：tongban demo --dir DIR (the folder holds other files; give the demo an empty one)", dir)
	}
	return nil
}

// Reset removes the data of a demo that is not running: what the demo made, and
// nothing that somebody else put beside it.
func Reset(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	p, err := loadPlan(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if vacant(dir) == nil {
			return nil // nothing is there
		}
		return fmt.Errorf("%s 不是演示数据目录，未删除 (not a demo's data; left as it is)", dir)
	}
	if err != nil {
		return err
	}
	if running := leftovers(dir); running != "" {
		return fmt.Errorf("演示还有进程在运行：请在它的终端按 Ctrl-C；终端已关闭、主进程已被强行结束的，用下面的 kill 命令结束遗留的节点，再试一次 (processes of the demo still run: press Ctrl-C in its terminal; where that is gone or the demo itself was killed, end the nodes that are left with the command below, then try again)%s", running)
	}
	made := []string{noticesDir, planFile + ".new"}
	for _, m := range p.Nodes {
		made = append(made, m.ID)
	}
	for _, name := range append(made, planFile) { // the plan last: a reset that was cut off can go on
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := os.Remove(dir); err != nil && vacant(dir) == nil {
		return err
	}
	return nil
}

// begun reports whether any node was founded or enrolled.
func (p *plan) begun() bool {
	for _, m := range p.Nodes {
		if m.Enrolled {
			return true
		}
	}
	return false
}

// leftovers names processes of an earlier start that are still there, those that
// somebody started by hand among them: each holds the lock on its data.
func leftovers(dir string) string {
	var pids, nameless []string
	locks, _ := filepath.Glob(filepath.Join(dir, "*", "data", "lock"))
	for _, l := range locks {
		if !held(l) {
			continue
		}
		if b, err := os.ReadFile(l); err == nil && alive(string(b)) {
			pids = append(pids, strings.TrimSpace(string(b)))
		} else {
			nameless = append(nameless, filepath.Dir(l))
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "pid"))
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && alive(string(b)) && !slices.Contains(pids, strings.TrimSpace(string(b))) {
			pids = append(pids, strings.TrimSpace(string(b)))
		}
	}
	said := ""
	if len(pids) > 0 {
		said = "\n遗留进程，可用此命令结束 (leftover processes; this ends them): kill " + strings.Join(pids, " ")
	}
	if len(nameless) > 0 {
		said += "\n仍有 tongban 进程在使用这些数据目录，请先停止它们 (processes that use these folders still run; stop them first): " + strings.Join(nameless, " ")
	}
	return said
}
