package serve

import (
	"io"
	"log/slog"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/customer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
)

// maxBrand is the most bytes of the file with the vendor's name and colors.
const maxBrand = 16 << 10

// readBrand reads the file of --brand; without one the pages have the vendor's domain.
func (c *serveCommand) readBrand(vendor string) (page.Brand, error) {
	if c.brand == "" {
		return page.Brand{Name: vendor}, nil
	}
	f, err := os.Open(c.brand)
	if err != nil {
		return page.Brand{}, cli.FileError("read", c.brand, err)
	}
	defer f.Close()
	file, err := io.ReadAll(io.LimitReader(f, maxBrand+1))
	if err != nil {
		return page.Brand{}, cli.FileError("read", c.brand, err)
	}
	if len(file) > maxBrand {
		return page.Brand{}, cli.Failf("%s is larger than %d bytes", cli.Quote(c.brand), maxBrand).WithHint("name the TOML file with the vendor's name and colors")
	}
	return page.ParseBrand(file)
}

// customerPages are the pages of the public site.
func customerPages(activator *service.Activator, brand page.Brand, log *slog.Logger) (func(*web.Site), error) {
	child, err := picture.Self()
	if err != nil {
		return nil, err
	}
	p := &customer.Pages{Activation: activator, Brand: brand, Pictures: &picture.Reader{Command: child, Limits: picture.ForCustomers, Log: log}, Log: log}
	return func(s *web.Site) {
		s.HandleRefusals(p.Refused)
		p.Register(s)
	}, nil
}

// staffPictures reads what the staff upload.
func staffPictures(log *slog.Logger) (*picture.Reader, error) {
	child, err := picture.Self()
	return &picture.Reader{Command: child, Limits: picture.ForStaff, Log: log}, err
}
