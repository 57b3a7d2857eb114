package command

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/envelope"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// isMany reports whether what was given is more than one file.
func (f *verifyFlags) isMany(args []string) bool {
	if len(args) != 1 {
		return len(args) > 1
	}
	info, err := os.Stat(args[0])
	return f.quiet || f.csv.On || err == nil && args[0] != "-" && info.IsDir()
}

// unprepared answers, where JSON is wanted, that no file was checked for want of what all
// of them are judged by. How the command was called wrong is for people alone.
func (f *verifyFlags) unprepared(env *cli.Env, args []string, err error) error {
	if known, ok := errors.AsType[*cli.Error](err); !f.json || ok && known.Exit == exitUsage {
		return err
	}
	a := uncheckedAnswer(err)
	for _, a.File = range args {
		if err := env.AnswerLine(a); err != nil {
			return err
		}
	}
	return err
}

// toCheck is a license of many, or what was given for one.
type toCheck struct {
	file   string
	opened *verify.Opened
	err    error // why there is none
}

// many checks the licenses of many files, a line each. All are opened before the first is
// judged: a revocation list counts for each of them, wherever it was met.
func (f *verifyFlags) many(env *cli.Env, args []string, j *judge) error {
	if first := slices.Index(args, "-"); first >= 0 && slices.Contains(args[first+1:], "-") {
		return cli.Usagef("standard input can be read only once").WithHint("give \"-\" for one file, and paths for the others")
	}
	run := manyRun{f: f, env: env, judge: j, met: make(map[string][]*verify.RevocationList), by: make(map[string]verify.ListStatus)}
	all := run.open(findFiles(args))
	if len(all) == 0 && run.lists == 0 {
		return cli.Failf("no license in %s", strings.Join(quoted(args), ", ")).WithHint("name the files or the directory that has the licenses")
	}
	return run.print(all)
}

func quoted(args []string) []string {
	all := make([]string, len(args))
	for i, arg := range args {
		all[i] = cli.Quote(arg)
	}
	return all
}

// manyRun is one call for many licenses.
type manyRun struct {
	f     *verifyFlags
	env   *cli.Env
	judge *judge

	mu    sync.Mutex
	met   map[string][]*verify.RevocationList // in force, by vendor
	lists int                                 // files that are one
	other int                                 // files that are neither

	by                         map[string]verify.ListStatus // the newest list of each vendor that judged
	valid, notValid, unchecked int
	next                       string // the hint of the first that could not be checked
	warnings                   warningCounts
}

// open opens what the files have, in their order.
func (r *manyRun) open(files []foundFile) []toCheck {
	progress := cli.NewProgress(r.env, "checking", len(files))
	defer progress.Done()
	found := make([][]toCheck, len(files))
	inParallel(len(files), func(i int) {
		found[i] = r.openFile(files[i])
		progress.Add(1)
	})
	return slices.Concat(found...)
}

func (r *manyRun) openFile(file foundFile) []toCheck {
	named := file.given || hasLicenseName(file.path)
	if file.err != nil {
		return []toCheck{{file: file.path, err: file.err}}
	}
	data, err := r.env.ReadCarrier(file.path)
	if _, unreadable := errors.AsType[*fs.PathError](err); err != nil && !named && !unreadable {
		r.pass() // a picture, or too large
		return nil
	}
	if err != nil {
		return []toCheck{{file: file.path, err: err}}
	}
	statements, damaged := envelope.All(data)
	var all []toCheck
	lists := 0
	for _, s := range statements {
		switch s.Kind {
		case format.LicenseFile:
			o, err := r.judge.verifier.OpenRaw(s.Raw)
			if err == nil {
				r.meet(o.RevocationList())
			}
			all = append(all, toCheck{file.path, o, err})
		case format.RevocationFile:
			lists++
			l, err := r.judge.verifier.OpenRawRevocationList(s.Raw)
			if err != nil {
				all = append(all, toCheck{file: file.path, err: fmt.Errorf("a revocation list that does not count: %w", err)})
			}
			r.meet(l, err)
		}
	}
	switch {
	case len(all) > 0 || lists > 0:
	case damaged != nil || named:
		text, err := envelope.Pick(data, format.LicenseFile)
		if err == nil {
			_, err = r.judge.verifier.Open(text)
		}
		return []toCheck{{file: file.path, err: err}}
	}
	if len(all)+lists == 0 {
		r.pass()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists += lists
	return all
}

// pass counts a file that has nothing to do with it.
func (r *manyRun) pass() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.other++
}

// meet takes a list that was met, if there is one and it holds.
func (r *manyRun) meet(l *verify.RevocationList, err error) {
	if err != nil || l == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.met[l.Issuer]; !slices.Contains(known, l) {
		r.met[l.Issuer] = verify.InForce(append(slices.Clip(known), l)...)
	}
}

// chunk is how many answers are made on all processors before they are printed.
const chunk = 4096

// print judges the licenses and prints the answers in their order.
func (r *manyRun) print(all []toCheck) error {
	var table *spreadsheet.Table
	if r.f.csv.On {
		table = r.f.csv.Table(r.env.Stdout, csvColumns)
	}
	out := bufio.NewWriter(r.env.Stdout)
	for part := range slices.Chunk(all, chunk) {
		answers := make([]answer, len(part))
		lines := make([]string, len(part))
		inParallel(len(part), func(i int) {
			answers[i] = r.answer(part[i])
			if table == nil && !r.f.json {
				lines[i] = answers[i].line(r.env)
			}
		})
		for i, a := range answers {
			r.count(a)
			switch {
			case r.f.json:
				if err := r.env.AnswerLine(a); err != nil {
					return err
				}
			case r.f.quiet && a.Valid:
			case table != nil:
				table.Row(a.cells()...)
			default:
				out.WriteString(lines[i])
				out.WriteByte('\n')
			}
		}
	}
	if table != nil {
		if err := table.Close(); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return r.close(table == nil && !r.f.json)
}

func (r *manyRun) answer(c toCheck) answer {
	a, _ := r.f.answer(r.env, func() (*verify.License, error) {
		if c.err != nil {
			return nil, c.err
		}
		return r.judge.check(c.opened, r.met[c.opened.Vendor()])
	})
	a.File = c.file
	return a
}

func (r *manyRun) count(a answer) {
	switch {
	case a.Valid:
		r.valid++
		if l := a.License.License; l.RevocationList != nil && l.RevocationList.Number >= r.by[l.Vendor].Number {
			r.by[l.Vendor] = *l.RevocationList
		}
	case a.Error != "":
		r.unchecked++
		if r.next == "" && a.Hint != "" {
			r.next = fmt.Sprintf("\"%s\": %s", cli.Clean(a.File), a.Hint)
		}
	default:
		r.notValid++
	}
	r.warnings.add(a)
}

// close says what came of it: where people read the answers, below them.
func (r *manyRun) close(belowAnswers bool) error {
	r.warnings.print(r.env)
	line := fmt.Sprintf("%d valid, %d not", r.valid, r.notValid)
	if r.unchecked > 0 {
		line += fmt.Sprintf(", %d could not be checked", r.unchecked)
	}
	for _, vendor := range slices.Sorted(maps.Keys(r.by)) {
		list := r.by[vendor]
		line += fmt.Sprintf("; %s: revocation %s", cli.Clean(vendor), answerList(&list, r.env.Now()))
	}
	if r.other > 0 {
		line += "; " + cli.Plural(uint64(r.other), "other file", "other files")
	}
	out := r.env.Stderr
	if belowAnswers {
		out = r.env.Stdout
	}
	fmt.Fprintln(out, cli.Fold(out, line))
	switch {
	case r.notValid > 0:
		return cli.ErrNotValid
	case r.unchecked > 0:
		return cli.Failf("%d of %d licenses could not be checked", r.unchecked, r.valid+r.unchecked).WithHint("%s", r.next)
	}
	return nil
}

var csvColumns = []string{
	"file", "valid", "reason", "license", "vendor", "product", "edition", "type", "customer", "invoice", "seats", "site",
	"issued", "not_before", "expires", "hard_end", "list", "message", "expected", "found", "hint",
}

// cells are the row of an answer, as csvColumns names them.
func (a answer) cells() []string {
	row := []string{cli.Clean(a.File), strconv.FormatBool(a.Valid), string(a.Reason)}
	if l := a.License; l != nil {
		list := ""
		if l.RevocationList != nil {
			list = strconv.FormatUint(l.RevocationList.Number, 10)
		}
		row = append(row, l.ID.String(), l.Vendor, l.Product, l.Edition, l.Type, l.Customer, l.Invoice,
			strconv.FormatUint(l.Seats, 10), l.Site, rfc3339(l.Issued), rfc3339(l.NotBefore), rfc3339(l.Expires), rfc3339(l.HardEnd), list)
	} else {
		row = append(row, make([]string, 14)...)
	}
	message := a.Message
	if a.Error != "" {
		message = a.Error
	}
	return append(row, message, a.Expected, a.Found, a.Hint)
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// warningCounts are the warnings of many licenses: of each code one, and how many there are.
type warningCounts struct {
	order []verify.WarningCode
	first map[verify.WarningCode]string
	count map[verify.WarningCode]uint64
}

func (w *warningCounts) add(a answer) {
	for _, warning := range a.Warnings {
		if warning.Code == verify.NoMachine {
			continue // of which each license would tell what the option says
		}
		if w.count == nil {
			w.count, w.first = make(map[verify.WarningCode]uint64), make(map[verify.WarningCode]string)
		}
		if w.count[warning.Code]++; w.count[warning.Code] == 1 {
			w.order = append(w.order, warning.Code)
			w.first[warning.Code] = a.File + ": " + warning.Text
		}
	}
}

func (w *warningCounts) print(env *cli.Env) {
	for _, code := range w.order {
		if n := w.count[code]; n > 1 {
			env.Warnf("%d licenses, such as %s", n, w.first[code])
		} else {
			env.Warnf("%s", w.first[code])
		}
	}
}
