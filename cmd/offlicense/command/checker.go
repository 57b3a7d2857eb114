package command

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// checker is the user who checks the license, and so has to read what identifies the machine.
type checker struct {
	machine.User
	name    string
	asOwner bool // of the state directory; otherwise it was named
}

// findChecker returns the user of that name, or who owns the state directory where none is named. It is
// nil where all users read the same, and where only root could find out for an owner.
func findChecker(env *cli.Env, name, dir string) (*checker, error) {
	if runtime.GOOS != "linux" {
		return nil, nil
	}
	asOwner := name == ""
	if asOwner {
		name = strconv.Itoa(os.Geteuid())
		if owner, ok := ownerOf(dir); ok {
			name = strconv.Itoa(owner)
		}
	}
	c, err := lookUpUser(name)
	if err != nil {
		return nil, err
	}
	c.asOwner = asOwner
	_, err = machine.ReadAs(c.User, machine.Options{Product: "none"})
	switch {
	case err == nil:
		return c, nil
	case asOwner:
		env.Warnf("what this user reads is taken for what %s does, who owns the state directory: %v", cli.Clean(c.name), err)
		return nil, nil
	}
	return nil, cli.Fail(err).WithHint("run the command as root, or as %s itself", cli.Clean(c.name))
}

// as is the checker for package site.
func (c *checker) as() *machine.User {
	if c == nil {
		return nil
	}
	return &c.User
}

// lookUpUser takes a name, a number, or two numbers UID:GID as container engines do.
func lookUpUser(text string) (*checker, error) {
	known, err := user.Lookup(text)
	if err != nil {
		uid, gid, both := strings.Cut(text, ":")
		u, err1 := strconv.ParseUint(uid, 10, 32)
		g := u
		var err2 error
		if both {
			g, err2 = strconv.ParseUint(gid, 10, 32)
		}
		if err := errors.Join(err1, err2); err != nil {
			return nil, cli.Usagef("--service-user: there is no user %s on this system", cli.Quote(text)).
				WithHint("a name, or a number as the unit or the pod has it: 1001, or 1001:1001 with its group")
		}
		if known, err = user.LookupId(uid); err != nil || both {
			return &checker{User: machine.User{UID: uint32(u), GID: uint32(g)}, name: "user " + uid}, nil
		}
	}
	c := &checker{name: known.Username}
	groups, err := known.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("cannot find the groups of user %q: %w", known.Username, err)
	}
	numbers := make([]uint32, 0, 2+len(groups))
	for _, id := range append([]string{known.Uid, known.Gid}, groups...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %q has the id %q", known.Username, id)
		}
		numbers = append(numbers, uint32(n))
	}
	c.UID, c.GID, c.Groups = numbers[0], numbers[1], numbers[2:]
	return c, nil
}

// reads says who checks the license of a request, and what that user does not read.
func (c *checker) reads(unreadable []string) string {
	switch {
	case c == nil:
		return ""
	case c.UID == 0 && c.asOwner:
		return "root, who owns the directory; if the product runs as another user, name it: --service-user NAME"
	case len(unreadable) > 0:
		return c.name + ", who cannot read " + strings.Join(unreadable, ", ") + ": the license will not count on it"
	}
	return c.name
}

// explain says of a refusal for the machine's sake who reads too little of it.
func (c *checker) explain(err error) error {
	var refusal *verify.Refusal
	if c == nil || c.isSelf() || !errors.As(err, &refusal) || refusal.Reason != verify.WrongMachine {
		return err
	}
	named := *refusal
	return named.WithHint("compare with \"offlicense machine --service-user %s\"; if another user runs the product, name it so", c.option())
}

func (c *checker) isSelf() bool { return int(c.UID) == os.Geteuid() }

// option is how --service-user names the user.
func (c *checker) option() string { return strings.TrimPrefix(c.name, "user ") }
