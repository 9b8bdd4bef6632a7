package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
)

// scan makes a picture that looks like a scanned page: paper that is not
// quite white, a heading, lines of writing, a red seal. The same seed makes
// the same picture.
func scan(seed uint64) ([]byte, error) {
	const width, height = 1240, 1754 // A4 at 150 dots an inch
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			shade := uint8(238 + r.IntN(14))
			img.SetRGBA(x, y, color.RGBA{shade, shade, shade - 4, 255})
		}
	}
	ink := color.RGBA{40, 40, 46, 255}
	block(img, 320, 140, 600, 44, ink)
	for y := 260; y < 1400; y += 56 {
		for x := 150; x < 1090-r.IntN(300); x += 34 {
			block(img, x, y, 20+r.IntN(8), 22, ink)
		}
	}
	seal(img, 900, 1440, 120)
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60})
	return b.Bytes(), err
}

func block(img *image.RGBA, x, y, w, h int, c color.RGBA) {
	for dy := range h {
		for dx := range w {
			img.SetRGBA(x+dx, y+dy, c)
		}
	}
}

func seal(img *image.RGBA, cx, cy, radius int) {
	red := color.RGBA{200, 40, 40, 255}
	for dy := -radius; dy <= radius; dy++ {
		for dx := -radius; dx <= radius; dx++ {
			if d := dx*dx + dy*dy; d <= radius*radius && d >= (radius-9)*(radius-9) {
				img.SetRGBA(cx+dx, cy+dy, red)
			}
		}
	}
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
