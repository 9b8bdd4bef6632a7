package store_test

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const someProvider = "https://id.example.cn"

// What nobody may record about identities at a provider is refused by the ledger,
// whoever let it through; and none of it leaves the county.
func TestProviderIdentities(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	subject := func(s string) string { return account.HashSubject(someProvider, s) }
	register := func(id, name string, person int, sub string) *ledger.AccountRegisterV1 {
		return &ledger.AccountRegisterV1{Account: id, Name: name, Number: storetest.IDNumber(person), Division: hub.Division(), Issuer: someProvider, Subject: subject(sub)}
	}
	do := func(n *storetest.Node, as string, body ledger.Body) error {
		_, err := n.Do(visitor(n, as), body, storetest.About{Scope: storetest.Code})
		return err
	}
	if err := do(hub, "p-1", register("p-1", "王芳", 1, "u-1")); err != nil {
		t.Fatal(err)
	}
	known, err := hub.AccountLinkedTo(ctx, someProvider, subject("u-1"))
	if err != nil || known.ID != "p-1" || !known.Active() {
		t.Fatalf("%+v %v", known, err)
	}
	if _, err := hub.AccountLinkedTo(ctx, "https://other.example.cn", subject("u-1")); err != store.ErrNotFound {
		t.Errorf("another provider's: %v", err)
	}
	wrongNumber := register("p-2", "李强", 2, "u-2")
	wrongNumber.Number = strings.Repeat("1", 18)
	closed := register("p-3", "赵敏", 3, "u-3")
	for name, row := range map[string]struct {
		err  error
		code string
	}{
		"in another's name":         {do(hub, "p-9", register("p-2", "李强", 2, "u-2")), "account_unknown"},
		"an id that is taken":       {do(hub, "p-1", register("p-1", "李强", 2, "u-2")), "account_taken"},
		"an identity that is taken": {do(hub, "p-2", register("p-2", "李强", 2, "u-1")), "provider_taken"},
		"a number that is none":     {do(hub, "p-2", wrongNumber), "number_wrong"},
		"another account's id":      {do(hub, "p-4", register("p-4", "王芳", 1, "u-4")), "account_taken"},
		"another name":              {do(hub, "p-1", register("p-1", "王大芳", 1, "u-1")), "provider_name"},
		"another's link":            {do(hub, "p-1", &ledger.AccountBindV1{Account: "p-2", Issuer: someProvider, Subject: subject("u-9")}), "not_authorised"},
		"another's unlinking":       {do(hub, "nobody", &ledger.AccountUnbindV1{Account: "p-1", Issuer: someProvider}), "account_unknown"},
		"the last way in":           {do(hub, "p-1", &ledger.AccountUnbindV1{Account: "p-1", Issuer: someProvider}), "provider_only"},
		"what is not linked":        {do(hub, "p-1", &ledger.AccountUnbindV1{Account: "p-1", Issuer: "https://other.example.cn"}), "provider_unlinked"},
		"at a village":              {do(village, "p-5", closed), "not_authorised"},
	} {
		wantRefused(t, name, row.err, row.code)
	}
	if _, err := hub.Do(c.Operator(), closed, storetest.About{Scope: storetest.Code}); err == nil {
		t.Error("staff register an applicant")
	}
	// A firm's account is opened in person, and its agents log in with their own.
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, "县民政局"), &ledger.AccountOpenV1{Account: "f-1", Type: account.Organisation, Name: "甲子茶业有限公司", Number: "91330599MA000TB146",
		Division: hub.Division(), Shown: "营业执照", CodeHash: account.HashCode(account.Organisation, "91330599MA000TB146", "CODE"), ExpiresAt: c.Clock.Now().Add(account.CodeLife).UnixMilli()})
	wantRefused(t, "a firm", do(hub, "f-1", &ledger.AccountBindV1{Account: "f-1", Issuer: someProvider, Subject: subject("u-6")}), "provider_people")
	c.Settle()
	if dump := storetest.Dump(t, village.Store); strings.Contains(dump, "account.register") || strings.Contains(dump, subject("u-1")) {
		t.Error("a village has it")
	}
}
