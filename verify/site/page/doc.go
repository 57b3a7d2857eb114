// Package page is the license page of a product: add a license, see what runs, remove it. A product
// mounts the handler where its administrators find it, and says who may open it:
//
//	gate := site.Open("/var/lib/evoq/license", verifier, site.Program{Product: "evoq"})
//	mux.Handle("/settings/license", page.New(page.Options{
//		Gate: gate, Service: "https://licenses.acme.example",
//		Allowed: isAdministrator, Now: time.Now, Random: rand.Reader,
//	}))
//
// It is one address, wherever that is: every link is a query of it, so it works under any path, with
// or without http.StripPrefix, and behind a proxy that changes the path. There is no script, and all
// it needs is in the binary. It works on plain http.
//
// # What it does
//
// Whatever changes something is a POST of a form, and a press that is repeated does nothing twice: a request is
// written before it is sent, and the same one is sent again; a license is installed in one step; a
// release is on record before it is sent, and is the same each time. One that the vendor does not know yet
// is sent before another license is asked for. So whatever fails, stops or is
// pressed by two people at once, pressing again heals.
//
// Nothing is sent to the service unless somebody presses a button that says so, or the product
// runs [Page.AutoRenew].
//
// Where another license replaces the installed one, the earlier one stays on the page until it is taken off. If
// both are of one activation, as the two of a move are, the activation goes on; else taking it off gives its
// seat up.
//
// # Trust
//
// Who may open the page administers the license: they can add and remove. Allowed decides, and nobody may
// open it without one. Who may not is told so, with status 403; a product that sends them to its sign-in does
// so before it calls the page, as the example does. A form that another site sends is refused ([http.CrossOriginProtection]), and no
// other site can show the page in a frame. What is uploaded or pasted, and what the service answers, is
// hostile: of at most 64 KiB, judged by package verify, and printed as text. The page keeps what the
// service last said, the releases and the replaced licenses in the directory "page" of the state
// directory; nothing there grants anything, and what cannot be read is passed over.
package page
