package demo

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
)

// applicant is the n-th resident of the demo; names and numbers are made up
// by rule, in an area code that is not assigned.
func applicant(n int) client.Applicant {
	if n >= firms {
		return client.Applicant{Type: "organisation", Name: firmName(n), IDNumber: uscc(n), Phone: phone(n)}
	}
	return client.Applicant{Type: "person", Name: residentName(n), IDNumber: idNumber(n), Phone: phone(n)}
}

func residentName(n int) string {
	return "居民" + string([]rune("甲乙丙丁戊己庚辛壬癸")[n%10])
}

// firms is from which number on an applicant is an organisation.
const firms = 500

func firmName(n int) string {
	return "县康养服务中心" + string([]rune("甲乙丙丁戊己庚辛壬癸")[n%10])
}

// uscc makes a credit code with a right check character (GB 32100).
func uscc(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	body := fmt.Sprintf("52330599MJ%07d", n)
	weights := []int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	sum := 0
	for i, w := range weights {
		sum += strings.IndexByte(alphabet, body[i]) * w
	}
	return body + string(alphabet[(31-sum%31)%31])
}

func phone(n int) string { return fmt.Sprintf("1380000%04d", n) }

// idNumber makes a number with a right check digit (GB 11643).
func idNumber(n int) string {
	body := fmt.Sprintf("33059919%02d0302%03d", 44+n%50, 1+2*n)
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(body[i]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

// filler answers a question of a form.
func filler(f catalog.Field, n int) string {
	if n >= firms && f.Type == catalog.TypeUSCC {
		return uscc(n)
	}
	switch f.Key {
	case "applicant_name":
		return applicant(n).Name
	case "agent_name":
		return residentName(n)
	case "village_name":
		return "钱坑桥村"
	case "bank_account":
		return fmt.Sprintf("6228480000000000%03d", n)
	case "bank_name":
		return "县农商银行"
	}
	switch f.Type {
	case catalog.TypeIDNumber:
		return idNumber(n)
	case catalog.TypePhone:
		return phone(n)
	case catalog.TypeAddress:
		return "县梅溪镇钱坑桥村1组"
	case catalog.TypeNumber:
		return "1"
	case catalog.TypeDate:
		return "2026-01-05"
	case catalog.TypeEnum:
		return f.Options[0]
	}
	return strings.TrimSuffix(f.Label, "（选填）") + "（演示）"
}

// answered fills in a form: what is given, and what else is required.
func answered(form []catalog.Field, n int, answers map[string]string) []client.FieldValue {
	filled := []client.FieldValue{}
	for _, f := range form {
		value, given := answers[f.Key]
		if !given && f.Required {
			value = filler(f, n)
		}
		if value != "" {
			filled = append(filled, client.FieldValue{Key: f.Key, Value: value})
		}
	}
	return filled
}

// papers are how one material is handed in: where the item asks for original
// and copy, both.
func papers(m catalog.Material, scan client.AttachmentRef) []client.SubmittedMaterial {
	forms := map[catalog.MaterialForm][]catalog.SubmittedForm{
		catalog.FormOriginal:        {catalog.SubmittedOriginal},
		catalog.FormCopy:            {catalog.SubmittedCopy},
		catalog.FormOriginalAndCopy: {catalog.SubmittedOriginal, catalog.SubmittedCopy},
		catalog.FormElectronic:      {catalog.SubmittedElectronic},
	}[m.Form]
	var all []client.SubmittedMaterial
	for _, f := range forms {
		all = append(all, client.SubmittedMaterial{Name: m.Name, Form: f, Copies: max(m.Copies, 1), Attachments: []client.AttachmentRef{scan}})
	}
	return all
}
