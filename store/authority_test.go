package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// An entry that arrives is held against the rights of its actor and its node,
// whatever the node below thought of them.
func TestRefusedForWantOfAuthority(t *testing.T) {
	type desk struct {
		c       *storetest.County
		village *storetest.Node
		opened  *casework.Case
	}
	worker := func(d desk) identity.Actor { return d.village.Actor(identity.VillageWorker) }
	about := func(d desk) storetest.About {
		return storetest.About{Case: d.opened.ID, Scope: here, Prev: d.opened.Head}
	}
	// Each row says how the village's second entry comes to be.
	rows := []struct {
		name, want string
		entry      func(desk) ledger.Entry
	}{
		{"the right one", "", func(d desk) ledger.Entry {
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"unknown actor", "actor_unknown", func(d desk) ledger.Entry {
			return d.village.Entry(2, identity.Actor{Staff: "nobody", Role: identity.VillageWorker, Node: d.village.ID()}, &ledger.CaseAcceptV1{}, about(d))
		}},
		{"a role the actor does not hold", "not_authorised", func(d desk) ledger.Entry {
			a := worker(d)
			a.Role = identity.TownshipLeader
			return d.village.Entry(2, a, &ledger.CaseAcceptV1{}, about(d))
		}},
		{"the township's clerk at the village's node", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, d.c.Township(town).Actor(identity.TownshipClerk), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"another village's worker", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, d.c.Village(next).Actor(identity.VillageWorker), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"the county's operator at the village's node", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, d.c.Operator(), &ledger.StaffDisableV1{Staff: worker(d).Staff, Disabled: true, Reason: "x"}, storetest.About{Scope: here})
		}},
		{"the node itself", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, identity.Actor{Staff: d.village.ID(), Role: identity.System, Node: d.village.ID()}, &ledger.AttachmentConfirmV1{Hash: storetest.Attachment("x").Hash, Size: 1, Hubs: []string{"x"}},
				storetest.About{Case: d.opened.ID, Scope: here})
		}},
		{"an action that is not the role's", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, worker(d), &ledger.CaseDecideV1{Granted: true, Opinion: "x"}, about(d))
		}},
		{"staff managed by a village", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, worker(d), &ledger.StaffRolesV1{Staff: worker(d).Staff, Roles: []identity.Role{identity.VillageWorker}}, storetest.About{Scope: here})
		}},
		{"somebody else's password", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, worker(d), &ledger.StaffPasswordV1{Staff: storetest.OperatorID, PasswordHash: "x"}, storetest.About{Scope: storetest.Code})
		}},
		{"disabled before it happened", "not_authorised", func(d desk) ledger.Entry {
			d.c.Hub().MustDo(d.c.Operator(), &ledger.StaffDisableV1{Staff: worker(d).Staff, Disabled: true, Reason: "离职"})
			d.c.Clock.Advance(time.Minute)
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"disabled after it happened", "", func(d desk) ledger.Entry {
			e := d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
			d.c.Clock.Advance(time.Minute)
			d.c.Hub().MustDo(d.c.Operator(), &ledger.StaffDisableV1{Staff: worker(d).Staff, Disabled: true, Reason: "离职"})
			return e
		}},
		{"disabled and taken on again", "", func(d desk) ledger.Entry {
			for _, disabled := range []bool{true, false} {
				d.c.Hub().MustDo(d.c.Operator(), &ledger.StaffDisableV1{Staff: worker(d).Staff, Disabled: disabled, Reason: "x"})
			}
			d.c.Clock.Advance(time.Minute)
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"roles taken away", "not_authorised", func(d desk) ledger.Entry {
			d.c.Hub().MustDo(d.c.Operator(), &ledger.StaffRolesV1{Staff: worker(d).Staff, Roles: []identity.Role{}})
			d.c.Clock.Advance(2 * time.Minute)
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"a clock that is behind, with a right just given", "", func(d desk) ledger.Entry {
			b := &ledger.StaffAddV1{Staff: "new", Login: "new", Name: "新", Division: here, Roles: []identity.Role{identity.VillageWorker}, PasswordHash: "x"}
			d.c.Hub().MustDo(d.c.Operator(), b)
			d.village.SkewMS = -30_000
			return d.village.Entry(2, identity.Actor{Staff: "new", Role: identity.VillageWorker, Node: d.village.ID()}, &ledger.CaseAcceptV1{}, about(d))
		}},
		{"a clock known to be a day ahead", "not_authorised", func(d desk) ledger.Entry {
			d.village.SkewMS, d.village.KnownSkewMS = 86_400_000, 86_400_000
			e := d.village.Entry(2, identity.Actor{Staff: "new", Role: identity.VillageWorker, Node: d.village.ID()}, &ledger.CaseAcceptV1{}, about(d))
			d.c.Clock.Advance(time.Hour)
			d.c.Hub().MustDo(d.c.Operator(), &ledger.StaffAddV1{Staff: "new", Login: "new", Name: "新", Division: here, Roles: []identity.Role{identity.VillageWorker}, PasswordHash: "x"})
			return e
		}},
		{"node revoked", "node_revoked", func(d desk) ledger.Entry {
			d.c.Hub().MustDo(d.c.Operator(), &ledger.NodeRevokeV1{Node: d.village.ID(), At: d.c.Clock.UnixMilli(), Reason: "电脑遗失"})
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
		}},
		{"node revoked afterwards", "", func(d desk) ledger.Entry {
			e := d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, about(d))
			d.c.Clock.Advance(time.Minute)
			d.c.Hub().MustDo(d.c.Operator(), &ledger.NodeRevokeV1{Node: d.village.ID(), At: d.c.Clock.UnixMilli(), Reason: "更换电脑"})
			return e
		}},
		{"a scope that is not the case's", "scope", func(d desk) ledger.Entry {
			a := about(d)
			a.Scope = next
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, a)
		}},
		{"a scope that everybody sees", "scope", func(d desk) ledger.Entry {
			a := about(d)
			a.Scope = ""
			return d.village.Entry(2, worker(d), &ledger.CaseCommentV1{Text: "x"}, storetest.About{Case: a.Case})
		}},
		{"another village's overlay", "not_authorised", func(d desk) ledger.Entry {
			return d.village.Entry(2, worker(d), &ledger.OverlaySetV1{Overlay: catalog.Overlay{Item: welfare, Office: next, Window: "x"}}, storetest.About{Scope: next, Subtree: true})
		}},
		{"handed in for another village", "case_division", func(d desk) ledger.Entry {
			b := d.village.Submission(welfare)
			b.Number, b.Division = d.village.Number(9), next
			return d.village.Entry(2, worker(d), b, storetest.About{ID: "other", Case: "other", Scope: next})
		}},
		{"handed in as if at another village", "not_authorised", func(d desk) ledger.Entry {
			b := d.village.Submission(welfare)
			b.Number, b.HandedInAt, b.Division = d.village.Number(9), next, next
			return d.village.Entry(2, worker(d), b, storetest.About{ID: "other", Case: "other", Scope: next})
		}},
		{"a case number in use", "number_taken", func(d desk) ledger.Entry {
			b := d.village.Submission(welfare)
			b.Number = d.opened.Number
			return d.village.Entry(2, worker(d), b, storetest.About{ID: "other", Case: "other", Scope: here})
		}},
		{"an item the catalog does not have", "item_unknown", func(d desk) ledger.Entry {
			b := d.village.Submission(welfare)
			b.Number, b.ItemVersion = d.village.Number(9), 2
			return d.village.Entry(2, worker(d), b, storetest.About{ID: "other", Case: "other", Scope: here})
		}},
		{"without its previous entry", "no_previous", func(d desk) ledger.Entry {
			a := about(d)
			a.Prev = ""
			return d.village.Entry(2, worker(d), &ledger.CaseAcceptV1{}, a)
		}},
		{"a body that is none", "malformed", func(d desk) ledger.Entry {
			e := d.village.Entry(2, worker(d), &ledger.CaseReviewV1{Opinion: "x"}, about(d))
			e.Kind = ledger.CaseIssue
			return e
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := storetest.NewCounty(t)
			d := desk{c: c, village: c.Village(here)}
			other := c.Village(next)
			d.opened = d.village.Submit(welfare)
			c.Settle()
			e := row.entry(d)
			r := c.Propose(d.village.Raw(e))[0]
			if row.want == "" {
				if r.Outcome != ledger.Applied {
					t.Errorf("refused: %+v", r)
				}
				return
			}
			if r.Status != "recorded" || r.Outcome != ledger.Refused || r.Code != row.want || r.ZH == "" {
				t.Fatalf("%+v, want %s", r, row.want)
			}
			if got := c.Hub().MustCase(d.opened.ID); got.Head != d.opened.Head {
				t.Error("a refused entry changed the case")
			}
			// It comes back to where it came from and to nobody else.
			d.village.PullFull(c.Hub()) // the entry was made past its store
			got, err := d.village.Store.Entry(ctx, e.ID)
			if err != nil || got.Status != ledger.Refused || got.Index != r.Index || got.Code != row.want {
				t.Errorf("back at its origin: %+v, %v", got, err)
			}
			if list, err := d.village.AttentionList(ctx, here, false); err != nil || len(list) != 1 || list[0].Code != row.want || list[0].Reason == "" {
				t.Errorf("attention at its origin: %+v, %v", list, err)
			}
			other.Pull(c.Hub())
			if _, err := other.Store.Entry(ctx, e.ID); err == nil {
				t.Error("another village sees it")
			}
		})
	}
}

func TestUnknownNodeIsRefused(t *testing.T) {
	c := storetest.NewCounty(t)
	stranger := &storetest.Node{County: c, Credential: storetest.Credential("stranger-1", here, 1), Key: storetest.NodeKey("stranger-1")}
	e := stranger.Entry(1, identity.Actor{Staff: storetest.OperatorID, Role: identity.CountyOperator, Node: "stranger-1"}, &ledger.LevelRaiseV1{Level: 2}, storetest.About{})
	if got := storetest.Codes(c.Propose(stranger.Raw(e))); got != "recorded refused node_unknown" {
		t.Error(got)
	}
	e = stranger.Entry(0, identity.Actor{Staff: "stranger-1", Role: identity.System, Node: "stranger-1"}, &ledger.CountyTrustV1{Bundle: []byte(`{}`)}, storetest.About{})
	if got := storetest.Codes(c.Propose(stranger.Raw(e))); got != "rejected refused node_unknown" {
		t.Error(got)
	}
}

// An empty county admits its first hub and its first person, and nobody after
// them without a right.
func TestGenesisEnds(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	system := identity.Actor{Staff: hub.ID(), Role: identity.System, Node: hub.ID()}
	for what, body := range map[string]ledger.Body{
		"keys":    &ledger.CountyTrustV1{Bundle: []byte(`{}`)},
		"person":  &ledger.StaffAddV1{Staff: "x", Login: "x", Name: "x", Division: storetest.Code, Roles: []identity.Role{identity.CountyOperator}, PasswordHash: "x"},
		"level":   &ledger.LevelRaiseV1{Level: 2},
		"calling": &ledger.NodeRevokeV1{Node: hub.ID(), At: 1, Reason: "x"},
	} {
		_, err := hub.Do(system, body, storetest.About{})
		wantRefused(t, what, err, "not_authorised")
	}
	_, err := hub.Do(system, &ledger.NodeEnrolV1{Credential: storetest.Credential("hub-2", storetest.Code, 2), Root: []byte("x"), Name: "x"}, storetest.About{})
	wantRefused(t, "a hub without a token", err, "token_needed")
}

func TestEnrolment(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	system := identity.Actor{Staff: hub.ID(), Role: identity.System, Node: hub.ID()}
	token := storetest.Attachment("token").Hash
	invite := &ledger.NodeInviteV1{TokenHash: token, Node: "village-x", Name: "x", Tier: "village", Division: here, ExpiresAt: c.Clock.UnixMilli() + 1000}
	enrol := func(id string, at division.Code, ordinal int, hash string) error {
		_, err := hub.Do(system, &ledger.NodeEnrolV1{Credential: storetest.Credential(id, at, ordinal), Root: []byte("x"), Name: "x", TokenHash: hash}, storetest.About{})
		return err
	}
	hub.MustDo(c.Operator(), invite)
	_, err := hub.Do(c.Operator(), invite, storetest.About{})
	wantRefused(t, "the same token again", err, "token_exists")
	wantRefused(t, "no such token", enrol("village-x", here, 1, storetest.Attachment("other").Hash), "token_unknown")
	wantRefused(t, "another node", enrol("village-y", here, 1, token), "token_other")
	wantRefused(t, "another place", enrol("village-x", next, 1, token), "token_other")
	_, err = hub.Do(system, &ledger.NodeEnrolV1{Credential: storetest.Credential("village-x", here, 1), Name: "x", TokenHash: token}, storetest.About{})
	wantRefused(t, "without the county's signature", err, "credential_unsigned")
	must(t, enrol("village-x", here, 1, token))
	wantRefused(t, "twice", enrol("village-x", here, 1, token), "node_exists")
	wantRefused(t, "its number", enrol("village-z", here, 1, token), "node_exists")
	wantRefused(t, "its token", enrol("village-z", here, 2, token), "token_used")
	invite.TokenHash, invite.Node = storetest.Attachment("late").Hash, "village-late"
	hub.MustDo(c.Operator(), invite)
	c.Clock.Advance(time.Hour)
	wantRefused(t, "too late", enrol("village-late", here, 2, invite.TokenHash), "token_expired")
	if hub.Failed() != nil {
		t.Error("a refusal stopped the hub")
	}
}

func TestTwoPeopleForAnItem(t *testing.T) {
	c := storetest.NewCounty(t)
	hub, item := c.Hub(), c.Item(welfare)
	item.Remarks = `“低保” <A&B> 另见说明`
	draft := &ledger.ItemDraftV1{Code: item.Code, Version: 2, Hash: catalog.Hash(item), Item: catalog.Canonical(item)}
	approve := ledger.ItemApproveV1(*draft)
	_, err := hub.Do(c.SecondOperator(), &approve, storetest.About{})
	wantRefused(t, "without a draft", err, "draft_unknown")
	hub.MustDo(c.Operator(), draft)
	_, err = hub.Do(c.Operator(), &approve, storetest.About{})
	wantRefused(t, "by the drafter", err, "second_person")
	other := approve
	changed := item
	changed.Remarks = "改过"
	other.Hash, other.Item = catalog.Hash(changed), catalog.Canonical(changed)
	_, err = hub.Do(c.SecondOperator(), &other, storetest.About{})
	wantRefused(t, "another text", err, "draft_changed")
	other.Hash = approve.Hash
	_, err = hub.Do(c.SecondOperator(), &other, storetest.About{})
	wantRefused(t, "another text under the same hash", err, "item_text")
	hub.MustDo(c.SecondOperator(), &approve)
	_, err = hub.Do(c.SecondOperator(), &approve, storetest.About{})
	wantRefused(t, "twice", err, "approved")
	_, err = hub.Do(c.Operator(), draft, storetest.About{})
	wantRefused(t, "drafted again once approved", err, "version")
	village := c.Village(here)
	got, err := village.Store.Item(ctx, welfare, 2)
	if err != nil || got.Remarks != item.Remarks || got.Hash != catalog.Hash(got.Item) {
		t.Errorf("at the village: %+v, %v", got, err)
	}
}

// The edition in force by the moment decides at the desk; what was handed in
// before the county knew better goes on under its own version, with a flag.
func TestEditions(t *testing.T) {
	c := storetest.NewCounty(t)
	village, stale := c.Village(here), c.Village(next)
	item := c.Item(welfare)
	c.ApproveItem(item, 2)
	effective := c.Clock.UnixMilli() + time.Hour.Milliseconds()
	edition := func(number int, from int64, items ...catalog.EditionItem) error {
		_, err := c.Hub().Do(c.Operator(), &ledger.EditionPublishV1{Edition: catalog.Edition{Number: number, EffectiveFrom: from, Entries: items}}, storetest.About{})
		return err
	}
	second := catalog.EditionItem{Code: welfare, Version: 2}
	wantRefused(t, "a number left out", edition(3, effective, second), "edition_number")
	wantRefused(t, "before the last one", edition(2, 1, second), "edition_date")
	wantRefused(t, "not approved", edition(2, effective, catalog.EditionItem{Code: welfare, Version: 3}), "not_approved")
	wantRefused(t, "named twice", edition(2, effective, second, second), "edition_twice")
	must(t, edition(2, effective, second))
	village.Pull(c.Hub())
	at := func(n *storetest.Node, when int64) int {
		v, err := n.ItemInForce(ctx, welfare, when)
		must(t, err)
		return v.Version
	}
	if at(village, effective-1) != 1 || at(village, effective) != 2 || at(c.Hub(), effective) != 2 || at(stale, effective) != 1 {
		t.Error("the version in force does not follow the clock")
	}
	early := village.Submit(welfare)
	second2 := func(b *ledger.CaseSubmitV1) { b.ItemVersion = 2 }
	_, err := village.TrySubmit(welfare, second2)
	wantRefused(t, "before it takes effect", err, "item_not_in_force")
	c.Clock.Advance(time.Hour)
	_, err = village.TrySubmit(welfare)
	wantRefused(t, "after it was replaced", err, "item_not_in_force")
	fresh, old := village.Submit(welfare, second2), stale.Submit(welfare)
	c.Settle()
	for _, row := range []struct {
		n    *storetest.Node
		id   string
		want int
	}{{village, early.ID, 1}, {village, fresh.ID, 0}, {stale, old.ID, 1}} {
		for _, n := range []*storetest.Node{row.n, c.Hub()} {
			if got := n.MustCase(row.id); len(got.Flags) != row.want {
				t.Errorf("%s at %s: flags %v, want %d", row.id, n.ID(), got.Flags, row.want)
			}
		}
	}
	must(t, edition(3, c.Clock.UnixMilli(), catalog.EditionItem{Code: welfare, Version: 2, Withdrawn: true}))
	late := village.Submit(welfare, second2)
	c.Settle()
	if got := c.Hub().MustCase(late.ID); len(got.Flags) != 1 || got.Flags[0] != casework.FlagItemChanged {
		t.Errorf("handed in when it was withdrawn: flags %v", got.Flags)
	}
	_, err = c.Hub().TrySubmit(welfare, second2)
	wantRefused(t, "withdrawn", err, "item_not_in_force")
	if items, err := village.ItemsInForce(ctx, c.Clock.UnixMilli()); err != nil || len(items) != 5 {
		t.Errorf("%d items in force, %v", len(items), err)
	}
	if c.Village("330523110202").Advance(c.Village("330523110202").Submit(birth).ID).Status != casework.Accepted {
		t.Error("other items do not go on")
	}
}

// An office or a person is not put where the county has no division.
func TestDivisionsMustBeImported(t *testing.T) {
	c := storetest.NewCounty(t)
	const nowhere = division.Code("330523110399")
	for what, body := range map[string]ledger.Body{
		"an office": &ledger.NodeInviteV1{TokenHash: strings.Repeat("a", 64), Node: "v-330523110399-1", Name: "x", Tier: "village", Division: nowhere, ExpiresAt: c.Clock.UnixMilli() + 1},
		"a person":  &ledger.StaffAddV1{Staff: "s-nowhere", Login: "nowhere", Name: "x", Division: nowhere, Roles: []identity.Role{identity.VillageWorker}, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"},
	} {
		_, err := c.Hub().Do(c.Operator(), body, storetest.About{})
		if codeOf(err) != "division_unknown" || !strings.Contains(err.Error(), "import it first") {
			t.Errorf("%s of a division that was never imported: %v", what, err)
		}
	}
}
