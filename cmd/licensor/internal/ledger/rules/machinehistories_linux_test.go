package rules_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

var update = flag.Bool("update", false, "write MACHINES.md again")

// TestMachineHistories plays what happens to machines, for real but for the signatures'
// transport: a machine is a tree of files that package machine reads, the vendor's rules choose
// what its license names, and a verifier judges it on the machine as it became. The table of them is
// verify/machine/MACHINES.md.
func TestMachineHistories(t *testing.T) {
	var table bytes.Buffer
	table.WriteString(historiesHead)
	seen, known := make(map[string]bool), make(readings)
	for _, group := range histories {
		fmt.Fprintf(&table, "\n## %s\n\n%s\n\n| what happens | the license | why | a new request |\n|---|---|---|---|\n", group.title, group.begins)
		for _, h := range group.all {
			name := group.title + ": " + h.happens
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
			got := h.play(t, known, group)
			if want := (fate{h.license, h.request}); got != want {
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
			fmt.Fprintf(&table, "| %s | **%s** | %s | %s |\n", h.happens, h.license, h.why, h.request)
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d histories, want 60 at least", len(seen))
	}
	const path = "../../../../../verify/machine/MACHINES.md"
	if *update {
		if err := os.WriteFile(path, table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if file, err := os.ReadFile(path); err != nil || !bytes.Equal(file, table.Bytes()) {
		t.Errorf("%s is not this table: run go test ./cmd/licensor/internal/ledger/rules -run Histories -update (%v)", path, err)
	}
}

const historiesHead = `# What may happen to a machine

Each row is played by a test, from the files that the machine is known by to the verifier's judgement, and says in advance
what becomes of the license: it **holds**; it holds and **warns**, since one more change would stop it; or it **stops**. The
last column is what the vendor makes of a new request from there, which needs no explanation and no seat: the next license,
which is not counted, or a change of machine, which is counted as a move. Where the sale demands more than the machine
has, it is refused.

This file is made by "go test ./cmd/licensor/internal/ledger/rules -run Histories -update".
`

// What becomes of a license, and of a new request.
const (
	holds, warns, stops = "holds", "warns", "stops"
	next, moves, no     = "the next license", "a move", "refused"
)

type fate struct{ license, request string }

// group is a machine, with what was sold for it, of which several histories begin.
type group struct {
	title, begins string
	sold          func(*ledger.Entitlement)
	has           box
	all           []history
}

type history struct {
	happens string
	then    func(*box)
	license string // holds, warns or stops
	why     string
	request string // next, moves or no
}

// box is a machine: what there is to be read of it, "" for what there is not.
type box struct {
	id, uuid, disk, card string
	hides                []string // labels that who checks cannot read
	values               string   // of the operator: "cluster=..."
	mac, hostID, keyOnly bool
	files                map[string]string // further ones, by path
}

const (
	uuidFile = "sys/class/dmi/id/product_uuid"
	idFile   = "etc/machine-id"
)

// tree writes the files of the machine, as root or as who checks reads them.
func (b *box) tree(t *testing.T, checker bool) string {
	root := t.TempDir()
	files := map[string]string{
		"run/systemd/system/x":                "",
		"proc/self/mountinfo":                 "27 1 8:2 / / rw - ext4 /dev/sda2 rw\n",
		idFile:                                b.id,
		uuidFile:                              b.uuid,
		"dev/disk/by-uuid/" + b.disk:          "-> ../../sda2",
		"sys/dev/block/8:2":                   "-> ../../devices/ata1/block/sda/sda2",
		"sys/class/net/eth0/address":          b.card,
		"sys/class/net/eth0/device/vendor":    "0x8086",
		"sys/class/net/eth0/device/irq":       "16",
		"sys/class/net/eth0/addr_assign_type": "0",
	}
	for path, content := range b.files {
		files[path] = content
	}
	absent := map[string]bool{idFile: b.id == "", uuidFile: b.uuid == "", "dev/disk/by-uuid/": b.disk == "", "sys/class/net/eth0/address": b.card == ""}
	if checker {
		for _, label := range b.hides {
			absent[map[string]string{format.LabelMachineID: idFile, format.LabelProductUUID: uuidFile, format.LabelRootFS: "dev/disk/by-uuid/" + b.disk}[label]] = true
		}
	}
	for path, content := range files {
		if absent[path] {
			continue
		}
		path = filepath.Join(root, path)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if target, link := strings.CutPrefix(content, "-> "); link {
			err = errors.Join(err, os.Symlink(target, path))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte(content+"\n"), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// readings are what was read already: many histories begin alike.
type readings map[string]*machine.Identity

func (known readings) of(t *testing.T, b *box, checker bool) *machine.Identity {
	if checker && len(b.hides) == 0 {
		checker = false
	}
	key := fmt.Sprintf("%+v %v", *b, checker)
	if known[key] == nil {
		known[key] = b.read(t, checker)
	}
	return known[key]
}

func (b *box) read(t *testing.T, checker bool) *machine.Identity {
	var extra []machine.Value
	for value := range strings.FieldsSeq(b.values) {
		v, err := machine.ParseValue(value)
		if err != nil {
			t.Fatal(err)
		}
		extra = append(extra, v)
	}
	identity, err := machine.Read(machine.Options{Product: "evoq", Root: b.tree(t, checker), Extra: extra, MAC: b.mac, HostID: b.hostID})
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// asks makes a request's components those of the machine.
func (known readings) asks(t *testing.T, b *box) func(*format.Request) {
	return func(q *format.Request) {
		q.Components = nil
		if whole := known.of(t, b, false); !b.keyOnly {
			q.Components, q.Unreadable = whole.Components, whole.Unreadable(known.of(t, b, true))
		}
	}
}

// play returns what becomes of the license and of a new request.
func (h *history) play(t *testing.T, known readings, g group) (got fate) {
	r := newRecord(t, entitlement(g.sold))
	b := g.has
	asked := request(t, 1, known.asks(t, &b))
	first := r.signed(asked)
	opened, err := trusting(t, 101).Open([]byte(format.EncodeFile(format.LicenseFile, first.File)))
	if err != nil {
		t.Fatal(err)
	}
	judge := func(installed uint64) (*verify.License, error) {
		return opened.Check(verify.Facts{Now: now, Product: "evoq", Site: &verify.Site{
			Key: asked.Key, Requests: [][32]byte{asked.Hash}, Components: known.of(t, &b, true).Components, Matched: installed,
		}})
	}
	l, err := judge(0)
	if err != nil || len(l.Warnings) > 1 { // that the version is not known
		t.Fatalf("%s: it begins with %v, %+v", g.title, err, l)
	}
	installed := uint64(0)
	if l.Machine != nil {
		installed = l.Machine.Matching
	}
	h.then(&b)
	l, err = judge(installed)
	switch {
	case errors.Is(err, verify.WrongMachine):
		got.license = stops
	case err != nil:
		t.Fatalf("%s: %v", h.happens, err)
	case slices.ContainsFunc(l.Warnings, func(w verify.Warning) bool { return w.Code == verify.NoMargin }):
		got.license = warns
	default:
		got.license = holds
	}
	// The server signs a change of its machine and names the license; see package site.
	_, err = r.sign(signing(t, 1, later, known.asks(t, &b), replacing(first)))
	var refusal *ledger.Refusal
	switch {
	case errors.As(err, &refusal):
		got.request = no
	case err != nil:
		t.Fatalf("%s: %v", h.happens, err)
	case len(r.moved[inv]) > 0:
		got.request = moves
	default:
		got.request = next
	}
	return got
}

// Steps of histories.
func nothing(*box)                     {}
func newDisk(b *box)                   { b.disk = "2c1f8a90-1b7e-4f0a-9a51-6d3f0e2b7c11" }
func newBoard(b *box)                  { b.uuid = "4c4c4544-0051-3410-8051-b5c04f375931" }
func newID(b *box)                     { b.id = "1d7a6f0c2b934e5f8a7b6c5d4e3f2a10" }
func uuid(u string) func(*box)         { return func(b *box) { b.uuid = u } }
func id(s string) func(*box)           { return func(b *box) { b.id = s } }
func noDisk(b *box)                    { b.disk = "" }
func hide(labels ...string) func(*box) { return func(b *box) { b.hides = labels } }
func values(v string) func(*box)       { return func(b *box) { b.values = v } }
func card(address string) func(*box)   { return func(b *box) { b.card = address } }
func mounts(lines string) func(*box)   { return file("proc/self/mountinfo", lines) }
func both(steps ...func(*box)) func(*box) {
	return func(b *box) {
		for _, step := range steps {
			step(b)
		}
	}
}
func file(path, content string) func(*box) {
	return func(b *box) {
		files := map[string]string{path: content}
		for p, c := range b.files {
			files[p] = cmp.Or(files[p], c)
		}
		b.files = files
	}
}
