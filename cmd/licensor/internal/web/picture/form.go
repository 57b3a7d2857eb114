package picture

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/format"
)

// Names of the fields of a form.
const (
	TextField = "statement" // a text area
	FileField = "file"      // any number of files
)

const (
	maxParts = 64       // of a form
	maxFiles = 16       // of them
	small    = 64 << 10 // bytes of a form that find room always, as on any other page
)

// FromForm reads the form of a page that takes a statement: pasted, as a file, as photos of its
// codes, or its parts in any of these. It returns the fields but for the files, and the text of the only
// statement of a wanted kind; where there is none, the text as it is, and whoever decodes it says
// what is wrong with it. Nobody may have read the form before.
//
// values has what was read of the fields with an error, too, so that a page can show them again.
// The error is an *[Error], whose status is that of [Status], or that of the request's context, or
// it is trouble of this machine.
func (r *Reader) FromForm(req *http.Request, want ...format.Kind) (values url.Values, statement []byte, err error) {
	u := &upload{r: r, ctx: req.Context(), body: req.Body, values: make(url.Values), end: func() {}}
	defer func() { r.held.Add(-u.held); u.end() }()
	req.Body = u
	u.search = envelope.NewSearch(u.pictures)
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		err = u.parts(req)
	} else {
		err = u.fields(req)
	}
	switch {
	case u.refused != nil:
		err = u.refused
	case err != nil:
	case u.failed != nil:
		err = u.failed
	case !u.given:
		err = errEmpty
	default:
		statement, err = u.search.Pick(want...)
		if err == nil && envelope.IsPrivate(envelope.Decode(statement)) { // it is told, and not shown
			u.values.Del(TextField)
			err = errPrivate
		}
	}
	if err != nil {
		return u.values, nil, worded(err)
	}
	return u.values, statement, nil
}

// upload is a form that is being read.
type upload struct {
	r       *Reader
	ctx     context.Context
	body    io.ReadCloser
	values  url.Values
	search  *envelope.Search
	reading context.Context // of all pictures together; nil before the first one
	end     func()
	given   bool  // there was something to search
	failed  error // why a picture was not looked at
	size    int64 // bytes that have come
	held    int64 // of these, that count for what all forms together have in memory
	refused error // no more is read
}

// Read reads the form. What all forms together have in memory has a limit, from the first byte of
// each to its answer: some of it is kept in one way or another, and more comes as slowly as its
// sender wants.
func (u *upload) Read(p []byte) (int, error) {
	n, err := u.body.Read(p)
	u.size += int64(n)
	more := max(0, u.size-small) - u.held
	u.held += more
	held := u.r.held.Add(more)
	switch most := int64(u.r.Limits.Bytes); {
	case u.size > most:
		u.refused = errLarge
	case more > 0 && held > 2*most:
		u.refused = ErrBusy
	default:
		return n, err
	}
	return n, u.refused
}

func (u *upload) Close() error { return u.body.Close() }

// fields reads a form without files.
func (u *upload) fields(req *http.Request) error {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return unsent(err)
	}
	if u.r.Limits.Text > 0 && len(body) > u.r.Limits.Text {
		return errLarge
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return errCut
	}
	for name, all := range values {
		if name != TextField {
			u.values[name] = all
			continue
		}
		u.values[name] = all
		for _, text := range all {
			if err := u.add([]byte(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts reads a form that may have files.
func (u *upload) parts(req *http.Request) error {
	form, err := req.MultipartReader()
	if err != nil {
		return errCut
	}
	files := 0
	for range maxParts {
		part, err := form.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return unsent(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return unsent(err)
		}
		name := part.FormName()
		switch {
		case name == FileField || name == TextField:
			if len(data) > 0 && name == FileField {
				files++
			}
			if files > maxFiles {
				return errLarge
			}
			if err := u.add(data); err != nil {
				return err
			}
			if name == TextField {
				u.values.Add(name, string(data))
			}
		default:
			u.values.Add(name, string(data))
		}
	}
	return errLarge
}

// add looks for statements in what was pasted, or in a file.
func (u *upload) add(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if most := u.r.Limits.Text; most > 0 && len(data) > most && !envelope.IsPicture(data) {
		return errLarge
	}
	u.given = true
	u.search.Add(data)
	return u.ctx.Err()
}

// pictures reads a picture for the search, which goes on whatever comes of it.
func (u *upload) pictures(data []byte) ([]string, error) {
	if u.failed != nil {
		return nil, u.failed
	}
	if u.reading == nil {
		u.reading, u.end = context.WithTimeout(u.ctx, 2*cmp.Or(u.r.patience, timeLimit))
	}
	texts, err := u.r.Read(u.reading, data)
	if u.reading.Err() != nil && u.ctx.Err() == nil {
		err = errTime
	}
	if _, ours := errors.AsType[*Error](err); err != nil && (!ours || err == error(ErrBusy)) {
		u.failed = err
	}
	return texts, err
}

// unsent says why a form was not read to its end.
func unsent(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errLarge
	}
	return errCut
}

// worded gives what a search says its word. Its hints are of the tools; these are of a page.
func worded(err error) error {
	if several, ok := errors.AsType[*envelope.AmbiguousError](err); ok {
		return &Error{"several", several.Error(), several.Hint()}
	}
	if parts, ok := errors.AsType[*envelope.PartsError](err); ok {
		return &Error{"parts", parts.Error(), parts.Hint()}
	}
	if nothing, ok := errors.AsType[*envelope.NothingError](err); ok {
		return &Error{"nothing", nothing.Error(), "send the file or the text alone, or a photo of the code that the server shows"}
	}
	return err
}
