package verify_test

import (
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func (m *vectorMaker) requests() {
	add := func(name string, expect verify.Reason, comment string, kind format.Kind, raw []byte) {
		m.add("request-"+name, &vector{expect: expect, comment: comment, open: "request", text: format.EncodeFile(kind, raw)})
	}
	body := m.payload(testRequest(m.t))
	add("code", verify.Valid, "a request as its QR code carries it", format.RequestBody, body)
	add("signed", verify.Valid, "a request as its file carries it", format.SignedRequest, sealedRequest(m.t))
	add("bad-signature", verify.BadSignature, "signed by another key than it names", format.SignedRequest,
		seal(m.t, format.SignedRequest, body, impostor{strangerKey(m.t), machineKey(m.t).Public()}))
	add("malformed-label-twice", verify.Malformed, "one component twice", format.RequestBody, m.once(body, "\x02\x48product1", "\x01\x48product1"))
	add("malformed-type", verify.Malformed, "a type that is unknown", format.RequestBody, m.once(body, "\x03\x01\x04\x1a", "\x03\x09\x04\x1a"))
	for name, invoice := range map[string]string{"lower-case": "inv0042-1", "en-dash": "INV0042\xe2\x80\x931", "final-dot": "INV0042-1."} {
		was, is := append([]byte{0x01, 0x69}, "INV0042-1"...), append([]byte{0x01, 0x60 + byte(len(invoice))}, invoice...)
		add("malformed-invoice-"+name, verify.Malformed, "the invoice is not in its one form", format.RequestBody, m.once(body, string(was), string(is)))
	}
	weak := testRequest(m.t)
	weak.Key = append([]byte{1}, make([]byte, 31)...)
	add("malformed-weak-key", verify.Malformed, "the machine's key is the identity", format.RequestBody, m.payload(weak))
	unreadable := testRequest(m.t)
	unreadable.Unreadable = []string{format.LabelProductUUID, format.LabelRootFS}
	some := m.payload(unreadable)
	add("unreadable", verify.Valid, "who checks cannot read two of its three components", format.RequestBody, some)
	for _, c := range []struct{ name, comment, labels string }{
		{"order", "unreadable components in another order", "\x82\x03\x02"},
		{"twice", "an unreadable component twice", "\x82\x02\x02"},
		{"none", "an empty list of unreadable components", "\x80"},
		{"other", "an unreadable component that the request does not have", "\x82\x02\x04"},
		{"text", "an unreadable component whose label has a number", "\x82\x6cproduct-uuid\x03"},
	} {
		add("malformed-unreadable-"+c.name, verify.Malformed, c.comment, format.RequestBody, m.once(some, "\x0a\x82\x02\x03", "\x0a"+c.labels))
	}
	s := newScenario(m.t)
	add("malformed-license", verify.Malformed, "a license where a request belongs", format.LicenseFile, fileOf(m.t, s.delegation, s.license))
}
