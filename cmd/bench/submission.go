package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/catalog"
)

// itemCode is what is handed in: recognition of a chronic disease for the
// medical insurance, a form of a dozen fields and four papers, which villages
// take in and the county decides.
const itemCode = "TB-YBJ-003"

// submissions makes the JSON of complete submissions; papers are shown at the
// desk, so that no file has to be uploaded first.
type submissions struct{ item catalog.Item }

func newSubmissions() (*submissions, error) {
	items, faults := catalog.ParseItems(data.Items())
	if len(faults) > 0 {
		return nil, fmt.Errorf("items: %v", faults)
	}
	i := slices.IndexFunc(items, func(i catalog.Item) bool { return i.Code == itemCode })
	if i < 0 {
		return nil, fmt.Errorf("items: no %s", itemCode)
	}
	return &submissions{items[i]}, nil
}

// of is the n-th resident's.
func (s *submissions) of(n int) ([]byte, error) {
	sub := client.Submission{Item: itemCode, Applicant: client.Applicant{Type: "person", Name: "王芳", IDNumber: idNumber(n), Phone: "13800000000"}}
	for _, f := range s.item.Form {
		if f.Required {
			sub.Form = append(sub.Form, client.FieldValue{Key: f.Key, Value: answer(f, n)})
		}
	}
	for _, m := range s.item.Materials {
		if !m.Required {
			continue
		}
		for _, form := range map[catalog.MaterialForm][]catalog.SubmittedForm{
			catalog.FormOriginal:        {catalog.SubmittedOriginal},
			catalog.FormCopy:            {catalog.SubmittedCopy},
			catalog.FormOriginalAndCopy: {catalog.SubmittedOriginal, catalog.SubmittedCopy},
			catalog.FormElectronic:      {catalog.SubmittedElectronic},
		}[m.Form] {
			sub.Materials = append(sub.Materials, client.SubmittedMaterial{Name: m.Name, Form: form, Copies: max(m.Copies, 1), Attachments: []client.AttachmentRef{}})
		}
	}
	return json.Marshal(sub)
}

func answer(f catalog.Field, n int) string {
	switch f.Type {
	case catalog.TypeIDNumber:
		return idNumber(n)
	case catalog.TypePhone:
		return fmt.Sprintf("138%08d", n%100_000_000)
	case catalog.TypeNumber:
		return "1"
	case catalog.TypeDate:
		return "2026-01-05"
	case catalog.TypeEnum:
		return f.Options[0]
	}
	return strings.TrimSuffix(f.Label, "（选填）") + fmt.Sprint(n)
}

// idNumber makes a number with a right check digit (GB 11643), in an area code
// that is not assigned.
func idNumber(n int) string {
	body := fmt.Sprintf("330599%04d0302%03d", 1940+n/1000%60, n%1000)
	weights := [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(body[i]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}
