package page

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

func TestDue(t *testing.T) {
	end := time.Date(2027, 11, 21, 0, 0, 0, 0, time.UTC)
	days := func(n int) time.Time { return end.AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		expires, updates, now time.Time
		want                  bool
	}{
		"long before":             {end, time.Time{}, days(-31), false},
		"30 days before":          {end, time.Time{}, days(-30), true},
		"at the end":              {end, time.Time{}, end, true},
		"29 days after":           {end, time.Time{}, days(29), true},
		"30 days after":           {end, time.Time{}, days(30), false},
		"perpetual":               {time.Time{}, time.Time{}, end, false},
		"updates of a perpetual":  {time.Time{}, end, days(-1), true},
		"updates ended long ago":  {time.Time{}, end, days(31), false},
		"updates end, license no": {days(300), end, days(29), true},
	} {
		if got := due(terms{expires: c.expires, updatesUntil: c.updates}, c.now); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// TestRenew: once it is time to, the same request is sent again, and the newer license runs.
func TestRenew(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	p.add(t, "production", "automatic")
	p.clock.Set(sitetest.Ends.AddDate(0, 0, -40))
	if p.renew(t.Context()) {
		t.Error("it was too early")
	}
	p.clock.Set(sitetest.Ends.AddDate(0, 0, -10))
	v.says(202, `{"detail":"Not yet."}`)
	if !p.renew(t.Context()) {
		t.Error("it was not asked")
	}
	v.says(0, "")
	v.mu.Lock()
	v.signed = make(map[string][]byte)
	v.change = func(l *format.LicenseClaims) {
		l.ID, l.Terms.Epoch, l.Expires = format.ID{9}, 2, sitetest.Ends.AddDate(1, 0, 0).Unix()
	}
	v.mu.Unlock()
	p.clock.Set(sitetest.Ends.AddDate(0, 0, 3))
	if !p.renew(t.Context()) {
		t.Error("it was not asked")
	}
	if got := v.bodies(); len(got) != 3 || got[2] != got[0] || p.requests(t) != 1 {
		t.Errorf("posted %q", got)
	}
	p.active(t, "production")
	p.see(t, "").want(t, 200, "license-expires", "^2028-11-21", "license-renewal", "Asked on 2027-11-24", "request", "^$", "earlier-1", "^$")

	// What was given up, or ended long ago, is not asked for.
	p.clock.Set(sitetest.Ends.AddDate(1, 0, 31))
	if p.renew(t.Context()) {
		t.Error("it was too late")
	}
	p.clock.Set(sitetest.Ends.AddDate(1, 0, 0))
	p.press(t, "do", "remove", "id", p.see(t, "").id("license"))
	if p.renew(t.Context()) {
		t.Error("it asks for a license that was given up")
	}
}

// TestAutoRenew: it asks once a day, not at the same minute on all servers, and ends with its context.
func TestAutoRenew(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	p.add(t, "production", "automatic")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var asked atomic.Int64
		var last atomic.Pointer[time.Time]
		p.o.Now = func() time.Time { return sitetest.Ends.Add(time.Since(start) - 10*24*time.Hour) }
		p.o.Random = bytes.NewReader(bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 100))
		p.o.Client = &http.Client{Transport: trip(func(*http.Request) (*http.Response, error) {
			asked.Add(1)
			now := time.Now()
			last.Store(&now)
			return nil, os.ErrDeadlineExceeded
		})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.autoRenew(ctx) }()
		time.Sleep(10*24*time.Hour + 12*time.Hour)
		synctest.Wait()
		if n := asked.Load(); n < 10 || n > 11 {
			t.Errorf("it has asked %d times in ten days", n)
		}
		if at := last.Load(); at.Sub(start)%(24*time.Hour) == 0 {
			t.Errorf("it has asked at %v", at)
		}
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
}
