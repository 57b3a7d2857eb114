package page

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/pelletier/go-toml/v2"
)

// Brand is how a vendor's pages look: a TOML file has it.
type Brand struct {
	Name  string `toml:"name"`       // of the vendor, at the top of each page
	Color string `toml:"color"`      // of links and buttons, such as "#0b5a8a"; "" for ours
	Dark  string `toml:"color_dark"` // the same on a dark ground; "" for ours
}

const maxBrandName = 60 // characters

// ParseBrand reads the file. A color that cannot be read on its ground is refused.
func ParseBrand(file []byte) (b Brand, err error) {
	d := toml.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return Brand{}, hint.Errorf("the brand cannot be read: %w", err).WithHint(`want lines like  name = "Acme GmbH"  and  color = "#0b5a8a"`)
	}
	if n := len([]rune(b.Name)); n == 0 || n > maxBrandName {
		return Brand{}, hint.Errorf("the brand's name has %d characters, and 1 to %d are wanted", n, maxBrandName).WithHint(`write  name = "Acme GmbH"`)
	}
	for _, c := range []struct{ field, text, ground, on string }{{"color", b.Color, "#fbfbf9", "#ffffff"}, {"color_dark", b.Dark, "#16181b", "#0d1b26"}} {
		if c.text == "" {
			continue
		}
		l, err := luminance(c.text)
		if err != nil {
			return Brand{}, hint.Errorf("%s is no color: %.20q", c.field, c.text).WithHint("write it as # and six digits of 0 to 9 and a to f, such as #0b5a8a")
		}
		for _, other := range []string{c.ground, c.on} {
			if o, _ := luminance(other); contrast(l, o) < leastContrast {
				return Brand{}, hint.Errorf("%s %s cannot be read on its ground: the contrast is %.1f, and %.1f is wanted", c.field, c.text, contrast(l, o), leastContrast).
					WithHint("take a darker color for color, and a lighter one for color_dark")
			}
		}
	}
	return b, nil
}

// leastContrast is what text needs (WCAG 2.2, success criterion 1.4.3, level AA).
const leastContrast = 4.5

// luminance is the relative luminance of a color, 0 to 1, as WCAG 2.2 defines it.
func luminance(color string) (float64, error) {
	if len(color) != 7 || color[0] != '#' {
		return 0, strconv.ErrSyntax
	}
	rgb, err := strconv.ParseUint(color[1:], 16, 24)
	if err != nil {
		return 0, err
	}
	linear := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0), nil
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// Style serves the colors.
func (b Brand) Style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if b.Color != "" {
		fmt.Fprintf(w, ":root { --accent: %s; }\n", b.Color)
	}
	if b.Dark != "" {
		fmt.Fprintf(w, "@media (prefers-color-scheme: dark) { :root { --accent: %s; } }\n", b.Dark)
	} else if b.Color != "" {
		fmt.Fprint(w, "@media (prefers-color-scheme: dark) { :root { --accent: #7cc0ee; } }\n")
	}
}
