package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

func caseResubmitCommand() *cobra.Command {
	var f submissionFlags
	cmd := &cobra.Command{
		Use:   "resubmit NUMBER",
		Short: "更正后重新提交被退回的收件 (correct what was refused and hand it in again)",
		Long: `县中心未接收的收件，更正后重新提交：事项、申请人、表单、材料与附件都沿用原件，
只需写明改动；新件有新的编号，与原件互相关联，原件的“需处理”随之了结。
联办收件以其条目编号重新提交，也可由牵头部门在县中心的窗口办理。
Hands in again what the county refused. Everything is as it was but for what is
given here; the new case has a number of its own, both are linked, and what
asked for attention is settled by it.`,
		Example: `  tongban case resubmit 330523110200-20261123-01-000045-7
  tongban case resubmit 6d2e1e97-323a-81b6-8f98-3387356db0a3
  tongban case resubmit 330523110200-20261123-01-000045-7 --form phone=13800000000 --material 生育登记表=form.jpg`,
		Args: oneArgument("NUMBER"),
	}
	f.registerChanges(cmd)
	without := cmd.Flags().StringArray("without-material", nil, "不再提交的材料，可重复 (paper that is not handed in any more; repeatable)")
	alone := cmd.Flags().Bool("without-agent", false, "改由申请人本人办理 (the applicant acts alone now)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := f.parse(cmd); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		change, err := f.changes(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		change.WithoutMaterials, change.WithoutAgent = *without, *alone
		a, err := answered[client.CaseReceipt](c.api.ResubmitCase(cmd.Context(), caseID(args[0]), &client.ResubmitCaseParams{IdempotencyKey: *key}, change))
		var no *refusal
		if errors.As(err, &no) && no.Status == http.StatusNotFound { // the entry may be that of a package
			joint, jointErr := answered[client.JointReceipt](c.api.ResubmitPackage(cmd.Context(), args[0], &client.ResubmitPackageParams{IdempotencyKey: *key}, change))
			if jointErr == nil {
				return joint.show(c.printer, func(w io.Writer, v *client.JointReceipt) { showJointReceipt(w, c.language, v) })
			}
			if !errors.As(jointErr, &no) || no.Status != http.StatusNotFound {
				return uncertain(c, jointErr, *key)
			}
		}
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.CaseReceipt) { showReceipt(w, c.language, v) })
	})
}

// changes is what the command line says is different from a refused hand-in.
// New papers are uploaded first, in the form the item demands.
func (f *submissionFlags) changes(ctx context.Context, c *connection, refused string) (client.Resubmission, error) {
	place, err := parseDivision("division", f.division)
	if err != nil {
		return client.Resubmission{}, err
	}
	change := client.Resubmission{ItemVersion: f.version, Division: place, Form: f.fields, Applying: f.applying, Agent: f.agent,
		Applicant: client.ApplicantChange{Type: client.ApplicantChangeType(f.kind), Name: f.name, IdNumber: f.idNumber, Phone: f.tel}}
	if len(f.papers) == 0 {
		return change, nil
	}
	was, err := answered[client.Case](c.api.GetCase(ctx, caseID(refused), &client.GetCaseParams{}))
	if err != nil {
		return change, err
	}
	f.item = was.value.Summary.Item
	item, err := itemToFillIn(ctx, c, f)
	if err != nil {
		return change, err
	}
	change.Materials, err = f.handedInPapers(item, func(path string) (client.AttachmentRef, error) { return upload(ctx, c, path) })
	return change, err
}

// handedInPapers are the papers of the command line; attach gives their files.
func (f *submissionFlags) handedInPapers(item *catalog.Item, attach func(path string) (client.AttachmentRef, error)) ([]client.SubmittedMaterial, error) {
	materials := []client.SubmittedMaterial{}
	for _, p := range f.papers {
		refs := make([]client.AttachmentRef, 0, len(p.files))
		for _, path := range p.files {
			ref, err := attach(path)
			if err != nil {
				return nil, err
			}
			refs = append(refs, ref)
		}
		materials = append(materials, f.handedIn(item, p.name, refs)...)
	}
	return materials, nil
}

// showSetback says of what was handed in and is no case what happened to it.
func showSetback(w io.Writer, lang language, entry string, b *client.Setback) {
	if b.Code == "" {
		return
	}
	fmt.Fprintf(w, "%s%s [%s]\n", lang.pick("未生效：", "not in effect: "), clean(lang.pick(b.Zh, b.En)), clean(b.Code))
	fmt.Fprintf(w, "%s%s\n\n", lang.pick("下一步：", "next: "), clean(lang.pick(b.Next, b.NextEn))+wayCommand(b.Way, entry))
}

func agentLine(lang language, a ledger.Agent) string {
	if a.Name == "" {
		return ""
	}
	return fmt.Sprintf(lang.pick("%s %s %s（凭%s）", "%s %s %s (by %s)"), a.Name, a.IDNumber, a.Phone, a.Authority)
}
