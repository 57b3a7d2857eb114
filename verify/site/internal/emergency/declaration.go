package emergency

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Declaration is the content of the file failover: an emergency that goes on. It is
// written by "failover start" and removed by "failover stop" alone, so that a check that
// counts days at the same time cannot bring back what was ended.
type Declaration struct {
	Since      time.Time // whole seconds
	Vendor     string
	Activation string // whose license may run
	Why        string
}

const declarationHeader = "offlicense failover 1\n"

// Marshal returns the content:
//
//	offlicense failover 1
//	since 2026-11-22T12:00:00Z
//	vendor "acme.example"
//	activation "K7QX2MPA3ZL4N"
//	why "the data center is under water"
func (d Declaration) Marshal() []byte {
	return fmt.Appendf(nil, "%ssince %s\nvendor %q\nactivation %q\nwhy %q\n", declarationHeader,
		d.Since.UTC().Format(time.RFC3339), d.Vendor, d.Activation, d.Why)
}

// ErrDeclaration says that it cannot be read.
var ErrDeclaration = errors.New(`malformed declaration of an emergency; end it with "offlicense failover stop"`)

// ParseDeclaration reads exactly what Marshal wrote.
func ParseDeclaration(text []byte) (*Declaration, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) != 6 {
		return nil, ErrDeclaration
	}
	var d Declaration
	var failed [4]error
	d.Since, failed[0] = time.Parse("since "+time.RFC3339, lines[1])
	d.Vendor, failed[3] = strconv.Unquote(strings.TrimPrefix(lines[2], "vendor "))
	d.Activation, failed[1] = strconv.Unquote(strings.TrimPrefix(lines[3], "activation "))
	d.Why, failed[2] = strconv.Unquote(strings.TrimPrefix(lines[4], "why "))
	if errors.Join(failed[:]...) != nil || !bytes.Equal(d.Marshal(), text) {
		return nil, ErrDeclaration
	}
	return &d, nil
}
