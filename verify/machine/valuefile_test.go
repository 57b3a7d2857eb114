package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestValueFile has what stands in the place of a file that a cluster mounts.
func TestValueFile(t *testing.T) {
	const id = "0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11"
	want, err := Read(Options{Product: "evoq", Extra: []Value{must(t, "cluster="+id)}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		make func(path string) error
		why  string // "": the same component as given by hand
	}{
		"plain":       {text(id), ""},
		"line feed":   {text(id + "\n"), ""},
		"Windows":     {text("\ufeff{" + strings.ToUpper(id) + "}\r\n"), ""},
		"link":        {link(id), ""},
		"empty":       {text(""), "is no id"},
		"placeholder": {text("none\n"), "is no id"},
		"two lines":   {text(id + "\n" + id + "\n"), "is no id"},
		"UTF-16":      {text("\xff\xfe0\x00b\x00"), "is no id"},
		"huge":        {text(strings.Repeat("a", 1<<20)), "is no id"},
		"directory":   {func(path string) error { return os.Mkdir(path, 0o755) }, "is a directory: what was to be mounted there is missing"},
		"missing":     {func(string) error { return nil }, "is missing"},
		"dangling":    {func(path string) error { return os.Symlink("nowhere", path) }, "is missing"},
	} {
		path := filepath.Join(t.TempDir(), "uid")
		if err := c.make(path); err != nil {
			t.Skip("no links here:", err)
		}
		v, err := ParseValueFile("cluster=" + path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(Options{Product: "evoq", Extra: []Value{v}})
		if err != nil {
			t.Fatal(name, err)
		}
		last := got.Findings[len(got.Findings)-1]
		if c.why != "" {
			if last.Status != Unreadable || !strings.Contains(last.Detail, c.why) || len(got.Components) != len(want.Components)-1 {
				t.Errorf("%s: got %+v", name, last)
			}
			continue
		}
		if last.Status != Present || strings.Contains(last.Detail, id) {
			t.Errorf("%s: got %+v", name, last)
		}
		a, b := got.Components[len(got.Components)-1], want.Components[len(want.Components)-1]
		if a.Label != b.Label || string(a.Hash) != string(b.Hash) {
			t.Errorf("%s: got %x, want %x", name, a.Hash, b.Hash)
		}
		// It is read each time.
		if err := os.WriteFile(path, []byte("another-4711-cluster"), 0o644); err != nil {
			t.Fatal(err)
		}
		again, _ := Read(Options{Product: "evoq", Extra: []Value{v}})
		if h := again.Components[len(again.Components)-1].Hash; string(h) == string(b.Hash) {
			t.Errorf("%s: another value, and the same hash", name)
		}
	}
	for _, bad := range []string{"cluster", "cluster=", "machine-id=/x", "host-uuid=/x", "Cluster=/x", "=/x"} {
		if _, err := ParseValueFile(bad); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

func text(content string) func(string) error {
	return func(path string) error { return os.WriteFile(path, []byte(content), 0o644) }
}

func link(content string) func(string) error {
	return func(path string) error {
		if err := os.WriteFile(path+".real", []byte(content), 0o644); err != nil {
			return err
		}
		return os.Symlink(path+".real", path)
	}
}

func must(t *testing.T, s string) Value {
	t.Helper()
	v, err := ParseValue(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
