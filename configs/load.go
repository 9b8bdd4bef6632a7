package configs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// mostBytes bounds a settings file; the commented examples have about 5 KB.
const mostBytes = 1 << 20

// Load reads a node's settings: the tier's defaults, then the file at path
// (none when path is empty), then the TONGBAN_ variables of env, which has the
// form of os.Environ. Relative paths in the settings are taken from the
// folder of the file, so that a service finds its data wherever it is started
// from; without a file, from the working directory.
//
// The settings are complete and valid when err is nil. Otherwise err is a
// Faults with everything that is wrong, and Config is zero. Whether data_dir
// can be written is not looked at here.
func Load(path string, env []string) (Config, error) {
	if path == "" {
		return load(".", "", nil, env)
	}
	data, fault := readFile(path)
	if fault != nil {
		return Config{}, Faults{*fault}
	}
	return load(filepath.Dir(path), filepath.Base(path), data, env)
}

// load is Load after the file called name was read from the folder base.
func load(base, name string, data []byte, env []string) (Config, error) {
	s := newSettings()
	s.file = name
	if !s.addYAML(data) {
		return Config{}, s.faults
	}
	s.addEnv(env)
	c := s.config()
	if err := absolute(&c, base); err != nil {
		s.faults = append(s.faults, Fault{Source: name, ZH: "无法确定配置文件所在目录", EN: "the settings file's folder cannot be determined", Err: err})
	}
	if name != "" {
		c.File = name
		if base, err := filepath.Abs(base); err == nil {
			c.File = filepath.Join(base, name)
		}
	}
	s.checkFiles(&c)
	if len(s.faults) > 0 {
		return Config{}, s.faults
	}
	return c, nil
}

// config turns what was written into a Config and adds the faults it finds.
func (s *settings) config() Config {
	var tier Tier
	if v, ok := s.values["tier"]; ok && !v.list {
		tier = Tier(strings.TrimSpace(v.texts[0]))
	}
	guessed := !slices.Contains(everyTier, tier)
	if guessed {
		if _, given := s.values["tier"]; !given {
			s.fault("tier", s.file, "必须填写 county（县）、township（乡镇）或 village（村）", "must be county, township or village")
		}
		tier = s.likelyTier()
	}
	c := Default(tier)
	for _, k := range keys {
		v, ok := s.values[k.name]
		if !ok {
			continue
		}
		if guessed && !slices.Contains(k.tiers, tier) {
			// It may be right for the tier that is meant, if it can be read.
			other := Default(k.tiers[0])
			if bad := k.set(&other, v); bad != nil {
				s.fault(k.name, v.source, bad.zh, bad.en)
			}
			continue
		}
		if !slices.Contains(k.tiers, tier) {
			s.fault(k.name, v.source,
				fmt.Sprintf("%s 节点没有此项，请删去；它只用于 %s", tier, tierNames(k.tiers)),
				fmt.Sprintf("a %s node has no such setting, remove it; it is for %s", tier, tierNames(k.tiers)))
			continue
		}
		if bad := k.set(&c, v); bad != nil {
			s.fault(k.name, v.source, bad.zh, bad.en)
		}
	}
	complete(&c)
	check := checker{c: &c, settings: s}
	check.all()
	return c
}

// likelyTier is the tier that the other settings are those of, so that a wrong
// tier does not hide what else is wrong: the division's length tells, else
// which keys there are, those of one tier alone first.
func (s *settings) likelyTier() Tier {
	if v, ok := s.values["division"]; ok && !v.list {
		for _, tier := range everyTier {
			if len(strings.TrimSpace(v.texts[0])) == divisionDigits[tier] {
				return tier
			}
		}
	}
	likely := Village
	for _, k := range keys {
		if _, ok := s.values[k.name]; !ok {
			continue
		}
		if len(k.tiers) == 1 {
			return k.tiers[0]
		}
		if k.name == "listen.federation" {
			likely = Township
		}
	}
	return likely
}

// complete fills what follows from other settings.
func complete(c *Config) {
	if c.Storage.KeyFile == "" && c.DataDir != "" {
		c.Storage.KeyFile = filepath.Clean(c.DataDir) + ".key"
	}
	if c.Tier == County && c.Backup.Folder == "" && c.DataDir != "" {
		c.Backup.Folder = filepath.Join(c.DataDir, "backups")
	}
	for _, pair := range []struct {
		listen    string
		advertise *string
	}{{c.Listen.Federation, &c.Advertise.Federation}, {c.Listen.Peer, &c.Advertise.Peer}} {
		if *pair.advertise == "" {
			if a, ok := parseAddress(pair.listen); ok && !a.everywhere() && a.port != 0 {
				*pair.advertise = pair.listen
			}
		}
	}
}

// absolute makes every path absolute, relative ones starting at base.
func absolute(c *Config, base string) error {
	base, err := filepath.Abs(base)
	if err != nil {
		return err
	}
	for _, p := range paths(c) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
	return nil
}

// readFile reads the settings file whole, within its bound and as UTF-8.
func readFile(path string) ([]byte, *Fault) {
	fault := func(zh, en string, err error) *Fault { return &Fault{Source: path, ZH: zh, EN: en, Err: err} }
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault("没有这个配置文件；可从 configs/ 中的示例复制一份", "there is no such settings file; copy one of the examples in configs/", err)
	}
	if err != nil {
		return nil, fault("无法打开配置文件", "the settings file cannot be opened", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	switch {
	case err != nil:
		return nil, fault("无法读取配置文件", "the settings file cannot be read", err)
	case len(data) > mostBytes:
		return nil, fault("配置文件超过 1 MB，可能指错了文件", "the settings file is over 1 MB; is it the right file?", nil)
	case !utf8.Valid(data):
		return nil, fault("配置文件不是 UTF-8 编码；请另存为 UTF-8", "the settings file is not UTF-8; save it as UTF-8", nil)
	}
	return data, nil
}

func tierNames(tiers []Tier) string {
	names := make([]string, len(tiers))
	for i, t := range tiers {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}
