package api

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white border of a QR code, in modules.
const quietZone = 4

// qrSVG is a text as a QR code, 32 mm wide on paper. The text has to be of the
// alphanumeric mode's letters, which makes the modules larger.
func qrSVG(text string) (string, error) { return svgOf(text, qr.AlphaNumeric, "文书核验二维码") }

func svgOf(text string, mode qr.Encoding, label string) (string, error) {
	full, path, err := qrPath(text, mode)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`<svg class="qr" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="%s" width="32mm" height="32mm" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="%s"/></svg>`,
		label, full, full, full, full, path), nil
}

// qrPath is a text as a QR code: its modules from edge to edge, the quiet zone
// with them, and its dark ones as the path of an SVG. The text has to be of the
// mode's letters.
func qrPath(text string, mode qr.Encoding) (full int, d string, err error) {
	code, err := qr.Encode(text, qr.M, mode)
	if err != nil {
		return 0, "", fmt.Errorf("QR code: %w", err)
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			run := 0
			for x+run < side && dark(code.At(x+run, y)) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, run, run)
				x += run
			}
		}
	}
	return side + 2*quietZone, path.String(), nil
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
