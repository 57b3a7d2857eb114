package verify_test

import (
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

const huge = 1<<63 - 1 // what a thief writes for a number

// TestInForce: of each rank the newest, unless a higher key has put it out of force.
func TestInForce(t *testing.T) {
	active, standby, last := rootKey(t), standbyKey(t), strangerKey(t)
	v, err := verify.New(active.Public(), standby.Public(), last.Public())
	if err != nil {
		t.Fatal(err)
	}
	by := func(root keys.PrivateKey, c *format.RevocationClaims) *verify.RevocationList {
		return openList(t, v, rootList(t, c, root))
	}
	staff := func(c *format.RevocationClaims) *verify.RevocationList { return openList(t, v, staffList(t, c)) }
	byStandbysStaff := func(c *format.RevocationClaims) *verify.RevocationList {
		return openList(t, v, byStandbys(t, c))
	}
	// A second key for lists, which the vendor makes when the first is stolen.
	second := seededKey(t, 7)
	d := listDelegation(t)
	d.Key = second.Public().Bytes()
	bySecond := func(c *format.RevocationClaims) *verify.RevocationList {
		return openList(t, v, listOf(t, sealDelegation(t, d, active), seal(t, format.Revocation, payloadOf(t, c), second)))
	}
	digest := func(l *verify.RevocationList) [16]byte {
		file, err := format.ParseList(l.Raw)
		if err != nil {
			t.Fatal(err)
		}
		return file.Revocation.Digest()
	}

	staff5, staff6, staffHuge := staff(testList(5)), staff(testList(6)), staff(testList(huge))
	another5 := staff(revoking(5, format.ID{9}))
	active4, active6, active7 := by(active, testList(4)), by(active, testList(6)), by(active, testList(7))
	activeHuge := by(active, testList(huge))
	endStaff := by(active, revokingKey(7, listKey(t)))
	endStaffKeep5 := by(active, revokingKey(7, listKey(t), digest(staff5)))
	endActive := by(standby, revokingKey(7, active))
	endActiveKeep := by(standby, revokingKey(7, active, digest(active6)))
	endActiveKeepDelegation := by(standby, revokingKey(7, active,
		digestOf(t, format.Delegation, sealDelegation(t, listDelegation(t), active))))
	endStandby := by(last, revokingKey(8, standby))
	forgives := by(active, testList(8)) // it no longer revokes the key for lists
	second8, secondEndsStaff := bySecond(testList(8)), bySecond(revokingKey(8, listKey(t)))
	standbysStaff := byStandbysStaff(testList(huge))

	type lists = []*verify.RevocationList
	for name, c := range map[string]struct {
		given, inForce lists
		newest         *verify.RevocationList
	}{
		"none":             {nil, nil, nil},
		"nil":              {lists{nil}, nil, nil},
		"nil and one":      {lists{nil, staff5}, lists{staff5}, staff5},
		"one":              {lists{staff5}, lists{staff5}, staff5},
		"the higher":       {lists{staff5, staff6}, lists{staff6}, staff6},
		"the higher first": {lists{staff6, staff5}, lists{staff6}, staff6},

		"equal, one rank: the first":               {lists{another5, staff5}, lists{another5}, another5},
		"equal numbers: the higher signer's":       {lists{staff6, active6}, lists{active6, staff6}, active6},
		"equal numbers: the higher signer's first": {lists{active6, staff6}, lists{active6, staff6}, active6},
		"a lower signer's higher number counts":    {lists{active4, staff6}, lists{active4, staff6}, staff6},

		"a thief's huge number":                    {lists{staff5, staffHuge}, lists{staffHuge}, staffHuge},
		"and the root puts an end to it":           {lists{staffHuge, endStaff}, lists{endStaff}, endStaff},
		"what the thief's key signed and is kept":  {lists{staff5, endStaffKeep5}, lists{endStaffKeep5, staff5}, endStaffKeep5},
		"kept, and the thief's":                    {lists{staffHuge, staff5, endStaffKeep5}, lists{endStaffKeep5, staff5}, endStaffKeep5},
		"a later list by the next key":             {lists{staffHuge, endStaff, second8}, lists{endStaff, second8}, second8},
		"the next key alone ends nothing":          {lists{staffHuge, secondEndsStaff}, lists{staffHuge}, staffHuge},
		"a list that counts no more ends nothing":  {lists{staffHuge, endStaff, forgives}, lists{forgives, staffHuge}, staffHuge},
		"a stolen root's huge number":              {lists{activeHuge, endActive}, lists{endActive}, endActive},
		"and the lists of a key it delegated to":   {lists{activeHuge, staffHuge, endActive}, lists{endActive}, endActive},
		"but for a delegation that is kept":        {lists{activeHuge, staff6, endActiveKeepDelegation}, lists{endActiveKeepDelegation, staff6}, endActiveKeepDelegation},
		"and a list that is kept":                  {lists{activeHuge, active6, endActiveKeep}, lists{endActiveKeep, active6}, endActiveKeep},
		"a voided list voids no other":             {lists{staffHuge, endStaff, endActive}, lists{endActive}, endActive},
		"nor does it if the voider is void itself": {lists{active7, endActive, endStandby}, lists{endStandby, active7}, endStandby},
		"the standby's own staff stay":             {lists{standbysStaff, endActive}, lists{endActive, standbysStaff}, standbysStaff},
	} {
		t.Run(name, func(t *testing.T) {
			given := slices.Clone(c.given)
			if got := verify.InForce(given...); !slices.Equal(got, c.inForce) {
				t.Errorf("in force: got %v, want %v", numbers(got), numbers(c.inForce))
			}
			if got := verify.Newest(given...); got != c.newest {
				t.Errorf("newest: got %v", got)
			}
			// Who keeps what was in force judges as one who has seen all.
			if got := verify.Newest(verify.InForce(given...)...); got != c.newest {
				t.Errorf("newest of those in force: got %v", got)
			}
			if !slices.Equal(given, c.given) {
				t.Error("the caller's slice was changed")
			}
		})
	}
}

func numbers(lists []*verify.RevocationList) []uint64 {
	var numbers []uint64
	for _, l := range lists {
		numbers = append(numbers, l.Number)
	}
	return numbers
}
