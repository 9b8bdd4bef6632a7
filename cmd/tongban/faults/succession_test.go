package faults

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// A node handed cases in after its backup, some of them with the line down;
// some of those are on a stick. Then its disk is lost. Restored as the runbook
// says, from the backup or with its keys alone, it works again by itself: no
// number that it printed is printed again, what is on the stick comes to the
// county under the numbers people were told, whenever it is imported and however
// often, and nobody is told that the node forked.
func TestRestoredNodeGoesOnAsAnother(t *testing.T) {
	rows := []struct {
		name   string
		of     func(*county) *member
		backup bool
		// at is where the stick is imported, early or after the node works again.
		at    func(*county) *member
		early bool
	}{
		{"village", (*county).village, true, (*county).hub, false},
		{"village, stick first", (*county).village, true, (*county).township, true},
		{"village without a backup", (*county).village, false, (*county).township, false},
		{"township", (*county).township, true, (*county).hub, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := running(t, lone)
			r := &restoring{t: t, c: c, m: row.of(c), numbers: map[string]string{}}
			r.person = newPerson(r.m.url(), workerAt(r.m))
			r.handIn("in the backup")
			r.confirmed("in the backup")
			archive := r.backUp()
			r.handIn("over the line")
			r.confirmed("over the line")
			for _, l := range r.m.Above {
				l.Cut()
			}
			r.handIn("on the stick")
			r.handIn("on the stick, too")
			stick := r.export()
			r.handIn("on the lost disk alone")
			r.m.kill()
			r.loseDisk()
			if row.backup {
				out, err := c.run(t.Context(), "", nil, "restore", "--config", r.m.config(), "--from", archive)
				if err != nil || !strings.Contains(out, "Import every stick") {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			for _, l := range r.m.Above {
				if err := l.Mend(); err != nil {
					t.Fatal(err)
				}
			}
			if row.early {
				r.carryIn(row.at(c), stick)
			}
			if err := c.start(r.m); err != nil {
				t.Fatal(err)
			}
			if err := c.ready(t.Context(), r.m); err != nil {
				t.Fatal(err)
			}
			if err := c.supplied(t.Context(), r.m); err != nil {
				t.Fatal(err)
			}
			r.person = newPerson(r.m.url(), workerAt(r.m))
			r.handIn("after the restore")
			if !row.early {
				r.carryIn(row.at(c), stick)
			}
			r.carryIn(row.at(c), stick)
			r.handIn("after the stick")
			for _, mark := range []string{"in the backup", "over the line", "on the stick", "on the stick, too", "after the restore", "after the stick"} {
				r.confirmed(mark)
			}
			r.nothingAmiss()
		})
	}
}

// restoring is a node that loses its disk, and what it told people.
type restoring struct {
	t       *testing.T
	c       *county
	m       *member
	person  *person
	numbers map[string]string // by mark
}

func (r *restoring) handIn(mark string) {
	r.t.Helper()
	var receipt client.CaseReceipt
	if err := r.person.Post(r.t.Context(), "/api/v1/cases", submission(mark, r.m.Tier, client.AttachmentRef{}), loopback.NewKey(), &receipt); err != nil {
		r.t.Fatalf("hand in %s: %v", mark, err)
	}
	for of, number := range r.numbers {
		if number == receipt.Case.Number {
			r.t.Fatalf("%s was given the number %s, as was %s", mark, number, of)
		}
	}
	r.numbers[mark] = receipt.Case.Number
}

// confirmed waits until the county has a case under the number that was told,
// with what was handed in under it.
func (r *restoring) confirmed(mark string) {
	r.t.Helper()
	clerk := newPerson(r.c.hub().url(), countyDesk)
	err := await(r.t.Context(), "the case "+mark, 2*time.Minute, func(ctx context.Context) error {
		var is client.Case
		if err := clerk.Get(ctx, "/api/v1/cases/"+r.numbers[mark], &is); err != nil {
			return err
		}
		if !slices.ContainsFunc(is.Form, func(f client.FieldValue) bool { return f.Key == "spouse_name" }) || is.Summary.Status == "refused" {
			return fmt.Errorf("%s: %+v", r.numbers[mark], is.Summary)
		}
		return nil
	})
	if err != nil {
		r.t.Fatalf("%v%s", err, r.c.tail(r.m))
	}
}

func (r *restoring) backUp() string {
	r.t.Helper()
	var content []byte
	if err := r.person.Post(r.t.Context(), "/api/v1/backup", []byte(nil), "", &content); err != nil {
		r.t.Fatal(err)
	}
	path := filepath.Join(r.c.dir, r.m.ID+".backup")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

func (r *restoring) export() []byte {
	r.t.Helper()
	var stick []byte
	who := r.person
	if err := who.Post(r.t.Context(), "/api/v1/carry/export", client.CarryRequest{For: r.forTownship()}, "", &stick); err != nil {
		r.t.Fatal(err)
	}
	return stick
}

// forTownship lets a village's stick be opened at its township, too.
func (r *restoring) forTownship() string {
	if r.m.Tier == "village" {
		return r.c.township().ID
	}
	return ""
}

// loseDisk leaves what lies in the safe.
func (r *restoring) loseDisk() {
	r.t.Helper()
	entries, err := os.ReadDir(r.m.data())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "keys" || e.Name() == "membership.json" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(r.m.data(), e.Name())); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *restoring) carryIn(at *member, stick []byte) {
	r.t.Helper()
	var report client.CarryReport
	q := loopback.Request{Method: http.MethodPost, URL: "/api/v1/carry/import", In: stick, Type: "application/octet-stream"}
	if err := newPerson(at.url(), workerAt(at)).Call(r.t.Context(), q, &report); err != nil {
		r.t.Fatalf("import at %s: %v", at.ID, err)
	}
	if report.Refused != 0 {
		r.t.Errorf("import at %s: %+v", at.ID, report)
	}
}

// nothingAmiss: the county has each case once, nothing asks for attention, and
// who the machine was and is can be seen.
func (r *restoring) nothingAmiss() {
	r.t.Helper()
	ctx, admin := r.t.Context(), newPerson(r.c.hub().url(), "admin")
	var nodes client.NodeList
	if err := admin.Get(ctx, "/api/v1/nodes", &nodes); err != nil {
		r.t.Fatal(err)
	}
	successor := ""
	for _, n := range nodes.Nodes {
		if n.Forked {
			r.t.Errorf("%s forked", n.Node)
		}
		if n.Succeeds == r.m.ID {
			successor = n.Node
		}
	}
	for _, n := range nodes.Nodes {
		if n.Node == r.m.ID && (n.SucceededBy != successor || successor == "") {
			r.t.Errorf("%s is succeeded by %q, want %q", n.Node, n.SucceededBy, successor)
		}
	}
	var attention client.AttentionList
	if err := admin.Get(ctx, "/api/v1/attention", &attention); err != nil {
		r.t.Fatal(err)
	}
	if len(attention.Items) != 0 {
		r.t.Errorf("asks for attention: %+v", attention.Items)
	}
	var counted client.Reconciliation
	if err := admin.Get(ctx, "/api/v1/reconcile", &counted); err != nil {
		r.t.Fatal(err)
	}
	if counted.Duplicated != 0 || int(counted.Confirmed) != len(r.numbers)-1 {
		r.t.Errorf("%+v, want %d confirmed", counted, len(r.numbers)-1)
	}
	if out, err := r.c.run(ctx, "", nil, "doctor", "--config", r.m.config()); err != nil || strings.Contains(out, "✗") {
		r.t.Errorf("doctor: %v\n%s", err, out)
	}
}
