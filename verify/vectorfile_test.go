package verify_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// vector is one file of testdata/vectors: what testdata/README.md describes.
type vector struct {
	expect  verify.Reason
	comment string
	open    string // license, request, delegation, release, attestation or revocation
	id      string // of a license or list that holds, or that a good release or attestation names; else empty
	list    uint64 // number of the list by which a license holds; 0: none
	roots   []keys.PublicKey
	lists   [][]byte     // what the verifier has, as text
	facts   verify.Facts // Site is nil for any machine
	text    []byte
	spelled bool // text is lines to be read out

	asked, met [][]byte // texts of requests and delegations that the site has, for short licenses

	installed []byte   // text of the license whose place this one would take; nil: none
	weakRoots []string // lines of roots that are no keys
}

// noVerifier is what a vector expects when nothing is judged.
const noVerifier verify.Reason = "no-verifier"

func (v *vector) marshal() []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	moment := func(key string, t time.Time) {
		if !t.IsZero() {
			line(key, t.UTC().Format(time.RFC3339))
		}
	}
	line("expect", string(v.expect))
	line("comment", v.comment)
	line("open", v.open)
	if v.spelled {
		line("spelled", "yes")
	}
	line("id", v.id)
	number := func(key string, n uint64) {
		if n != 0 {
			line(key, strconv.FormatUint(n, 10))
		}
	}
	number("list", v.list)
	for _, root := range v.roots {
		line("root", root.MarshalLine("root.acme.example"))
	}
	for _, root := range v.weakRoots {
		line("root", root)
	}
	if v.open == "release" {
		line("machine-key", hex.EncodeToString(v.facts.Site.Key.Bytes()))
	}
	if f := v.facts; v.open == "license" {
		moment("now", f.Now)
		line("product", f.Product)
		line("edition", f.Edition)
		line("version", f.Version)
		moment("built", f.Built)
		moment("seen", f.Seen)
		if f.Site != nil {
			line("machine-key", hex.EncodeToString(f.Site.Key.Bytes()))
			for _, request := range f.Site.Requests {
				line("request", hex.EncodeToString(request[:]))
			}
			for _, c := range f.Site.Components {
				line("component", c.Label+" "+hex.EncodeToString(c.Hash))
			}
			for _, r := range f.Site.Released {
				line("released", fmt.Sprintf("%s %s %s", r.License, r.Vendor, r.Activation))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f.Use)) {
			line("use", fmt.Sprintf("%s %d", name, f.Use[name]))
		}
		if f.Emergency {
			line("emergency", "yes")
		}
		number("emergency-day", f.EmergencyDays)
		for _, list := range v.lists {
			line("revocation", strings.Join(strings.Fields(string(list)), ""))
		}
		line("installed", strings.Join(strings.Fields(string(v.installed)), ""))
		for _, request := range v.asked {
			line("asked", string(request))
		}
		for _, delegation := range v.met {
			line("met", string(delegation))
		}
		number("min-revocation", f.MinRevocation)
		number("max-revocation-age", uint64(f.MaxRevocationAge/time.Second))
	}
	b.WriteString("\n")
	b.Write(v.text)
	return b.Bytes()
}

// parseVector reads a file with nothing of the tests at hand but the file.
func parseVector(file []byte) (*vector, error) {
	header, text, found := bytes.Cut(file, []byte("\n\n"))
	if !found {
		return nil, fmt.Errorf("no blank line")
	}
	v := &vector{text: text}
	site := func() *verify.Site {
		if v.facts.Site == nil {
			v.facts.Site = new(verify.Site)
		}
		return v.facts.Site
	}
	for _, line := range strings.Split(string(header), "\n") {
		key, value, found := strings.Cut(line, ": ")
		if !found {
			return nil, fmt.Errorf("line %q has no key", line)
		}
		first, second, _ := strings.Cut(value, " ")
		var err error
		switch key {
		case "expect":
			v.expect = verify.Reason(value)
		case "comment":
			v.comment = value
		case "open":
			v.open = value
		case "spelled":
			v.spelled = value == "yes"
		case "id":
			v.id = value
		case "root":
			var root keys.NamedKey
			if root, err = keys.ParsePublicLine(value); err == nil {
				v.roots = append(v.roots, root.PublicKey)
			} else {
				v.weakRoots, err = append(v.weakRoots, value), nil
			}
		case "now":
			v.facts.Now, err = time.Parse(time.RFC3339, value)
		case "product":
			v.facts.Product = value
		case "edition":
			v.facts.Edition = value
		case "version":
			v.facts.Version = value
		case "built":
			v.facts.Built, err = time.Parse(time.RFC3339, value)
		case "seen":
			v.facts.Seen, err = time.Parse(time.RFC3339, value)
		case "machine-key":
			var raw []byte
			if raw, err = hex.DecodeString(value); err == nil {
				site().Key, err = keys.NewPublicKey(raw)
			}
		case "request":
			var hash [32]byte
			_, err = hex.Decode(hash[:], []byte(value))
			site().Requests = append(site().Requests, hash)
		case "component":
			c := format.Component{Label: first}
			c.Hash, err = hex.DecodeString(second)
			site().Components = append(site().Components, c)
		case "use":
			if v.facts.Use == nil {
				v.facts.Use = make(map[string]uint64)
			}
			at := strings.LastIndexByte(value, ' ')
			v.facts.Use[value[:at]], err = strconv.ParseUint(value[at+1:], 10, 64)
		case "released":
			words := strings.SplitN(value, " ", 3)
			r := verify.ReleasedLicense{Vendor: words[1], Activation: words[2]}
			r.License, err = format.ParseID(words[0])
			site().Released = append(site().Released, r)
		case "asked":
			v.asked = append(v.asked, []byte(value))
		case "met":
			v.met = append(v.met, []byte(value))
		case "installed":
			v.installed = []byte(value)
		case "emergency":
			v.facts.Emergency = value == "yes"
		case "emergency-day":
			v.facts.EmergencyDays, err = strconv.ParseUint(value, 10, 64)
		case "list":
			v.list, err = strconv.ParseUint(value, 10, 64)
		case "revocation":
			v.lists = append(v.lists, []byte(value))
		case "min-revocation":
			v.facts.MinRevocation, err = strconv.ParseUint(value, 10, 64)
		case "max-revocation-age":
			var seconds int64
			seconds, err = strconv.ParseInt(value, 10, 64)
			v.facts.MaxRevocationAge = time.Duration(seconds) * time.Second
		default:
			return nil, fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	v.facts.AnyMachine = v.facts.Site == nil
	v.facts.AnyProduct = v.installed != nil && v.facts.Product == ""
	return v, nil
}
