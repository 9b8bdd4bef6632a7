package main

import (
	"errors"
	"os"
	"slices"

	"github.com/tongban/tongban/configs"
)

// loadSettings reads the settings that --config or TONGBAN_CONFIG names. Where
// neither does and the environment sets nothing, that is what is said, and not
// everything that nobody has set.
func loadSettings(flag string) (configs.Config, error) {
	path := configPath(flag)
	c, err := configs.Load(path, os.Environ())
	var faults configs.Faults
	if path != "" || !errors.As(err, &faults) {
		return c, err
	}
	none := configs.Fault{Key: "--config", ZH: "没有给出配置文件：请用 --config 指定，如 --config /etc/tongban/village.yaml，或设环境变量 TONGBAN_CONFIG", EN: "no settings file was given: name it with --config, as in --config /etc/tongban/village.yaml, or in TONGBAN_CONFIG"}
	if os.Getenv("TONGBAN_TIER") == "" && !slices.ContainsFunc(faults, func(f configs.Fault) bool { return f.Source != "" }) {
		return c, configs.Faults{none}
	}
	return c, append(configs.Faults{none}, faults...)
}
