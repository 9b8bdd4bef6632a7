package configs

import (
	"embed"
	"fmt"
)

//go:embed county.yaml township.yaml village.yaml
var exampleFiles embed.FS

// Example returns the commented example file of a tier, which Load accepts as
// it stands; an unknown tier is an error.
func Example(tier Tier) ([]byte, error) {
	data, err := exampleFiles.ReadFile(string(tier) + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("example settings for tier %q: %w", tier, err)
	}
	return data, nil
}
