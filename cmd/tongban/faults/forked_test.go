package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/node/catalog"
)

// A village was started from an old copy of its disk and took in, with the line
// down, what is taken in at villages and townships only. It forks, and what it
// took in is at the county alone. There the window of the item's department reads
// it, masked, and hands it in again from the command line; the operator, who
// reads no cases, is shown what it is and why.
func TestForkedHandInIsHandedInAgain(t *testing.T) {
	c := running(t, lone)
	ctx, village, hub := t.Context(), c.village(), c.hub()
	const minzheng = "minzheng"
	no := false
	if err := newPerson(hub.url(), "admin").Post(ctx, "/api/v1/staff", client.StaffRequest{Login: minzheng, Name: "民政窗口", Division: countyCode, Department: "县民政局",
		Roles: []client.Role{"department_window"}, Password: password, MustChangePassword: &no}, loopback.NewKey(), nil); err != nil {
		t.Fatal(err)
	}
	village.kill()
	old := filepath.Join(c.dir, "old")
	if err := copyTree(village.data(), old); err != nil {
		t.Fatal(err)
	}
	hand := func(s client.Submission) (receipt client.CaseReceipt) {
		t.Helper()
		if err := c.start(village); err != nil {
			t.Fatal(err)
		}
		if err := c.ready(ctx, village); err != nil {
			t.Fatal(err)
		}
		if err := newPerson(village.url(), "cun1").Post(ctx, "/api/v1/cases", s, loopback.NewKey(), &receipt); err != nil {
			t.Fatal(err)
		}
		return receipt
	}
	stands := hand(submission("stands", "village", client.AttachmentRef{}))
	if err := await(ctx, "the county's word", 2*time.Minute, func(ctx context.Context) error {
		return newPerson(hub.url(), countyDesk).Get(ctx, "/api/v1/cases/"+stands.Case.Number, new(client.Case))
	}); err != nil {
		t.Fatal(err)
	}
	village.kill()
	if err := errors.Join(os.RemoveAll(village.data()), copyTree(old, village.data())); err != nil {
		t.Fatal(err)
	}
	for _, l := range village.Above {
		l.Cut()
	}
	lost := hand(edge())
	for _, l := range village.Above {
		if err := l.Mend(); err != nil {
			t.Fatal(err)
		}
	}
	desk, entry := newPerson(hub.url(), minzheng), ""
	var seen client.AttentionDetail
	err := await(ctx, "the forked hand-in at the county", 2*time.Minute, func(ctx context.Context) error {
		var list client.AttentionList
		if err := desk.Get(ctx, "/api/v1/attention", &list); err != nil {
			return err
		}
		for _, i := range list.Items {
			if i.Kind == "case.submit" && i.Code == "forked_origin" {
				entry = i.Entry
				return desk.Get(ctx, "/api/v1/attention/"+entry, &seen)
			}
		}
		return fmt.Errorf("%+v", list.Items)
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := seen.Case.Applicant; a.Name == "" || a.Name == "李秀英" || strings.Contains(a.IDNumber, "1985") || seen.Item.Way != client.WayResubmitAtDepartment {
		t.Errorf("the desk is shown %+v, next %q", a, seen.Item.Next)
	}
	secret := filepath.Join(c.dir, "password")
	asked := func(who string, args ...string) (string, error) {
		return c.run(ctx, "", nil, append(args, "--node", hub.url(), "--user", who, "--password-file", secret)...)
	}
	if out, err := asked("admin", "attention", "show", entry); err != nil || !strings.Contains(out, lost.Case.Number) || strings.Contains(out, "李") {
		t.Errorf("the operator is shown: %v\n%s", err, out)
	}
	if out, err := asked(minzheng, "attention", "show", entry); err != nil || !strings.Contains(out, "李*") && !strings.Contains(out, "李") || strings.Contains(out, "李秀英") {
		t.Errorf("the desk is shown: %v\n%s", err, out)
	}
	if out, err := asked("admin", "case", "resubmit", entry); err == nil {
		t.Errorf("the operator hands cases in:\n%s", out)
	}
	out, err := asked(minzheng, "case", "resubmit", entry)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := asked(minzheng, "case", "resubmit", entry); err == nil || !strings.Contains(out, "corrected_already") && !strings.Contains(out, "已更正") {
		t.Errorf("handed in twice: %v\n%s", err, out)
	}
	var again client.Case
	if err := desk.Get(ctx, "/api/v1/cases/"+entry, &again); err != nil || again.Setback.CorrectedNumber == "" {
		t.Fatalf("%+v, %v", again.Setback, err)
	}
	// The township sees the new case, for the matter belongs there.
	err = await(ctx, "the case at the township", 2*time.Minute, func(ctx context.Context) error {
		return newPerson(c.township().url(), "zhen1").Get(ctx, "/api/v1/cases/"+again.Setback.CorrectedNumber, new(client.Case))
	})
	if err != nil {
		t.Error(err)
	}
}

// edge is a hand-in of an item that is not taken in at the county.
func edge() client.Submission {
	s := client.Submission{Item: "TB-MZJ-007", Applicant: client.Applicant{Type: "person", Name: "李秀英", IDNumber: "33059919850412005X", Phone: "13800000000"},
		Form: []client.FieldValue{{Key: "applicant_name", Value: "李秀英"}, {Key: "id_number", Value: "33059919850412005X"}, {Key: "phone", Value: "13800000000"},
			{Key: "address", Value: "梅溪镇甲子村"}, {Key: "village_name", Value: "甲子村"}, {Key: "household_size", Value: "3"}, {Key: "family_income", Value: "21000"}, {Key: "family_assets", Value: "无"}}}
	for name, form := range map[string]catalog.SubmittedForm{"低收入人口认定申请书": catalog.SubmittedOriginal, "家庭成员居民户口簿": catalog.SubmittedCopy,
		"家庭经济状况查询核对授权书": catalog.SubmittedOriginal, "收入证明材料": catalog.SubmittedOriginal} {
		s.Materials = append(s.Materials, client.SubmittedMaterial{Name: name, Form: form, Copies: 1})
	}
	return s
}
