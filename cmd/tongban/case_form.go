package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
)

// submissionFlags is a case as the command line describes it.
type submissionFlags struct {
	item, division, corrects, renews, guide string
	// pack is a package that is handed in instead of an item, with those of its
	// optional items that are wanted.
	pack string
	with []string

	version                   int
	name, kind, idNumber, tel string
	form, materials, applying []string
	formFile, formType        string
	fields                    []catalog.FieldValue
	papers                    []paper
	agent                     client.Agent
	lacking, onFile           bool
}

// paper is a --material: what was handed in, and the files that show it.
type paper struct {
	name  string
	files []string
}

func (f *submissionFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.item, "item", "", "事项编码 (item code)")
	cmd.Flags().StringVar(&f.corrects, "corrects", "", "所更正的被退回收件的条目；沿用其内容请用 case resubmit (refused hand-in that this one corrects; case resubmit takes its content over)")
	cmd.Flags().BoolVar(&f.lacking, "lacking", false, "材料不齐也先收件，由受理人一次性告知补正 (take it in although something is missing)")
	cmd.Flags().BoolVar(&f.onFile, "on-file", false, "未给出的材料，有存档且本人同意的不再提交 (papers on file stand for those not given, where the applicant agreed)")
	cmd.Flags().StringVar(&f.pack, "package", "", "一件事编码，代替 --item (a package, instead of an item)")
	f.registerPackage(cmd)
	f.registerChanges(cmd)
	cmd.MarkFlagsOneRequired("item", "package")
	cmd.MarkFlagsMutuallyExclusive("item", "package")
	cmd.Flags().StringVar(&f.renews, "renews", "", "延续的证照：原办件编号=结果序号，见 result show (what is renewed: CASE=RESULT)")
	cmd.Flags().StringVar(&f.guide, "guide", "", "由哪条窗口咨询转来，见 guide list (question at a window that it came of)")
	cmd.MarkFlagsMutuallyExclusive("guide", "package")
	cmd.MarkFlagsMutuallyExclusive("renews", "package")
	cmd.MarkFlagsMutuallyExclusive("corrects", "package")
	completeFlag(cmd, "item", completeItemFlag)
}

// registerChanges adds the flags that say what is handed in, without the item.
func (f *submissionFlags) registerChanges(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.version, "item-version", 0, "填表所依据的版本，默认在用的 (the version that was filled in)")
	flags.StringVar(&f.division, "division", "", "事项所属区划，默认本节点 (where the matter belongs; default this node's division)")
	flags.StringVar(&f.name, "applicant", "", "申请人姓名或名称，默认取表单 applicant_name (applicant; default the form's)")
	flags.StringVar(&f.kind, "applicant-type", "", "person 自然人或 organisation 法人，默认按事项 (default as the item has it)")
	flags.StringVar(&f.idNumber, "id-number", "", "证件号码或统一社会信用代码，默认取表单 (ID number or USCC; default the form's)")
	flags.StringVar(&f.tel, "phone", "", "联系电话，默认取表单 (phone; default the form's)")
	flags.StringArrayVar(&f.form, "form", nil, "表单 key=value，可重复 (form field; repeatable)")
	flags.StringVar(&f.formFile, "form-file", "", "表单 JSON 文件 {\"key\":\"value\"}，- 为标准输入 (form as JSON)")
	flags.StringArrayVar(&f.materials, "material", nil, "材料 name[=path[,path…]]，可重复 (a paper and its scans; repeatable)")
	flags.StringVar(&f.formType, "form-type", "", "材料形式 original、copy 或 electronic，默认按事项 (form of the papers; default as the item demands)")
	flags.StringArrayVar(&f.applying, "applying", nil, "适用的按情形材料，可重复 (conditional material whose condition holds; repeatable)")
	flags.StringVar(&f.agent.Name, "agent", "", "代办人姓名 (who acts for the applicant)")
	flags.StringVar(&f.agent.IDNumber, "agent-id-number", "", "代办人身份证号码 (the agent's ID number)")
	flags.StringVar(&f.agent.Phone, "agent-phone", "", "代办人电话 (the agent's phone)")
	flags.StringVar(&f.agent.Authority, "agent-authority", "", "代办人的授权凭证名称，如 授权委托书 (proof of the agent's authority)")
	flags.BoolVar(&f.agent.Seen, "agent-authority-seen", false, "已当面核验授权凭证原件 (its original was seen)")
	completeFlag(cmd, "form-type", completeWords("original", "copy", "electronic"))
}

// parse reads what needs no node.
func (f *submissionFlags) parse(cmd *cobra.Command) error {
	switch catalog.SubmittedForm(f.formType) {
	case "", catalog.SubmittedOriginal, catalog.SubmittedCopy, catalog.SubmittedElectronic:
	default:
		return usagef("--form-type %q：应为 original、copy 或 electronic (one of these)", f.formType)
	}
	if f.formFile != "" {
		data, err := readInput(cmd, f.formFile)
		if err != nil {
			return err
		}
		if f.fields, err = parseForm(data); err != nil {
			return err
		}
	}
	for _, text := range f.form {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return usagef("--form %q：应为 key=value (should be)", text)
		}
		f.setField(key, value)
	}
	for _, text := range f.materials {
		name, files, _ := strings.Cut(text, "=")
		p := paper{name: name}
		for path := range strings.SplitSeq(files, ",") {
			if path = strings.TrimSpace(path); path != "" {
				p.files = append(p.files, path)
			}
		}
		if name == "" {
			return usagef("--material %q：缺少材料名称 (names no material)", text)
		}
		f.papers = append(f.papers, p)
	}
	return nil
}

// setField sets a form field; the command line goes before the file.
func (f *submissionFlags) setField(key, value string) {
	i := slices.IndexFunc(f.fields, func(v catalog.FieldValue) bool { return v.Key == key })
	if i < 0 {
		f.fields = append(f.fields, catalog.FieldValue{Key: key, Value: value})
		return
	}
	f.fields[i].Value = value
}

func (f *submissionFlags) field(key string) string {
	i := slices.IndexFunc(f.fields, func(v catalog.FieldValue) bool { return v.Key == key })
	if i < 0 {
		return ""
	}
	return f.fields[i].Value
}

// parseForm reads {"key": "value"} or [{"key": …, "value": …}], the form as
// the API has it. Numbers and yes/no are taken in their spelling.
func parseForm(data []byte) ([]catalog.FieldValue, error) {
	var list []catalog.FieldValue
	if json.Unmarshal(data, &list) == nil {
		return list, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, usagef("--form-file 应为 JSON 对象 (should hold a JSON object): %v", err)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		raw := object[key]
		var value string
		switch {
		case raw[0] == '{' || raw[0] == '[' || string(raw) == "null":
			return nil, usagef("--form-file：%s 应为文字 (should be text)", key)
		case json.Unmarshal(raw, &value) != nil:
			value = string(raw)
		}
		list = append(list, catalog.FieldValue{Key: key, Value: value})
	}
	return list, nil
}

// submission puts the case together as the item has it: the applicant and the
// form complete each other, so that nobody types a name twice, and papers
// come in the form the item demands. attach gives a paper's files.
func (f *submissionFlags) submission(item *catalog.Item, attach func(path string) (client.AttachmentRef, error)) (client.Submission, error) {
	place, err := parseDivision("division", f.division)
	if err != nil {
		return client.Submission{}, err
	}
	applicant := f.applicant(item)
	if applicant.Name == "" {
		return client.Submission{}, usagef("请用 --applicant 或表单 applicant_name 给出申请人 (name the applicant)")
	}
	s := client.Submission{
		Item: f.item, ItemVersion: f.version, Division: place, Corrects: f.corrects, Applicant: applicant, Agent: f.agent, Lacking: f.lacking,
		Form: append([]catalog.FieldValue{}, f.fields...), Applying: f.applying,
	}
	s.Guide = f.guide
	if s.Renews, err = f.renewal(); err != nil {
		return s, err
	}
	s.Materials, err = f.handedInPapers(item, attach)
	return s, err
}

// renewal is what is to be renewed; nothing where that was not said.
func (f *submissionFlags) renewal() (client.RenewalRequest, error) {
	if f.renews == "" {
		return client.RenewalRequest{}, nil
	}
	number, result, ok := strings.Cut(f.renews, "=")
	if !ok || number == "" || result == "" {
		return client.RenewalRequest{}, usagef("--renews %q：应如 原办件编号=1 (should be CASE=RESULT)", f.renews)
	}
	return client.RenewalRequest{Case: caseID(number), Result: result}, nil
}

// applicant is who the case is for, from the flags and else from the form. An
// organisation is known by its USCC.
func (f *submissionFlags) applicant(item *catalog.Item) client.Applicant {
	a := client.Applicant{Type: f.kind, Name: f.name, IDNumber: f.idNumber, Phone: f.tel}
	if a.Type == "" {
		a.Type = "person"
		if item.Subject == catalog.SubjectLegal || item.Subject == catalog.SubjectBoth && f.field(catalog.KeyApplicantType) == catalog.ApplicantLegal {
			a.Type = "organisation"
		}
	}
	idKey := "id_number"
	if a.Type == "organisation" {
		idKey = "uscc"
	}
	for _, pair := range []struct {
		key   string
		value *string
	}{{"applicant_name", &a.Name}, {idKey, &a.IDNumber}, {"phone", &a.Phone}} {
		asked := slices.ContainsFunc(item.Form, func(field catalog.Field) bool { return field.Key == pair.key })
		switch {
		case *pair.value == "":
			*pair.value = f.field(pair.key)
		case asked && f.field(pair.key) == "":
			f.setField(pair.key, *pair.value)
		}
	}
	return a
}

// handedIn is a paper in the form that --form-type says or the item demands.
// Where the item demands original and copy, both are handed in and the scans
// are the copy's.
func (f *submissionFlags) handedIn(item *catalog.Item, name string, files []client.AttachmentRef) []client.SubmittedMaterial {
	copies, demanded := 1, catalog.FormOriginal
	if i := slices.IndexFunc(item.Materials, func(m catalog.Material) bool { return m.Name == name }); i >= 0 {
		copies, demanded = item.Materials[i].Copies, item.Materials[i].Form
	}
	one := func(form catalog.SubmittedForm, files []client.AttachmentRef) client.SubmittedMaterial {
		return client.SubmittedMaterial{Name: name, Form: form, Copies: copies, Attachments: files}
	}
	switch {
	case f.formType != "":
		return []client.SubmittedMaterial{one(catalog.SubmittedForm(f.formType), files)}
	case demanded == catalog.FormOriginalAndCopy:
		return []client.SubmittedMaterial{one(catalog.SubmittedOriginal, []client.AttachmentRef{}), one(catalog.SubmittedCopy, files)}
	case demanded == catalog.FormCopy:
		return []client.SubmittedMaterial{one(catalog.SubmittedCopy, files)}
	case demanded == catalog.FormElectronic:
		return []client.SubmittedMaterial{one(catalog.SubmittedElectronic, files)}
	}
	return []client.SubmittedMaterial{one(catalog.SubmittedOriginal, files)}
}

func formName(lang language, form catalog.SubmittedForm) string {
	switch form {
	case catalog.SubmittedOriginal:
		return lang.pick("原件", "original")
	case catalog.SubmittedCopy:
		return lang.pick("复印件", "copy")
	case catalog.SubmittedElectronic:
		return lang.pick("电子", "electronic")
	}
	return fmt.Sprint(form)
}
