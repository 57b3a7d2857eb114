package envelope

import "bytes"

// IsPicture reports whether data starts as a picture does, also as one that nobody here
// reads, or a PDF.
func IsPicture(data []byte) bool {
	for _, magic := range [...]string{"\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "GIF89a", "II*\x00", "MM\x00*", "%PDF-"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return true
		}
	}
	if len(data) < 14 {
		return false
	}
	switch {
	case string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return true
	case string(data[:2]) == "BM" && string(data[6:10]) == "\x00\x00\x00\x00":
		return true
	}
	return string(data[4:8]) == "ftyp" // HEIC, AVIF, and videos of a phone
}
