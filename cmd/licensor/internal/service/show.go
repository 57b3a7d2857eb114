package service

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Shown is what is known of something that was looked up.
type Shown struct {
	*ledger.Dossier             // nil: nothing is on record of it
	Past            *store.Past // of the sale, or of the activation that was asked for

	// Of a request: what would be done with it.
	Request *verify.Request
	Offer   *Offer
	Refusal *ledger.Refusal

	// Foreign says of a license file, or of an attestation, what is wrong with it, "" for nothing.
	Foreign string
}

// Show looks up an invoice, an activation, a license or a comparison code, of which at most
// so many events are wanted. It returns nil if nothing is on record of it.
func (s *Service) Show(ctx context.Context, of string, events int) (*Shown, error) {
	typed, err := s.Narrow(ctx, Filter{Invoice: of})
	if err != nil {
		return nil, err
	}
	wanted := []store.Wanted{{Activation: strings.ToUpper(of)}, {Code: of}}
	if id, err := format.ParseID(of); err == nil {
		wanted = append(wanted, store.Wanted{License: id})
	}
	if typed.InvoiceMatch <= store.AnyCase {
		holdings, err := s.List(ctx, typed)
		if err != nil {
			return nil, err
		}
		if len(holdings) > 1 {
			return nil, hint.Errorf("%s is more than one invoice", text.Quote(of)).WithHint("write it as it is on record: licensor list%s --invoice %s", s.Flags, text.ShellWord(of))
		}
		wanted = []store.Wanted{{Invoice: holdings[0].Invoice}}
	}
	for _, w := range wanted {
		d, err := s.Dossier(ctx, w)
		if err != nil {
			return nil, err
		}
		if d != nil {
			return s.shown(ctx, &Shown{Dossier: d}, events)
		}
	}
	return nil, nil
}

// ShowSale looks up the sale of an invoice, as it is on record, nil if there is none. Unlike
// Show it takes an invoice for nothing else.
func (s *Service) ShowSale(ctx context.Context, invoice string, events int) (*Shown, error) {
	d, err := s.Dossier(ctx, store.Wanted{Invoice: invoice})
	if err != nil || d == nil {
		return nil, err
	}
	return s.shown(ctx, &Shown{Dossier: d}, events)
}

// ShowFile looks up what a request or a license file is about, and says of a request what
// would be done with it.
func (s *Service) ShowFile(ctx context.Context, file []byte, now time.Time, events int) (*Shown, error) {
	kind, raw, err := format.DecodeText(file)
	if err != nil {
		return nil, err
	}
	switch kind {
	case format.LicenseFile:
		return s.showLicense(ctx, raw, events)
	case format.CarriedLicense:
		c, err := format.UnmarshalCarried(raw)
		if err != nil {
			return nil, err
		}
		mark := c.RequestMark()
		return nil, hint.Errorf("this is a short license for the request whose code begins with %s-%s, and only its server can read it", mark[:4], mark[4:]).
			WithHint("look it up by the whole code of the request, or by its invoice: licensor show%s INVOICE", s.Flags)
	case format.Release:
		p, err := s.OpenRelease(ctx, file)
		if err != nil {
			return nil, err
		}
		return s.Show(ctx, p.Record.Activation, events)
	case format.Attestation:
		return s.showAttested(ctx, file, events)
	case format.Delegation, format.RevocationFile:
		return nil, hint.Errorf("this is a %s, and no sale is looked up by one", kind).
			WithHint("print it with \"offlicense show FILE\", or name a request, a license, a release or an invoice")
	}
	request, err := verify.OpenRequest(file)
	if err != nil {
		return nil, err
	}
	shown := &Shown{Request: request}
	wanted := store.Wanted{Invoice: request.Invoice}
	shown.Offer, err = s.Preview(ctx, ledger.Operation{Now: now}, request)
	switch {
	case errors.As(err, &shown.Refusal):
	case err != nil:
		return nil, err
	case shown.Offer.Activation != nil:
		wanted = store.Wanted{Activation: shown.Offer.Activation.ID}
	}
	if shown.Dossier, err = s.Dossier(ctx, wanted); err != nil {
		return nil, err
	}
	return s.shown(ctx, shown, events)
}

// showLicense looks up a license by its file, which anybody may have written.
func (s *Service) showLicense(ctx context.Context, raw []byte, events int) (*Shown, error) {
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, err
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		return nil, err
	}
	d, err := s.Dossier(ctx, store.Wanted{License: claims.ID})
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, hint.Errorf("the license %s is not on record", claims.ID).
			WithHint("it is another vendor's, or was signed beside the record: offlicense verify says by which key")
	}
	shown := &Shown{Dossier: d}
	recorded, _, err := s.Issued(ctx, claims.ID)
	if err != nil {
		return nil, err
	}
	known, err := recorded.OpenFile()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(known.License.UnverifiedPayload(), file.License.UnverifiedPayload()) {
		shown.Foreign = "this file is not the one on record: somebody has changed it"
	}
	return s.shown(ctx, shown, events)
}

// showAttested looks up the license of an attestation, which counts for it only if the machine
// to which it was issued has signed.
func (s *Service) showAttested(ctx context.Context, file []byte, events int) (*Shown, error) {
	a, err := verify.OpenAttestation(file)
	if err != nil {
		return nil, err
	}
	record, request, err := s.Issued(ctx, a.License)
	if err != nil {
		return nil, err
	}
	shown, err := s.Show(ctx, record.Activation, events)
	if err == nil && shown != nil && request != nil && request.Key != a.Key {
		shown.Foreign = "the attestation is signed by another machine than the license on record is for"
	}
	return shown, err
}

// shown adds the events.
func (s *Service) shown(ctx context.Context, shown *Shown, events int) (*Shown, error) {
	shown.Past = new(store.Past)
	if shown.Dossier == nil {
		return shown, nil
	}
	of := shown.Invoice
	if shown.Activation != "" {
		of = shown.Activation
	}
	var err error
	shown.Past, err = s.Past(ctx, EventFilter{Of: of, Most: events})
	return shown, err
}
