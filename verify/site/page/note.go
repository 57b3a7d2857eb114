package page

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// note is what the page remembers of a request or a release: a file CODE.json in the directory "page" of
// the state directory, where CODE is its comparison code.
type note struct {
	Version int       `json:"version"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`                // of the release, or of the last answer
	Release string    `json:"release,omitempty"` // its text (OLR1); "": it is about a request

	Declined  bool      `json:"declined,omitempty"`  // the service has refused the request
	Delivered bool      `json:"delivered,omitempty"` // the service has the release
	Answered  time.Time `json:"answered,omitzero"`   // when the service said what follows
	Rule      string    `json:"rule,omitempty"`
	Detail    string    `json:"detail,omitempty"`
	Next      string    `json:"next,omitempty"`
	Number    string    `json:"number,omitempty"`

	Hidden bool `json:"hidden,omitempty"` // put away
}

const (
	notesDir = "page"
	noteExt  = ".json"
	maxNotes = 64 // that are read; of more the newest
)

func (p *handler) notePath(name string) string {
	return filepath.Join(p.o.Gate.State().Dir(), notesDir, name)
}

// isCode reports whether a text is a comparison code, and so a name of a file.
func isCode(s string) bool {
	return len(s) == 19 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-") == ""
}

// readNote returns what is remembered of a statement, nil for nothing, or nothing that can be read.
func (p *handler) readNote(code string) *note {
	if !isCode(code) || p.o.Gate.State().Dir() == "" {
		return nil
	}
	text, err := atomicfile.Read(p.notePath(code+noteExt), maxBody)
	if err != nil {
		return nil
	}
	var n note
	if json.Unmarshal(text, &n) != nil || n.Version != 1 || n.Code != code {
		return nil
	}
	if n.Release != "" {
		kind, raw, err := format.DecodeText([]byte(n.Release))
		if err != nil || kind != format.Release {
			return nil
		}
		if own, err := format.CodeOf(kind, raw); err != nil || own != code {
			return nil
		}
	}
	n.Rule, n.Detail, n.Next, n.Number = line(n.Rule), line(n.Detail), line(n.Next), line(n.Number)
	return &n
}

// keep writes a file of the page, durably.
func (p *handler) keep(name string, text []byte) error {
	path := p.notePath(name)
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	err := atomicfile.Write(path, text, 0o644)
	if failed, ok := errors.AsType[*fs.PathError](err); ok { // of a temporary file that nobody knows
		return &fs.PathError{Op: "write", Path: path, Err: failed.Err}
	}
	return err
}

func (p *handler) writeNote(n *note) error {
	n.Version = 1
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return p.keep(n.Code+noteExt, append(text, '\n'))
}

// names lists the files of the page that end so, the newest first.
func (p *handler) names(ext string) []string {
	entries, err := os.ReadDir(p.notePath(""))
	if err != nil || p.o.Gate.State().Dir() == "" {
		return nil
	}
	const order = "2006-01-02 15:04:05.000000000 " // as texts, for the sake of size
	var files []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && filepath.Ext(e.Name()) == ext && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, info.ModTime().UTC().Format(order)+strings.TrimSuffix(e.Name(), ext))
		}
	}
	slices.Sort(files)
	slices.Reverse(files)
	files = files[:min(len(files), maxNotes)]
	for i := range files {
		files[i] = files[i][len(order):]
	}
	return files
}

// releases returns the releases that are remembered and not put away.
func (p *handler) releases() (all []*note) {
	for _, code := range p.names(noteExt) {
		if n := p.readNote(code); n != nil && n.Release != "" && !n.Hidden {
			all = append(all, n)
		}
	}
	return all
}
