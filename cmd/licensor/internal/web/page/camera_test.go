package page

import (
	"crypto/sha256"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// TestVendored: the files of the package qr are as they were published.
func TestVendored(t *testing.T) {
	for name, want := range map[string]string{
		"LICENSE":     "f9946796a8a5bd5981565142fa42e3b0cc36aef6f80e86beaf5905b3c0fef1b5",
		"LICENSE-MIT": "07a9f887e9215644439b808628b09f8eece932d79130ff563f958f3a1783e684",
		"decode.js":   "00e209820dcb11d624e9a03d6383e580766792b57d1651318f0a29e4e1ff0fe8",
		"index.js":    "a0de370051f94bd74f218f74401fdf197585e3f9ef0143164f87ea941a3fdd6f",
	} {
		data, err := assets.ReadFile("assets/qr/" + name)
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || got != want {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

// TestAssetsOnce: a browser that has an asset is not sent it again.
func TestAssetsOnce(t *testing.T) {
	get := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, Asset("qr/decode.js"), nil)
		r.SetPathValue("name", "qr/decode.js")
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		Assets(w, r)
		return w
	}
	first := get("")
	if first.Code != http.StatusOK || first.Body.Len() < 100<<10 || !strings.HasPrefix(first.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("got %d, %d bytes, %v", first.Code, first.Body.Len(), first.Header())
	}
	if again := get(first.Header().Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("got %d, %d bytes", again.Code, again.Body.Len())
	}
}

// TestAssetSize: all assets but those that a press loads are a part of the 100 KB of a page.
func TestAssetSize(t *testing.T) {
	const most = 50 << 10
	size := int64(0)
	err := fs.WalkDir(assets, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "assets/qr/") {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > most {
		t.Errorf("%d bytes, %v", size, err)
	}
}

// TestCameraWords: the script finds in the page each word that it says.
func TestCameraWords(t *testing.T) {
	var made strings.Builder
	if err := template.Must(template.New("").Parse(camera)).ExecuteTemplate(&made, "camera", CameraInEnglish); err != nil {
		t.Fatal(err)
	}
	script, err := assets.ReadFile("assets/" + CameraScript)
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`words\.(\w+)`).FindAllStringSubmatch(string(script), -1)
	for _, word := range words {
		if !regexp.MustCompile(` data-` + word[1] + `="[^"]`).MatchString(made.String()) {
			t.Errorf("no %s in %s", word[1], made.String())
		}
	}
	if len(words) == 0 || strings.Count(CameraInEnglish.More, "#") != 2 {
		t.Errorf("%d words, %q", len(words), CameraInEnglish.More)
	}
	for _, word := range []string{"innerHTML", "eval(", "Function(", "http:", "https:"} {
		if strings.Contains(string(script), word) {
			t.Errorf("the script has %s", word)
		}
	}
}
