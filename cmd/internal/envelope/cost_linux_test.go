package envelope

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHostileCost: what is made to cost time costs no more of it, byte for byte, the more there is
// of it. Time is the processor's, which a busy machine does not change.
func TestHostileCost(t *testing.T) {
	for name, data := range map[string][]byte{
		"prefixes":      bytes.Repeat([]byte("OLV1:"), MaxSize/5),
		"parts":         bytes.Repeat([]byte("OLV1/1-99:"), MaxSize/10),
		"ends":          append([]byte("OLV1:"), bytes.Repeat([]byte("A "), MaxSize/2)...),
		"part ends":     bytes.Repeat(append([]byte("OLV1/1-2:"), bytes.Repeat([]byte("A "), 50000)...), 60),
		"all part ends": allParts(99, 30000),
		"base64":        []byte(strings.Repeat(strings.Repeat("A", 24)+"\n\n", MaxSize/26)),
		"nested base64": nested(),
		"tags":          bytes.Repeat([]byte("<a"), MaxSize/2),
		"entities":      bytes.Repeat([]byte("&a"), MaxSize/2),
		"keys":          bytes.Repeat([]byte("ssh-ed25519 "), MaxSize/12),
		"too large":     bytes.Repeat([]byte("A"), 2*MaxSize),
		"spaces":        append([]byte("OLV1:"), bytes.Repeat([]byte(" "), MaxSize)...),
	} {
		cost := func(data []byte) time.Duration {
			before := processorTime(t)
			if _, err := Pick(data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := PickPublic(data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return processorTime(t) - before
		}
		const parts = 8
		part, whole := cost(data[:len(data)/parts]), cost(data)
		t.Logf("%-14s %v, an eighth of it %v", name, whole.Round(time.Millisecond), part.Round(time.Millisecond))
		if whole > 3*parts*part+2*time.Second {
			t.Errorf("%s: %v, and an eighth of it %v", name, whole, part)
		}
	}
}

func processorTime(t *testing.T) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
