package qr_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// A statement of 2000 bytes is three pictures that every phone reads.
func Example() {
	text := format.EncodeText(format.RevocationFile, bytes.Repeat([]byte("x"), 2000))
	parts, err := qr.Cut(text, qr.Capacity(qr.Readable), format.MaxParts)
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range parts {
		code, err := qr.Encode(part)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(part[:9], code.Size(), len(code.SVG()) > 0)
	}
	// Output:
	// OLV1/1-3: 93 true
	// OLV1/2-3: 93 true
	// OLV1/3-3: 93 true
}
