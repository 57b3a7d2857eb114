package setup

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/offlicense/command"
)

// A year of a vendor's life, for the desk to show: both example products, customers who buy,
// activate, renew, move and give back. All of it goes through the two tools, as any year does,
// with a clock that is set back.

// demoSale is one invoice line. month counts from a year ago.
type demoSale struct {
	month                  int
	invoice, customer      string
	product, edition, kind string
	seats, servers         int
}

// demoCustomers are who buys.
var demoCustomers = []string{"Ashford Library", "Brandt Maschinenbau", "Cedar Health", "Dune Logistics", "Elmsworth Council", "Fjord Shipping", "Granite Bank", "Harbor Radio"}

const demoOperator = "anna"

// demoSales are the year: so many lines a month, and each customer's first line is production,
// so that what requires one can be sold.
func demoSales() (all []demoSale) {
	lines := []demoSale{
		{product: "cms", edition: "basic", kind: "production", seats: 2, servers: 2},
		{product: "framework", edition: "server-enterprise", kind: "production", seats: 4, servers: 3},
		{product: "cms", edition: "enterprise", kind: "production", seats: 1, servers: 1},
		{product: "framework", edition: "developer", kind: "production", seats: 3, servers: 2},
		{product: "cms", edition: "basic", kind: "staging", seats: 1, servers: 1},
		{product: "framework", edition: "server", kind: "production", seats: 1, servers: 1},
		{product: "cms", edition: "basic", kind: "development", seats: 1, servers: 1},
	}
	for month := range 13 {
		for n := range 3 + month%3 {
			i := len(all)
			sale := lines[(i*3+n)%len(lines)]
			sale.month, sale.customer = month, demoCustomers[i%len(demoCustomers)]
			if i < len(demoCustomers) { // what the others require
				sale = demoSale{month: month, customer: sale.customer, product: "cms", edition: "basic", kind: "production", seats: 2, servers: 1 + i%2}
			}
			sale.invoice = fmt.Sprintf("INV%04d-%d", 1000+month*10+n/2, n%2+1)
			all = append(all, sale)
		}
	}
	return all
}

func (s *demoSale) email() string {
	name, _, _ := strings.Cut(strings.ToLower(s.customer), " ")
	return "it@" + name + ".example"
}

// desk makes the year, and opens the desk on it.
func (d *demo) desk(now time.Time) error {
	vendor, customer := d.program(), command.FirstTrip(command.Build{})
	home := filepath.Join(d.dir, "vendor")
	start := now.AddDate(-1, 0, -3)
	at := func(month, day int) time.Time { return start.AddDate(0, month, day) }
	run := func(when time.Time, p cli.Program, args ...string) error { return d.quietly(when, p, args) }
	licensor := func(when time.Time, name string, args ...string) error {
		return run(when, vendor, append([]string{name, "--home", home, "--operator", demoOperator}, args...)...)
	}
	if err := run(start, vendor, "init", "--home", home, "--vendor", "acme.example", "--insecure-no-passphrase"); err != nil {
		return err
	}
	for _, example := range []string{"cms", "framework"} {
		if err := run(start, vendor, "product", "--home", home, "add", "--example", example); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(d.dir, "sites"), 0o755); err != nil {
		return err
	}
	sales := demoSales()
	var waiting []string
	for month := 0; month <= 12; month++ {
		sold, served := 0, 0
		var orders bytes.Buffer
		w := csv.NewWriter(&orders)
		w.Write([]string{"invoice", "email", "customer", "product", "edition", "type", "seats", "binding", "automatic"})
		requests := filepath.Join(d.dir, "requests", at(month, 0).Format("2006-01"))
		if err := os.MkdirAll(requests, 0o755); err != nil {
			return cli.FileError("create", requests, err)
		}
		for _, s := range sales {
			if s.month != month {
				continue
			}
			sold++
			automatic := "activation;move;renewal"
			if month == 12 && sold > 1 {
				automatic = "none" // so that something waits for the staff
			}
			w.Write([]string{s.invoice, s.email(), s.customer, s.product, s.edition, s.kind, fmt.Sprint(s.seats), "operator", automatic})
			for n := range s.servers {
				served++
				host := fmt.Sprintf("%s-%d.%s", map[string]string{"cms": "web", "framework": "app"}[s.product], n+1, strings.TrimPrefix(s.email(), "it@"))
				site := fmt.Sprintf("%s-%d", s.invoice, n+1)
				out := filepath.Join(requests, site+".olq")
				if month == 12 {
					waiting = append(waiting, out)
				}
				err := run(at(month, 2), customer, "request", "--state", filepath.Join(d.dir, "sites", site), "--product", s.product, "--invoice", s.invoice,
					"--email", s.email(), "--type", s.kind, "--host", host, "--site", strings.ToLower(s.product), "--component", "inventory="+site, "--out", out, "--qr", "never")
				if err != nil {
					return err
				}
			}
		}
		w.Flush()
		list := filepath.Join(requests, "orders.csv")
		if err := d.env.WriteFile(list, orders.Bytes(), 0o644); err != nil {
			return err
		}
		if err := licensor(at(month, 0), "import", list); err != nil {
			return err
		}
		if month < 12 {
			if err := licensor(at(month, 3), "sign", requests, "--out", filepath.Join(d.dir, "licenses"), "--yes"); err != nil {
				return err
			}
		}
		if err := d.event(month, at(month, 6), licensor, sales); err != nil {
			return err
		}
		fmt.Fprintf(d.env.Stdout, "%s: %d sales, %d servers\n", at(month, 0).Format("January 2006"), sold, served)
	}
	return d.open(now, home, waiting)
}

// event is what else happens in a month.
func (d *demo) event(month int, when time.Time, licensor func(time.Time, string, ...string) error, sales []demoSale) error {
	invoice := func(month, n int) string {
		for _, s := range sales {
			if s.month == month {
				if n == 0 {
					return s.invoice
				}
				n--
			}
		}
		return ""
	}
	switch month {
	case 3:
		return licensor(when, "amend", invoice(3, 0), "--seats", "5", "--why", "the order says five", "--out", filepath.Join(d.dir, "licenses"), "--yes")
	case 5:
		return licensor(when, "suspend", invoice(2, 1), "--why", "the invoice is unpaid", "--yes")
	case 6:
		if err := licensor(when, "resume", invoice(2, 1), "--why", "paid", "--yes"); err != nil {
			return err
		}
		return licensor(when.AddDate(0, 0, 1), "cancel", invoice(5, 2), "--why", "returned within 30 days", "--yes")
	case 9:
		return licensor(when, "renew", invoice(0, 0), invoice(0, 1), "--expires", "12m", "--updates-until", "12m", "--out", filepath.Join(d.dir, "licenses"), "--yes")
	case 11:
		return licensor(when, "amend", invoice(1, 0), "--seats", "4", "--why", "two more sites", "--out", filepath.Join(d.dir, "licenses"), "--yes")
	}
	return nil
}

// quietly runs a tool with a clock of its own, and tells only what went wrong.
func (d *demo) quietly(when time.Time, p cli.Program, args []string) error {
	env, told := *d.env, new(bytes.Buffer)
	env.Args, env.Terminal, env.Window, env.ErrWindow, env.Attended = args, nil, nil, nil, nil
	env.Stdout, env.Stderr, env.Now = new(bytes.Buffer), told, func() time.Time { return when }
	env.Past = true
	if exit := cli.Main(p, &env); exit != 0 {
		d.env.Stderr.Write(told.Bytes())
		return &cli.Error{Exit: exit}
	}
	return nil
}

// open lets the newcomer in, and serves until it is told to end.
func (d *demo) open(now time.Time, home string, waiting []string) error {
	staff, err := freePort(8080)
	if err != nil {
		return err
	}
	public, err := freePort(8081)
	if err != nil {
		return err
	}
	vendor := d.program()
	if err := d.quietly(now, vendor, []string{"desk", "user", "add", demoOperator, "--home", home, "--right", "read,sell,sign,revoke"}); err != nil {
		return err
	}
	fmt.Fprintf(d.env.Stdout, "\nOpen this in a browser within 10 minutes; it signs %s in:\n\n    ", demoOperator)
	env := *d.env
	env.Args, env.Terminal, env.Stderr = []string{"desk", "login", "--home", home, "--operator", demoOperator, "--origin", "http://localhost:" + staff}, nil, new(bytes.Buffer)
	if exit := cli.Main(vendor, &env); exit != 0 {
		return &cli.Error{Exit: exit}
	}
	fmt.Fprintf(d.env.Stdout, "\nFor another link, beside it:  licensor desk login --home %s --operator %s\nCustomers see  http://localhost:%s\nEnd it with Ctrl-C; then throw it away:  rm -r %s\n\n",
		cli.ShellPath(home), demoOperator, public, cli.ShellPath(d.dir))
	go hand(waiting, "http://localhost:"+public+"/v1/activations")
	env = *d.env
	env.Args, env.Terminal = []string{"serve", "--home", home, "--staff", "127.0.0.1:" + staff, "--public", "127.0.0.1:" + public}, nil
	log, err := os.Create(filepath.Join(d.dir, "serve.log"))
	if err != nil {
		return cli.FileError("create", filepath.Join(d.dir, "serve.log"), err)
	}
	defer log.Close()
	env.Stderr, env.ErrWindow = log, nil
	if exit := cli.Main(vendor, &env); exit != 0 {
		return cli.Failf("the desk has ended").WithHint("its log says why: %s", cli.ShellPath(log.Name()))
	}
	return nil
}

// hand posts the requests of today: the first ones are signed, and the others wait in the queue.
func hand(requests []string, url string) {
	for _, name := range requests {
		text, err := os.ReadFile(name)
		for try := 0; err == nil && try < 100; try++ {
			answer, err := http.Post(url, "text/plain", bytes.NewReader(text))
			if err == nil {
				answer.Body.Close()
				break
			}
			time.Sleep(100 * time.Millisecond) // the service starts
		}
	}
}

// freePort returns a port of this machine: the one that is wanted, if it is free.
func freePort(want int) (string, error) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", want))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return "", cli.Failf("cannot listen on this machine: %w", err).WithHint("look whether 127.0.0.1 can be used here")
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
