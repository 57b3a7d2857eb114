package key

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// keyListing is what key list prints, with --json as it is.
type keyListing struct {
	Version int          `json:"version"`
	Roots   []listedRoot `json:"roots"`
	Keys    []listedKey  `json:"keys"`
	// Others have signed as well, and have no file here.
	Others []listedSigner `json:"other_signers"`
	// Ledger is false where there is no ledger that says who has signed what.
	Ledger bool `json:"ledger"`
}

type listedRoot struct {
	Role        string    `json:"role"` // active, standby or former
	Fingerprint string    `json:"fingerprint"`
	Comment     string    `json:"comment,omitempty"`
	Revoked     time.Time `json:"revoked,omitzero"` // since then
}

// Where a private key is.
const (
	livesInFile  = "file"
	livesInAgent = "agent"
	livesNowhere = "elsewhere" // only its public half is here
)

type listedKey struct {
	Name        string        `json:"name"`
	Fingerprint string        `json:"fingerprint,omitempty"`
	ID          string        `json:"id,omitempty"` // as statements and revocation lists name it
	Lives       string        `json:"lives"`
	Scope       *listedScope  `json:"scope,omitempty"` // missing: no delegation
	From        time.Time     `json:"from,omitzero"`
	Until       time.Time     `json:"until,omitzero"`
	DaysLeft    *int64        `json:"days_left,omitempty"` // below 0 once it has ended
	Signed      *listedSigner `json:"signed,omitempty"`    // missing: nothing, or no ledger
	Revoked     time.Time     `json:"revoked,omitzero"`    // since then; it signs nothing more
	Problem     string        `json:"problem,omitempty"`

	words string // the scope for people
}

type listedScope struct {
	Products    []string `json:"products"`
	Types       []string `json:"types"`
	MaxTermDays float64  `json:"max_term_days"`
	MaxSeats    uint64   `json:"max_seats"`
	Unbound     bool     `json:"unbound"`
	Perpetual   bool     `json:"perpetual"`
	Revocations bool     `json:"revocations"`
}

type listedSigner struct {
	Name        string    `json:"name"`                  // as licenses on record have it
	Fingerprint string    `json:"fingerprint,omitempty"` // where others have the same name
	Licenses    int64     `json:"licenses"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
}

func (c *keyCommand) list(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	dir, err := c.home.Path(env)
	if err != nil {
		return err
	}
	at := home.Home{Dir: dir}
	listing, err := listKeys(env, at, now)
	if err != nil {
		return err
	}
	if err := c.addSigned(env, at, listing); err != nil {
		return err
	}
	for _, k := range listing.Keys {
		if k.DaysLeft != nil && *k.DaysLeft < int64(common.EndsSoon/(24*time.Hour)) {
			warnOfEnd(env, &k, now)
		}
	}
	if c.json {
		return cli.WriteJSON(env.Stdout, listing)
	}
	_, err = listing.table().WriteTo(env.Stdout)
	return err
}

func warnOfEnd(env *cli.Env, k *listedKey, now time.Time) {
	if !now.Before(k.Until) {
		env.Warnf("the delegation of %q ended on %s", k.Name, common.Date(k.Until))
		return
	}
	env.Warnf("the delegation of %q ends %s, on %s; ask the holder of the root key for a new one", k.Name, common.InDays(k.Until.Sub(now)), common.Date(k.Until))
}

// listKeys lists what the home knows of keys. One that waits for its first delegation
// has no roots yet.
func listKeys(env *cli.Env, at home.Home, now time.Time) (*keyListing, error) {
	listing := &keyListing{Version: 1, Roots: []listedRoot{}, Keys: []listedKey{}, Others: []listedSigner{}}
	var v *verify.Verifier
	switch roots, err := at.NamedRoots(); {
	case err == nil:
		for i, root := range roots {
			role := common.Or(home.RootRole(i, len(roots)), "active")
			listing.Roots = append(listing.Roots, listedRoot{Role: role, Fingerprint: root.Fingerprint(), Comment: root.Comment})
		}
		if v, err = at.Verifier(); err != nil {
			return nil, common.ReadError(err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, common.ReadError(err)
	}
	all, err := at.StaffKeys(v)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = home.Open(at.Dir) // says what is missing
	}
	if err != nil {
		return nil, common.ReadError(err)
	}
	held := common.AgentKeys(env)
	for _, k := range all {
		listing.Keys = append(listing.Keys, viewKey(k, held, now))
	}
	return listing, nil
}

func viewKey(k *home.StaffKey, held map[keys.PublicKey]string, now time.Time) listedKey {
	l := listedKey{Name: k.Name, Lives: livesNowhere}
	if !k.Public.IsZero() {
		l.Fingerprint = k.Public.Fingerprint()
		l.ID = fmt.Sprintf("%x", k.Public.ID())
	}
	if _, found := held[k.Public]; found {
		l.Lives = livesInAgent
	}
	if k.Private {
		l.Lives = livesInFile
	}
	if k.Err != nil {
		l.Problem = common.ReadError(k.Err).Error()
	}
	d := k.Delegation
	if d == nil {
		return l
	}
	if string(d.Key) != string(k.Public.Bytes()) {
		l.Problem = "its delegation is to another key"
	}
	s := &d.Scope
	l.Scope = &listedScope{
		append([]string{}, s.Products...), append([]string{}, s.Types...),
		float64(s.MaxTerm) / common.SecondsPerDay, s.MaxSeats, s.Unbound, s.Perpetual, s.Revocations,
	}
	l.words = common.ScopeLine(s)
	l.From, l.Until = time.Unix(d.NotBefore, 0).UTC(), time.Unix(d.Expires, 0).UTC()
	left := int64(l.Until.Sub(now) / (24 * time.Hour))
	if !now.Before(l.Until) {
		left = min(left, -1)
	}
	l.DaysLeft = &left
	l.Signed = &listedSigner{Name: d.Name} // until the ledger says more
	return l
}

// addSigned adds what the ledger says of the keys. There may be none here: on a
// workstation whose ledger is a database that nobody named, or on the root's machine.
func (c *keyCommand) addSigned(env *cli.Env, at home.Home, listing *keyListing) error {
	signers, revoked, err := c.signers(env, at, listing)
	if errors.Is(err, fs.ErrNotExist) {
		for i := range listing.Keys {
			listing.Keys[i].Signed = nil
		}
		return nil
	}
	if err != nil {
		return err
	}
	listing.Ledger = true
	for i := range listing.Roots {
		listing.Roots[i].Revoked = revoked[listing.Roots[i].Fingerprint]
	}
	for i := range listing.Keys {
		listing.Keys[i].Revoked = revoked[listing.Keys[i].Fingerprint]
	}
	here := make(map[int]bool) // which of the signers
	for i := range listing.Keys {
		k := &listing.Keys[i]
		if k.Signed == nil {
			continue
		}
		name := k.Signed.Name
		k.Signed = nil
		for n, s := range signers {
			if s.Name == name && (s.fingerprint == "" || s.fingerprint == k.Fingerprint) {
				k.Signed, here[n] = &s.listedSigner, true
			}
		}
	}
	for n, s := range signers {
		if !here[n] {
			s.Fingerprint = s.fingerprint
			listing.Others = append(listing.Others, s.listedSigner)
		}
	}
	return nil
}

// countedSigner is what was signed under a name, by whatever key.
type countedSigner struct {
	listedSigner
	fingerprint string // of the key, if several have the name
}

// signers returns who has signed, and since when which key is revoked, by fingerprint.
// Where there is no ledger the error is an fs.ErrNotExist.
func (c *keyCommand) signers(env *cli.Env, at home.Home, listing *keyListing) ([]countedSigner, map[string]time.Time, error) {
	ctx := context.Background()
	l, err := c.home.OpenIfPresent(ctx, env, at)
	if err != nil {
		return nil, nil, err
	}
	if l == nil {
		return nil, nil, fs.ErrNotExist
	}
	defer l.Close()
	all, err := l.RevokedKeys(ctx)
	if err != nil {
		return nil, nil, err
	}
	revoked := make(map[string]time.Time)
	owners := make(keyOwners)
	for _, k := range all {
		key, err := keys.NewPublicKey(k.Public)
		if err != nil {
			return nil, nil, err
		}
		revoked[key.Fingerprint()] = k.Since
		owners.add(k.Name, key.Fingerprint())
	}
	for _, k := range listing.Keys {
		if k.Signed != nil {
			owners.add(k.Signed.Name, k.Fingerprint)
		}
	}
	signers, err := countSigned(ctx, l, owners)
	return signers, revoked, err
}

// keyOwners are the keys that have a name, as far as is known.
type keyOwners map[string][]string

func (o keyOwners) add(name, fingerprint string) {
	if !slices.Contains(o[name], fingerprint) {
		o[name] = append(o[name], fingerprint)
	}
}

// countSigned counts licenses by the names of their signers, which the ledger has at
// hand; and by keys where several have one name, for which it reads every license.
func countSigned(ctx context.Context, l *ledger.Ledger, owners keyOwners) ([]countedSigner, error) {
	byName, err := l.Signers(ctx)
	if err != nil {
		return nil, err
	}
	var all []countedSigner
	var shared []string
	for _, s := range byName {
		if len(owners[s.Name]) > 1 {
			shared = append(shared, s.Name)
			continue
		}
		all = append(all, countedSigner{listedSigner: listedSigner{Name: s.Name, Licenses: s.Licenses, First: s.First.UTC(), Last: s.Last.UTC()}})
	}
	if len(shared) == 0 {
		return all, nil
	}
	byKey, err := l.SignerKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range byKey {
		if slices.Contains(shared, s.Name) {
			all = append(all, countedSigner{listedSigner{Name: s.Name, Licenses: s.Licenses, First: s.First.UTC(), Last: s.Last.UTC()}, s.Key.Fingerprint()})
		}
	}
	slices.SortFunc(all, func(a, b countedSigner) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.fingerprint, b.fingerprint))
	})
	return all, nil
}

func (l *keyListing) table() *cli.Table {
	t := cli.Table{Whole: true}
	for _, root := range l.Roots {
		t.Row("root key", root.Fingerprint)
		t.Row("", root.Role)
		if !root.Revoked.IsZero() {
			t.Row("", "revoked on "+common.Date(root.Revoked))
		}
	}
	if len(l.Roots) == 0 {
		t.Row("root key", "none yet: it comes with the first delegation")
	}
	for i := range l.Keys {
		l.addKey(&t, &l.Keys[i])
	}
	for _, s := range l.Others {
		t.Row(s.Name, "a key that is not here")
		if s.Fingerprint != "" {
			t.Row("", s.Fingerprint)
		}
		t.Row("  signed", s.words())
	}
	if !l.Ledger {
		t.Row("ledger", "none here, so what was signed is not known; --ledger names one")
	}
	return &t
}

func (l *keyListing) addKey(t *cli.Table, k *listedKey) {
	t.Row(k.Name, common.Or(k.Fingerprint, "no public key"))
	if k.ID != "" {
		t.Row("  id", k.ID)
	}
	t.Row("  lives", map[string]string{
		livesInFile: "in a file here", livesInAgent: "in ssh-agent", livesNowhere: "elsewhere: only its public half is here",
	}[k.Lives])
	if !k.Revoked.IsZero() {
		t.Row("  revoked", "on "+common.Date(k.Revoked)+": it signs nothing more")
	}
	if k.Problem != "" {
		t.Row("  problem", k.Problem)
	}
	if k.Scope == nil {
		t.Row("  signs", "nothing: it has no delegation")
		return
	}
	t.Row("  signs", k.words)
	left := cli.Plural(*k.DaysLeft, "day", "days") + " left"
	if *k.DaysLeft < 0 {
		left = "ended"
	}
	t.Row("  from", fmt.Sprintf("%s until %s, %s", common.Date(k.From), common.Date(k.Until), left))
	switch {
	case k.Signed != nil:
		t.Row("  signed", k.Signed.words())
	case l.Ledger:
		t.Row("  signed", "nothing")
	}
}

func (s *listedSigner) words() string {
	return fmt.Sprintf("%s, the first on %s, the last on %s", cli.Plural(s.Licenses, "license", "licenses"), common.Date(s.First), common.Date(s.Last))
}
