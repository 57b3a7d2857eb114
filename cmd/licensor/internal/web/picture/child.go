package picture

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

// word is the command that a person does not see.
const word = "__read-picture"

// Self returns the command that makes of this program a child that reads a picture.
func Self() ([]string, error) {
	path, err := self()
	return []string{path, word}, err
}

// IsChild reports whether the arguments of a program, without its name, make it a child.
func IsChild(args []string) bool { return len(args) == 2 && args[0] == word }

// answer is what a child says.
type answer struct {
	Texts  []string `json:"texts,omitempty"`
	Unread *Error   `json:"unread,omitempty"`
}

const (
	maxPicture = 32 << 20  // bytes
	softMemory = 320 << 20 // from which on Go does all to need less
	maxThreads = 1         // that run at once: who signs has the other processors
)

// Child reads a picture from standard input and says what is on it: it is what a program does
// when [IsChild] says so, before anything else. read decodes a picture of at most so many pixels.
// It returns the exit status.
func Child(args []string, in io.Reader, out io.Writer, read func(ctx context.Context, picture []byte, pixels int) ([]string, *Error)) int {
	debug.SetMemoryLimit(softMemory)
	runtime.GOMAXPROCS(maxThreads)
	pixels, err := strconv.Atoi(args[1])
	if err == nil {
		err = limit()
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(in, maxPicture+1))
	}
	if err == nil {
		var said answer
		said.Texts, said.Unread = read(context.Background(), data, pixels)
		err = json.NewEncoder(out).Encode(said)
	}
	if err != nil {
		io.WriteString(os.Stderr, err.Error()+"\n")
		return 1
	}
	return 0
}
