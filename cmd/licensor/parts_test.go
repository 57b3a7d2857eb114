package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/offlicense/offlicense/format"
	"github.com/rogpeppe/go-internal/testscript"
)

// parts FILE MOST COUNT cuts a statement into parts of at most MOST characters, as they come
// off a screen, and writes them to part-1 to part-COUNT.
func scriptParts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: parts FILE MOST COUNT")
	}
	kind, raw, err := format.DecodeText([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	parts, err := format.EncodeParts(kind, raw, most)
	ts.Check(err)
	if fmt.Sprint(len(parts)) != args[2] {
		ts.Fatalf("%s has %d parts of %d characters, want %s", args[0], len(parts), most, args[2])
	}
	for i, part := range parts {
		ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("part-%d", i+1)), []byte(part+"\n"), 0o600))
	}
}

// code FILE NAME sets a variable to the comparison code of a statement.
func scriptCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: code FILE NAME")
	}
	kind, raw, err := format.DecodeText([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	code, err := format.CodeOf(kind, raw)
	ts.Check(err)
	ts.Setenv(args[1], code)
}
