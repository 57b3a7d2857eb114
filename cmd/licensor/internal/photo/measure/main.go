// Command measure reads the pictures of package phototest with three readers: zbarimg,
// gozxing as it is, and ours. It prints a table by kind, and ends with 1 if ours reads less
// than it has to. CI runs it, without the race detector:
//
//	go run ./cmd/licensor/internal/photo/measure --seed 1 --out cmd/licensor/internal/photo/MEASURED.md
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo/phototest"
)

// reading is what the readers made of one picture.
type reading struct {
	phototest.Picture
	zbar, bare, ours bool
	wrong            []string // texts of ours that are not on it
	took             time.Duration
}

func main() {
	seed := flag.Uint64("seed", 1, "make the pictures from this")
	each := flag.Int("each", phototest.Each, "pictures of a kind")
	kind := flag.String("kind", "", "of this kind only")
	dump := flag.String("dump", "", "write what ours does not read to this directory")
	profile := flag.String("profile", "", "write a CPU profile")
	flag.Parse()
	if *profile != "" {
		f, _ := os.Create(*profile)
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	if err := run(*seed, *each, *kind, *dump); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(seed uint64, each int, only, dump string) error {
	dir, err := os.MkdirTemp("", "measure")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var all []*reading
	for _, kind := range phototest.Kinds() {
		for n := range each {
			if only == "" || only == kind {
				all = append(all, &reading{Picture: phototest.Picture{Kind: kind, Name: fmt.Sprint(n)}})
			}
		}
	}
	jobs := make(chan int)
	var wg sync.WaitGroup
	errs := make([]error, len(all))
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := range jobs {
				var n int
				fmt.Sscan(all[i].Name, &n)
				all[i].Picture = phototest.Make(all[i].Kind, seed, n)
				errs[i] = all[i].measure(filepath.Join(dir, fmt.Sprint(i)))
				if dump != "" && !all[i].ours {
					name := fmt.Sprintf("%s-%d zbar=%v bare=%v [%s]", all[i].Kind, n, all[i].zbar, all[i].bare, all[i].Picture.Name)
					os.WriteFile(filepath.Join(dump, strings.ReplaceAll(name, "/", "_")+".jpg"), all[i].Data, 0o644)
				}
				all[i].Data = nil
			}
		})
	}
	for i := range all {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return report(all)
}

// measure reads the picture with each reader.
func (r *reading) measure(file string) error {
	if err := os.WriteFile(file, r.Data, 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if _, exit := err.(*exec.ExitError); err != nil && !exit { // it fails where it reads nothing
		return err
	}
	r.zbar = r.all(strings.Fields(string(out)))
	r.bare = r.all(bare(r.Data))
	start := time.Now()
	texts, _ := photo.Read(context.Background(), r.Data)
	r.took = time.Since(start)
	r.ours = r.all(texts)
	for _, text := range texts {
		if !slices.Contains(r.Texts, text) {
			r.wrong = append(r.wrong, text)
		}
	}
	return nil
}

// all reports whether all texts of the picture were read.
func (r *reading) all(got []string) bool {
	return !slices.ContainsFunc(r.Texts, func(text string) bool { return !slices.Contains(got, text) })
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

// report prints the table, and returns what is not as it has to be.
func report(all []*reading) error {
	fmt.Println("| kind | pictures | zbar | gozxing | ours | any | ours of any |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	var wrong []string
	var faults []error
	line := func(kind string) (zbar, ours float64) {
		n, nz, nb, no, na := 0, 0, 0, 0, 0
		count := func(b bool, n *int) {
			if b {
				*n++
			}
		}
		for _, r := range all {
			if kind == "" || r.Kind == kind {
				n++
				count(r.zbar, &nz)
				count(r.bare, &nb)
				count(r.ours, &no)
				count(r.zbar || r.bare || r.ours, &na)
			}
		}
		name := kind
		if kind == "" {
			name = "**all**"
		}
		fmt.Printf("| %s | %d | %d | %d | %d | %d | %.0f %% |\n", name, n, nz, nb, no, na, 100*float64(no)/float64(max(na, 1)))
		return float64(nz) / float64(n), float64(no) / float64(max(na, 1))
	}
	for _, kind := range phototest.Kinds() {
		if !slices.ContainsFunc(all, func(r *reading) bool { return r.Kind == kind }) {
			continue
		}
		if _, ours := line(kind); ours < 0.9 {
			faults = append(faults, fmt.Errorf("ours reads %.0f %% of %q, want 90 %%", 100*ours, kind))
		}
	}
	zbar, ours := line("")
	if ours < 0.97 {
		faults = append(faults, fmt.Errorf("ours reads %.1f %% of what any reader does, want 97 %%", 100*ours))
	}
	if zbar > 0.9 {
		faults = append(faults, fmt.Errorf("zbar reads %.0f %%: the pictures are too easy", 100*zbar))
	}
	var took []time.Duration
	for _, r := range all {
		wrong = append(wrong, r.wrong...)
		took = append(took, r.took)
	}
	slices.Sort(took)
	fmt.Fprintln(os.Stderr, "median", took[len(took)/2], "90 %", took[len(took)*9/10], "longest", took[len(took)-1])
	if len(wrong) > 0 {
		faults = append(faults, fmt.Errorf("wrong texts: %q", wrong))
	}
	if len(faults) > 0 {
		return fmt.Errorf("%v", faults)
	}
	return nil
}
