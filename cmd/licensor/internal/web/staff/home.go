package staff

// home is the page that opens first.
func (v *visit) home() error {
	waiting, err := v.Desk.Count(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("home", "Overview", struct{ Waiting int }{waiting})
}
