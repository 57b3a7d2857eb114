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
	number := value[string](b, `document.querySelector("strong.code").textContent`)
	h.run(licensor, "queue", "sign", number, "--home", "V", "--yes", "--out", "signed.lic")
	b.button("Send the same again")
	b.want("Your license")
	b.accessible()
}

func requestFile(h *house) string {
	h.request("S", "INV0042-1", "--key-only")
	return "S.olq"
}
