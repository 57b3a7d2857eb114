//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sshAgent is a real ssh-agent that ends with its test.
type sshAgent struct {
	t      *testing.T
	socket string
}

// startAgent starts one. When a key wants to be confirmed, it runs askpass, a shell
// script, where a desktop would show a window.
func startAgent(t *testing.T, askpass string) *sshAgent {
	t.Helper()
	for _, program := range []string{"ssh-agent", "ssh-add", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: no %s on the path, so no key was used out of a real agent", program)
		}
	}
	// The path of a socket has 104 bytes at most, which t.TempDir may exceed.
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	script := filepath.Join(dir, "askpass")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+askpass+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	a := &sshAgent{t, filepath.Join(dir, "socket")}
	agent := exec.Command("ssh-agent", "-D", "-a", a.socket)
	agent.Env = append(os.Environ(), "SSH_ASKPASS="+script, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		agent.Process.Kill()
		agent.Wait()
	})
	for range 500 {
		if conn, err := net.Dial("unix", a.socket); err == nil {
			conn.Close()
			return a
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the ssh-agent does not answer")
	return nil
}

// ssh runs one of OpenSSH's programs.
func (a *sshAgent) ssh(dir, program string, args ...string) {
	a.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK="+a.socket)
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
}

// licensor runs the tool of a user who has this agent.
func (a *sshAgent) licensor(dir string, args ...string) result {
	a.t.Helper()
	cmd := process(dir, args...)
	cmd.Env = append(cmd.Env, "SSH_AUTH_SOCK="+a.socket)
	return run(a.t, cmd)
}

func (a *sshAgent) mustRun(dir string, args ...string) result {
	a.t.Helper()
	r := a.licensor(dir, args...)
	if r.exit != 0 {
		a.t.Fatalf("licensor %q: %s", args, r)
	}
	return r
}

// listedFingerprint returns how key list names a key of the home V.
func listedFingerprint(t *testing.T, dir, name string) string {
	t.Helper()
	for line := range strings.Lines(mustRun(t, dir, "key", "list", "--home", "V").stdout) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == name {
			return fields[1]
		}
	}
	t.Fatalf("no key %s in the list", name)
	return ""
}

// A key that ssh-agent has signs, named by its fingerprint or its comment; no file of it
// is in the home.
func TestSignWithAgent(t *testing.T) {
	t.Parallel()
	a := startAgent(t, "exit 1")
	dir := newHome(t)
	a.ssh(dir, "ssh-add", "-q", "V/keys/anna")
	if err := os.Rename(filepath.Join(dir, "V/keys/anna"), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	anna := listedFingerprint(t, dir, "anna")
	if r := a.mustRun(dir, "key", "list", "--home", "V"); !strings.Contains(r.stdout, "  lives   in ssh-agent\n") {
		t.Errorf("key list: %s", r)
	}
	// Whoever does not know where the key is gets told.
	r := a.licensor(dir, "checkpoint", "--home", "V", "--key", "anna")
	if r.exit != 1 || !strings.Contains(r.stderr, "hint: ssh-agent has it: use --key agent:"+anna+"\n") {
		t.Errorf("--key anna: %s", r)
	}
	for i, name := range []string{anna, "anna@acme.example"} {
		request := writeRequest(t, dir, i+1, "INV0042-1")
		if i > 0 {
			mustRun(t, dir, "amend", "INV0042-1", "--home", "V", "--yes", "--seats", "2", "--out", "amended", "--why", "more", "--key", "./away")
		}
		out := fmt.Sprint(i, ".lic")
		r := a.mustRun(dir, "sign", "--home", "V", "--yes", "--key", "agent:"+name, "--out", out, request)
		if !strings.Contains(r.stdout, "signed by   anna\n") {
			t.Errorf("agent:%s: %s", name, r)
		}
		verify := exec.Command("offlicense", "verify", "--any-machine", "--roots", "V/root.pub", "--product", "evoq", out)
		verify.Dir, verify.Env = dir, process(dir).Env
		if r := run(t, verify); r.exit != 0 {
			t.Errorf("the license of agent:%s: %s", name, r)
		}
	}
	a.mustRun(dir, "checkpoint", "--home", "V", "--key", "agent:"+anna)
	a.mustRun(dir, "checkpoint", "--home", "V", "--key", "agent:anna") // what stands before the @
	for _, test := range []struct {
		what string
		args []string
		want string
	}{
		{"another key", []string{"--key", "agent:SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, "error: "},
		{"another comment", []string{"--key", "agent:bert"}, "error: "},
		{"no name", []string{"--key", "agent:"}, "names no key"},
		{"a passphrase", []string{"--key", "agent:" + anna, "--passphrase-file", "p"}, "does not go with a key in ssh-agent"},
	} {
		r := a.licensor(dir, append([]string{"checkpoint", "--home", "V"}, test.args...)...)
		if r.exit == 0 || r.stdout != "" || !strings.Contains(r.stderr, test.want) || !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("%s: %s", test.what, r)
		}
	}
	// Without an agent.
	cmd := process(dir, "checkpoint", "--home", "V", "--key", "agent:"+anna)
	cmd.Env = append(cmd.Env, "SSH_AUTH_SOCK=")
	if r := run(t, cmd); r.exit != 1 || !strings.Contains(r.stderr, "SSH_AUTH_SOCK") || !strings.Contains(r.stderr, "hint: ") {
		t.Errorf("no agent: %s", r)
	}
	// Many at once, out of one connection.
	mustRun(t, dir, "amend", "INV0042-1", "--home", "V", "--yes", "--seats", "50", "--out", "amended", "--why", "more", "--key", "./away")
	var requests []string
	for i := range 40 {
		requests = append(requests, writeRequest(t, dir, i+3, "INV0042-1"))
	}
	a.mustRun(dir, slices.Concat([]string{"sign", "--home", "V", "--yes", "--key", "agent:" + anna, "--out", "many"}, requests)...)
	if n := len(directory(t, dir, "many")); n != 40 {
		t.Errorf("%d licenses, want 40", n)
	}
}

// A key that was never in a file here: key add keeps its public half and its delegation.
func TestAddAgentKey(t *testing.T) {
	t.Parallel()
	a := startAgent(t, "exit 1")
	dir := newHome(t)
	a.ssh(dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "carol laptop", "-f", "carol")
	delegate := func(name, public, out string) {
		t.Helper()
		mustRun(t, dir, "delegate", "--root-key", "V/root", "--vendor", "acme.example", "--public", public, "--name", name,
			"--products", "*", "--types", "*", "--max-term", "500d", "--until", "2027-11-21", "--yes", "--out", out)
	}
	delegate("carol", "carol.pub", "carol.old")
	if r := a.licensor(dir, "key", "add", "--home", "C", "carol.old", "--roots", "V/root.pub", "--yes"); r.exit != 1 || !strings.Contains(r.stderr, "that key is not here") {
		t.Errorf("not in the agent yet: %s", r)
	}
	a.ssh(dir, "ssh-add", "-q", "carol")
	r := a.mustRun(dir, "key", "add", "--home", "C", "carol.old", "--roots", "V/root.pub", "--yes")
	if !strings.Contains(r.stderr, "It signs with  --key agent:SHA256:") {
		t.Errorf("key add: %s", r)
	}
	if got := directory(t, dir, "C/keys"); !slices.Equal(got, []string{"carol.pub"}) {
		t.Errorf("keys: %v", got)
	}
	if got := directory(t, dir, "C/delegations"); !slices.Equal(got, []string{"carol.old"}) {
		t.Errorf("delegations: %v", got)
	}
	copyFile(t, filepath.Join(dir, "V/ledger.db"), filepath.Join(dir, "C/ledger.db"))
	request := writeRequest(t, dir, 1, "INV0042-1")
	a.mustRun(dir, "sign", "--home", "C", "--yes", "--key", "agent:carol laptop", "--out", "license.lic", request)

	// The name is that of another key here.
	delegate("anna", "carol.pub", "anna.old")
	if r := a.licensor(dir, "key", "add", "--home", "V", "anna.old"); r.exit != 1 || !strings.Contains(r.stderr, `there is another key called "anna" here`) {
		t.Errorf("a name that is taken: %s", r)
	}
}

// The root key may be in an agent as well.
func TestDelegateWithAgent(t *testing.T) {
	t.Parallel()
	a := startAgent(t, "exit 1")
	dir := newHome(t)
	a.ssh(dir, "ssh-add", "-q", "V/root")
	if err := os.Remove(filepath.Join(dir, "V/root")); err != nil {
		t.Fatal(err)
	}
	args := []string{"delegate", "--root-key", "agent:acme.example", "--public", "V/keys/anna.pub", "--name", "anna",
		"--products", "*", "--types", "*", "--max-term", "500d", "--until", "2027-11-21", "--yes", "--out", "anna.old"}
	if r := a.licensor(dir, args...); r.exit != 2 || !strings.Contains(r.stderr, `nobody would see that it is "acme.example"`) {
		t.Errorf("the vendor by the comment: %s", r)
	}
	a.mustRun(dir, append(args, "--vendor", "acme.example")...)
	a.mustRun(dir, "key", "add", "--home", "V", "anna.old", "--yes")
}

// An agent that is asked to sign and does not: nothing is signed, and nothing recorded.
func TestAgentDoesNotSign(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, askpass string
	}{
		{"denied", "exit 1"},
		{"died", "kill -9 $PPID; exit 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := startAgent(t, test.askpass)
			dir := newHome(t)
			a.ssh(dir, "ssh-add", "-q", "-c", "V/keys/anna")
			before := mustRun(t, dir, "history", "--home", "V", "INV0042-1").stdout
			key := "agent:" + listedFingerprint(t, dir, "anna")
			request := writeRequest(t, dir, 1, "INV0042-1")
			other := writeRequest(t, dir, 2, "INV0042-1")
			commands := [][]string{
				{"sign", "--home", "V", "--yes", "--key", key, "--out", "x.lic", request},
				{"sign", "--home", "V", "--yes", "--key", key, "--out", "many", request, other},
				{"checkpoint", "--home", "V", "--key", key, "--out", "x.checkpoint"},
			}
			for i, args := range commands {
				r := a.licensor(dir, args...)
				if r.exit != 1 || !strings.Contains(r.stderr, "error: ") || !strings.Contains(r.stderr, "hint: ") || !strings.Contains(r.stderr, "ssh-agent") {
					t.Errorf("%q: %s", args, r)
				}
				if i == 0 && test.name == "died" && !strings.Contains(r.stderr, "hung up") {
					t.Errorf("the agent did not die while it signed: %s", r)
				}
			}
			if after := mustRun(t, dir, "history", "--home", "V", "INV0042-1").stdout; after != before {
				t.Errorf("recorded:\n%s", after)
			}
			if r := mustRun(t, dir, "list", "--home", "V"); !strings.Contains(r.stdout, " 0/1 ") {
				t.Errorf("a seat is taken: %s", r)
			}
			for _, name := range []string{"x.lic", "x.checkpoint"} {
				if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
					t.Errorf("%s was written", name)
				}
			}
			// The same request gets its license once there is a key that signs.
			mustRun(t, dir, "sign", "--home", "V", "--yes", "--out", "x.lic", request)
		})
	}
}
