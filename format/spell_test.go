package format_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

const symbols32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// spelled returns the symbols of the lines of a statement of so many bytes, without numbers
// and groups.
func spelled(t testing.TB, kind format.Kind, size int) (raw []byte, lines []string) {
	t.Helper()
	raw = bytesOf(size, 's')
	for i := range raw {
		raw[i] ^= byte(i * 37)
	}
	lines, err := format.Spell(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		_, rest, ok := format.CutSpelledNumber(line)
		if !ok {
			t.Fatalf("%q has no number", line)
		}
		lines[i] = strings.ReplaceAll(rest, " ", "")
	}
	return raw, lines
}

func counted(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

func withNumbers(lines []string) []byte {
	var b bytes.Buffer
	for i, line := range lines {
		fmt.Fprintf(&b, "%d: %s\n", i+1, line)
	}
	return b.Bytes()
}

func TestSpellRoundTrip(t *testing.T) {
	for size := 1; size <= 1662; size += 1 + size/100 {
		raw := bytesOf(size, byte(size))
		lines, err := format.Spell(format.Release, raw)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		for i, line := range lines {
			_, rest, _ := format.CutSpelledNumber(line)
			rest = strings.ReplaceAll(rest, " ", "")
			if i < len(lines)-1 && len(rest) != 29 || len(rest) < 3 || len(rest) > 29 || len(line) > 39 {
				t.Fatalf("%d bytes: line %q", size, line)
			}
		}
		text := strings.Join(lines, "\n")
		if size%3 == 0 {
			slices.Reverse(lines)
			text = "spelled:\r\n" + strings.ToLower(strings.Join(append(lines, lines[0]), " - \r\n"))
		}
		if kind, got, err := format.DecodeSpelled([]byte(text)); err != nil || kind != format.Release || !bytes.Equal(got, raw) {
			t.Fatalf("%d bytes: %v, %v\n%s", size, kind, err, text)
		}
	}
	if lines, err := format.Spell(format.Release, bytesOf(1663, 'x')); err == nil {
		t.Errorf("%d lines", len(lines))
	}
}

// TestSpelledErrors: each wrong symbol in a line is caught at that line, and so are two that
// have changed places, and another line in its place. Two wrong symbols are tried on the code
// itself, in TestSpelledCode.
func TestSpelledErrors(t *testing.T) {
	_, lines := spelled(t, format.RequestBody, 100)
	var s format.Spelled
	for i, line := range lines {
		if err := s.Take(i+1, line); err != nil {
			t.Fatal(err)
		}
	}
	swapped := 0
	for i, line := range lines {
		bad := func(word []byte) {
			if s.Take(i+1, string(word)) == nil {
				t.Fatalf("line %d: %s is taken as %s", i+1, line, word)
			}
		}
		word := []byte(line)
		for at, was := range word {
			for _, c := range []byte(symbols32) {
				if word[at] = c; c != unmistaken(was) {
					bad(word)
				}
			}
			word[at] = was
			for other := range at {
				if unmistaken(word[at]) != unmistaken(word[other]) {
					word[at], word[other] = word[other], word[at]
					bad(word)
					swapped++
					word[at], word[other] = word[other], word[at]
				}
			}
		}
		for n := range lines {
			if err := s.Take(n+1, line); (err == nil) != (n == i) {
				t.Errorf("line %d as line %d: %v", i+1, n+1, err)
			}
		}
	}
	if swapped < 1000 {
		t.Errorf("swapped %d", swapped)
	}
}

// unmistaken is the symbol that a character is read as.
func unmistaken(c byte) byte {
	if i := strings.IndexByte("018", c); i >= 0 {
		return "OIB"[i]
	}
	return c
}

func TestSpelledLines(t *testing.T) {
	raw, lines := spelled(t, format.RequestBody, 100)
	change := func(number int, change func(string) string) []string {
		changed := slices.Clone(lines)
		changed[number-1] = change(changed[number-1])
		return changed
	}
	flip := func(line string) string {
		if line[9] == 'A' {
			return line[:9] + "B" + line[10:]
		}
		return line[:9] + "A" + line[10:]
	}
	without := func(number int) []string { return slices.Delete(slices.Clone(lines), number-1, number) }
	again := func(number int) []string { return slices.Insert(slices.Clone(lines), number, lines[number-1]) }
	swapped := slices.Clone(lines)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	last := len(lines)
	other := slices.Clone(lines)
	if text, err := format.Spell(format.RequestBody, bytesOf(100, 'o')); err != nil {
		t.Fatal(err)
	} else {
		_, other[3], _ = format.CutSpelledNumber(text[3])
	}
	mixed := slices.Clone(lines)
	mixed[3] = other[3]
	for name, c := range map[string]struct {
		text []byte
		want string // empty: good
	}{
		"counted":           {counted(lines), ""},
		"numbered":          {withNumbers(lines), ""},
		"among other text":  {append(append([]byte("Hello,\nhere they are:\n"), withNumbers(lines)...), "regards\n"...), ""},
		"a wrong symbol":    {counted(change(3, flip)), "line 3: a symbol is wrong, or two have changed places"},
		"two wrong lines":   {withNumbers(flipped(lines, 2, 5, flip)), "line 2: a symbol is wrong, or two have changed places; line 5: a symbol"},
		"the first wrong":   {withNumbers(flipped(lines, 1, 5, flip)), "line 1: a symbol is wrong, or two have changed places; line 5: a symbol"},
		"short":             {counted(change(3, func(l string) string { return l[1:] })), "line 3: it has 29 symbols, and 28 were typed"},
		"long":              {counted(change(3, func(l string) string { return l + "A" })), "line 3: it has 29 symbols, and 30 were typed"},
		"last short":        {counted(change(last, func(l string) string { return l[1:] })), fmt.Sprintf("line %d: it has ", last)},
		"no symbol":         {counted(change(3, func(l string) string { return l[:4] + "9" + l[5:] })), "line 3: '9' is none of the symbols"},
		"swapped":           {counted(swapped), "line 3: this seems to be line 4; line 4: this seems to be line 3"},
		"left out":          {withNumbers(without(3)), "line"},
		"left out, counted": {counted(without(3)), "line 3: this seems to be line 4; line 4: this seems to be line 5"},
		"doubled":           {counted(again(3)), "line 4: this is line 3 again"},
		"doubled, numbered": {append(withNumbers(lines), "3: "+lines[2]+"\n"...), ""},
		"none":              {nil, "line 1 is missing"},
		"not all":           {counted(lines[:last-2]), fmt.Sprintf("lines %d and %d of %d are missing", last-1, last, last)},
		"first missing":     {withNumbers(lines)[len(lines[0])+4:], "line 1"},
		"too many":          {append(withNumbers(lines), fmt.Sprintf("%d: %s\n", last+1, lines[3])...), "there is no such line"},
		"of another":        {counted(mixed), "the checksum does not match"},
		"of two texts":      {append(withNumbers(lines), "4: "+other[3]+"\n"...), "line 4: it is there twice, and the two differ"},
	} {
		kind, got, err := format.DecodeSpelled(c.text)
		switch {
		case c.want == "":
			if err != nil || kind != format.RequestBody || !bytes.Equal(got, raw) {
				t.Errorf("%s: %v", name, err)
			}
		case err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, new(*format.MalformedError)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func flipped(lines []string, one, other int, flip func(string) string) []string {
	lines = slices.Clone(lines)
	lines[one-1], lines[other-1] = flip(lines[one-1]), flip(lines[other-1])
	return lines
}

// TestSpelledMixedErrors: of 10,000 errors that the code does not catch by construction, at most
// 5 are missed at their lines, and none is taken for another statement.
func TestSpelledMixedErrors(t *testing.T) {
	_, lines := spelled(t, format.RequestBody, 100)
	random := rand.New(rand.NewPCG(31, 29))
	symbol := func() string { return string(symbols32[random.IntN(32)]) }
	insert := func(line string) string {
		at := random.IntN(len(line) + 1)
		return line[:at] + symbol() + line[at:]
	}
	remove := func(line string) string {
		at := random.IntN(len(line))
		return line[:at] + line[at+1:]
	}
	damage := func(line string) string {
		b := []byte(line)
		for range 3 + random.IntN(6) {
			b[random.IntN(len(b))] = symbol()[0]
		}
		return string(b)
	}
	errorsOf := []func([]string){
		func(l []string) { i := random.IntN(len(l)); l[i] = insert(l[i]) },
		func(l []string) { i := random.IntN(len(l)); l[i] = remove(l[i]) },
		func(l []string) { i := random.IntN(len(l)); l[i] = insert(remove(l[i])) },
		func(l []string) {
			i, j := random.IntN(len(l)), random.IntN(len(l))
			l[i], l[j] = damage(l[i]), damage(l[j])
		},
		func(l []string) {
			i, j := random.IntN(len(l)), random.IntN(len(l))
			l[i], l[j] = remove(l[i]), insert(l[j])
		},
		func(l []string) { i, j := random.IntN(len(l)), random.IntN(len(l)); l[i], l[j] = damage(l[j]), l[i] },
	}
	tried, missed := 0, 0
	for tried < 10000 {
		wrong := slices.Clone(lines)
		errorsOf[tried%len(errorsOf)](wrong)
		same := slices.EqualFunc(wrong, lines, func(a, b string) bool {
			return strings.Map(func(c rune) rune { return rune(unmistaken(byte(c))) }, a) == strings.Map(func(c rune) rune { return rune(unmistaken(byte(c))) }, b)
		})
		if same {
			continue
		}
		tried++
		if _, faults := format.ParseSpelled(withNumbers(wrong)); len(faults) == 0 {
			missed++
			if _, got, err := format.DecodeSpelled(withNumbers(wrong)); err == nil {
				t.Fatalf("with errors, it is %x", got)
			}
		}
	}
	t.Logf("%d of %d missed at their lines", missed, tried)
	if missed > 5 {
		t.Errorf("%d of %d errors are missed", missed, tried)
	}
}

// FuzzSpelled: what is accepted has one spelling, but for what is forgiven.
func FuzzSpelled(f *testing.F) {
	_, lines := spelled(f, format.RequestBody, 100)
	_, short := spelled(f, format.Release, 9)
	seed(f, counted(lines), withNumbers(lines), withNumbers(short), []byte(strings.ToLower(string(withNumbers(lines)))))
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, raw, err := format.DecodeSpelled(text)
		if err != nil {
			if !errors.As(err, new(*format.MalformedError)) || raw != nil {
				t.Fatalf("got %x and an error of type %T: %v", raw, err, err)
			}
			return
		}
		want, err := format.Spell(kind, raw)
		if err != nil {
			t.Fatal(err)
		}
		s, faults := format.ParseSpelled(text)
		if got := s.Lines(); len(faults) > 0 || !slices.Equal(got, want) {
			t.Fatalf("%q is spelled\n%q, want\n%q", text, got, want)
		}
		clean := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "-", "", "0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(string(text)))
		for _, line := range want {
			_, rest, _ := format.CutSpelledNumber(line)
			if rest = strings.NewReplacer(" ", "", "1", "I").Replace(rest); !strings.Contains(clean, rest) {
				t.Fatalf("%q has no line %s", text, rest)
			}
		}
	})
}
