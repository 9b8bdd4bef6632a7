package trust

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
)

func TestTokenOfEachTier(t *testing.T) {
	r := newRealm(t)
	for _, tier := range node.Tiers() {
		id, l := r.login(tier)
		token, issued, err := r.issuer(id).Issue(l, testNow)
		if err != nil {
			t.Fatalf("%s: %v", tier, err)
		}
		got, err := r.verifier.Verify(token, testNow)
		if err != nil || !reflect.DeepEqual(got, issued) {
			t.Fatalf("%s: %+v, %v", tier, got, err)
		}
		if got.Issuer != id || got.Tier != tier || got.ExpiresAt-got.IssuedAt != 900 || got.Audience != "tongban/330523" {
			t.Errorf("%s: claims %+v", tier, got)
		}
		s, ok := got.SubjectAs(l.Roles[0])
		if !ok || s.Tier != tier || s.Division != got.Division || s.Department != l.Department {
			t.Errorf("%s: subject %+v", tier, s)
		}
		if _, ok := got.SubjectAs(identity.Auditor); ok {
			t.Errorf("%s: acts in a role not held", tier)
		}
		if a := got.ActorAs(l.Roles[0], "here"); a.Staff != l.Staff || a.Node != "here" || a.Role != l.Roles[0] {
			t.Errorf("%s: actor %+v", tier, a)
		}
	}
}

func TestTokenTimes(t *testing.T) {
	r := newRealm(t)
	token := r.mustIssue(t, node.Village)
	for name, c := range map[string]struct {
		after time.Duration
		want  Reason
	}{
		"now":             {0, ""},
		"last second":     {TokenLife - time.Second, ""},
		"ended":           {TokenLife, "exp"},
		"a day late":      {24 * time.Hour, "exp"},
		"clock behind":    {-time.Minute, ""},
		"too far behind":  {-time.Minute - time.Second, "nbf"},
		"a day behind":    {-24 * time.Hour, "expired_node"},
		"1970":            {testNow.Sub(time.Unix(0, 0)) * -1, "expired_node"},
		"credential ends": {3 * 365 * 24 * time.Hour, "expired_node"},
	} {
		_, err := r.verifier.Verify(token, testNow.Add(c.after))
		assertReason(t, name, err, c.want)
	}
}

func assertReason(t *testing.T, name string, err error, want Reason) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	var te *TokenError
	if !errors.As(err, &te) || !errors.Is(err, ErrUnauthenticated) || te.Reason != want {
		t.Errorf("%s: %#v, want reason %s", name, err, want)
	}
}

func TestTokenNeverOutlivesTheCredential(t *testing.T) {
	r := newRealm(t)
	id, l := r.login(node.Village)
	i := r.issuer(id)
	end := time.UnixMilli(i.Credential.ExpiresAt)
	_, c, err := i.Issue(l, end.Add(-5*time.Minute))
	if err != nil || c.ExpiresAt != end.Unix() {
		t.Errorf("expires %d, credential %d, %v", c.ExpiresAt, end.Unix(), err)
	}
	if _, _, err := i.Issue(l, end); !errors.Is(err, ErrExpired) {
		t.Errorf("after the end: %v", err)
	}
}

func TestIssuerStaysWithinItsCredential(t *testing.T) {
	r := newRealm(t)
	for _, tier := range node.Tiers() {
		id, base := r.login(tier)
		for _, role := range append([]identity.Role{identity.System, "root"}, identity.Roles...) {
			l := base
			l.Department, l.Roles = "d-1", []identity.Role{role}
			_, _, err := r.issuer(id).Issue(l, testNow)
			if allowed := role.Tier() == tier; allowed != (err == nil) {
				t.Errorf("%s node, role %s: %v", tier, role, err)
			}
		}
	}
	id, l := r.login(node.County)
	l.Department = ""
	if _, _, err := r.issuer(id).Issue(l, testNow); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("department role without department: %v", err)
	}
	for name, change := range map[string]func(*Login){
		"no staff":   func(l *Login) { l.Staff = "" },
		"no session": func(l *Login) { l.Session = "" },
		"no roles":   func(l *Login) { l.Roles = nil },
		"role twice": func(l *Login) { l.Roles = append(l.Roles, l.Roles...) },
		"long name":  func(l *Login) { l.Name = strings.Repeat("长", 200) },
		"not UTF-8":  func(l *Login) { l.Name = "\xff" },
	} {
		id, l := r.login(node.Village)
		change(&l)
		if _, _, err := r.issuer(id).Issue(l, testNow); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the ledger learns after a token was issued counts at once, also for
// tokens whose signature is remembered.
func TestRevocationReachesIssuedTokens(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*realm)
		want   Reason
	}{
		"node revoked":        {func(r *realm) { r.directory.revoked["town-1"] = true }, "revoked_node"},
		"node forgotten":      {func(r *realm) { delete(r.directory.creds, "town-1") }, "unknown_node"},
		"logged out":          {func(r *realm) { r.directory.ended["sid-1"] = true }, "session"},
		"staff unknown":       {func(r *realm) { delete(r.directory.staff, "s-township") }, "unknown_staff"},
		"staff disabled":      {func(r *realm) { r.edit(func(s *StaffState) { s.Disabled = true }) }, "disabled"},
		"password changed":    {func(r *realm) { r.edit(func(s *StaffState) { s.Epoch++ }) }, "epoch"},
		"role taken away":     {func(r *realm) { r.edit(func(s *StaffState) { s.Roles = s.Roles[:1] }) }, "role"},
		"moved":               {func(r *realm) { r.edit(func(s *StaffState) { s.Division = "330523101" }) }, "staff_division"},
		"other department":    {func(r *realm) { r.edit(func(s *StaffState) { s.Department = "x" }) }, "staff_department"},
		"node has a new key":  {func(r *realm) { r.reenrol(99) }, "signature"},
		"county root retired": {func(r *realm) { r.retire() }, "credential"},
	} {
		r := newRealm(t)
		token := r.mustIssue(t, node.Township)
		if _, err := r.verifier.Verify(token, testNow); err != nil {
			t.Fatalf("%s: before: %v", name, err)
		}
		c.change(r)
		for range 2 {
			_, err := r.verifier.Verify(token, testNow)
			assertReason(t, name, err, c.want)
		}
	}
}

func (r *realm) edit(change func(*StaffState)) {
	s := r.directory.staff["s-township"]
	change(&s)
	r.directory.staff["s-township"] = s
}

func (r *realm) reenrol(seed uint64) {
	keys, err := GenerateNode(seeded(seed))
	if err != nil {
		panic(err)
	}
	s, err := r.county.SignCredential(credentialFor(place("town-1", testTownship), keys))
	if err != nil {
		panic(err)
	}
	r.directory.creds["town-1"] = s
}

func (r *realm) retire() {
	next, err := r.county.Rotate(seeded(77), testNow)
	if err == nil {
		next, err = next.Retire(testNow)
	}
	if err != nil {
		panic(err)
	}
	*r.county = *next
}

func TestRememberedTokensAreBounded(t *testing.T) {
	r := newRealm(t)
	id, l := r.login(node.Village)
	i := r.issuer(id)
	for n := range maxRemembered + 500 {
		token, _, err := i.Issue(l, testNow.Add(time.Duration(n)*time.Second/100))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.verifier.Verify(token, testNow.Add(30*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(r.verifier.recent) + len(r.verifier.older); n > 2*maxRemembered || n < 500 {
		t.Errorf("%d remembered", n)
	}
}

func TestRememberedClaimsCannotBeChanged(t *testing.T) {
	r := newRealm(t)
	token := r.mustIssue(t, node.Township)
	for range 3 {
		c, err := r.verifier.Verify(token, testNow)
		if err != nil {
			t.Fatal(err)
		}
		c.Roles[0] = identity.CountyOperator
	}
}

func TestVerifierIsSafeForConcurrentUse(t *testing.T) {
	r := newRealm(t)
	tokens := []string{r.mustIssue(t, node.County), r.mustIssue(t, node.Township), r.mustIssue(t, node.Village)}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 50 {
				if _, err := r.verifier.Verify(tokens[(g+n)%3], testNow); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// A token of this package is an ordinary JWT.
func TestTokenIsAnOrdinaryJWT(t *testing.T) {
	r := newRealm(t)
	parsed, err := jwt.Parse(r.mustIssue(t, node.Village), func(*jwt.Token) (any, error) {
		return r.keys["village-1"].SignPublic(), nil
	}, jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithAudience("tongban/330523"), jwt.WithIssuer("village-1"),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return testNow }))
	if err != nil || parsed.Header["kid"] != "village-1" || parsed.Header["typ"] != "JWT" {
		t.Errorf("%+v, %v", parsed, err)
	}
}

func TestClaimFieldsAreAllKnown(t *testing.T) {
	typ := reflect.TypeFor[Claims]()
	var names []string
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	if !reflect.DeepEqual(names, claimFields) {
		t.Errorf("claims have %v, the decoder knows %v", names, claimFields)
	}
}

func BenchmarkVerify(b *testing.B) {
	r := newRealm(b)
	token := r.mustIssue(b, node.Village)
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.verifier.Verify(token, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			clear(r.verifier.recent)
			if _, err := r.verifier.Verify(token, testNow); err != nil {
				b.Fatal(err)
			}
		}
	})
}
