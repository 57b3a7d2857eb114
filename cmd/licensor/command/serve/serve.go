// Package serve has the command that answers requests over the network.
package serve

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "serve", Summary: "answer requests over the network", Setup: setup},
})

//go:embed usage
var usage embed.FS

type serveCommand struct {
	common.Options
	common.KeyOption

	staff, public       string
	origin, staffOrigin string
	certificate, tlsKey string
	trustProxy          bool
	maxPerHour          int
	brand               string
}

func setup(flags *pflag.FlagSet) cli.Run {
	var c serveCommand
	c.AddLedger(flags)
	c.KeyOption.Add(flags, "key")
	flags.StringVar(&c.staff, "staff", "127.0.0.1:8080", "")
	flags.StringVar(&c.public, "public", "", "")
	flags.StringVar(&c.origin, "origin", "", "")
	flags.StringVar(&c.staffOrigin, "staff-origin", "", "")
	flags.StringVar(&c.certificate, "tls-cert", "", "")
	flags.StringVar(&c.tlsKey, "tls-key", "", "")
	flags.BoolVar(&c.trustProxy, "trust-proxy", false, "")
	flags.StringVar(&c.brand, "brand", "", "")
	flags.IntVar(&c.maxPerHour, "max-per-hour", service.DefaultMaxPerHour, "")
	return common.OptionsOnly(c.run)
}

func (c *serveCommand) run(env *cli.Env) error {
	switch {
	case (c.certificate == "") != (c.tlsKey == ""):
		return cli.Usagef("--tls-cert and --tls-key go together")
	case c.certificate != "" && c.trustProxy:
		return cli.Usagef("--tls-cert and --trust-proxy exclude each other").WithHint("either this service has the certificate, or the proxy before it")
	case c.maxPerHour < 1:
		return cli.Usagef("--max-per-hour is at least 1").WithHint("to sign nothing by itself, start it without --public")
	}
	key, err := c.Key(env)
	if err != nil {
		return err
	}
	return c.WithService(env, service.ToChange, func(_ context.Context, s *service.Service) error {
		return c.WithDesk(env, func(ctx context.Context, d *desk.Desk) error {
			return c.serve(ctx, env, s, d, key)
		})
	})
}

// gcPercent lets garbage be collected less often than by default: of what the service holds little
// stays, and about a tenth of its processor time went into looking for it. It costs memory under
// load; GOGC in the environment says otherwise.
const gcPercent = 400

func (c *serveCommand) serve(ctx context.Context, env *cli.Env, s *service.Service, d *desk.Desk, key service.Key) error {
	brand, err := c.readBrand(s.Vendor())
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(env.Stderr, nil))
	activator := s.NewActivator(service.ActivatorOptions{
		Key: key, Asks: c.File == "", Queue: queue{d, env}, MaxPerHour: c.maxPerHour, Now: env.Now, Random: env.Rand, Log: log,
	})
	defer activator.Close()
	// Its passphrase is asked for now, and not when the first customer waits.
	if err := activator.Load(ctx); err != nil {
		return err
	}
	if env.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(stop)
	sockets, err := c.listen(env)
	if err != nil {
		return err
	}
	o := &web.Options{
		Activation: activator, Ready: s.CheckFrozen, Waiting: d.Count, Origin: sockets.origin, StaffOrigin: sockets.staffOrigin, TrustProxy: c.trustProxy, Log: log, Now: env.Now,
		Calls: &web.Calls{Service: s, Desk: d, Signing: activator, Random: env.Rand, Show: func(shown *service.Shown, partners ledger.Partners, now time.Time) any {
			return common.NewShowAnswer(shown, partners, now)
		}},
	}
	if err := d.SetOrigin(ctx, sockets.staffOrigin.String()); err != nil {
		return err
	}
	pictures, err := staffPictures(log)
	if err != nil {
		return err
	}
	pages := &staff.Pages{
		Door:     &door.Door{Desk: d, Vendor: s.Vendor(), Random: env.Rand, Now: env.Now, Log: log, Origin: sockets.staffOrigin},
		Pictures: pictures, Service: s, Brand: brand, Signing: activator,
	}
	o.StaffPages = func(s *web.Site) {
		s.HandleRefusals(pages.Refused)
		pages.Register(s)
	}
	if o.Pages, err = customerPages(activator, brand, log); err != nil {
		return err
	}
	var public *web.Site
	var serving *web.Running
	if sockets.public != nil {
		public = web.Public(o)
		serving = public.Serve(sockets.public, sockets.tls)
		fmt.Fprintf(env.Stderr, "public: %s, listening at %s\n", sockets.origin, sockets.public.Addr())
	}
	desk := web.Staff(o, public, web.Loopback(port(sockets.staff))...).Serve(sockets.staff, sockets.staffTLS)
	fmt.Fprintf(env.Stderr, "staff: %s, listening at %s\n", sockets.staffOrigin, sockets.staff.Addr())
	notify := func(state string) {
		if err := web.Notify(env.Getenv("NOTIFY_SOCKET"), state); err != nil {
			log.Warn("systemd", "error", err.Error())
		}
	}
	notify("READY=1")
	return until(context.WithoutCancel(ctx), stop, func() {
		signal.Stop(stop) // a second one ends the process at once
		notify("STOPPING=1")
	}, desk, serving)
}

// shutdownTime is how long what runs has to finish.
const shutdownTime = 10 * time.Second

// until waits until the process is told to end, or a site has ended by itself. It finishes what
// runs: the site of the staff is the last one.
func until(ctx context.Context, stop <-chan os.Signal, ending func(), staff, public *web.Running) (err error) {
	var ended <-chan struct{} // never, where there is none
	if public != nil {
		ended = public.Ended()
	}
	select {
	case <-stop:
	case <-staff.Ended():
		err = staff.Err()
	case <-ended:
		err = public.Err()
	}
	ending()
	staff.Ends()
	ctx, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	if public != nil {
		public.Finish(ctx)
	}
	staff.Finish(ctx)
	return err
}
