package service

import (
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// LeaveOut says what a server holds already, so that a short license need not carry it. The
// zero value is right for every server.
type LeaveOut struct {
	Delegation bool // from an earlier license of the same signer, or its product came with it
	List       bool // a revocation list that is new enough for the license
}

// Carried returns the text of a short license (OLC1), for codes and voices: what the server
// that asked holds is left out. It carries the newest revocation list if the license asks for
// one. It is rebuilt here as the server will, and compared. It is empty where there is none:
// the license answers no request, or is too long. Its file then is what to give out.
func (t *LicenseTexts) Carried(license *ledger.License, out LeaveOut) (string, error) {
	request, err := license.OpenRequest()
	if err != nil || request == nil {
		return "", err
	}
	file := license.File
	if t.list != nil && license.Floor > 0 && !out.List {
		if file, err = format.AttachList(file, t.list.Raw); err != nil {
			return "", err
		}
	}
	raw, err := format.Carry(file, request.Body, !out.Delegation)
	if err != nil {
		return "", nil // the error says why there is none
	}
	carried := format.EncodeText(format.CarriedLicense, raw)
	c, err := verify.OpenCarried([]byte(carried))
	if err != nil {
		return "", err
	}
	parsed, err := license.OpenFile()
	if err != nil {
		return "", err
	}
	if _, err := t.verifier.Rebuild(c, []*verify.Request{request}, parsed.RawDelegation); err != nil {
		return "", err
	}
	return carried, nil
}

// CarriedLicense is a license as codes and sheets have it.
type CarriedLicense struct {
	Raw   []byte // the whole file
	Text  string // the short license's
	Whole bool   // it has no short form, and Text is the file's
	Host  string // of the server that asked, if it said so
}

// CarriedLicense returns a license for codes, of which file is the text.
func (t *LicenseTexts) CarriedLicense(license *ledger.License, file []byte, out LeaveOut) (l CarriedLicense, err error) {
	if l.Raw, err = format.DecodeTextAs(file, format.LicenseFile); err != nil {
		return l, err
	}
	if l.Text, err = t.Carried(license, out); err != nil {
		return l, err
	}
	if l.Whole = l.Text == ""; l.Whole {
		l.Text = format.EncodeText(format.LicenseFile, l.Raw)
	}
	q, err := license.OpenRequest()
	if q != nil {
		l.Host = q.Host
	}
	return l, err
}
