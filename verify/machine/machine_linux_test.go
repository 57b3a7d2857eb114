package machine

import (
	"bytes"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
)

const (
	theMachineID = "8f3c1d5e7a904b26b1d2c3e4f5061728"
	theUUID      = "4C4C4544-0042-3510-8052-B3C04F4B4E32"
	theRootUUID  = "5f84004d-fb1b-47ec-b868-48f6d34616b9"
)

// tree is a fake system, path to content. "-> target" makes a link, and a path that
// ends in a slash a directory.
type tree map[string]string

// server is a machine with its system on a partition.
func server() tree {
	return tree{
		"etc/machine-id":                  theMachineID + "\n",
		"sys/class/dmi/id/product_uuid":   theUUID + "\n",
		"proc/self/mountinfo":             serverMounts,
		"run/systemd/system/":             "",
		"sys/dev/block/8:2":               "-> ../../devices/pci0000:00/ata1/block/sda/sda2",
		"sys/dev/block/8:1":               "-> ../../devices/pci0000:00/ata1/block/sda/sda1",
		"dev/disk/by-uuid/2173-18D9":      "-> ../../sda1",
		"dev/disk/by-uuid/" + theRootUUID: "-> ../../sda2",
		"dev/disk/by-uuid/9a8e-729a7f18":  "-> ../../dm-0",
	}
}

func (tr tree) with(more tree) tree {
	maps.Copy(tr, more)
	return tr
}

func (tr tree) without(paths ...string) tree {
	for _, p := range paths {
		delete(tr, p)
	}
	return tr
}

func (tr tree) write(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for p, content := range tr {
		full := filepath.Join(root, p)
		dir := filepath.Dir(full)
		if strings.HasSuffix(p, "/") {
			dir = full
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, full)
		} else if dir != full {
			err = os.WriteFile(full, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// read reads the identity and fails the test should that take long: a hanging read is a
// fault that some of these trees provoke.
func read(t *testing.T, o Options) *Identity {
	t.Helper()
	o.Product = "evoq"
	type result struct {
		id  *Identity
		err error
	}
	done := make(chan result, 1)
	go func() {
		id, err := Read(o)
		done <- result{id, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			t.Fatal(r.err)
		}
		for _, f := range r.id.Findings {
			for _, value := range []string{theMachineID, theUUID, theRootUUID} {
				if strings.Contains(normalize(strings.ReplaceAll(f.Detail, "-", "")), normalize(value)) {
					t.Errorf("%s: the detail shows the value: %s", f.Label, f.Detail)
				}
			}
		}
		return r.id
	case <-time.After(10 * time.Second):
		t.Fatal("Read hangs")
		return nil
	}
}

func hash(t *testing.T, id *Identity, label string) string {
	t.Helper()
	for _, c := range id.Components {
		if c.Label == label {
			return hex.EncodeToString(c.Hash)
		}
	}
	t.Fatalf("%s: got %+v, want it present", label, id.Findings)
	return ""
}

func finding(t *testing.T, id *Identity, label string) Finding {
	t.Helper()
	i := slices.IndexFunc(id.Findings, func(f Finding) bool { return f.Label == label })
	if i < 0 {
		t.Fatalf("%s: got no finding in %+v, want one", label, id.Findings)
	}
	return id.Findings[i]
}

// is checks one finding, whose detail has to contain the given words, and that there is
// a component exactly where it is present.
func is(t *testing.T, id *Identity, label string, want Status, words ...string) {
	t.Helper()
	f := finding(t, id, label)
	if f.Status != want {
		t.Errorf("%s: got %s (%s), want %s", label, f.Status, f.Detail, want)
	}
	for _, w := range words {
		if !strings.Contains(f.Detail, w) {
			t.Errorf("%s: got detail %q, want it to mention %q", label, f.Detail, w)
		}
	}
	has := slices.ContainsFunc(id.Components, func(c format.Component) bool { return c.Label == label })
	if has != (want == Present) {
		t.Errorf("%s: got a component: %t, want one only where it is present", label, has)
	}
}

func labels(id *Identity) string {
	var s []string
	for _, c := range id.Components {
		s = append(s, c.Label)
	}
	return strings.Join(s, " ")
}

func TestServer(t *testing.T) {
	id := read(t, Options{Root: server().write(t)})
	if got, want := labels(id), "machine-id product-uuid root-fs"; got != want {
		t.Fatalf("components: got %s, want %s: %+v", got, want, id.Findings)
	}
	// The example of the package comment, and the same by another implementation of HMAC.
	for label, want := range map[string]string{
		"machine-id":   "0f85e13f4dc571f0",
		"product-uuid": "da74a231ba0fe5b9",
		"root-fs":      "1ea19885856e403f",
	} {
		if got := hash(t, id, label); got != want {
			t.Errorf("%s: got %s, want %s", label, got, want)
		}
	}
}

func TestOrder(t *testing.T) {
	var extra []Value
	for _, s := range []string{"zone=z9", "cluster=c9"} {
		v, err := ParseValue(s)
		if err != nil {
			t.Fatal(err)
		}
		extra = append(extra, v)
	}
	id := read(t, Options{Root: server().with(nics).write(t), MAC: true, Extra: extra})
	if got, want := labels(id), "machine-id product-uuid root-fs mac zone cluster"; got != want {
		t.Errorf("components: got %s, want %s", got, want)
	}
}

func TestProductKeysTheHashes(t *testing.T) {
	root := server().write(t)
	a, errA := Read(Options{Product: "evoq", Root: root})
	b, errB := Read(Options{Product: "other", Root: root})
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	for i := range a.Components {
		if bytes.Equal(a.Components[i].Hash, b.Components[i].Hash) {
			t.Errorf("%s: got one hash for two products, want two", a.Components[i].Label)
		}
	}
}

func TestUnprivileged(t *testing.T) {
	if root := os.Getenv(unprivilegedRoot); root != "" {
		checkUnprivileged(t, root)
		return
	}
	root := server().write(t)
	file := root + productUUIDFile
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Root may read anything, so another process reads as somebody else.
		readAsNobody(t, root)
		return
	}
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	checkUnprivileged(t, root)
}

func checkUnprivileged(t *testing.T, root string) {
	id := read(t, Options{Root: root})
	if got, want := labels(id), "machine-id root-fs"; got != want {
		t.Errorf("components: got %s, want %s", got, want)
	}
	is(t, id, "product-uuid", Unreadable, "only root")
}

// unprivilegedRoot tells the test binary, run again by readAsNobody, what to read.
const unprivilegedRoot = "MACHINE_TEST_UNPRIVILEGED_ROOT"

func readAsNobody(t *testing.T, root string) {
	const nobody = 65534
	for dir := root; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if strings.HasPrefix(dir, os.TempDir()+"/") {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The test binary may lie where nobody can go.
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(root, "test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestUnprivileged$", "-test.v")
	cmd.Dir = root
	cmd.Env = []string{unprivilegedRoot + "=" + root}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
		t.Skipf("cannot run a program as another user here: %v", err)
	}
	if err != nil || !bytes.Contains(output, []byte("--- PASS: TestUnprivileged")) {
		t.Errorf("as another user: %v\n%s", err, output)
	}
}

func TestMachineID(t *testing.T) {
	plain := hash(t, read(t, Options{Root: server().write(t)}), "machine-id")
	for name, v := range map[string]struct {
		tree   tree
		status Status
		word   string
	}{
		"as a UUID in capitals": {server().with(tree{"etc/machine-id": "8F3C1D5E-7A90-4B26-B1D2-C3E4F5061728"}), Present, "/etc/machine-id"},
		"D-Bus's":               {server().without("etc/machine-id").with(tree{"var/lib/dbus/machine-id": theMachineID}), Present, "/var/lib/dbus"},
		"a link":                {server().with(tree{"etc/machine-id": "-> ../persist/id", "persist/id": theMachineID}), Present, "/etc/machine-id"},
		"not D-Bus's while there is one, even a placeholder": {server().with(tree{"etc/machine-id": "", "var/lib/dbus/machine-id": theMachineID}), Placeholder, "systemd-machine-id-setup"},
		"missing":            {server().without("etc/machine-id"), Absent, "dbus-uuidgen"},
		"a link to nowhere":  {server().with(tree{"etc/machine-id": "-> nowhere"}), Absent, ""},
		"uninitialized":      {server().with(tree{"etc/machine-id": "uninitialized\n"}), Placeholder, "reboot"},
		"zeros":              {server().with(tree{"etc/machine-id": strings.Repeat("0", 32)}), Placeholder, ""},
		"one digit short":    {server().with(tree{"etc/machine-id": theMachineID[1:]}), Unreadable, "32"},
		"not hexadecimal":    {server().with(tree{"etc/machine-id": "g" + theMachineID[1:]}), Unreadable, "32"},
		"two lines":          {server().with(tree{"etc/machine-id": theMachineID + "\n" + theMachineID}), Unreadable, "32"},
		"a directory":        {server().without("etc/machine-id").with(tree{"etc/machine-id/": ""}), Unreadable, "not a regular file"},
		"a device":           {server().with(tree{"etc/machine-id": "-> /dev/zero"}), Unreadable, "not a regular file"},
		"longer than any id": {server().with(tree{"etc/machine-id": theMachineID + strings.Repeat(" ", maxID)}), Unreadable, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			id := read(t, Options{Root: v.tree.write(t)})
			is(t, id, "machine-id", v.status, v.word)
			is(t, id, "product-uuid", Present)
			if v.status == Present && hash(t, id, "machine-id") != plain {
				t.Error("got another hash, want that of the same id in /etc/machine-id")
			}
		})
	}
}

// A file system in memory holds the id that systemd made up because it could not write.
func TestTransientMachineID(t *testing.T) {
	const transient = "60 27 0:23 /machine-id /etc/machine-id ro - tmpfs tmpfs rw\n"
	mounts := tree{"proc/self/mountinfo": serverMounts + transient}
	id := read(t, Options{Root: server().with(mounts).write(t)})
	is(t, id, "machine-id", Absent, "this boot only")
	is(t, id, "root-fs", Present)

	mounts["proc/cmdline"] = "BOOT_IMAGE=/vmlinuz root=/dev/nfs systemd.machine_id=" + theMachineID + " quiet\n"
	is(t, read(t, Options{Root: server().with(mounts).write(t)}), "machine-id", Present)

	mounts["proc/cmdline"] = "systemd.machine_id=" + strings.Repeat("12", 16) + "\n"
	is(t, read(t, Options{Root: server().with(mounts).write(t)}), "machine-id", Absent)
}

func TestProductUUID(t *testing.T) {
	const path = "sys/class/dmi/id/product_uuid"
	for name, v := range map[string]struct {
		tree   tree
		status Status
	}{
		"maker's default": {server().with(tree{path: "03000200-0400-0500-0006-000700080009\n"}), Placeholder},
		"all F":           {server().with(tree{path: strings.ToUpper("ffffffff-ffff-ffff-ffff-ffffffffffff\n")}), Placeholder},
		"empty":           {server().with(tree{path: "\n"}), Placeholder},
		"a text":          {server().with(tree{path: "Not Specified\n"}), Placeholder},
		"another text":    {server().with(tree{path: "Rack 7, Row 3\n"}), Unreadable},
		"no SMBIOS":       {server().without(path), Absent},
		"no sysfs":        {server().without(path).with(tree{"sys/class/dmi": "a file"}), Absent},
	} {
		t.Run(name, func(t *testing.T) {
			id := read(t, Options{Root: v.tree.write(t)})
			is(t, id, "product-uuid", v.status)
			is(t, id, "machine-id", Present)
		})
	}
}

func TestFIFO(t *testing.T) {
	tr := server().without("etc/machine-id", "sys/class/dmi/id/product_uuid", "proc/self/mountinfo")
	root := tr.with(tree{"sys/class/dmi/id/": "", "proc/self/": "", "etc/": ""}).write(t)
	for _, p := range []string{"/etc/machine-id", "/sys/class/dmi/id/product_uuid", "/proc/self/mountinfo", "/run/systemd/container"} {
		if err := syscall.Mkfifo(root+p, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	id := read(t, Options{Root: root})
	is(t, id, "product-uuid", Unreadable, "not a regular file")
	is(t, id, "machine-id", Absent, "container")
	is(t, id, "root-fs", Absent)

	if err := os.Remove(root + "/run/systemd/container"); err != nil {
		t.Fatal(err)
	}
	is(t, read(t, Options{Root: root}), "machine-id", Unreadable, "not a regular file")
}

func TestHugeFiles(t *testing.T) {
	root := server().write(t)
	for _, p := range []string{"/etc/machine-id", "/sys/class/dmi/id/product_uuid", "/proc/self/mountinfo"} {
		if err := os.Truncate(root+p, 1<<40); err != nil {
			t.Skipf("this file system holds no sparse file of 1 TiB: %v", err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	id := read(t, Options{Root: root})
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	is(t, id, "machine-id", Unreadable, "longer")
	is(t, id, "product-uuid", Unreadable, "longer")
	is(t, id, "root-fs", Absent)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*maxMountTable {
		t.Errorf("got %d bytes allocated, want at most %d", used, 8*maxMountTable)
	}
	if took > time.Second {
		t.Errorf("took %v, want less than a second", took)
	}
}

// BenchmarkReadServer reads a tree in which every source has something to give, so it
// is the full path; BenchmarkRead is whatever this machine is.
func BenchmarkReadServer(b *testing.B) {
	root := server().write(b)
	b.ReportAllocs()
	for b.Loop() {
		id, err := Read(Options{Product: "evoq", Root: root})
		if err != nil || len(id.Components) != 3 {
			b.Fatal(id, err)
		}
	}
}

// TestMachineIDOfImage: one that is older than the first boot is offered with a warning, and
// nobody is warned where nothing is known.
func TestMachineIDOfImage(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		id, first time.Time
		want      bool
	}{
		"made at first boot":        {now, now.Add(20 * time.Second), false},
		"made again since":          {now.Add(1000 * time.Hour), now, false},
		"came with the image":       {now.Add(-1000 * time.Hour), now, true},
		"no cloud-init, old system": {now.Add(-1000 * time.Hour), time.Time{}, false},
	} {
		tr := server()
		if !c.first.IsZero() {
			tr = tr.with(tree{"var/lib/cloud/instances/i-0a/sem/config_ssh": "x", "var/lib/cloud/instance": "-> instances/i-0a"})
		}
		root := tr.write(t)
		touch(t, root+"/etc/machine-id", c.id)
		if !c.first.IsZero() {
			touch(t, root+"/var/lib/cloud/instances/i-0a/sem/config_ssh", c.first)
		}
		f := finding(t, read(t, Options{Root: root}), "machine-id")
		if f.Status != Present || (f.Warning != "") != c.want {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func touch(t *testing.T, path string, at time.Time) {
	t.Helper()
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestReadAs: another user's rights decide, and a machine-wide secret stays one.
func TestReadAs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root finds out what another user reads")
	}
	root := server().write(t)
	open(t, root)
	uuid := root + "/sys/class/dmi/id/product_uuid"
	for name, c := range map[string]struct {
		mode     os.FileMode
		uid, gid int // of the file
		user     User
		reads    bool
	}{
		"of root alone":      {0o400, 0, 0, User{UID: 4711, GID: 4711}, false},
		"readable by all":    {0o444, 0, 0, User{UID: 4711, GID: 4711}, true},
		"by its group":       {0o440, 0, 4712, User{UID: 4711, GID: 4712}, true},
		"by a further group": {0o440, 0, 4712, User{UID: 4711, GID: 4711, Groups: []uint32{4713, 4712}}, true},
		"by another group":   {0o440, 0, 4712, User{UID: 4711, GID: 4711, Groups: []uint32{4713}}, false},
		"its owner's":        {0o400, 4711, 0, User{UID: 4711, GID: 4711}, true},
		"not by its owner":   {0o040, 4711, 4711, User{UID: 4711, GID: 4711}, false},
		"root":               {0o400, 0, 0, User{}, true},
		"root, mode 0":       {0o000, 0, 0, User{}, true},
	} {
		if err := errors.Join(os.Chown(uuid, c.uid, c.gid), os.Chmod(uuid, c.mode)); err != nil {
			t.Fatal(err)
		}
		id, err := ReadAs(c.user, Options{Product: "evoq", Root: root})
		if err != nil {
			t.Fatal(err)
		}
		if got := finding(t, id, "product-uuid").Status; (got == Present) != c.reads || !c.reads && got != Unreadable {
			t.Errorf("%s: got %s", name, got)
		}
		is(t, id, "machine-id", Present)
		whole := read(t, Options{Root: root})
		if got := len(whole.Unreadable(id)) == 0; got != c.reads {
			t.Errorf("%s: unreadable: got %v", name, whole.Unreadable(id))
		}
	}
	// A folder in the way counts as the file does.
	if err := errors.Join(os.Chmod(uuid, 0o444), os.Chmod(root+"/sys/class/dmi", 0o700)); err != nil {
		t.Fatal(err)
	}
	id, err := ReadAs(User{UID: 4711, GID: 4711}, Options{Product: "evoq", Root: root})
	if err != nil {
		t.Fatal(err)
	}
	is(t, id, "product-uuid", Unreadable)
	// This process is what it was.
	if _, err := os.ReadFile(uuid); err != nil {
		t.Error(err)
	}
}

// open lets all users into the directories of a tree, and of those above it.
func open(t *testing.T, root string) {
	t.Helper()
	for dir := root; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
