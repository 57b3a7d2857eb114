package shown

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// revocations is what is shown of a revocation list.
type revocations struct {
	ID         format.ID   `json:"id"`
	Vendor     string      `json:"vendor"`
	Number     uint64      `json:"number"`
	Issued     time.Time   `json:"issued"`
	SignedBy   string      `json:"signed_by,omitempty"`  // the delegation's name for the key that claims to have signed it; missing: a root
	KeyID      string      `json:"key_id"`               // of that key, hexadecimal
	Delegation *delegation `json:"delegation,omitempty"` // of that key; missing: it claims to be a root
	Licenses   []format.ID `json:"licenses"`
	Keys       []revoked   `json:"keys"`
}

type revoked struct {
	KeyID      string `json:"key_id"`     // start of the thumbprint (RFC 9679), hexadecimal
	Thumbprint string `json:"thumbprint"` // hexadecimal
	Kept       int    `json:"kept"`       // how many of its signatures stay good
}

func viewList(list *format.List) (*revocations, error) {
	c, err := format.UnmarshalRevocation(list.Revocation.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	id := list.Revocation.KeyID()
	v := &revocations{
		ID: c.ID, Vendor: c.Issuer, Number: c.Number, Issued: format.Time(c.IssuedAt), KeyID: hex.EncodeToString(id[:]),
		Licenses: make([]format.ID, c.Licenses.Len()), Keys: make([]revoked, len(c.Keys)),
	}
	for i := range v.Licenses {
		v.Licenses[i] = c.Licenses.At(i)
	}
	for i, key := range c.Keys {
		v.Keys[i] = revoked{fmt.Sprintf("%x", key.Thumbprint[:keys.IDSize]), hex.EncodeToString(key.Thumbprint[:]), key.Keep.Len()}
	}
	if list.RawDelegation != nil {
		if v.Delegation, err = viewDelegation(list.Delegation.UnverifiedPayload()); err != nil {
			return nil, err
		}
		v.SignedBy = v.Delegation.Name
	}
	return v, nil
}

// shownIDs is how many revoked licenses are printed for reading; --json has them all.
const shownIDs = 20

func (v *revocations) print(r *rows) {
	r.add("list", v.ID.String())
	r.add("vendor", v.Vendor)
	r.add("number", strconv.FormatUint(v.Number, 10))
	r.time("issued", v.Issued)
	if v.Delegation == nil {
		r.add("signed by", "a root, key id "+v.KeyID)
	} else {
		r.add("signed by", v.Delegation.Name+", key id "+v.KeyID)
	}
	r.add("licenses", fmt.Sprintf("%d revoked", len(v.Licenses)))
	for _, id := range v.Licenses[:min(len(v.Licenses), shownIDs)] {
		r.add("license", id.String())
	}
	if more := len(v.Licenses) - shownIDs; more > 0 {
		r.add("license", fmt.Sprintf("and %d more; --json prints them all", more))
	}
	r.add("keys", fmt.Sprintf("%d revoked", len(v.Keys)))
	for _, key := range v.Keys {
		r.add("key id", fmt.Sprintf("%s, %d of its signatures kept", key.KeyID, key.Kept))
	}
}
