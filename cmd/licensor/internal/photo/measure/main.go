// Command measure reads the pictures of package phototest with three readers: zbarimg,
// gozxing as it is, and ours. It prints tables, and ends with 1 if ours is not as it has to
// be. A test runs it, without the race detector. MEASURED.md is made so:
//
//	go run ./cmd/licensor/internal/photo/measure > cmd/licensor/internal/photo/MEASURED.md
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo/phototest"
)

func main() {
	read := flag.String("read", "", "only print the texts on this picture, and how much memory that took")
	dump := flag.String("dump", "", "write the pictures that ours does not read to this directory")
	each := flag.Int("each", phototest.Each, "how many pictures of a kind")
	from := flag.Uint64("seed", 1, "the first of the two seeds")
	flag.Parse()
	if *read != "" {
		readOne(*read)
		return
	}
	dir, err := os.MkdirTemp("", "measure")
	if err == nil {
		err = errors.Join(kinds(dir, *dump, *each, *from), large(dir))
		os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// readOne is what a child process does.
func readOne(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	texts, err := photo.Read(context.Background(), data)
	for _, text := range texts {
		fmt.Println(text)
	}
	if err != nil {
		fmt.Println("unread", err)
	}
	status, _ := os.ReadFile("/proc/self/status") // where there is none, nothing is measured
	for line := range strings.Lines(string(status)) {
		if peak, found := strings.CutPrefix(line, "VmHWM:"); found {
			fmt.Println("peak", strings.Fields(peak)[0])
		}
	}
}
