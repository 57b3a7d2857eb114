package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/photo/phototest"
)

const (
	wantTimes  = 2.0 // as much processor time as zbar takes, at most
	wantMemory = 256 // MB
)

// large measures time against zbar, and memory.
func large(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "large")
	p := phototest.Photo(1, 4000, 3000)
	if err := os.WriteFile(file, p.Data, 0o600); err != nil {
		return err
	}
	zbar, zbarText, err := median("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file)
	if err != nil {
		return err
	}
	ours, oursText, err := median(self, "--read", file)
	if err != nil {
		return err
	}
	var faults []error
	times := float64(ours) / float64(zbar)
	fmt.Printf(`
A JPEG of 12 megapixels, from the file to the text, in a process of its own, median of 7: zbarimg takes
%v of processor time, ours %v. That is **%.2f times** as much.

`, zbar.Round(time.Millisecond), ours.Round(time.Millisecond), times)
	if times > wantTimes || !strings.Contains(oursText, p.Texts[0]) || !strings.Contains(zbarText, p.Texts[0]) {
		faults = append(faults, fmt.Errorf("12 megapixels: %.1f times the time of zbar, want %.0f; ours read %q, zbar %q", times, wantTimes, oursText, zbarText))
	}
	fmt.Printf("| picture | megapixels | read | most memory |\n|---|--:|---|--:|\n")
	for _, c := range memoryCases() {
		if err := os.WriteFile(file, c.data, 0o600); err != nil {
			return err
		}
		out, err := exec.Command(self, "--read", file).Output()
		if err != nil {
			return err
		}
		peak := 0
		if _, after, found := strings.Cut(string(out), "peak "); found {
			fmt.Sscan(after, &peak)
		}
		result, _, _ := strings.Cut(string(out), "\n")
		if strings.HasPrefix(result, "OLQ1:") {
			result = "yes"
		}
		fmt.Printf("| %s | %.0f | %s | %d MB |\n", c.name, c.megapixels, result, peak>>10)
		if peak>>10 > wantMemory || result != c.want {
			faults = append(faults, fmt.Errorf("%s: %d MB, want %d; %q, want %q", c.name, peak>>10, wantMemory, result, c.want))
		}
	}
	return errors.Join(faults...)
}

// median runs a command some times, and returns the median of the processor time.
func median(command string, args ...string) (time.Duration, string, error) {
	var took []time.Duration
	var text string
	for range 7 {
		cmd := exec.Command(command, args...)
		out, err := cmd.Output()
		if err != nil {
			return 0, "", err
		}
		took, text = append(took, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()), string(out)
	}
	slices.Sort(took)
	return took[len(took)/2], text, nil
}

type memoryCase struct {
	name       string
	megapixels float64
	data       []byte
	want       string
}

// memoryCases are near what is refused, or a picture that is to be read.
func memoryCases() []memoryCase {
	const none = "unread found no code on the picture"
	of := func(name string, w, h int, data []byte, want string) memoryCase {
		return memoryCase{name, float64(w) * float64(h) / 1e6, data, want}
	}
	var colored bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&colored, phototest.Colored(7200, 5000)); err != nil {
		panic(err)
	}
	return []memoryCase{
		of("JPEG with a small code", 8160, 6120, phototest.Blank(8160, 6120).Data, "yes"),
		of("JPEG, colors not subsampled", 8160, 6120, phototest.Flat(8160, 6120, false, 0x11), none),
		of("progressive JPEG", 6200, 4200, phototest.Flat(6200, 4200, true, 0x22), none),
		of("PNG in color", 7200, 5000, colored.Bytes(), none),
	}
}
