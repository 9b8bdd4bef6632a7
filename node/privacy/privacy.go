// Package privacy decides what of a case is shown to whoever has not asked to
// see it plainly (domain: names to the first character, ID numbers and
// accounts to the last four, addresses to the village; health, disability, a
// family's means, minors, marriage and adoption never). It is the one place
// with these rules: everything that shows content of a case asks it.
//
// The rules are closed: a field is shown plainly only where its type or its
// key is known to say nothing about a person. What staff wrote (opinions,
// reasons, comments) stays readable, without what identifies the people of
// the case and without anything that looks like a number of a person.
package privacy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
)

// Hidden stands for a value of which nothing is shown.
const Hidden = "****"

// Content is what a case, or a submission that did not become one, holds of
// people.
type Content struct {
	Applicant ledger.Applicant
	Agent     ledger.Agent
	Form      []catalog.FieldValue
	Materials []catalog.SubmittedMaterial
	Applying  []string
	Documents []ledger.IssuedDocument
	// Parties are others with an interest, who were told of something or spoke.
	Parties []string
}

// OfSubmission is the content of a submission.
func OfSubmission(b *ledger.CaseSubmitV1) Content {
	return Content{Applicant: b.Applicant, Agent: b.Agent, Form: b.Form, Materials: b.Materials, Applying: b.Applying}
}

// Veil hides the people of one case. It is for one goroutine.
type Veil struct {
	item   catalog.Item
	types  map[string]catalog.FieldType
	tokens []token
	person bool
}

// New is the veil of a case with this content under this version of its item;
// an item that is not known here (the zero Item) leaves every field hidden.
func New(item catalog.Item, c Content) *Veil {
	v := &Veil{item: item, types: make(map[string]catalog.FieldType, len(item.Form)), person: c.Applicant.Type != "organisation"}
	for _, f := range item.Form {
		v.types[f.Key] = f.Type
	}
	if v.person {
		v.Name(c.Applicant.Name)
		v.learn(c.Applicant.IDNumber, Hidden)
	}
	v.learn(c.Applicant.Phone, Hidden)
	v.Name(c.Agent.Name)
	v.learn(c.Agent.IDNumber, Hidden)
	v.learn(c.Agent.Phone, Hidden)
	for _, p := range c.Parties {
		v.Name(p)
	}
	for _, f := range c.Form {
		v.field(f)
	}
	for _, d := range c.Documents {
		if v.person {
			v.learn(d.Number, Hidden)
		}
	}
	return v
}

// Name adds a person of the case who is not in its form: a recipient.
func (v *Veil) Name(name string) { v.learn(name, identifier.MaskName(name)) }

// Parties are others with an interest, as they are shown: nobody says whether one is a
// person, so that all are.
func (v *Veil) Parties(parties []string) []string {
	out := slices.Clone(parties)
	for i, p := range out {
		out[i] = identifier.MaskName(p)
	}
	return out
}

// Party is who spoke: another with an interest, or the applicant's side.
func (v *Veil) Party(party string, interested bool) string {
	if interested {
		return identifier.MaskName(party)
	}
	return v.Text(party)
}

// field adds the value of a form field, unless it is public.
func (v *Veil) field(f catalog.FieldValue) {
	switch v.kindOf(f.Key) {
	case public, plain:
	case name:
		v.Name(f.Value)
	case address:
		v.learn(f.Value, identifier.MaskAddress(f.Value))
		if shown, cut := strings.CutSuffix(identifier.MaskAddress(f.Value), "***"); cut {
			v.learn(strings.TrimPrefix(strings.Join(strings.Fields(f.Value), ""), shown), "***")
		}
	default:
		v.learn(f.Value, Hidden)
	}
}

// Content is what may be shown of a case's content. What is given is not
// changed.
func (v *Veil) Content(c Content) Content {
	return Content{Applicant: v.Applicant(c.Applicant), Agent: v.Agent(c.Agent), Form: v.Form(c.Form), Materials: v.Materials(c.Materials),
		Applying: v.materialNames(c.Applying), Documents: v.Documents(c.Documents)}
}

// Applicant is an applicant. Names and codes of legal persons are public.
func (v *Veil) Applicant(a ledger.Applicant) ledger.Applicant { return Applicant(a) }

// Applicant is an applicant as a list shows one.
func Applicant(a ledger.Applicant) ledger.Applicant {
	if a.Type != "organisation" {
		a.Name = identifier.MaskName(a.Name)
		a.IDNumber = identifier.MaskIDNumber(a.IDNumber)
	}
	a.Phone = identifier.MaskPhone(a.Phone)
	return a
}

// Agent is who acts for an applicant: always a person. What proves the authority
// is a paper, and may name people.
func (v *Veil) Agent(a ledger.Agent) ledger.Agent {
	a.Name, a.IDNumber, a.Phone = identifier.MaskName(a.Name), identifier.MaskIDNumber(a.IDNumber), identifier.MaskPhone(a.Phone)
	a.Authority = v.Text(a.Authority)
	return a
}

// Form is a filled-in form.
func (v *Veil) Form(values []catalog.FieldValue) []catalog.FieldValue {
	out := slices.Clone(values)
	for i, f := range out {
		out[i].Value = v.value(f)
		if v.types[f.Key] == "" {
			out[i].Key = v.Text(f.Key) // of no item that is known: anything may stand there
		}
	}
	return out
}

func (v *Veil) value(f catalog.FieldValue) string {
	if f.Value == "" {
		return ""
	}
	switch v.kindOf(f.Key) {
	case public:
		return f.Value
	case plain:
		return v.Text(f.Value)
	case name:
		return identifier.MaskName(f.Value)
	case address:
		return identifier.MaskAddress(f.Value)
	case number:
		return identifier.MaskIDNumber(f.Value)
	case phone:
		return identifier.MaskPhone(f.Value)
	case account:
		return identifier.MaskBankAccount(f.Value)
	}
	return Hidden
}

// Materials are the papers handed in: the catalog's name of each, and files
// under a name of our own.
func (v *Veil) Materials(materials []catalog.SubmittedMaterial) []catalog.SubmittedMaterial {
	out := slices.Clone(materials)
	n := 0
	for i, m := range out {
		out[i].Name = v.materialName(m.Name)
		out[i].Attachments = v.files(m.Attachments, &n)
	}
	return out
}

// Files are attachments beside the materials, as a proof of delivery.
func (v *Veil) Files(files []catalog.AttachmentRef) []catalog.AttachmentRef {
	n := 0
	return v.files(files, &n)
}

func (v *Veil) files(files []catalog.AttachmentRef, n *int) []catalog.AttachmentRef {
	out := slices.Clone(files)
	for i, a := range out {
		*n++
		out[i].Name = fmt.Sprintf("附件%d%s", *n, catalog.Extension(a.Type))
	}
	return out
}

// materialName is the name of a paper the item asks for; anything else was
// typed by somebody.
func (v *Veil) materialName(name string) string {
	if slices.ContainsFunc(v.item.Materials, func(m catalog.Material) bool { return m.Name == name }) {
		return name
	}
	return Hidden
}

func (v *Veil) materialNames(names []string) []string {
	out := slices.Clone(names)
	for i, n := range out {
		out[i] = v.materialName(n)
	}
	return out
}

// Documents are results made out for the applicant. The number of a person's
// document is a number of that person.
func (v *Veil) Documents(documents []ledger.IssuedDocument) []ledger.IssuedDocument {
	out := slices.Clone(documents)
	for i, d := range out {
		out[i].Name = v.Text(d.Name)
		switch {
		case d.Number == "":
		case v.person:
			out[i].Number = Hidden
		default:
			out[i].Number = v.Text(d.Number)
		}
	}
	return out
}
