package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/format/qr"
	"github.com/rogpeppe/go-internal/testscript"
)

// drawn TEXT... PICTURE draws the codes of texts beside each other, as a sheet has them.
func scriptDrawn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: drawn TEXT... PICTURE")
	}
	last := len(args) - 1
	var codes []image.Image
	wide, high := 0, 0
	for _, file := range args[:last] {
		code, err := qr.Encode(strings.TrimSpace(ts.ReadFile(file)))
		ts.Check(err)
		data, err := code.PNG(0)
		ts.Check(err)
		img, err := png.Decode(bytes.NewReader(data))
		ts.Check(err)
		codes = append(codes, img)
		wide, high = wide+img.Bounds().Dx(), max(high, img.Bounds().Dy())
	}
	all := page(wide, high)
	x := 0
	for _, img := range codes {
		draw.Draw(all, img.Bounds().Add(image.Pt(x, 0)), img, image.Point{}, draw.Src)
		x += img.Bounds().Dx()
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[last]), encode(ts, args[last], all), 0o644))
}

// blank PICTURE draws a picture with nothing on it.
func scriptBlank(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: blank PICTURE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), encode(ts, args[0], page(300, 200)), 0o644))
}

func page(wide, high int) draw.Image {
	img := image.NewGray(image.Rect(0, 0, wide, high))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	return img
}

func encode(ts *testscript.TestScript, name string, img image.Image) []byte {
	var b bytes.Buffer
	if filepath.Ext(name) == ".png" {
		ts.Check(png.Encode(&b, img))
	} else {
		ts.Check(jpeg.Encode(&b, img, nil))
	}
	return b.Bytes()
}

// mailed PICTURE MAIL attaches a picture to a mail, beside a logo without a code.
func scriptMailed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mailed PICTURE MAIL")
	}
	var b strings.Builder
	b.WriteString("From: ops@site.example\r\nSubject: our request\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n" +
		"--cut\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n")
	for _, picture := range [][]byte{encode(ts, "logo.png", page(120, 40)), []byte(ts.ReadFile(args[0]))} {
		b.WriteString("--cut\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		for text := base64.StdEncoding.EncodeToString(picture); text != ""; {
			n := min(len(text), 76)
			fmt.Fprintf(&b, "%s\r\n", text[:n])
			text = text[n:]
		}
	}
	b.WriteString("--cut--\r\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o644))
}
