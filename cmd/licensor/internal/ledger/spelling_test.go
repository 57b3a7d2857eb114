package ledger_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// TestClaimed has addresses as they were sold, and as somebody typed them on a server.
func TestClaimed(t *testing.T) {
	for _, c := range [...]struct {
		sold, asked string
		same        bool
	}{
		{"ops@site.example", "ops@site.example", true},
		{"ops@site.example", "OPS@Site.example", true},
		{"ops@site.example", "ops@site2.example", false},
		{"rené@site.example", "rene\u0301@site.example", true},
		{"rene\u0301@site.example", "rené@site.example", true},
		{"rené@site.example", "rene@site.example", false},
		{"ops@bücher.example", "ops@xn--bcher-kva.example", true},
		{"ops@xn--bcher-kva.example", "ops@bücher.example", true},
		{"ops@XN--bcher-kva.example", "ops@bu\u0308cher.example", true},
		{"ops@bücher.example", "ops@bu\u0308cher.example", true},
		{"rené@bücher.example", "rene\u0301@xn--bcher-kva.example", true},
		{"rené@bücher.example", "rene\u0301@bu\u0308cher.example", true},
		{"rené@bu\u0308cher.example", "rené@xn--bcher-kva.example", true},
		{"ops@straße.example", "ops@xn--strae-oqa.example", true},
		{"ops@straße.example", "ops@strasse.example", false}, // another domain
		{"ops@почта.example", "ops@xn--80a1acny.example", true},
		{"ops@한국.example", "ops@한국.example", true},
		{"ops@xn--a.example", "ops@xn--a.example", true}, // no label at all, and typed alike
		{"", "", true},
	} {
		if got := ledger.Claimed("INV1", c.sold, format.AccountHash("INV1", c.asked)); got != c.same {
			t.Errorf("sold to %+q, asked by %+q: got %v", c.sold, c.asked, got)
		}
		if ledger.Claimed("INV2", c.sold, format.AccountHash("INV1", c.asked)) {
			t.Errorf("%+q: another invoice claims", c.sold)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, invoice := range []string{
		"ＩＮＶ-2026-77", "INV-2026-7７", "ınv-2026-77", "INV-٢٠٢٦-٧٧", "INV˗2026˗77", "INVー2026ー77", "INV~2026~77", `"INV-2026-77"`, "#INV-2026-77", "INV-2026-77。", "ſ",
	} {
		want := "INV-2026-77"
		if invoice == "ſ" {
			want = "S"
		}
		if got := ledger.Plain(invoice); got != want {
			t.Errorf("%s: got %s", invoice, got)
		}
	}
}
