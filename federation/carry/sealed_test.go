package carry

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// Who can read what: up, the county; the township on the way only where it is
// addressed; down, the node it is for and nobody else, the county neither.
func TestWhoCanRead(t *testing.T) {
	w := newWorld(t)
	hub, township, village, other := w.Hub(), w.Township(townshipCode), w.Village(villageCode), w.Village(otherCode)
	township.Pull(hub)
	village.Pull(hub)
	village.Submit("TB-MZJ-004", func(b *ledger.CaseSubmitV1) { b.Applicant.Name = "欧阳金丝雀" })
	up, _ := w.exportSealed(village, Options{})
	addressed, _ := w.exportSealed(village, Options{For: township.ID()})
	down, _ := w.exportSealed(hub, Options{For: village.ID(), After: ptr(0), Full: true})

	keys := map[string]ed25519.PrivateKey{"root": w.keys.OpeningKey(), "hub": hub.Key, "township": township.Key, "village": village.Key, "other": other.Key}
	for name, row := range map[string]struct {
		file    []byte
		readers []string
	}{"up": {up, []string{"hub", "root"}}, "up for the township": {addressed, []string{"hub", "root", "township"}}, "down": {down, []string{"village"}}} {
		if bytes.Contains(row.file, []byte("欧阳金丝雀")) || bytes.Contains(row.file, []byte("argon2")) {
			t.Errorf("%s: in the clear", name)
		}
		for who, key := range keys {
			_, r, err := seal.Open(bytes.NewReader(row.file), nil, key)
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if can := slices.Contains(row.readers, who); can != (err == nil) {
				t.Errorf("%s read by %s: %v", name, who, err)
			}
		}
	}

	file := func(b []byte) io.Reader { return bytes.NewReader(b) }
	w.refusesFile(township, file(up), ErrNotForMe)
	w.refusesFile(other, file(addressed), ErrNotForMe)
	w.refusesFile(other, file(down), ErrNotForMe)
	w.refusesFile(hub, file(down), ErrNotForMe)
	w.refusesFile(village, file(up), ErrNotForMe)
	w.refusesFile(hub, file(up[:len(up)-5]), ErrTruncated)
	w.refusesFile(hub, file(up[:len(up)/2]), ErrTruncated)
	w.refusesFile(hub, file(up[:3]), ErrTruncated)
	w.refusesFile(hub, file(nil), ErrNotBundle)
	w.refusesFile(hub, file(scan(3000, 1)), ErrNotBundle)
	flipped := bytes.Clone(up)
	flipped[len(flipped)/2] ^= 1
	w.refusesFile(hub, file(flipped), ErrDamaged)
	// An unsealed one is not taken any more than a letter.
	plain, _ := w.export(village, Options{})
	w.refusesFile(hub, file(plain), ErrNotBundle)

	// Another computer under the same name has other keys.
	stranger := w.node(village)
	stranger.Key = other.Key
	if _, err := stranger.Import(context.Background(), file(down)); !errors.Is(err, ErrSealed) {
		t.Errorf("with other keys: %v", err)
	}

	// The county takes in on its own what was made for the township.
	got, err := w.node(hub).Import(context.Background(), file(addressed))
	if err != nil || got.Entries != 1 || got.Bytes != int64(len(addressed)) {
		t.Errorf("the county: %+v, %v", got, err)
	}
	if got, err := w.node(township).Import(context.Background(), file(addressed)); err != nil || got.Entries != 1 {
		t.Errorf("the township: %+v, %v", got, err)
	}
	if got, err := w.node(village).Import(context.Background(), file(down)); err != nil || got.Known == 0 {
		t.Errorf("the village: %+v, %v", got, err)
	}
}

// The outside of a file is looked at first, so that a bundle for somebody else
// is refused with who it is for.
func TestOutside(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	make := func(h seal.Header) io.Reader {
		var b bytes.Buffer
		s, err := seal.Create(&b, h, village.Key.Public().(ed25519.PublicKey))
		must(t, err)
		must(t, s.Close())
		return &b
	}
	good := seal.Header{Kind: seal.Bundle, County: storetest.Code, From: hub.ID(), To: village.ID(), MadeAt: 1}
	for name, row := range map[string]struct {
		change func(*seal.Header)
		want   *Fault
	}{
		"a backup":       {func(h *seal.Header) { h.Kind = seal.Backup }, ErrNotBundle},
		"another county": {func(h *seal.Header) { h.County = "330524" }, ErrWrongCounty},
		"another node":   {func(h *seal.Header) { h.To = "village-2" }, ErrNotForMe},
		"its own":        {func(h *seal.Header) { h.From = village.ID() }, ErrNotForMe},
		"nothing within": {func(*seal.Header) {}, ErrNotBundle},
	} {
		h := good
		row.change(&h)
		t.Run(name, func(t *testing.T) { w.refusesFile(village, make(h), row.want) })
	}
}

// What was sealed before the county's keys were rotated is read after it, by
// the hub it was sealed for; after it the old root, which may be in a stolen
// hub, reads nothing new.
func TestSealedAcrossARotation(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	village.Submit("TB-MZJ-004")
	before, _ := w.exportSealed(village, Options{})
	old := w.keys
	next, err := old.Rotate(randomness(9), w.Clock.Now())
	must(t, err)
	w.keys = next
	if got, err := w.node(hub).Import(context.Background(), bytes.NewReader(before)); err != nil || got.Entries != 1 {
		t.Errorf("sealed before: %+v, %v", got, err)
	}
	after, _ := w.exportSealed(village, Options{})
	if _, _, err := seal.Open(bytes.NewReader(after), nil, next.OpeningKey()); err != nil {
		t.Errorf("sealed after, with the new root: %v", err)
	}
	if _, _, err := seal.Open(bytes.NewReader(after), nil, old.OpeningKey()); !errors.Is(err, seal.ErrNotForUs) {
		t.Errorf("sealed after, with the old root: %v", err)
	}
}

// A hub that was cast out reads nothing made after that was heard of.
func TestRevokedHubReadsNothing(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	stolen := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	credential := storetest.Credential("county-9", storetest.Code, 9)
	credential.SignKey = stolen.Public().(ed25519.PublicKey)
	signed, err := w.keys.SignCredential(credential)
	must(t, err)
	token := strings.Repeat("7", 64)
	hub.MustDo(w.Operator(), &ledger.NodeInviteV1{TokenHash: token, Node: "county-9", Name: "县中心", Tier: credential.Tier, Division: credential.Division, ExpiresAt: w.Clock.UnixMilli() + 1000})
	hub.MustDo(identity.Actor{Staff: storetest.HubID, Role: identity.System, Node: hub.ID()}, &ledger.NodeEnrolV1{Credential: credential, Root: signed.Sig, Name: "县中心", TokenHash: token})
	village.Pull(hub)
	village.Submit("TB-MZJ-004")
	reads := func() error {
		file, _ := w.exportSealed(village, Options{})
		_, _, err := seal.Open(bytes.NewReader(file), nil, stolen)
		return err
	}
	must(t, reads())
	w.Clock.Advance(time.Minute)
	hub.MustDo(w.Operator(), &ledger.NodeRevokeV1{Node: "county-9", At: w.Clock.UnixMilli(), Reason: "失窃"})
	village.Pull(hub)
	if err := reads(); !errors.Is(err, seal.ErrNotForUs) {
		t.Errorf("a revoked hub: %v", err)
	}
}
