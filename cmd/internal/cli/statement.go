package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// ReadStatement reads a statement from what carried it, as package envelope does; the path
// "-" is standard input, where a terminal takes what a scanner types. Of several that are of
// a wanted kind, a person chooses; without a terminal they are refused. Where there is none,
// it returns the text as it is, and whoever decodes it says what is wrong with it.
func (e *Env) ReadStatement(path string, want ...format.Kind) ([]byte, error) {
	return e.ReadParts([]string{path}, want...)
}

// ReadParts is ReadStatement for one whose parts are in several files.
func (e *Env) ReadParts(paths []string, want ...format.Kind) ([]byte, error) {
	s := e.NewSearch()
	for _, path := range paths {
		data, err := e.readTyped(path, want...)
		if err != nil {
			return nil, err
		}
		s.Add(data)
	}
	text, err := s.Pick(want...)
	return e.chosen(paths, text, err)
}

// ReadPublicKey reads the line of a public key as ReadStatement reads a statement.
func (e *Env) ReadPublicKey(path string) ([]byte, error) {
	s, err := e.search(path)
	if err != nil {
		return nil, err
	}
	text, err := s.PickPublic()
	return e.chosen([]string{path}, text, err)
}

// ReadDelegationOrKey reads what says whose key it is: a delegation, or a public key.
func (e *Env) ReadDelegationOrKey(path string) ([]byte, error) {
	s, err := e.search(path)
	if err != nil {
		return nil, err
	}
	text, err := s.Pick(format.Delegation)
	if kind, _, none := format.DecodeText(text); none != nil || kind != format.Delegation {
		if key, none := s.PickPublic(); err == nil || none == nil {
			text, err = key, none
		}
	}
	return e.chosen([]string{path}, text, err)
}

// search looks for statements in a file.
func (e *Env) search(path string) (*envelope.Search, error) {
	data, err := e.readTyped(path, format.Delegation)
	if err != nil {
		return nil, err
	}
	s := e.NewSearch()
	s.Add(data)
	return s, nil
}

// NewSearch starts a search that reads pictures where the tool does.
func (e *Env) NewSearch() *envelope.Search { return envelope.NewSearch(e.pictures) }

// ReadCarrier reads what may carry a statement. Of a picture, a tool that reads none says so.
func (e *Env) ReadCarrier(path string) ([]byte, error) {
	in, err := e.OpenFile(path, envelope.MaxWithPictures)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	// A small file fits, with room for more: a read that ends where the file does was of all of it.
	data := make([]byte, max(bytes.MinRead, min(in.size+1, envelope.MaxSize)))
	least := int64(len(data))
	if in.size > 0 {
		least = min(least, in.size)
	}
	n, err := io.ReadAtLeast(in, data, int(least))
	whole := err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && int64(n) == in.size && n < len(data)
	data = data[:n]
	if err != nil && !whole {
		return nil, FileError("read", path, err)
	}
	if e.pictures == nil {
		if envelope.IsPicture(data) {
			return nil, Failf("%s is a picture, and only the vendor's tool reads pictures", named(path)).
				WithHint("scan its code with a phone or a scanner and give the text, or ask for the file")
		}
		in.lower(envelope.MaxSize)
	}
	if whole {
		return data, nil
	}
	all := bytes.NewBuffer(data)
	if _, err := all.ReadFrom(in); err != nil {
		return nil, FileError("read", path, err)
	}
	return all.Bytes(), nil
}

// ReadPublicFile reads a file of public keys that are to be trusted, in whichever way it
// was saved. It is not searched for keys: it holds nothing else.
func (e *Env) ReadPublicFile(path string) ([]byte, error) {
	data, err := e.ReadFile(path, keys.MaxPublicFile)
	if err != nil {
		return nil, err
	}
	if envelope.IsPicture(data) {
		return nil, Failf("%s is a picture, and whom to trust is not read from one", named(path)).
			WithHint("give the file that \"licensor roots --out FILE\" wrote")
	}
	return envelope.PublicFile(data), nil
}

// chosen returns a text, or asks which of several is meant.
func (e *Env) chosen(paths []string, text []byte, err error) ([]byte, error) {
	var all []string
	for _, path := range paths {
		all = append(all, named(path))
	}
	in := strings.Join(all, ", ")
	of, ambiguous := errors.AsType[*envelope.AmbiguousError](err)
	switch {
	case err == nil:
		return text, nil
	case !ambiguous:
		return nil, Failf("%s: %w", in, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "There are %s in %s:\n", of.What(), in)
	for i, c := range of.Choices {
		fmt.Fprintf(&b, "%4d  %s\n", i+1, Clean(c.Name))
	}
	fmt.Fprintf(&b, "Which one? [1-%d] ", len(of.Choices))
	answer, err := e.terminal().ReadLine(b.String())
	if errors.Is(err, ErrNoTerminal) {
		return nil, Failf("cannot choose in %s: %w", in, of)
	}
	n, wrong := strconv.Atoi(strings.TrimSpace(answer))
	if err != nil || wrong != nil || n < 1 || n > len(of.Choices) {
		return nil, Failf("none was chosen in %s", in).
			WithHint("answer with a number, or copy the one that is meant into a file of its own")
	}
	return of.Choices[n-1].Text, nil
}

func named(path string) string {
	if path == "-" {
		return "standard input"
	}
	return `"` + Clean(path) + `"`
}
