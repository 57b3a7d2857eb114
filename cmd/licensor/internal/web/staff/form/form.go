package form

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
)

// change is a form that changes something. It is posted with its fields; then what it would do
// is shown, and it is posted once more with what was seen: where that is another one by now,
// nothing is done, and the new state is shown. What is done already is not done again.
type change struct {
	title, path string
	back        page.Link // leads away, with nothing changed
	lead        string    // a sentence before the fields
	about       []facts   // what the form is about
	fields      []*field
	button      string        // that goes on from the fields
	danger      bool          // what is done cannot be undone
	wants       []format.Kind // of the statement that it takes; none: it takes none
	single      bool          // the fields and what it would do are one page

	// check marks fields that say what they should not; nil: any text will do.
	check  func()
	unread error // why the statement was not found

	// look says what would be done with the fields as they are.
	look func() (*looked, error)
	// do does it, and says where that is shown, by a word of done.
	do func() (to, word string, err error)
}

// looked is what a person agrees to.
type looked struct {
	facts    []facts
	warnings []string
	button   string // that agrees; empty: as the form has it
	already  string // where it is shown, if it is done already
}

// facts is a table: rows of a label and a text, or with a head, columns.
type facts struct {
	Caption string
	Head    []string
	Rows    [][]string
}

func factsOf(caption string, rows []service.Row) facts {
	f := facts{Caption: caption}
	for _, row := range rows {
		f.Rows = append(f.Rows, []string{row.Label, row.Text})
	}
	return f
}

// field is what a form asks. Its help is one sentence.
type field struct {
	Name, Label, Help string
	Kind              string // a kind below; empty: a line of text
	Value             string
	Error             string
	Required          bool
	More              bool // it is asked seldom, and folded away
	Options           []option
}

const (
	kindArea   = "area"
	kindFile   = "file"
	kindCheck  = "check"
	kindSelect = "select"
	kindHidden = "hidden"
)

type option struct{ Value, Text string }

// Described names what describes the field to a screen reader.
func (f *field) Described() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, "error-"+f.Name)
	}
	if f.Help != "" {
		ids = append(ids, "help-"+f.Name)
	}
	return strings.Join(ids, " ")
}

// formView is what the template shows.
type formView struct {
	Path     string
	Back     page.Link
	Lead     string
	Facts    []facts
	Warnings []string
	Fields   []*field
	Folded   []*field
	Open     bool // what is folded away is wrong, or says something
	Button   string
	Danger   bool
	Upload   bool
	Seen     string
	Confirm  bool // the fields are as they were sent, and hidden
}

const (
	seenName = "seen"
	stepName = "step"
	stepEdit = "edit"
)

// ask shows a form, or does what one has sent.
func (v *visit) ask(c *change) error {
	if v.R.Method != http.MethodPost {
		return v.open(c)
	}
	if err := v.receive(c); err != nil {
		return v.Again("change", c.title, c.view(nil), err)
	}
	seen := v.R.PostForm.Get(seenName)
	if v.R.PostForm.Get(stepName) == stepEdit {
		return v.open(c)
	}
	if c.wrong() {
		err := error(hint.Errorf("something is missing, or is not right").WithHint("it says below what"))
		if c.single {
			l, failed := c.look()
			if failed != nil {
				return v.unasked(c, failed)
			}
			return v.Again("change", c.title, c.view(l), err)
		}
		return v.Again("change", c.title, c.view(nil), err)
	}
	l, err := c.look()
	switch {
	case err != nil && c.single:
		return v.unasked(c, err)
	case errors.Is(err, errStale):
		return v.Write(http.StatusConflict, "change", c.title, c.view(nil), err)
	case err != nil && c.unread != nil && !frame.IsTrouble(err):
		return v.Write(cmp.Or(picture.Status(v.W.Header(), err), http.StatusUnprocessableEntity), "change", c.title, c.view(nil), err)
	case err != nil:
		return v.Again("change", c.title, c.view(nil), err)
	case l.already != "":
		return v.seeAlready(l)
	case seen == "" && !c.single:
		return v.Show("change", c.title, c.view(l))
	case seen != l.seen():
		return v.Write(http.StatusConflict, "change", c.title, c.view(l), errSeen)
	}
	to, word, err := c.do()
	if err == nil {
		return v.See(to, word)
	}
	if frame.IsTrouble(err) {
		return err
	}
	if l, failed := c.look(); failed == nil && l.already != "" { // somebody was faster with the same
		return v.seeAlready(l)
	}
	switch {
	case errors.Is(err, errSeen): // in the moment between
		return v.Write(http.StatusConflict, "change", c.title, c.view(nil), err)
	case c.single:
		return v.Again("change", c.title, c.view(l), err)
	}
	return v.Again("change", c.title, c.view(nil), err)
}

// open shows a form, with what its fields have.
func (v *visit) open(c *change) error {
	if !c.single {
		return v.Show("change", c.title, c.view(nil))
	}
	l, err := c.look()
	if err != nil {
		return v.unasked(c, err)
	}
	if l.already != "" {
		return v.seeAlready(l)
	}
	return v.Show("change", c.title, c.view(l))
}

var errSeen = hint.Errorf("this has changed since you looked at it; nothing was done").WithHint("look at it as it is now, and press again")

// errStale is of a form that was opened before somebody else changed what it is about.
var errStale = hint.Errorf("this has changed since you opened the form; nothing was done").WithHint("the fields that you left alone are as they are now: look, and go on")

// seeAlready goes on to where that is shown which is done already.
func (v *visit) seeAlready(l *looked) error {
	if strings.Contains(l.already, "?") {
		return v.See(v.Mark(l.already), "") // the page says it
	}
	return v.See(l.already, "already")
}

// unasked shows a form that has nothing to press: the rules stand against it.
func (v *visit) unasked(c *change, err error) error {
	if frame.IsTrouble(err) {
		return err
	}
	view := c.view(nil)
	view.Button, view.Fields, view.Folded = "", nil, nil
	return v.Again("change", c.title, view, err)
}

func (c *change) view(l *looked) *formView {
	f := &formView{Path: c.path, Back: c.back, Lead: c.lead, Facts: c.about, Button: c.button, Danger: c.danger, Upload: len(c.wants) > 0}
	if l != nil {
		f.Confirm = !c.single
		f.Facts = slices.Concat(c.about, l.facts)
		if f.Confirm {
			f.Facts, f.Lead = l.facts, ""
		}
		f.Warnings, f.Seen = l.warnings, l.seen()
		f.Button = cmp.Or(l.button, c.button)
	}
	for _, field := range c.fields {
		if field.More {
			f.Folded = append(f.Folded, field)
			f.Open = f.Open || field.Error != ""
		} else {
			f.Fields = append(f.Fields, field)
		}
	}
	return f
}

// timeOfDay is what passes while somebody looks: the bridge of a move ends so long from now.
var timeOfDay = regexp.MustCompile(` [0-9]{2}:[0-9]{2} UTC`)

// seen is a mark of all that was shown, but for the time of the day.
func (l *looked) seen() string {
	text, err := json.Marshal([]any{l.facts, l.warnings})
	if err != nil {
		panic(err) // texts
	}
	sum := sha256.Sum256(timeOfDay.ReplaceAll(text, nil))
	return hex.EncodeToString(sum[:16])
}

// receive reads the fields of a form that was sent.
func (v *visit) receive(c *change) error {
	if len(c.wants) > 0 {
		var text []byte
		v.R.PostForm, text, c.unread = v.Pictures.FromForm(v.R, c.wants...)
		if c.unread == nil {
			v.R.PostForm.Set(picture.TextField, string(text))
		}
	} else if err := v.R.ParseForm(); err != nil {
		return notWhole(err)
	}
	for _, f := range c.fields {
		if f.Kind == kindFile {
			continue
		}
		f.Value = strings.TrimSpace(v.R.PostForm.Get(f.Name))
	}
	return nil
}

// notWhole says why a form was not read to its end.
func notWhole(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return hint.Errorf("what was typed is too long, and nothing was done").WithHint("go back, and say it in fewer words")
	}
	return hint.Errorf("what was sent did not arrive whole, and nothing was done").WithHint("go back, and send it again")
}

// statement is the text of the statement that was sent.
func (c *change) statement() ([]byte, error) {
	f := c.field(picture.TextField)
	if c.unread != nil {
		f.Error = "It cannot be read from this."
		return nil, c.unread
	}
	return []byte(f.Value), nil
}

// wrong reports whether a field is missing, or is marked already.
func (c *change) wrong() (wrong bool) {
	if c.check != nil {
		c.check()
	}
	for _, f := range c.fields {
		if f.Required && f.Value == "" && f.Error == "" {
			f.Error = "This is missing."
		}
		wrong = wrong || f.Error != ""
	}
	return wrong
}

func (c *change) value(name string) string {
	for _, f := range c.fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// why asks for the reason, which stays on record.
func why(required bool) *field {
	f := &field{Name: "why", Label: "Why", Help: "Stays on record with your name.", Required: required}
	if !required {
		f.Label = "Why (not required)"
	}
	return f
}
