package page

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site"
)

// Options say how the page is built into a product.
type Options struct {
	Gate *site.Gate // required; what is changed on the page, it knows at once

	// Allowed says who may open the page. nil: nobody.
	Allowed func(*http.Request) bool

	Now    func() time.Time // required: time.Now
	Random io.Reader        // required: crypto/rand.Reader

	// Service is the address of the vendor's activation service, such as "https://licenses.acme.example".
	// "": there is none, and every way is by hand.
	Service string

	// Client calls the service. nil: one that goes through the proxy of the environment and
	// waits for 30 seconds.
	Client *http.Client

	// Types are the license types that can be asked for, the first one preset. Empty: all.
	Types []string

	// Request is what a request says beside what is typed into the form: Site, Host, MAC, HostID,
	// Checker, and the Key, which signs releases as well. What the page knows is filled in.
	Request site.RequestOptions

	// Delegations are the texts that came with the product, for short licenses, as in [site.State.Open].
	Delegations [][]byte

	// Use says how much of the license's limits is in use now. nil: what the gate's program says.
	Use func() map[string]uint64

	// Origins are addresses of the page, such as "https://admin.site.example", for a proxy that changes
	// the host of what it passes on. nil: it does not.
	Origins []string

	Texts Texts // what is empty is English
}

// Page is the page, a [http.Handler]. It may be used by many goroutines at once.
//
// It holds functions, and not what they work with: of a type that a handler holds, a program with templates
// keeps every method, and they would be half of what the page costs.
type Page struct {
	serve http.Handler
	renew func(context.Context) error
}

// New returns the page. It panics if the options are incomplete, or an origin is none: the first start of a
// product shows it.
func New(o Options) *Page {
	p := newHandler(o)
	return &Page{http.HandlerFunc(p.enter), p.autoRenew}
}

func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve.ServeHTTP(w, r) }

// AutoRenew asks the service for a newer license each day, from 30 days before until 30 days after the
// license or its updates end, by sending the request again that the license answers. It goes on until the
// context is done; the first time is within an hour. A product that does not call it asks nothing by itself.
func (p *Page) AutoRenew(ctx context.Context) error { return p.renew(ctx) }

// handler is what a Page works with.
type handler struct {
	o       Options
	t       Texts
	guard   *http.CrossOriginProtection
	turn    chan struct{} // held while something changes
	clock   atomic.Pointer[clockSeen]
	renewal atomic.Pointer[renewal]
}

func newHandler(o Options) *handler {
	if o.Gate == nil || o.Now == nil || o.Random == nil {
		panic("page: Gate, Now or Random is not set")
	}
	if len(o.Types) == 0 {
		o.Types = format.Types()
	}
	client := http.Client{Timeout: patience}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // no other host is asked
	o.Client = &client
	p := &handler{o: o, t: o.Texts.complete(), guard: http.NewCrossOriginProtection(), turn: make(chan struct{}, 1)}
	for _, origin := range o.Origins {
		if err := p.guard.AddTrustedOrigin(origin); err != nil {
			panic("page: " + err.Error())
		}
	}
	return p
}
