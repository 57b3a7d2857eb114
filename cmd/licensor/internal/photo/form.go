package photo

import (
	"bytes"
)

// form is what kind of file a picture is.
type form int

const (
	unknown form = iota
	isPNG
	isJPEG
	isWebP
	isHEIC
	isAVIF
	isGIF
	isBMP
	isTIFF
	isPDF
)

const takeAgain = "send the picture again as PNG, JPEG or WebP, or the text instead"

// formOf returns the form of a picture by its first bytes.
func formOf(data []byte) form {
	begins := func(magic string) bool { return bytes.HasPrefix(data, []byte(magic)) }
	switch {
	case begins("\x89PNG\r\n\x1a\n"):
		return isPNG
	case begins("\xff\xd8\xff"):
		return isJPEG
	case begins("RIFF") && len(data) >= 12 && string(data[8:12]) == "WEBP":
		return isWebP
	case begins("GIF87a"), begins("GIF89a"):
		return isGIF
	case begins("BM") && len(data) >= 14 && bytes.Equal(data[6:10], make([]byte, 4)):
		return isBMP
	case begins("II*\x00"), begins("MM\x00*"):
		return isTIFF
	case begins("%PDF-"):
		return isPDF
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		switch string(data[8:12]) {
		case "avif", "avis":
			return isAVIF
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			return isHEIC
		}
	}
	return unknown
}

// refused are the forms that are known and not read.
var refused = map[form]Unread{
	unknown: {"form", "this is not a picture", takeAgain},
	isHEIC:  {"form", "this is a HEIC picture, which is not read", "set the phone's camera to JPEG (\"Most Compatible\"), or send a screenshot of the photo"},
	isAVIF:  {"form", "this is an AVIF picture, which is not read", "send a screenshot of it, or save it as PNG or JPEG"},
	isGIF:   {"form", "this is a GIF picture, which is not read", "save it as PNG or JPEG and send that"},
	isBMP:   {"form", "this is a BMP picture, which is not read", "save it as PNG or JPEG and send that"},
	isTIFF:  {"form", "this is a TIFF picture, which is not read", "save it as PNG or JPEG and send that"},
	isPDF:   {"form", "this is a PDF, which is not read", "send a screenshot of the page, or a photo of it as JPEG"},
}
