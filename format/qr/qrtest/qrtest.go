// Package qrtest reads codes in tests, with two readers that share no code with package qr.
package qrtest

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Want wants a code with a text in a picture, whichever reader reads it.
func Want(t testing.TB, img image.Image, text string) {
	t.Helper()
	if got, err := Decode(img); err != nil || got != text {
		t.Errorf("gozxing: got %.60q, %v; want %.60q", got, err, text)
	}
	WantZbar(t, img, text)
}

// WantZbar is Want for zbar alone, which reads what is too large for the other reader.
func WantZbar(t testing.TB, img image.Image, text string) {
	t.Helper()
	if got, installed := Zbar(t, PNG(t, img)); installed && got != text {
		t.Errorf("zbar: got %.60q, want %.60q", got, text)
	}
}

// Decode reads the code of a picture with gozxing, as a phone finds it.
func Decode(img image.Image) (string, error) {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}

// Zbar reads the codes of a picture file with zbarimg, a line each. Where that is not
// installed, the log says so.
func Zbar(t testing.TB, picture []byte) (text string, installed bool) {
	t.Helper()
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Log("zbarimg is not installed: read with one reader only")
		return "", false
	}
	file := filepath.Join(t.TempDir(), "picture")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if err != nil {
		t.Errorf("zbarimg: %v", err)
	}
	return strings.TrimSuffix(string(out), "\n"), true
}

// PNG returns a picture as a file.
func PNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
