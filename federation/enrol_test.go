package federation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/division"
)

// TestEnrolWhileKeysChange: the county changes its keys between a machine's
// first question and its enrolment.
func TestEnrolWhileKeysChange(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub := f.Hub()
	const at division.Code = "330523110201"
	token, _, err := hub.Invite(t.Context(), f.Operator(), "village-330523110201-1", "村站", at.Tier(), at, "")
	must(t, err)
	keys, err := trust.GenerateNode(rand.Reader)
	must(t, err)
	var once sync.Once
	changed := make(chan error, 1)
	// The clock is looked at once the keys of that moment are here.
	now := func() time.Time {
		once.Do(func() {
			for range 2 { // the second takes up the first
				if _, err := hub.RotateCountyKeys(context.Background(), f.Operator(), ""); err != nil {
					changed <- err
				}
			}
		})
		return hub.Now()
	}
	e, err := federation.Enrol(t.Context(), federation.EnrolOptions{County: f.URL(hub), Token: token.Encode(), Keys: keys, Names: []string{"127.0.0.1"}, Now: now})
	must(t, err)
	select {
	case err := <-changed:
		t.Fatal(err)
	default:
	}
	if e.Trust.Serial < 2 {
		t.Errorf("enrolled with the keys of bundle %d", e.Trust.Serial)
	}
}

// TestEnrolCutOff: a machine that is switched off at any moment of its
// enrolment enrols again with the same command, as the same node; nobody else
// can with the same token.
func TestEnrolCutOff(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	const at division.Code = "330523110201"
	token, _, err := f.Hub().Invite(t.Context(), f.Operator(), "village-330523110201-1", "村站", at.Tier(), at, "")
	must(t, err)
	dir := t.TempDir()
	enrol := func(dir string, now func() time.Time) (*federation.Enrolled, *trust.NodeKeys, error) {
		keys, err := federation.EnrolmentKeys(rand.Reader, dir)
		must(t, err)
		e, err := federation.Enrol(context.Background(), federation.EnrolOptions{County: f.URL(f.Hub()), Token: token.Encode(), Keys: keys, Names: []string{"127.0.0.1"}, Now: now})
		return e, keys, err
	}
	// Before anything was asked, and with a clock that is off.
	for _, off := range []time.Duration{-365 * 24 * time.Hour, 2 * time.Hour, 400 * 24 * time.Hour} {
		if _, _, err := enrol(dir, func() time.Time { return f.Hub().Now().Add(off) }); !errors.Is(err, federation.ErrClock) {
			t.Errorf("clock off by %s: %v", off, err)
		}
	}
	first, _, err := enrol(dir, f.Hub().Now) // and the answer was not written down
	must(t, err)
	again, keys, err := enrol(dir, f.Hub().Now)
	must(t, err)
	if !bytes.Equal(first.Credential.Sig, again.Credential.Sig) || first.Credential.Credential.Ordinal != again.Credential.Credential.Ordinal {
		t.Error("the second time it is another node")
	}
	var no *federation.RemoteError
	if _, _, err := enrol(t.TempDir(), f.Hub().Now); !errors.As(err, &no) || no.Code != "token_used" {
		t.Errorf("another machine with the same token: %v", err)
	}
	f.Advance(8 * 24 * time.Hour)
	if _, _, err := enrol(t.TempDir(), f.Hub().Now); !errors.As(err, &no) || no.Code != "token_expired" {
		t.Errorf("after its time: %v", err)
	}
	m, err := federation.MembershipOf(again, keys)
	must(t, err)
	must(t, m.Save(dir))
	if err := federation.Vacant(dir); !errors.Is(err, federation.ErrEnrolled) {
		t.Errorf("enrolled twice: %v", err)
	}
	// Cut off between the keys and the membership.
	must(t, os.Remove(filepath.Join(dir, "membership.json")))
	must(t, federation.Vacant(dir))
	must(t, m.Save(dir))
	if _, err := federation.LoadMembership(dir); err != nil {
		t.Error(err)
	}
	// Keys of somebody else are not replaced.
	must(t, os.Remove(filepath.Join(dir, "membership.json")))
	other, err := trust.GenerateNode(rand.Reader)
	must(t, err)
	m.Keys = other
	if err := m.Save(dir); !errors.Is(err, federation.ErrKeysLeft) {
		t.Errorf("keys replaced: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "state.db"), nil, 0o600))
	if err := federation.Vacant(dir); !errors.Is(err, federation.ErrDataLeft) {
		t.Errorf("old data: %v", err)
	}
}
