package photo

import (
	"math/bits"
	"slices"
	"testing"
	"unicode/utf8"

	"rsc.io/qr/coding"
)

// made are the modules of a code with these data, of which padding makes as many as it holds.
func made(plan *coding.Plan, data []byte) *dark {
	var words coding.Bits
	words.Append(data[:min(len(data), plan.DataBytes)])
	words.AddCheckBytes(plan.Version, plan.Level)
	d := &dark{side: len(plan.Pixel)}
	for _, row := range plan.Pixel {
		for _, pixel := range row {
			is := pixel&coding.Black != 0
			if role := pixel.Role(); role == coding.Data || role == coding.Check {
				is = is != (words.Bytes()[pixel.Offset()/8]>>(7-pixel.Offset()%8)&1 != 0)
			}
			d.v = append(d.v, is)
		}
	}
	return d
}

// FuzzDecode: no modules make the decoder panic. What it accepts is a code that differs from them in no
// more bytes of a block than may be corrected; with two modules wrong, a code is what it was.
func FuzzDecode(f *testing.F) {
	ours := []byte{0x20, 0x2b, 0x0c, 0x42, 0x44, 0x23, 0x8a, 0x27}
	f.Add(byte(0), byte(0), []byte{0x20}, []byte{})
	f.Add(byte(1), byte(5), ours, []byte{0, 99, 1, 0})
	f.Add(byte(3), byte(18), ours, []byte{1, 99, 1, 200, 1, 150, 0, 250, 1, 11})
	f.Add(byte(39), byte(31), []byte{0x7c, 0xff, 0xff, 0x8f, 0xff}, []byte{7, 7})
	for _, side := range []byte{0, 1, 17, 20, 21, 25, 45, 177, 181, 255} {
		f.Add(side, byte(0x80), []byte{0x5a, 0xc3, 0x17}, []byte{})
	}
	f.Fuzz(func(t *testing.T, size, how byte, data, wrong []byte) {
		if how >= 0x80 { // modules of no code
			d := &dark{int(size), make([]bool, int(size)*int(size))}
			for i := range d.v {
				d.v[i] = len(data) > 0 && data[i/8%len(data)]>>(i%8)&1 != 0
			}
			accepted(t, d)
			accepted(t, d.mirrored())
			return
		}
		plan, err := coding.NewPlan(coding.Version(1+size%40), coding.Level(how&3), coding.Mask(how>>2&7))
		if err != nil {
			t.Fatal(err)
		}
		d := made(plan, data)
		for i := 0; i+1 < len(wrong); i += 2 {
			at := (int(wrong[i])<<8 + int(wrong[i+1])) % len(d.v)
			d.v[at] = !d.v[at]
		}
		got := accepted(t, d)
		const two = 2 * 2 // bytes, and one that is over
		want := data[:min(len(data), plan.DataBytes)]
		if len(wrong) <= two+1 && (len(got) != plan.DataBytes || !slices.Equal(got[:len(want)], want)) {
			t.Errorf("version %d, level %v, mask %d, with %x wrong: got %x, want %x", plan.Version, plan.Level, plan.Mask, wrong, got, want)
		}
	})
}

// accepted returns the data of modules, nil if they are refused. It fails if the code with these
// data is further from them than may be corrected.
func accepted(t *testing.T, d *dark) []byte {
	text, isText := d.text()
	data, plan, ok := d.data()
	if isText && (!ok || !utf8.ValidString(text)) || !isText && text != "" {
		t.Fatalf("got %q, %v of %x, %v", text, isText, data, ok)
	}
	if !ok {
		return nil
	}
	nearest := made(plan, data)
	differs := make([]byte, plan.DataBytes+plan.CheckBytes)
	formats := 0
	for y, row := range plan.Pixel {
		for x, pixel := range row {
			if d.at(x, y) == nearest.at(x, y) {
				continue
			}
			switch pixel.Role() {
			case coding.Data, coding.Check:
				differs[pixel.Offset()/8] |= 1 << (pixel.Offset() % 8)
			case coding.Format:
				formats++
			}
		}
	}
	if formats > 3+15 { // one of the two places where it is has at most three mistakes
		t.Errorf("%d modules of the format are wrong", formats)
	}
	changed, check := differs[:plan.DataBytes], differs[plan.DataBytes:]
	for i := range plan.Blocks {
		n, c := plan.DataBytes/plan.Blocks, plan.CheckBytes/plan.Blocks
		if i >= plan.Blocks-plan.DataBytes%plan.Blocks {
			n++
		}
		mistakes := 0
		for _, b := range slices.Concat(changed[:n], check[:c]) {
			mistakes += min(bits.OnesCount8(b), 1)
		}
		changed, check = changed[n:], check[c:]
		most := c / 2
		if small, found := map[[2]int]int{{1, 0}: 2, {1, 1}: 4, {2, 0}: 4}[[2]int{int(plan.Version), int(plan.Level)}]; found {
			most = small // ISO/IEC 18004, table 9
		}
		if mistakes > most {
			t.Errorf("version %d, level %v: %d mistakes in block %d, want %d at most", plan.Version, plan.Level, mistakes, i, most)
		}
	}
	return data
}
