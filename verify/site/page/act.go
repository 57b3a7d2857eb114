package page

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
)

// What the forms do. Each returns the query of the address to go on with, or a screen that says what is
// wrong. One runs at a time; other processes have the same directory, and its files change in one step
// each.

// add writes a request, or finds the one that was not answered yet, and sends it.
func (p *handler) add(r *http.Request) (string, *view) {
	f := form{
		Type: typed(r, "type"), Email: typed(r, "email"), Invoice: typed(r, "invoice"),
		Automatic: typed(r, "way") == "automatic" && p.o.Service != "", KeyOnly: typed(r, "key-only") != "",
	}
	if !slices.Contains(p.o.Types, f.Type) {
		failed := p.fault(BadType)
		failed.Field = "type"
		return "", p.addView(f, failed)
	}
	o := p.o.Request
	o.Product, o.Type, o.Email, o.Invoice, o.Again = p.o.Gate.Program().Product, f.Type, f.Email, f.Invoice, true
	o.Now, o.Random = p.o.Now(), p.o.Random
	if o.Components == nil {
		o.Components = p.o.Gate.Program().Components
	}
	o.KeyOnly = o.KeyOnly || f.KeyOnly
	o.Refused = func(hash [32]byte) bool {
		n := p.readNote(format.ComparisonCode(hash))
		return n != nil && n.Declined
	}
	made, err := p.o.Gate.State().Request(o)
	if err != nil {
		return "", p.addView(f, p.explain(err))
	}
	code := format.ComparisonCode(made.Hash)
	p.unhide(code)
	if !f.Automatic {
		return "view=request&code=" + code, nil
	}
	done, failed := p.askAnew(r.Context(), code, made.Text)
	if failed != nil {
		return "", p.addView(f, failed)
	}
	return "done=" + done, nil
}

// unhide brings back what was put away, since somebody asks again.
func (p *handler) unhide(code string) {
	if n := p.readNote(code); n != nil && n.Hidden {
		n.Hidden = false
		p.writeNote(n)
	}
}

// send sends a request again that was made before.
func (p *handler) send(r *http.Request) (string, *view) {
	code := typed(r, "code")
	s := p.requestNamed(code)
	if s == nil {
		return "", p.failed(r, p.fault(Changed))
	}
	done, failed := p.askAnew(r.Context(), code, s.text)
	if failed != nil {
		return "", p.failed(r, failed)
	}
	return "done=" + done, nil
}

// failed is the first screen with what is wrong.
func (p *handler) failed(r *http.Request, f *fault) *view {
	v := p.overview(r, "")
	v.Fault = f
	return v
}

// askAnew sends the releases first that the vendor does not know: until then they take this server for the one that has
// the seat still. One that they decline is on the page.
func (p *handler) askAnew(ctx context.Context, code string, text []byte) (done string, failed *fault) {
	for _, s := range p.givenUp(p.installed()) {
		if n := p.noteNamed(s.Code); n != nil && !n.Delivered {
			if failed := p.tell(ctx, n); failed != nil && failed.Code != ServiceDeclined {
				return "", failed
			}
		}
	}
	return p.ask(ctx, code, text)
}

// ask has the service answer a request, and installs the license.
func (p *handler) ask(ctx context.Context, code string, text []byte) (done string, failed *fault) {
	reply, failed := p.call(ctx, "v1/activations", text, true)
	if reply != nil && reply.text == nil {
		p.remember(&note{Code: code, Declined: reply.declined}, reply)
	}
	switch {
	case failed != nil:
		return "", failed
	case reply.waits:
		return "waits", nil
	}
	os.Remove(p.notePath(code + noteExt)) // it waits no more, whatever becomes of the license
	before := p.installed()
	if failed := p.put(reply.text); failed != nil {
		return "", failed
	}
	if after := p.installed(); before != nil && after != nil && before.id == after.id {
		return "renewed", nil
	}
	return "added", nil
}

// remember notes what the service has said. That it cannot is no reason to fail: it is asked again.
func (p *handler) remember(n *note, r *reply) error {
	n.Answered, n.Rule, n.Detail, n.Next, n.Number = p.o.Now().UTC(), r.rule, r.detail, r.next, r.number
	return p.writeNote(n)
}

// install installs what was uploaded or pasted.
func (p *handler) install(r *http.Request) (string, *view) {
	text, failed := p.uploaded(r)
	var kind format.Kind
	if failed == nil {
		if text, kind, failed = p.find(text); failed == nil && kind == format.RevocationFile {
			failed = p.putList(text)
		} else if failed == nil {
			failed = p.put(text)
		}
	}
	switch {
	case failed == nil && kind == format.RevocationFile:
		return "done=list", nil
	case failed == nil:
		return "done=added", nil
	}
	v := p.installView(failed)
	if s := p.requestNamed(typed(r, "code")); s != nil {
		v = p.statementView(s)
		v.Fault = failed
	}
	return "", v
}

// uploaded returns the file of a form, or its text.
func (p *handler) uploaded(r *http.Request) ([]byte, *fault) {
	text := []byte(r.PostFormValue("text"))
	file, _, err := r.FormFile("file")
	if err == nil {
		defer file.Close()
		uploaded, err := io.ReadAll(file)
		if err != nil {
			return nil, p.fault(BadForm)
		}
		if len(uploaded) > 0 {
			text = uploaded
		}
	}
	if len(text) == 0 {
		return nil, p.fault(NothingGiven)
	}
	return text, nil
}

func (p *handler) installOptions() site.InstallOptions {
	program := p.o.Gate.Program()
	return site.InstallOptions{
		Components: program.Components, Checker: p.o.Request.Checker, MinRevocation: program.MinRevocation,
		Delegations: p.o.Delegations, Now: p.o.Now(),
	}
}

// put installs a license, and keeps the one that it replaces for the page.
func (p *handler) put(text []byte) *fault {
	gate := p.o.Gate
	defer gate.Check(p.o.Now()) // so that the product knows at once
	opened, err := gate.State().Open(gate.Verifier(), text, p.o.Delegations)
	if err == nil {
		err = p.keepReplaced(opened)
	}
	if err != nil {
		return p.explain(err)
	}
	_, err = gate.State().Install(gate.Verifier(), text, p.installOptions())
	if hash, bound := opened.RequestHash(); bound && errors.Is(err, verify.Released) {
		p.writeNote(&note{Code: format.ComparisonCode(hash), Declined: true}) // the same is not asked again
		return p.fault(GivenUp)
	}
	if err != nil {
		return p.explain(err)
	}
	return nil
}

func (p *handler) putList(text []byte) *fault {
	gate := p.o.Gate
	defer gate.Check(p.o.Now())
	if _, err := gate.State().InstallRevocations(gate.Verifier(), text, p.installOptions()); err != nil {
		return p.explain(err)
	}
	return nil
}

// keepReplaced keeps the installed license where another one is to take its place that answers another
// request. Of one that was given up it keeps the release. If nothing comes of it, it is the installed
// license still, and not shown as another one.
func (p *handler) keepReplaced(next *verify.Opened) error {
	installed := p.installed()
	if installed == nil {
		return nil
	}
	was, bound := installed.RequestHash()
	is, _ := next.RequestHash()
	if n := p.releaseOf(installed); n != nil {
		if p.readNote(n.Code) != nil {
			return nil
		}
		return p.writeNote(n)
	}
	if newer := newSigned(next); newer == nil || newer.id == installed.id || bound && was == is || p.given(installed) {
		return nil
	}
	return p.keep(installed.id.String()+licenseExt, installed.text)
}

func (p *handler) releaseOptions(license []byte) site.ReleaseOptions {
	return site.ReleaseOptions{
		Now: p.o.Now(), Random: p.o.Random, Verifier: p.o.Gate.Verifier(), Key: p.o.Request.Key, License: license,
		Getenv: func(string) string { return "" }, // a license of the environment is not the page's
	}
}

// remove gives a license up, or takes one off that was replaced.
func (p *handler) remove(r *http.Request) (string, *view) {
	id, installed := typed(r, "id"), p.installed()
	var license []byte
	done := "removed"
	switch s := p.replacedNamed(id); {
	case s != nil && (installed == nil || s.id != installed.id):
		done = "removed-earlier"
		preview, err := p.o.Gate.State().PreviewRelease(p.releaseOptions(s.text))
		if again := err == nil && !preview.Since.IsZero(); !again && !p.takesSeat(s) {
			return p.takeOff(r, p.notePath(id+licenseExt), done)
		}
		license = s.text
	case installed == nil || installed.id.String() != id:
		return "", p.failed(r, p.fault(Changed))
	case !p.owns(installed):
		return "", p.failed(r, p.fault(OtherProduct))
	case !p.takesSeat(installed) && !p.given(installed):
		defer p.o.Gate.Check(p.o.Now())
		return p.takeOff(r, p.o.Gate.State().LicensePath(), done)
	}
	release, err := p.o.Gate.State().Release(p.releaseOptions(license))
	p.o.Gate.Check(p.o.Now())
	if err != nil {
		return "", p.failed(r, p.explain(err))
	}
	n := noteOf(release)
	if n == nil {
		return "", p.failed(r, p.fault(Trouble, "{detail}", "the release cannot be read"))
	}
	if known := p.readNote(n.Code); known != nil {
		n = known
		n.Hidden = false
	}
	if err := p.writeNote(n); err != nil && license != nil { // of the installed license it can be made again
		return "", p.failed(r, p.explain(err))
	}
	if license != nil {
		if query, v := p.takeOff(r, p.notePath(id+licenseExt), done); v != nil {
			return query, v
		}
	}
	if p.o.Service == "" {
		return "view=release&code=" + n.Code, nil
	}
	if failed := p.tell(r.Context(), n); failed != nil {
		return "", p.failed(r, failed)
	}
	return "done=" + done, nil
}

// takeOff removes the file of a license of which there is nothing to give up.
func (p *handler) takeOff(r *http.Request, path, done string) (string, *view) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", p.failed(r, p.explain(err))
	}
	return "done=" + done, nil
}

// deliver sends a release again.
func (p *handler) deliver(r *http.Request) (string, *view) {
	n := p.noteNamed(typed(r, "code"))
	if n == nil {
		return "", p.failed(r, p.fault(Changed))
	}
	if failed := p.tell(r.Context(), n); failed != nil {
		return "", p.failed(r, failed)
	}
	return "done=delivered", nil
}

// tell sends a release to the service.
func (p *handler) tell(ctx context.Context, n *note) *fault {
	reply, failed := p.call(ctx, "v1/releases", []byte(n.Release), false)
	if reply == nil {
		return failed
	}
	if known := p.readNote(n.Code); known != nil {
		n = known
	}
	if reply.text == nil && n.Delivered {
		return failed // pressed twice: the vendor has it
	}
	if n.Delivered = reply.text != nil; n.Delivered {
		reply.detail = sentence(line(strings.TrimPrefix(string(reply.text), "released: ")))
	}
	p.remember(n, reply)
	return failed
}

// hide puts a request or a release away.
func (p *handler) hide(r *http.Request) (string, *view) {
	code := typed(r, "code")
	n := p.noteNamed(code)
	if n == nil {
		if n = p.readNote(code); n == nil && p.requestNamed(code) != nil {
			n = &note{Code: code}
		}
	}
	if n == nil {
		return "", p.failed(r, p.fault(Changed))
	}
	n.Hidden = true
	if err := p.writeNote(n); err != nil {
		return "", p.failed(r, p.explain(err))
	}
	return "done=hidden", nil
}
