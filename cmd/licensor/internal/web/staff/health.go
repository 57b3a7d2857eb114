package staff

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// careRow says how something of the ledger is looked after.
type careRow struct{ What, Said, Class string }

const (
	classGood = "state state-active"
	classWarn = "state state-suspended"
	classBad  = "state state-ended"
)

// How old each may become, and how near the end of a delegation, before a page says so.
var (
	careDays = []struct {
		about string
		most  int // days
		how   string
	}{
		{desk.NoteAudit, 31, "licensor audit"},
		{desk.NoteCheckpoint, 31, "licensor checkpoint --out FILE"},
		{desk.NoteBackup, 2, "licensor backup FILE"},
	}
	endsDays = 60
)

// care says in a few lines how the ledger is looked after.
func (v *visit) care() (rows []careRow, err error) {
	notes, err := v.Desk.Notes(v.R.Context())
	if err != nil {
		return nil, err
	}
	for _, c := range careDays {
		row := careRow{What: c.about, Class: classGood}
		switch n, noted := notes[c.about]; {
		case !noted:
			row.Said, row.Class = "none is noted here yet: "+c.how, classWarn
		case !n.Good:
			row.Said, row.Class = text.Minute(n.At)+"; "+n.Said, classBad
		default:
			row.Said = text.Minute(n.At)
			if n.Said != "" {
				row.Said += "; " + n.Said
			}
			if v.by.Now.Sub(n.At) > time.Duration(c.most)*24*time.Hour {
				row.Class = classWarn
				row.Said += "; that is long ago: " + c.how
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

type healthView struct {
	Care     []careRow
	Events   int64
	Keys     []careRow
	List     *careRow
	Unlisted []ledger.Revocation
	More     bool
	Stats    *service.ActivatorStats
}

// health is how the ledger and its keys are.
func (v *visit) health() error {
	ctx, now := v.R.Context(), v.by.Now
	view := new(healthView)
	var err error
	if view.Care, err = v.care(); err != nil {
		return err
	}
	if view.Events, err = v.Service.Events(ctx); err != nil {
		return err
	}
	keys, err := v.Service.Keys(now)
	if err != nil {
		return err
	}
	for _, k := range keys.Keys {
		row := careRow{What: k.Name, Class: classGood}
		switch {
		case k.Problem != "":
			row.Said, row.Class = k.Problem, classBad
		case k.DaysLeft == nil:
			row.Said, row.Class = "no delegation", classWarn
		case *k.DaysLeft < 0:
			row.Said, row.Class = "its delegation has ended on "+text.LastDay(k.Until), classBad
		default:
			row.Said = fmt.Sprintf("its delegation ends on %s, in %s", text.LastDay(k.Until), text.Plural(*k.DaysLeft, "day", "days"))
			if *k.DaysLeft < int64(endsDays) {
				row.Class = classWarn
			}
		}
		view.Keys = append(view.Keys, row)
	}
	number, issued, by, err := v.Service.Listed(ctx)
	if err != nil {
		return err
	}
	if number > 0 {
		view.List = &careRow{What: fmt.Sprint(number), Said: fmt.Sprintf("issued %s, %s ago, signed by %s", text.Date(issued), text.Plural(int64(now.Sub(issued)/(24*time.Hour)), "day", "days"), by)}
	}
	if view.Unlisted, err = v.Service.Unlisted(ctx, onPage+1); err != nil {
		return err
	}
	if len(view.Unlisted) > onPage {
		view.Unlisted, view.More = view.Unlisted[:onPage], true
	}
	if s, ok := v.Signing.(interface{ Stats() service.ActivatorStats }); ok {
		stats := s.Stats()
		view.Stats = &stats
	}
	return v.Show("health", "Ledger", view)
}
