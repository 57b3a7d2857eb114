package format_test

import (
	"testing"

	"github.com/offlicense/offlicense/format"
)

// TestTypicalRequestFitsOneCode: QR version 6-L holds 195 characters and is the largest
// that an 80x24 console shows at once.
func TestTypicalRequestFitsOneCode(t *testing.T) {
	const version6L = 195
	three := leastRequest()
	three.Product, three.Invoice = "liquid-9", "INV0042-17"
	four := *three
	four.Components = []format.Component{
		{Label: format.LabelMachineID, Hash: []byte("machin")},
		{Label: format.LabelProductUUID, Hash: []byte("produc")},
		{Label: format.LabelRootFS, Hash: []byte("rootfs")},
		{Label: format.LabelMAC, Hash: []byte("mac_12")},
	}
	for _, c := range []struct {
		request *format.Request
		bytes   int
	}{{three, 108}, {&four, 110}} {
		body := mustMarshal(t, c.request)
		if len(body) != c.bytes {
			t.Errorf("got %d bytes, want %d", len(body), c.bytes)
		}
		if text := format.EncodeText(format.RequestBody, body); len(text) > version6L {
			t.Errorf("got %d characters, want at most %d", len(text), version6L)
		}
	}
}
