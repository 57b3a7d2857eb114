package photo_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

func drawn(t *testing.T, text string, scale int) []byte {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	png, err := code.PNG(scale)
	if err != nil {
		t.Fatal(err)
	}
	return png
}

func TestReads(t *testing.T) {
	text := format.EncodeText(format.RequestBody, bytes.Repeat([]byte("x"), 100))
	picture := drawn(t, text, 4)
	if !photo.Is(picture) || photo.Is([]byte(text)) {
		t.Error("what a picture is, is not known")
	}
	got, err := photo.Read(t.Context(), picture)
	if err != nil || !slices.Equal(got, []string{text}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestUnread: each picture that is not read has a reason and what to do, one line each.
func TestUnread(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":        nil,
		"HEIC":         []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
		"PNG, cut off": drawn(t, "OLQ1:AAAA", 4)[:60],
		"other code":   drawn(t, "https://example.com", 4),
	} {
		texts, err := photo.Read(t.Context(), data)
		unread, ok := errors.AsType[*photo.Unread](err)
		if !ok || texts != nil || unread.Seen == "" || unread.Do == "" || len(unread.Do) > 100 {
			t.Errorf("%s: got %q, %v", name, texts, err)
		}
	}
}
