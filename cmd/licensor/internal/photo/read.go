package photo

import (
	"context"
	"image"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/multi/qrcode"
)

// read returns the texts of all codes on img.
func read(ctx context.Context, img image.Image) ([]string, error) {
	source := gozxing.NewLuminanceSourceFromImage(img)
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	var texts []string
	foreign := false
	for _, s := range []gozxing.LuminanceSource{source, source.Invert()} {
		for _, make := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
			if ctx.Err() != nil {
				break
			}
			bitmap, err := gozxing.NewBinaryBitmap(make(s))
			if err != nil {
				continue
			}
			results, err := qrcode.NewQRCodeMultiReader().DecodeMultiple(bitmap, hints)
			if err != nil {
				continue
			}
			for _, result := range results {
				text := result.GetText()
				if !isOurs(text) {
					foreign = true
				} else if !slices.Contains(texts, text) {
					texts = append(texts, text)
				}
			}
		}
	}
	switch {
	case len(texts) > 0:
		return texts, nil
	case foreign:
		return nil, &Unread{"found a code, but it is not of a statement", "photograph the code that the command shows"}
	}
	return nil, &Unread{"found no code on the picture", "photograph the code from near, straight and sharp, with its whole white border"}
}
