package page

import (
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/envelope"
	"github.com/offlicense/offlicense/verify"
)

// find returns the statement in what was uploaded or pasted, whatever carried it: a saved mail, its text, parts, lines
// that were read out. Its checksum says that it is whole; who has signed it is judged later.
func (p *handler) find(given []byte) (text []byte, kind format.Kind, failed *fault) {
	if envelope.IsPicture(given) {
		return nil, 0, p.fault(Picture)
	}
	wanted := []format.Kind{format.LicenseFile, format.CarriedLicense, format.RevocationFile}
	text, err := envelope.Pick(given, wanted...)
	if hinted, ok := err.(interface{ Hint() string }); ok {
		return nil, 0, p.fault(NotLicense, "{detail}", sentence(err.Error()), "{next}", sentence(hinted.Hint()))
	}
	for _, kind := range wanted {
		if raw, err := format.DecodeTextAs(text, kind); err == nil {
			return format.EncodeFile(kind, raw), kind, nil
		}
	}
	_, refusal := p.o.Gate.Verifier().Open(text) // which has the words for what it is instead
	if r, ok := refusal.(*verify.Refusal); ok {
		next := strings.Replace(r.Hint(), "name the", "choose the", 1)
		return nil, 0, p.fault(NotLicense, "{detail}", detailOf(r), "{next}", sentence(next))
	}
	return nil, 0, p.fault(BadForm)
}
