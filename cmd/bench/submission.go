package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/catalog"
)

// itemCode is what is handed in: recognition of a chronic disease for the
// medical insurance, a form of a dozen fields and four papers, which villages
// take in and the county decides.
const itemCode = "TB-YBJ-003"

// submissions makes the JSON of complete submissions; papers are shown at the
// desk, so that no file has to be uploaded first. All are alike but for who hands
// in, so that what stands between is made once.
type submissions struct {
	item catalog.Item
	once sync.Once
	err  error
	// parts are what stands between the marks.
	parts []part
}

// part is a piece of a submission, and which mark follows it.
type part struct {
	text []byte
	mark string
}

// The marks stand for what differs from one resident to the next.
const (
	markID     = "@id@"
	markPhone  = "@phone@"
	markNumber = "@number@"
)

func newSubmissions() (*submissions, error) {
	items, faults := catalog.ParseItems(data.Items())
	if len(faults) > 0 {
		return nil, fmt.Errorf("items: %v", faults)
	}
	i := slices.IndexFunc(items, func(i catalog.Item) bool { return i.Code == itemCode })
	if i < 0 {
		return nil, fmt.Errorf("items: no %s", itemCode)
	}
	return &submissions{item: items[i]}, nil
}

// of is the n-th resident's.
func (s *submissions) of(n int) ([]byte, error) {
	s.once.Do(func() { s.parts, s.err = s.split() })
	if s.err != nil {
		return nil, s.err
	}
	b := make([]byte, 0, 4<<10)
	for _, p := range s.parts {
		b = append(b, p.text...)
		switch p.mark {
		case markID:
			b = append(b, idNumber(n)...)
		case markPhone:
			b = fmt.Appendf(b, "138%08d", n%100_000_000)
		case markNumber:
			b = strconv.AppendInt(b, int64(n), 10)
		}
	}
	return b, nil
}

// split makes a submission with marks in it and splits it there.
func (s *submissions) split() (parts []part, err error) {
	text, err := s.marked()
	if err != nil {
		return nil, err
	}
	marks := regexp.MustCompile(strings.Join([]string{markID, markPhone, markNumber}, "|"))
	from := 0
	for _, at := range marks.FindAllIndex(text, -1) {
		parts = append(parts, part{text[from:at[0]], string(text[at[0]:at[1]])})
		from = at[1]
	}
	return append(parts, part{text: text[from:]}), nil
}

// applicantName is what all of them are called.
const applicantName = "王芳"

// marked is a submission with the marks in it.
func (s *submissions) marked() ([]byte, error) {
	sub := client.Submission{Item: itemCode, Applicant: client.Applicant{Type: "person", Name: applicantName, IDNumber: markID, Phone: "13800000000"}}
	for _, f := range s.item.Form {
		if f.Required {
			sub.Form = append(sub.Form, client.FieldValue{Key: f.Key, Value: answer(f)})
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

func answer(f catalog.Field) string {
	if f.Key == "applicant_name" {
		return applicantName
	}
	switch f.Type {
	case catalog.TypeIDNumber:
		return markID
	case catalog.TypePhone:
		return markPhone
	case catalog.TypeNumber:
		return "1"
	case catalog.TypeDate:
		return "2026-01-05"
	case catalog.TypeEnum:
		return f.Options[0]
	}
	return strings.TrimSuffix(f.Label, "（选填）") + markNumber
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
