package desk_test

import (
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
)

// TestUsers: who is added again has other rights; a name is what no page, header or log takes for
// anything else.
func TestUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d, ctx := open(), t.Context()
		add := func(name string, rights ...desk.Right) (*desk.User, error) {
			return d.AddUser(ctx, desk.User{Name: name, Rights: rights, Changed: now, By: "root"})
		}
		if was, err := add("anna", desk.Sell, desk.Read, desk.Read); was != nil || err != nil {
			t.Fatalf("got %v, %v", was, err)
		}
		was, err := add("anna", desk.Sign)
		if err != nil || len(was.Rights) != 2 || was.Rights[0] != desk.Read {
			t.Fatalf("got %v, %v", was, err)
		}
		u, err := open().User(ctx, "anna")
		if err != nil || !u.May(desk.Sign) || u.May(desk.Read) || !u.Changed.Equal(now) || u.By != "root" || u.Term != 1 {
			t.Errorf("got %+v, %v", u, err)
		}
		for _, name := range []string{
			"", "Anna", "anna b", "anna\r\nSet-Cookie: a=b", "anna\x00", "<script>", "token:shop", "-anna", "@", "änna", "a/b", "../a", strings.Repeat("a", 65),
		} {
			if _, err := add(name, desk.Read); err == nil {
				t.Errorf("%q is taken", name)
			}
		}
		for _, rights := range [][]desk.Right{nil, {"all"}, {desk.Read, ""}} {
			if _, err := add("bob", rights...); err == nil {
				t.Errorf("%q are taken", rights)
			}
		}
		if all, err := d.Users(ctx); err != nil || len(all) != 1 {
			t.Errorf("got %v, %v", all, err)
		}
		if u, err := d.User(ctx, "bob"); u != nil || err != nil {
			t.Errorf("got %v, %v", u, err)
		}
		for _, name := range []string{"bob", "anna' OR '1'='1"} {
			if err := d.DisableUser(ctx, name, "root", now); err == nil {
				t.Errorf("%s is disabled", name)
			}
			if _, err := d.MakeLink(ctx, name, now, rand.Reader); err == nil {
				t.Errorf("%s gets a link", name)
			}
		}
		if err := d.DisableUser(ctx, "anna", "root", now); err != nil {
			t.Fatal(err)
		}
		if _, err := d.MakeLink(ctx, "anna", now, rand.Reader); err == nil || !strings.Contains(err.Error(), "anna is disabled") {
			t.Errorf("got %v", err)
		}
	})
}

// TestLastRevoker: somebody may revoke for as long as anybody could, also when the last two
// disable each other at the same moment.
func TestLastRevoker(t *testing.T) {
	everywhere(t, func(t *testing.T, open func() *desk.Desk) {
		d, other, ctx := open(), open(), t.Context()
		add := func(name string, rights ...desk.Right) error {
			_, err := d.AddUser(ctx, desk.User{Name: name, Rights: rights, Changed: now, By: "root"})
			return err
		}
		for _, name := range []string{"anna", "bob"} {
			if err := add(name, desk.Revoke); err != nil {
				t.Fatal(err)
			}
		}
		if err := add("carl", desk.Read); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 2)
		var both sync.WaitGroup
		both.Go(func() { failed <- d.DisableUser(ctx, "anna", "bob", now) })
		both.Go(func() { failed <- other.DisableUser(ctx, "bob", "anna", now) })
		both.Wait()
		one, two := <-failed, <-failed
		if (one == nil) == (two == nil) {
			t.Fatalf("got %v and %v", one, two)
		}
		all, err := d.Users(ctx)
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for _, u := range all {
			if u.May(desk.Revoke) {
				last += u.Name
			}
		}
		want := last + " is the last one who may revoke"
		if err := d.DisableUser(ctx, last, "root", now); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := add(last, desk.Read, desk.Sell, desk.Sign); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := add(last, desk.Read, desk.Revoke); err != nil {
			t.Error(err)
		}
		if err := d.DisableUser(ctx, "carl", last, now); err != nil {
			t.Error(err)
		}
	})
}
