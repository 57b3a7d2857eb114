package web

import (
	"cmp"
	_ "embed"
	"errors"
	"io"
	"net/http"

	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

//go:embed openapi.yaml
var openapi []byte

func (s *Site) openapi(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Write(openapi)
}

// activate takes a request, and answers with a license.
func (s *Site) activate(w http.ResponseWriter, r *http.Request) {
	text, ok := statement(w, r)
	if !ok {
		return
	}
	done, err := s.o.Activation.Activate(r.Context(), text)
	switch {
	case err != nil:
		s.failed(w, err)
	case done.Waits:
		waits(w, done.Word, done.Detail, done.Next, done.Number)
	default:
		say(w, http.StatusOK, string(done.License))
	}
}

// release takes a release, and answers with what came of it.
func (s *Site) release(w http.ResponseWriter, r *http.Request) {
	text, ok := statement(w, r)
	if !ok {
		return
	}
	done, err := s.o.Activation.Release(r.Context(), text)
	switch {
	case err != nil:
		s.failed(w, err)
	case done.Waits:
		waits(w, done.Word, done.Detail, done.Next, done.Number)
	default:
		said := "released: the seat of activation " + done.Activation + " is free\n"
		if done.Successor != "" {
			said = "released: the seat of activation " + done.Activation + " goes to the new server, which asks for its license again\n"
		}
		say(w, http.StatusOK, said)
	}
}

func (s *Site) newestList(w http.ResponseWriter, r *http.Request) {
	list, err := s.o.Activation.NewestList(r.Context())
	switch {
	case err != nil:
		s.failed(w, err)
	case list == nil:
		problem{Status: http.StatusNotFound, Rule: "no-list", Detail: "The vendor has published no revocation list.", Next: "Nothing needs to be done."}.write(w)
	default:
		say(w, http.StatusOK, string(list))
	}
}

// statement reads the body.
func statement(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	text, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		problem{Status: http.StatusRequestEntityTooLarge, Rule: "too-large", Detail: "This is larger than a statement can be.", Next: `Send the file that "offlicense request" or "offlicense release" has written.`}.write(w)
	case err != nil:
		problem{Status: http.StatusBadRequest, Rule: "cut", Detail: "What was sent did not arrive whole.", Next: "Send the same again."}.write(w)
	case len(text) == 0:
		problem{Status: http.StatusBadRequest, Rule: "empty", Detail: "Nothing was sent.", Next: "Send a request or a release as the body, such as with curl --data-binary @request.olq."}.write(w)
	default:
		return text, true
	}
	return nil, false
}

// waits says that the staff have to look.
func waits(w http.ResponseWriter, word, detail, next, number string) {
	word = cmp.Or(word, "waits")
	w.Header().Set("Retry-After", "3600")
	problem{Status: http.StatusAccepted, Rule: word, Detail: detail, Next: next, Number: number}.write(w)
}

// failed answers an error: what the customer can mend, or that the service is in trouble,
// which the log has.
func (s *Site) failed(w http.ResponseWriter, err error) {
	if no, ok := errors.AsType[*service.Declined](err); ok {
		problem{Status: http.StatusUnprocessableEntity, Rule: no.Rule, Detail: no.Detail, Next: no.Next}.write(w)
		return
	}
	s.o.Log.Error("trouble", "error", err.Error())
	w.Header().Set("Retry-After", "60")
	problem{Status: http.StatusServiceUnavailable, Rule: "trouble", Detail: "The service cannot answer now; nothing was changed, or it is on record.", Next: "Send the same request again in a minute."}.write(w)
}
