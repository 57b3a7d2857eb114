package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A phone in front of a closed network's console: the request is pasted, and the license is
// shown for the way back.
func TestCustomerOnAPhone(t *testing.T) {
	h := newHouse(t)
	h.sell("INV0042-1", "--seats", "2", "--binding", "key")
	s := h.serve("--public", "127.0.0.1:0")
	b := open(t)
	b.narrow()
	b.visit(s.public + "/?lang=de")
	b.want("Anfrage oder Rückgabe abgeben")
	b.shot("first")
	b.accessible()
	b.visit(s.public)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{h.path(requestFile(h))}))
	b.press("#statement-form button:not([type])")
	b.want("waits for the vendor") // a license that is bound to its key alone is for the staff
	b.accessible()
	b.shot("waits")
	_, number := h.run(licensor, "queue", "list", "--home", "V", "--json"), ""
	_ = number
}

func requestFile(h *house) string {
	h.request("S", "INV0042-1")
	return "S.olq"
}
