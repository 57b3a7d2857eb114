package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/cli/clitest"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"offlicense": func() { os.Exit(offlicenseAt()) },
		"vendor":     vendorMain,
		"sparse":     sparseMain,
		"fill":       fillMain,
		"asuser":     otherUserMain,
	})
}

// offlicenseAt is the tool with a clock that the script sets.
func offlicenseAt() int {
	env := cli.System()
	if text := os.Getenv("TEST_NOW"); text != "" {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		env.Now = func() time.Time { return now }
	}
	return cli.Main(Program(Build{}), env)
}

// sparseMain makes a file of a given name that has 1 GB and takes no space.
func sparseMain() {
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = f.Truncate(1 << 30)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fillMain writes a file until its disk is full.
func fillMain() {
	f, err := os.Create(os.Args[1])
	for page := make([]byte, 4096); err == nil; {
		_, err = f.Write(page)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d scripts, %v", len(files), err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TEST_NOW", "2026-11-22T12:00:00Z")
			env.Setenv("ESC", "\x1b")
			return nil
		},
		Condition: func(condition string) (bool, error) {
			switch condition {
			case "root":
				return runtime.GOOS == "linux" && os.Getuid() == 0, nil
			case "nameless": // nothing identifies this machine, as in a container
				identity, err := machine.Read(machine.Options{Product: "evoq"})
				return err == nil && len(identity.Components) == 0, err
			case "mount":
				return canMount(), nil
			}
			return false, fmt.Errorf("unknown condition %q", condition)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    exitStatus,
			"smalldisk": smallDisk,
			"readonly":  readOnly,
		},
	})
}

// status runs a command and wants its exit status: "status 3 offlicense verify ...".
func exitStatus(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; fmt.Sprint(got) != want {
		ts.Fatalf("exit status %d, want %s", got, want)
	}
}

func TestUsage(t *testing.T) {
	if err := clitest.CheckUsage(Program(Build{})); err != nil {
		t.Error(err)
	}
}
