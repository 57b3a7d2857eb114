package shown

import (
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// short is what is shown of a short license. Only the server that asked can read the rest.
type short struct {
	Request     string `json:"request"`         // first 8 characters of the comparison code
	Delegation  bool   `json:"delegation"`      // whether it carries the delegation of its signer
	Revocations bool   `json:"revocation_list"` // and a revocation list
}

func viewShort(raw []byte) (*short, error) {
	c, err := format.UnmarshalCarried(raw)
	if err != nil {
		return nil, err
	}
	delegation, err := c.Delegation([keys.IDSize]byte{})
	if err != nil {
		return nil, err
	}
	mark := c.RequestMark()
	return &short{mark[:4] + "-" + mark[4:], delegation != nil, c.HasList()}, nil
}

func (v *short) print(r *rows) {
	r.add("for request", v.Request+"-...")
	r.add("delegation", map[bool]string{true: "included", false: "left out"}[v.Delegation])
	if v.Revocations {
		r.add("revocations", "a list is included")
	}
	r.add("to read it", "offlicense install, on the server that made the request")
}
