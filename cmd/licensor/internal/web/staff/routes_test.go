package staff_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
)

// anybody is for pages that need no right. Whatever it is asked, nothing of the ledger is there.
const anybody desk.Right = ""

// whoever is for what is the own of who is signed in.
const whoever desk.Right = "whoever"

// routes say which right each page needs. Each that is registered is here, or the test fails:
// who adds a page says who may open it.
var routes = map[string]desk.Right{
	"GET /assets/{name...}":  anybody,
	"GET /assets/brand.css":  anybody,
	"GET /sign-in":           anybody,
	"GET /sign-in/{secret}":  anybody,
	"POST /sign-in/{secret}": anybody,
	"POST /sign-out":         anybody,
	"GET /sign-in/passkey":   anybody,
	"POST /sign-in":          anybody,
	"GET /passkeys":          whoever,
	"GET /passkeys/new":      whoever,
	"POST /passkeys":         whoever,
	"POST /passkeys/remove":  whoever,
	"GET /{$}":               desk.Read,

	"GET /queue":                  desk.Read,
	"GET /queue/{number}":         desk.Read,
	"GET /entitlements":           desk.Read,
	"GET /entitlements/{invoice}": desk.Read,
	"GET /activations/{id}":       desk.Read,
	"GET /licenses/{id}":          desk.Read,
	"GET /licenses/{id}/file":     desk.Read,
	"GET /licenses/{id}/sheet":    desk.Read,
	"GET /licenses/{id}/mail":     desk.Read,
	"GET /customers":              desk.Read,
	"GET /customers/{name}":       desk.Read,
	"GET /lookup":                 desk.Read,
	"POST /lookup":                desk.Read,
	"GET /renewals":               desk.Read,
	"GET /ledger":                 desk.Read,

	"GET /queue/{number}/sign":    desk.Sign,
	"POST /queue/{number}/sign":   desk.Sign,
	"GET /queue/{number}/refuse":  desk.Sign,
	"POST /queue/{number}/refuse": desk.Sign,
	"GET /sign":                   desk.Sign,
	"POST /sign":                  desk.Sign,
	"GET /release":                desk.Sign,
	"POST /release":               desk.Sign,

	"POST /renewals":                            desk.Sell,
	"GET /renewals/done":                        desk.Read,
	"GET /activations/{id}/deactivate":          desk.Sign,
	"POST /activations/{id}/deactivate":         desk.Sign,
	"GET /activations/{id}/reactivate":          desk.Sign,
	"POST /activations/{id}/reactivate":         desk.Sign,
	"GET /activations/{id}/move":                desk.Sign,
	"POST /activations/{id}/move":               desk.Sign,
	"GET /entitlements/{invoice}/sign-unbound":  desk.Sign,
	"POST /entitlements/{invoice}/sign-unbound": desk.Sign,
	"GET /revocations/newest":                   desk.Read,
	"GET /letters":                              desk.Read,
	"GET /letters/mail":                         desk.Read,
	"GET /activations/{id}/revoke":              desk.Revoke,
	"POST /activations/{id}/revoke":             desk.Revoke,
	"GET /licenses/{id}/revoke":                 desk.Revoke,
	"POST /licenses/{id}/revoke":                desk.Revoke,
	"GET /revocations":                          desk.Revoke,
	"POST /revocations":                         desk.Revoke,
	"GET /sell":                                 desk.Sell,
	"POST /sell":                                desk.Sell,
	"GET /entitlements/{invoice}/correct":       desk.Sell,
	"POST /entitlements/{invoice}/correct":      desk.Sell,
	"GET /entitlements/{invoice}/amend":         desk.Sell,
	"POST /entitlements/{invoice}/amend":        desk.Sell,
	"GET /entitlements/{invoice}/renew":         desk.Sell,
	"POST /entitlements/{invoice}/renew":        desk.Sell,
	"GET /entitlements/{invoice}/suspend":       desk.Revoke,
	"POST /entitlements/{invoice}/suspend":      desk.Revoke,
	"GET /entitlements/{invoice}/resume":        desk.Revoke,
	"POST /entitlements/{invoice}/resume":       desk.Revoke,
	"GET /entitlements/{invoice}/cancel":        desk.Revoke,
	"POST /entitlements/{invoice}/cancel":       desk.Revoke,
}

// registered are the patterns of all pages.
type registered map[string]bool

func (s registered) Handle(pattern string, _ http.HandlerFunc) { s[pattern] = true }

func (s registered) HandleUpload(pattern string, _ int64, _ http.HandlerFunc) { s[pattern] = true }

// TestRoutes: whoever guesses the address of a page gets it with its right, and with no other
// one; and nobody gets it who is not signed in.
func TestRoutes(t *testing.T) {
	known := make(registered)
	(&staff.Pages{Door: new(door.Door)}).Register(known)
	for pattern := range known {
		if _, ok := routes[pattern]; !ok {
			t.Errorf("%s is not in the table of routes of routes_test.go: which right does it need?", pattern)
		}
	}
	for pattern := range routes {
		if !known[pattern] {
			t.Errorf("there is no %s", pattern)
		}
	}
	v := newVendor(t, "")
	users := map[string]string{"": ""} // by what they may not do
	for _, right := range desk.Rights {
		only, not := "only-"+string(right), "not-"+string(right)
		users[only], users[not] = only+" "+string(right), not
		for _, other := range desk.Rights {
			if other != right {
				users[not] += " " + string(other)
			}
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(routes)) {
		right := routes[pattern]
		if right == anybody {
			continue
		}
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{$}", "", "...}", "}").Replace(path)
		for {
			before, rest, found := strings.Cut(path, "{")
			if !found {
				break
			}
			_, after, _ := strings.Cut(rest, "}")
			path = before + "x" + after
		}
		for name, user := range users {
			var got answer
			if method == http.MethodGet {
				got = v.getAs(user, path)
			} else {
				got = v.postAs(user, path, nil)
			}
			isDoor, isRefused := strings.HasPrefix(got.to, "/sign-in"), got.status == http.StatusForbidden
			wantDoor, wantRefused := name == "", right != whoever && name != "" && name != "only-"+string(right) && (name == "not-"+string(right) || !strings.HasPrefix(name, "not-"))
			if isDoor != wantDoor || isRefused != wantRefused {
				t.Errorf("%s by %q: got %d to %q", pattern, name, got.status, got.to)
			}
			if isRefused && !strings.Contains(got.body, "You do not have the right "+string(right)+".") {
				t.Errorf("%s by %q is told %s", pattern, name, got.body)
			}
		}
	}
}
