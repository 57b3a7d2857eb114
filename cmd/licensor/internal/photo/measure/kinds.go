package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo/phototest"
)

const (
	wantAll  = 0.97 // of what any reader reads, ours reads so much
	wantKind = 0.90 // the same, of each kind
	tooEasy  = 0.90 // zbar reads no more, or the pictures do not count
)

// reading is what the readers made of one picture.
type reading struct {
	kind             string
	number           int
	seed             uint64
	zbar, bare, ours bool
	wrong            []string // texts of ours that are not on it
	err              error
}

// kinds measures all kinds of pictures, from two seeds.
func kinds(dir, dump string, each int, from uint64) error {
	var all []*reading
	for _, seed := range []uint64{from, from + 1} {
		for _, kind := range phototest.Kinds() {
			for n := range each {
				all = append(all, &reading{kind: kind, number: n, seed: seed})
			}
		}
	}
	jobs := make(chan *reading)
	var wg sync.WaitGroup
	for i := range runtime.NumCPU() {
		wg.Go(func() {
			for r := range jobs {
				r.err = r.measure(filepath.Join(dir, fmt.Sprint("picture", i)), dump)
			}
		})
	}
	for _, r := range all {
		jobs <- r
	}
	close(jobs)
	wg.Wait()
	return report(all, from)
}

// measure reads the picture with each reader.
func (r *reading) measure(file, dump string) error {
	p := phototest.Make(r.kind, r.seed, r.number)
	if err := os.WriteFile(file, p.Data, 0o600); err != nil {
		return err
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if _, exit := errors.AsType[*exec.ExitError](err); err != nil && !exit { // it fails where it reads nothing
		return err
	}
	// all reports whether all texts of the picture were read.
	all := func(got []string) bool {
		return !slices.ContainsFunc(p.Texts, func(text string) bool { return !slices.Contains(got, text) })
	}
	r.zbar, r.bare = all(strings.Fields(string(out))), all(bare(p.Data))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // also where the machine is busy
	defer cancel()
	texts, unread := photo.Read(ctx, p.Data)
	r.ours = all(texts)
	for _, text := range texts {
		if !slices.Contains(p.Texts, text) {
			r.wrong = append(r.wrong, text)
		}
	}
	if dump != "" && !r.ours {
		name := fmt.Sprintf("%d %s %d (%s) zbar=%v: %v", r.seed, r.kind, r.number, p.Name, r.zbar, unread)
		return os.WriteFile(filepath.Join(dump, strings.ReplaceAll(name, "/", "_")), p.Data, 0o600)
	}
	if unread != nil && strings.Contains(unread.Error(), "damaged: reading") {
		return unread // a fault of ours: the file is whole
	}
	return nil
}

// bare reads with gozxing as it is.
func bare(data []byte) []string {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return nil
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return nil
	}
	return []string{result.GetText()}
}

// counts are of how many pictures all was read.
type counts struct{ n, zbar, bare, ours, any int }

func (c counts) share() float64 { return float64(c.ours) / float64(max(c.any, 1)) }

func (c counts) String() string {
	return fmt.Sprintf("%d | %d | %d | %d | %d | %.1f %%", c.n, c.zbar, c.bare, c.ours, c.any, 100*c.share())
}

func count(all []*reading, which func(*reading) bool) (c counts) {
	for _, r := range all {
		if which(r) {
			for _, one := range []struct {
				read bool
				n    *int
			}{{true, &c.n}, {r.zbar, &c.zbar}, {r.bare, &c.bare}, {r.ours, &c.ours}, {r.zbar || r.bare || r.ours, &c.any}} {
				if one.read {
					*one.n++
				}
			}
		}
	}
	return c
}

// report prints the table, and returns what is not as it has to be.
func report(all []*reading, from uint64) error {
	fmt.Printf(`# How well pictures are read

Made by the command measure, from the seeds %d and %d. Of each kind there are pictures with two to
four damages, of which that one is worst: modules down to 2.5 pixels, blur to sigma 2.2, noise to
sigma 12, perspective to 25 degrees, any rotation. A picture is read if all codes on it are. "Any" is
what at least one of the three readers reads.

| kind | seed | pictures | zbar | gozxing alone | ours | any | ours of any |
|---|--:|--:|--:|--:|--:|--:|--:|
`, from, from+1)
	var faults []error
	for _, kind := range append(phototest.Kinds(), "") {
		for _, seed := range []uint64{from, from + 1} {
			c := count(all, func(r *reading) bool { return r.seed == seed && (kind == "" || r.kind == kind) })
			name, want := kind, wantKind
			if kind == "" {
				name, want = "**all**", wantAll
				if float64(c.zbar) > tooEasy*float64(c.n) {
					faults = append(faults, fmt.Errorf("the pictures of seed %d are too easy: zbar reads %d of %d", seed, c.zbar, c.n))
				}
			}
			fmt.Printf("| %s | %d | %v |\n", name, seed, c)
			if c.share() < want {
				faults = append(faults, fmt.Errorf("%s, seed %d: ours reads %.1f %% of what any reader does, want %.0f %%", name, seed, 100*c.share(), 100*want))
			}
		}
	}
	wrong := 0
	for _, r := range all {
		wrong += len(r.wrong)
		if r.err != nil || len(r.wrong) > 0 {
			faults = append(faults, fmt.Errorf("%s %d, seed %d: wrong texts %q, %w", r.kind, r.number, r.seed, r.wrong, r.err))
		}
	}
	fmt.Printf("\nWrong texts: %d.\n", wrong)
	return errors.Join(faults...)
}
