package staff

import (
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

const (
	soonDays   = 30 // what ends within so many days needs somebody now
	bridgeDays = 14 // likewise a bridge
	onHome     = 8  // rows of each list
)

// homeView is what needs somebody now, and how things go.
type homeView struct {
	Waiting  int
	Queue    []desk.View
	Endings  []endingRow
	More     bool // there are more of them
	Bridges  []ledger.Bridge
	Unlisted []ledger.Revocation
	Picture  *drawing // nil: it is being counted
	Health   []careRow
	Calm     bool // nothing needs anybody
}

// home is the page that opens first.
func (v *visit) home() error {
	ctx, now := v.R.Context(), v.by.Now
	view := new(homeView)
	var err error
	if view.Waiting, err = v.Desk.Count(ctx); err != nil {
		return err
	}
	waiting, err := v.Desk.List(ctx, desk.Waits, nil)
	if err != nil {
		return err
	}
	for _, w := range waiting[:min(onHome, len(waiting))] {
		view.Queue = append(view.Queue, desk.ViewOf(w))
	}
	soon, err := v.Service.EndingPage(ctx, now, now.AddDate(0, 0, soonDays), "", onHome)
	if err != nil {
		return err
	}
	view.Endings, view.More = endingRows(soon.Endings, now), soon.Next != ""
	if view.Bridges, err = v.Service.Bridges(ctx, now, now.Add(bridgeDays*24*time.Hour), onHome); err != nil {
		return err
	}
	if view.Unlisted, err = v.Service.Unlisted(ctx, onHome); err != nil {
		return err
	}
	if view.Health, err = v.care(); err != nil {
		return err
	}
	view.Calm = view.Waiting+len(view.Endings)+len(view.Bridges)+len(view.Unlisted) == 0
	if view.Picture, err = v.months(); err != nil {
		return err
	}
	return v.Show("home", "Overview", view)
}
