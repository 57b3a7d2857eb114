package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	sampleID   = "8f3c1d5e7a904b26b1d2c3e4f5061728\n"
	sampleUUID = "4C4C4544-0042-3510-8052-B3C04F4B4E32\n"
)

// host is a machine of its own for the tool: a root directory in a mount namespace, with the
// ids of a server and the users of one.
type host struct {
	*testing.T
	root string
}

func newHost(t *testing.T) *host {
	t.Helper()
	if os.Geteuid() != 0 || !canMount() {
		t.Skip("it takes root who may mount: users and mount namespaces are real")
	}
	h := &host{t, t.TempDir()}
	for dir := h.root; dir != filepath.Dir(os.TempDir()) && len(dir) > 1; dir = filepath.Dir(dir) {
		if dir != os.TempDir() {
			h.must(os.Chmod(dir, 0o755))
		}
	}
	for _, dir := range []string{"usr", "proc", "dev", "bin", "run/systemd/system", "var/lib", "etc", "sys/class/dmi/id", "tool"} {
		h.must(os.MkdirAll(filepath.Join(h.root, dir), 0o755))
	}
	h.must(os.Remove(filepath.Join(h.root, "bin")))
	for _, name := range []string{"bin", "lib", "lib64"} {
		if _, err := os.Stat("/usr/" + name); err == nil {
			h.must(os.Symlink("usr/"+name, filepath.Join(h.root, name)))
		}
	}
	h.write("etc/machine-id", sampleID, 0o444)
	h.write("sys/class/dmi/id/product_uuid", sampleUUID, 0o400)
	h.write("etc/passwd", "root:x:0:0::/:/bin/sh\nevoq:x:4711:4711::/:/bin/sh\nbackup:x:4712:4712::/:/bin/sh\n", 0o644)
	h.write("etc/group", "root:x:0:\nevoq:x:4711:\nbackup:x:4712:\n", 0o644)
	h.write("tool/offlicense", "", 0o755)
	h.write("tool/vendor", "", 0o755)
	return h
}

func (h *host) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *host) write(path, content string, mode os.FileMode) {
	h.Helper()
	h.must(os.WriteFile(filepath.Join(h.root, path), []byte(content), mode))
}

// run runs a shell script on the machine, after another one that may mount over it, and returns
// what it says. $S is the state directory.
func (h *host) run(mounts, script string) string {
	h.Helper()
	self, err := os.Executable()
	h.must(err)
	inside := `export S=/var/lib/evoq PATH=/tool:/usr/bin:/usr/sbin TEST_NOW=2026-11-22T12:00:00Z; cd /; ` + script
	cmd := exec.Command("unshare", "-m", "sh", "-euc", `
		mount --rbind /usr "$0/usr"; mount --rbind /proc "$0/proc"; mount --rbind /dev "$0/dev"
		mount --bind "$1" "$0/tool/offlicense"; mount --bind "$1" "$0/tool/vendor"
		cd "$0"; `+mounts+`
		exec chroot "$0" sh -euc "$2"`, h.root, self, inside)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.Logf("%s: %v", script, err)
	}
	return string(out)
}

func (h *host) says(out string, want ...string) {
	h.Helper()
	said := strings.Join(strings.Fields(out), " ")
	for _, w := range want {
		if no, is := strings.CutPrefix(w, "!"); is == strings.Contains(said, strings.TrimSpace(no)) {
			h.Errorf("got %s\nwant %q (not: %v)", out, no, is)
		}
	}
}

const (
	ask    = `offlicense request --state $S --product evoq --invoice INV0042-1 --email ops@site.example --type production --out /r.olq --qr never `
	sign   = `vendor roots >/roots.pub; vendor sign /r.olq >/l.lic; `
	put    = `offlicense install --state $S --roots /roots.pub /l.lic `
	asEvoq = `setpriv --reuid=4711 --regid=4711 --clear-groups `
	check  = `offlicense verify --state $S --roots /roots.pub --product evoq `
)

// TestServiceUser: report 19. Root asks for a product that another user runs: the license counts
// on what that user reads, whoever installs it.
func TestServiceUser(t *testing.T) {
	h := newHost(t)
	out := h.run("", ask+`--service-user evoq; `+sign+put+`--service-user evoq; `+asEvoq+check)
	h.says(out, "machine machine-id, product-uuid", "checker evoq, who cannot read product-uuid: the license will not count on it",
		"machine 1 of 1 match, 1 needed", "margin none", "checker evoq", "valid: evoq", "!wrong-machine")

	// The owner of the directory is who checks where nobody is named.
	h = newHost(t)
	out = h.run("", `mkdir $S; chown evoq $S; `+ask+`; `+sign+put+`; `+asEvoq+check)
	h.says(out, "checker evoq, who cannot read product-uuid", "checker evoq", "valid: evoq")

	// Where that is root, one line says whom to name. What then goes wrong is said when it is installed.
	h = newHost(t)
	out = h.run("", ask+`; `+sign+put+`--service-user evoq; `+check)
	h.says(out, "checker root, who owns the directory; if the product runs as another user, name it: --service-user NAME", "valid: evoq")
	h.write("sys/class/dmi/id/product_uuid", sampleUUID, 0o400)
	out = h.run("", `vendor sign --need 2 /r.olq >/l.lic; `+put+`--service-user evoq || echo status $?`)
	h.says(out, "error: not installed: wrong-machine: the license is for another machine, or this one has changed (expected: 2 of machine-id, product-uuid; found: 1; changed or not readable: product-uuid)",
		`hint: compare with "offlicense machine --service-user evoq"; if another user runs the product, name it so`, "status 3")
	out = h.run("", `vendor sign --need 2 --id 7 --epoch 2 /r.olq >/l.lic; `+put+`--service-user root; `+check+`; `+asEvoq+check+` || echo status $?`)
	h.says(out, "valid: evoq", "2 of 2 match, 2 needed", "wrong-machine: ", "status 3")
}

// TestUnitMakesUUIDReadable: the guide's unit does what it says, and a new request then counts on the UUID.
func TestUnitMakesUUIDReadable(t *testing.T) {
	unit, err := os.ReadFile("../examples/product-uuid.service")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for line := range strings.Lines(string(unit)) {
		if command, ok := strings.CutPrefix(line, "ExecStart="); ok {
			script.WriteString(strings.TrimSpace(command) + "; ")
		}
	}
	h := newHost(t)
	out := h.run("", script.String()+ask+`--service-user evoq; `+sign+put+`; `+asEvoq+check+`; offlicense machine --service-user evoq; offlicense machine --service-user backup`)
	h.says(out, "checker evoq file", "machine 2 of 2 match, 1 needed", "valid: evoq", "evoq reads it", "backup cannot read it", "!margin ")
}

// TestMountNamespace: what a unit hides from the product (InaccessiblePaths=, PrivateDevices=, a
// RootDirectory= of its own) is read by nobody there, root included.
func TestMountNamespace(t *testing.T) {
	h := newHost(t)
	const hideUUID = `mount --bind /dev/null sys/class/dmi/id/product_uuid; `
	out := h.run(hideUUID, `offlicense machine; `+ask+`; offlicense show /r.olq`)
	h.says(out, "product-uuid unreadable", "not a regular file", "machine machine-id\n", "!component product-uuid")
	h = newHost(t)
	h.says(h.run("", ask+`; `+sign+put), "2 of 2 match, 1 needed")
	out = h.run(`mount -t tmpfs none dev; `+hideUUID, `test ! -e /dev/null; `+check)
	h.says(out, "valid: evoq", "warning: 1 of 2 match, 1 needed: one more change and this license stops; make a new request now: `offlicense request`")
	out = h.run(`mount -t tmpfs none etc; `+hideUUID, check+`|| echo status $?`)
	h.says(out, "wrong-machine: ", "status 3")
}

// TestMachineThatChanged: from the server's side a change of machine is one command, and what no
// longer matches can be given up.
func TestMachineThatChanged(t *testing.T) {
	h := newHost(t)
	h.says(h.run("", ask+`; `+sign+`vendor sign --need 2 /r.olq >/l.lic; `+put), "2 of 2 match, 2 needed", "margin none")
	h.write("etc/machine-id", "1d7a6f0c2b934e5f8a7b6c5d4e3f2a10\n", 0o444)
	out := h.run("", check+`|| echo status $?; offlicense request --state $S --out /r.olq --qr never; vendor sign --id 3 --epoch 2 /r.olq >/l.lic; `+put+`; `+check)
	h.says(out, "wrong-machine: ", "status 3", "asks for a change of machine, to replace license", "replaces", "installed: ", "valid: evoq")
	h.write("etc/machine-id", "2d7a6f0c2b934e5f8a7b6c5d4e3f2a10\n", 0o444)
	h.write("sys/class/dmi/id/product_uuid", "5C4C4544-0042-3510-8052-B3C04F4B4E32\n", 0o400)
	out = h.run("", check+`|| echo status $?; offlicense release --state $S --roots /roots.pub --yes --out /release.olr; `+check+`|| echo status $?`)
	h.says(out, "wrong-machine: ", "released: this site gave the license up")
}

// TestLooksForUser: who is no user of this system is not guessed.
func TestLooksForUser(t *testing.T) {
	h := newHost(t)
	for user, want := range map[string]string{
		"evo": `there is no user "evo" on this system`, "-1": `there is no user "-1"`, "4711:x": "there is no user", "99999999999": "there is no user", "": "present",
		"4711": "evoq cannot read it", "4799": "user 4799 cannot read it", "4799:0": "user 4799 cannot read it", "0": "root reads it",
	} {
		h.says(h.run("", `offlicense machine --service-user '`+user+`' || true`), want)
	}
	h.write("sys/class/dmi/id/product_uuid", sampleUUID, 0o400)
	h.must(os.Chmod(filepath.Join(h.root, "sys/class/dmi/id/product_uuid"), 0o440))
	h.says(h.run("", `offlicense machine --service-user 4799:0`), "user 4799 reads it")
	h.says(h.run("", asEvoq+`offlicense machine --service-user backup || echo status $?`), "only root finds out what another user reads", "run the command as root, or as backup itself", "status 1")
	h.says(h.run("", asEvoq+`offlicense machine --service-user evoq`), "evoq reads it", "only root can read")
}
