package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// recipes are the fenced blocks of RECIPES.md of one kind.
func recipes(t *testing.T, kind string) (all []string) {
	t.Helper()
	text, err := os.ReadFile("RECIPES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n```"+kind+"\n")[1:] {
		body, _, _ := strings.Cut(block, "\n```\n")
		all = append(all, body+"\n")
	}
	if len(all) == 0 {
		t.Fatalf("no block of %s", kind)
	}
	return all
}

// manifest is what the test needs to know of a Deployment.
type manifest struct {
	Spec struct{ Template struct{ Spec podSpec } }
}

type podSpec struct {
	Containers []struct {
		Env          []struct{ Name, Value string }
		VolumeMounts []struct {
			Name, MountPath string
			ReadOnly        bool
		}
	}
	Volumes []struct {
		Name   string
		Secret struct {
			SecretName string
			Items      []struct{ Key, Path string }
		}
		ConfigMap struct{ Name string }
	}
}

// host is where recipes are played: the paths of the product lie below root, and programs of
// the system that are not here stand in the way of those that are.
type host struct {
	t      *testing.T
	root   string
	issued time.Time
}

const recipesShim = `#!/bin/sh
set -e
case "$(basename "$0") $1 $2" in
"systemd-run "*)
	while [ "$1" != offlicense ]; do shift; done
	exec "$@";;
"kubectl get namespace") printf 0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11;;
"kubectl create configmap"|"kubectl create secret")
	[ "$2" = secret ] && shift
	mkdir -p "$ROOT/objects/$3"
	shift 3
	for from; do
		pair="${from#--from-*=}"
		case "$from" in
		--from-literal=*) printf %s "${pair#*=}" >"$ROOT/objects/$(ls -t "$ROOT/objects" | head -1)/${pair%%=*}";;
		--from-file=*) cp "${pair#*=}" "$ROOT/objects/$(ls -t "$ROOT/objects" | head -1)/${pair%%=*}";;
		esac
	done;;
*) echo "not played: $0 $*" >&2; exit 1;;
esac
`

func newHost(t *testing.T, binary string) *host {
	h := &host{t, t.TempDir(), time.Now().Add(-3 * time.Hour)}
	for _, dir := range []string{"bin", "var/lib/evoq", "etc/evoq", "objects"} {
		if err := os.MkdirAll(filepath.Join(h.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, shim := range []string{"systemd-run", "kubectl"} {
		write(t, filepath.Join(h.root, "bin", shim), []byte(recipesShim))
		if err := os.Chmod(filepath.Join(h.root, "bin", shim), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(binary, filepath.Join(h.root, "bin/offlicense")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(h.root, "etc/evoq/cluster-uid"), []byte("0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11\n"))
	write(t, filepath.Join(h.root, "etc/evoq/roots.pub"), sitetest.Roots())
	return h
}

// run runs one command of a shell.
func (h *host) run(command string, env ...string) (string, error) {
	for _, path := range []string{"/var/lib/evoq", "/etc/evoq"} {
		command = strings.ReplaceAll(command, path, h.root+path)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = h.root
	cmd.Env = append([]string{"PATH=" + h.root + "/bin:" + os.Getenv("PATH"), "ROOT=" + h.root, "HOME=" + h.root}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// recipe runs the commands of a block, and is the vendor before the first that needs a license.
func (h *host) recipe(block string) {
	h.t.Helper()
	for command := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
		if strings.Contains(command, "license.lic") {
			h.sign(h.issued)
		}
		if out, err := h.run(command); err != nil {
			h.t.Fatalf("%s%v: %s", command, err, out)
		}
	}
}

// sign signs for the request, by its cluster alone: whatever the machine of the test offers.
func (h *host) sign(at time.Time) {
	h.t.Helper()
	request, err := os.ReadFile(filepath.Join(h.root, "var/lib/evoq/request.olq"))
	if err != nil {
		h.t.Fatal(err)
	}
	text, err := sitetest.Sign(request, func(l *format.LicenseClaims) {
		l.IssuedAt, l.Expires = at.Unix(), at.AddDate(1, 0, 0).Unix()
		l.Binding.Components = slices.DeleteFunc(l.Binding.Components, func(c format.Component) bool { return c.Label != "cluster" })
		l.Binding.Need = 1
	})
	if err != nil {
		h.t.Fatal(err)
	}
	write(h.t, filepath.Join(h.root, "etc/evoq/license.lic"), text)
}

// mount lays files out as the kubelet does, with links through ..data.
func (h *host) mount(at string, files map[string]string) {
	h.t.Helper()
	at = filepath.Join(h.root, at)
	data := filepath.Join(at, "..2026_11_28")
	for path, from := range files {
		content, err := os.ReadFile(from)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(data, path)), 0o755); err != nil {
			h.t.Fatal(err)
		}
		write(h.t, filepath.Join(data, path), content)
		first, _, _ := strings.Cut(path, "/")
		if err := os.Symlink(filepath.Join("..data", first), filepath.Join(at, first)); err != nil && !errors.Is(err, fs.ErrExist) {
			h.t.Fatal(err)
		}
	}
	if err := os.Symlink("..2026_11_28", filepath.Join(at, "..data")); err != nil {
		h.t.Fatal(err)
	}
}

// readOnly runs a command where directories, or all of them but one, cannot be written: in a
// mount namespace of its own.
func (h *host) readOnly(mounts, command string, env ...string) (string, error) {
	return h.run("unshare -m sh -ec '"+mounts+"\nexec "+command+"'", env...)
}

func TestRecipes(t *testing.T) {
	python := tool(t, "python3")
	if exec.Command(python, "-c", "import yaml").Run() != nil {
		t.Skip("python3-yaml is not installed")
	}
	binary := build(t, ".", "-s -w")
	commands, yamls := recipes(t, "sh"), recipes(t, "yaml")
	const verify = "offlicense verify --roots /etc/evoq/roots.pub --product evoq"

	// A service.
	h := newHost(t, binary)
	h.recipe(commands[0])
	service := []string{"OFFLICENSE_STATE=" + h.root + "/var/lib/evoq/license", "OFFLICENSE_COMPONENT_FILES=cluster=" + h.root + "/etc/evoq/cluster-uid"}
	if out, err := h.run(verify, service...); err != nil || strings.Contains(out, "warning") {
		t.Errorf("a service: %v: %s", err, out)
	}
	if out, err := h.run("unshare -m true"); err != nil {
		t.Skipf("SKIPPED: no mount namespace can be made here: %v: %s", err, out)
	}
	// Its root is read-only, as in Docker, and the state directory is not.
	const root = "mount --bind /var/lib/evoq /var/lib/evoq; mount -o remount,ro,bind /; ! touch /etc/evoq/written 2>/dev/null"
	if out, err := h.readOnly(root, verify, service...); err != nil || strings.Contains(out, "warning") {
		t.Errorf("read-only root: %v: %s", err, out)
	}
	// Docker made a directory of the file that was missing.
	id := filepath.Join(h.root, "etc/evoq/cluster-uid")
	if err := errors.Join(os.Remove(id), os.Mkdir(id, 0o755)); err != nil {
		t.Fatal(err)
	}
	if out, err := h.run(verify, service...); err == nil || !strings.Contains(out, "wrong-machine") || !strings.Contains(strings.Join(strings.Fields(out), " "), "is a directory: what was to be mounted there is missing") {
		t.Errorf("a directory in the place of a file: %v: %s", err, out)
	}

	// Kubernetes.
	h = newHost(t, binary)
	h.recipe(commands[1])
	var deployment manifest
	for _, text := range yamls {
		cmd := exec.Command(python, "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if bytes.Contains(out, []byte(`"Deployment"`)) {
			if err := json.Unmarshal(out, &deployment); err != nil {
				t.Fatal(err)
			}
		}
	}
	pod := deployment.Spec.Template.Spec
	var env []string
	for _, e := range pod.Containers[0].Env {
		env = append(env, e.Name+"="+strings.Replace(e.Value, "/etc/", h.root+"/etc/", 1))
	}
	if err := os.Rename(filepath.Join(h.root, "etc/evoq"), filepath.Join(h.root, "etc/before")); err != nil {
		t.Fatal(err)
	}
	objects := filepath.Join(h.root, "objects")
	for _, m := range pod.Containers[0].VolumeMounts {
		files := map[string]string{}
		for _, v := range pod.Volumes {
			if v.Name != m.Name {
				continue
			}
			for _, item := range v.Secret.Items {
				files[item.Path] = filepath.Join(objects, v.Secret.SecretName, item.Key)
			}
			if v.ConfigMap.Name != "" {
				files["cluster-uid"] = filepath.Join(objects, v.ConfigMap.Name, "cluster-uid")
			}
		}
		if len(files) == 0 || !m.ReadOnly {
			t.Fatalf("nothing is mounted at %s, or not read-only", m.MountPath)
		}
		if err := os.MkdirAll(filepath.Join(h.root, m.MountPath), 0o755); err != nil {
			t.Fatal(err)
		}
		h.mount(m.MountPath, files)
	}
	const podVerify = "offlicense verify --roots $ROOT/etc/before/roots.pub --product evoq"
	mounts := "mount --bind /etc/evoq-license /etc/evoq-license; mount -o remount,ro,bind /etc/evoq-license"
	check := func(what, want string, good bool) {
		t.Helper()
		out, err := h.readOnly(mounts, podVerify, env...)
		if flat := strings.Join(strings.Fields(out), " "); err == nil != good || !strings.Contains(flat, want) {
			t.Errorf("%s: %v: %s", what, err, out)
		}
	}
	check("a Secret", "is not written: from now on neither the time", true)
	// The Secret is renewed: ..data leads to other files at once.
	data := filepath.Join(h.root, "etc/evoq-license")
	if err := errors.Join(os.CopyFS(filepath.Join(data, "..2026_11_29"), os.DirFS(filepath.Join(data, "..2026_11_28"))),
		os.RemoveAll(filepath.Join(data, "..2026_11_28/license.lic")),
		os.Symlink("..2026_11_29", filepath.Join(data, "..next")), os.Rename(filepath.Join(data, "..next"), filepath.Join(data, "..data"))); err != nil {
		t.Fatal(err)
	}
	check("a renewed Secret", "valid: ", true)
	// Its request is missing, and then the key of the ConfigMap, in whose place a directory stands.
	if err := os.Remove(filepath.Join(data, "requests")); err != nil {
		t.Fatal(err)
	}
	check("no request", "wrong-site", false)
	if err := errors.Join(os.Symlink("..data/requests", filepath.Join(data, "requests")), os.Remove(filepath.Join(h.root, "etc/evoq/cluster-uid")),
		os.Mkdir(filepath.Join(h.root, "etc/evoq/cluster-uid"), 0o755)); err != nil {
		t.Fatal(err)
	}
	check("a missing key", "is a directory: what was to be mounted there is missing", false)
}

// TestDockerfile has instructions that there are, and one base.
func TestDockerfile(t *testing.T) {
	for _, text := range recipes(t, "dockerfile") {
		for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
			word, rest, _ := strings.Cut(line, " ")
			if !slices.Contains([]string{"FROM", "COPY", "USER", "ENV", "VOLUME", "ENTRYPOINT"}, word) || rest == "" || (word == "FROM") != (i == 0) {
				t.Errorf("line %d: %s", i+1, line)
			}
		}
	}
}
