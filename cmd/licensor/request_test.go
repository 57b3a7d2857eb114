package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// machineKey returns the key of the machine with a number.
func machineKey(t testing.TB, machine int) keys.PrivateKey {
	t.Helper()
	key, err := seedKey(machine)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func seedKey(machine int) (keys.PrivateKey, error) {
	seed := make([]byte, keys.SeedSize)
	binary.BigEndian.PutUint64(seed, uint64(machine)+1)
	return keys.FromSeed(seed)
}

// writeRequest writes the request of a machine for an invoice, as its server would sign
// it, and returns the file's name. Tests that need hundreds have no time for processes.
func writeRequest(t testing.TB, dir string, machine int, invoice string) (name string) {
	t.Helper()
	return writeRequestWith(t, dir, machine, invoice, components(machine))
}

// components are what is known of the machine with a number.
func components(machine int) []format.Component {
	hash := binary.BigEndian.AppendUint64(nil, uint64(machine)+1)
	return []format.Component{{Label: format.LabelMachineID, Hash: hash}}
}

// writeRequestWith is writeRequest for a machine of which so much is known.
func writeRequestWith(t testing.TB, dir string, machine int, invoice string, components []format.Component) (name string) {
	t.Helper()
	name = fmt.Sprintf("%s-%d.olq", invoice, machine)
	text, err := requestText(machine, invoice, components)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func requestText(machine int, invoice string, components []format.Component, unreadable ...string) ([]byte, error) {
	return claimText(machine, invoice, "ops@site.example", components, unreadable...)
}

// claimText is requestText of who names another e-mail address.
func claimText(machine int, invoice, email string, components []format.Component, unreadable ...string) ([]byte, error) {
	key, err := seedKey(machine)
	if err != nil {
		return nil, err
	}
	q := format.Request{
		Product: "evoq", Invoice: invoice, Account: format.AccountHash(invoice, email),
		Type: "production", Time: now.Unix(), Key: key.Public().Bytes(), Host: fmt.Sprint("web", machine),
		Components: components, Unreadable: unreadable,
	}
	body, err := q.Marshal()
	if err != nil {
		return nil, err
	}
	signed, err := format.Seal(format.SignedRequest, key.Public().ID(), body, key.Sign)
	return format.EncodeFile(format.SignedRequest, signed), err
}
