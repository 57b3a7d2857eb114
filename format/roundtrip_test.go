package format_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/offlicense/offlicense/format"
)

func roundTrip[M marshaler](t *testing.T, want M, decode func([]byte) (M, error)) {
	t.Helper()
	b := mustMarshal(t, want)
	got, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, leastRequest(), format.UnmarshalRequest)
	roundTrip(t, mostRequest(), format.UnmarshalRequest)
	roundTrip(t, leastDelegation(), format.UnmarshalDelegation)
	roundTrip(t, mostDelegation(), format.UnmarshalDelegation)
	roundTrip(t, leastLicense(), format.UnmarshalLicense)
	roundTrip(t, mostLicense(), format.UnmarshalLicense)
	roundTrip(t, failoverLicense(), format.UnmarshalLicense)
	roundTrip(t, leastRelease(), format.UnmarshalRelease)
	roundTrip(t, mostRelease(), format.UnmarshalRelease)
	roundTrip(t, leastAttestation(), format.UnmarshalAttestation)
	roundTrip(t, mostAttestation(), format.UnmarshalAttestation)
	roundTrip(t, listsDelegation(), format.UnmarshalDelegation)
	roundTrip(t, leastRevocation(), format.UnmarshalRevocation)
	roundTrip(t, mostRevocation(), format.UnmarshalRevocation)
}

func TestEnvelopeRoundTrip(t *testing.T) {
	for _, c := range []codec{envelopeCodec(t), fileCodec(t), listCodec(t)} {
		for _, sample := range c.samples {
			got, err := c.again(sample)
			if err != nil || !bytes.Equal(got, sample) {
				t.Errorf("%s: got %x, %v", c.name, got, err)
			}
		}
	}
}

func TestEveryTypeTravels(t *testing.T) {
	seen := 0
	for _, name := range format.Types() {
		q := leastRequest()
		q.Type = name
		roundTrip(t, q, format.UnmarshalRequest)
		seen++
	}
	if seen != 8 {
		t.Errorf("saw %d types, want 8", seen)
	}
}

func TestKnownLabelsAreOneByte(t *testing.T) {
	with := func(label string) int {
		q := leastRequest()
		q.Components = []format.Component{{Label: label, Hash: []byte("12345678")}}
		return len(mustMarshal(t, q))
	}
	for _, label := range []string{format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS, format.LabelMAC} {
		if got, want := with(label), with("x")-1; got != want {
			t.Errorf("%s: got %d bytes, want %d", label, got, want)
		}
	}
}
