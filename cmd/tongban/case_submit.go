package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
)

func caseSubmitCommand() *cobra.Command {
	var f submissionFlags
	cmd := &cobra.Command{
		Use:   "submit",
		Short: "收件：提交办件 (hand a case in)",
		Long: `提交办件：先上传附件（断点续传），再按在用事项校验；缺什么一次列全。
开始前显示幂等键；结果不明时用 --key 重复同一命令，不会重复收件。
Hands a case in: uploads its files first, then everything is checked against
the item in force. Repeating the command with the same --key does no harm.`,
		Example: `  tongban case submit --item TB-XZRZ-005 --applicant 李某 --id-number 33059919850412005X --phone 13800000000 \
    --form address=梅溪镇甲子村 --form spouse_name=王某 --form spouse_id_number=330599200103152464 --form birth_order=一孩 \
    --material 生育登记表=form.jpg --material 夫妻双方居民身份证=a.jpg,b.jpg
  tongban case submit --item TB-XZRZ-005 --form-file form.json --material 生育登记表 --key 6f3a1c52-9f0b-4d6e
  tongban case submit --item TB-XZRZ-005 --form-file form.json --material 生育登记表=form.jpg --on-file
  tongban case submit --package PK-06 --form-file form.json --material 生育登记表 --with TB-XZRZ-005`,
		Args: noArguments,
	}
	f.register(cmd)
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := f.parse(cmd); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		if f.pack != "" {
			return submitPackage(cmd.Context(), c, &f, key)
		}
		item, err := itemToFillIn(cmd.Context(), c, &f)
		if err != nil {
			return err
		}
		sayKey(c, key)
		submission, err := f.submission(item, func(path string) (client.AttachmentRef, error) { return upload(cmd.Context(), c, path) })
		if err != nil {
			return err
		}
		if err := f.addOnFile(cmd.Context(), c, &submission); err != nil {
			return err
		}
		a, err := answered[client.CaseReceipt](c.api.SubmitCase(cmd.Context(), &client.SubmitCaseParams{IdempotencyKey: *key}, submission))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.CaseReceipt) { showReceipt(w, c.language, v) })
	})
}

func caseCheckCommand() *cobra.Command {
	var f submissionFlags
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "预检，不提交；缺什么一次列全 (check a case without handing it in)",
		Example: "  tongban case check --item TB-XZRZ-005 --form-file form.json --material 生育登记表=form.jpg",
		Args:    noArguments,
	}
	f.register(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := f.parse(cmd); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		if f.pack != "" {
			return checkPackage(cmd.Context(), c, &f)
		}
		item, err := itemToFillIn(cmd.Context(), c, &f)
		if err != nil {
			return err
		}
		submission, err := f.submission(item, describeFile)
		if err != nil {
			return err
		}
		if err := f.addOnFile(cmd.Context(), c, &submission); err != nil {
			return err
		}
		a, err := answered[client.CheckReport](c.api.CheckCase(cmd.Context(), submission))
		if err != nil {
			return err
		}
		if err := a.show(c.printer, func(w io.Writer, v *client.CheckReport) { showCheck(w, c.language, v) }); err != nil {
			return err
		}
		if !a.value.Ok {
			return toldAlready
		}
		return nil
	})
}

// addOnFile has papers on file stand for those that were not given, if that is
// asked for.
func (f *submissionFlags) addOnFile(ctx context.Context, c *connection, s *client.Submission) (err error) {
	if !f.onFile {
		return nil
	}
	q := client.RecordQuery{Type: client.ApplicantType(s.Applicant.Type), Number: s.Applicant.IDNumber, Item: s.Item}
	s.Materials, err = fromFile(ctx, c, q, s.Materials)
	return err
}

func showCheck(w io.Writer, lang language, v *client.CheckReport) {
	switch {
	case v.Ok:
		fmt.Fprintln(w, lang.pick("材料齐全，可以提交", "complete; it can be handed in"))
	case v.Refusal.Code != "":
		fmt.Fprintf(w, "%s: %s [%s]\n", lang.pick("不能在此提交", "not here"), clean(lang.pick(v.Refusal.Zh, v.Refusal.En)), clean(v.Refusal.Code))
	default:
		fmt.Fprintln(w, lang.pick("需补正：", "to be mended:"))
	}
	printFaults(w, lang, v.Faults)
}

// itemToFillIn is the item that the case is for, at the version that was
// filled in.
func itemToFillIn(ctx context.Context, c *connection, f *submissionFlags) (*catalog.Item, error) {
	a, err := answered[client.ItemAtVersion](c.api.GetItem(ctx, f.item, &client.GetItemParams{Version: f.version}))
	return &a.value.Item, err
}

// describeFile is what a case would say of a file, without uploading it.
func describeFile(path string) (client.AttachmentRef, error) {
	file, err := os.Open(path)
	if err != nil {
		return client.AttachmentRef{}, usagef("无法读取附件 (cannot read the attachment): %v", err)
	}
	defer file.Close()
	ref, err := fingerprint(file, path)
	if err != nil {
		return ref, err
	}
	ref.Type, err = contentType(file)
	return ref, err
}

// fingerprint reads a file through: its hash, name and size.
func fingerprint(file io.Reader, path string) (client.AttachmentRef, error) {
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return client.AttachmentRef{}, usagef("无法读取附件 (cannot read the attachment): %v", err)
	}
	return client.AttachmentRef{Hash: hex.EncodeToString(sum.Sum(nil)), Name: filepath.Base(path), Size: size}, nil
}

func showReceipt(w io.Writer, lang language, v *client.CaseReceipt) {
	fmt.Fprintf(w, "%s  %s\n", clean(v.Case.Number), clean(wordName(lang, v.Recorded.Word, v.Recorded.WordZh)))
	var s sheet
	s.line(lang.pick("事项", "item"), v.Case.Item+" "+v.Case.ItemName)
	s.line(lang.pick("申请人", "applicant"), v.Case.ApplicantName)
	s.line(lang.pick("状态", "status"), caseStatus(lang, &v.Case))
	s.line(lang.pick("待", "waits for"), stepName(lang, v.Case.WaitsFor))
	s.line(lang.pick("附件未到", "files missing"), count(len(v.Attachments)))
	s.write(w)
}

// keyFlag is the idempotency key: the same person with the same key means the
// same action.
func keyFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("key", "", "幂等键，默认新生成 (idempotency key; default a new one)")
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{8,100}$`)

func checkKey(key string) error {
	if key != "" && !keyForm.MatchString(key) {
		return usagef("--key 应为 8–100 个字母、数字或 . _ : - (8 to 100 of these characters)")
	}
	return nil
}

// sayKey makes a key if none was given, and shows it before anything is sent.
func sayKey(c *connection, key *string) {
	if *key == "" {
		*key = uuid.NewString()
	}
	c.warn("幂等键: "+*key, "key: "+*key)
}

// uncertain adds to an error after which nobody knows whether the action was
// taken how to find out.
func uncertain(c *connection, err error, key string) error {
	var away *unreachable
	var refused *refusal
	if errors.As(err, &away) || errors.As(err, &refused) && (refused.Code == "outcome_unknown" || refused.Code == "timeout") {
		c.warn("结果不明：请加 --key "+key+" 重复同一命令，不会重复办理", "the outcome is unknown: repeat the command with --key "+key+"; it is not done twice")
	}
	return err
}
