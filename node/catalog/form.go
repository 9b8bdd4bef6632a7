package catalog

// Field is one entry of an item's application form. Keys mean the same in
// every item, so that a form can be pre-filled from an earlier case (一表制).
type Field struct {
	Key      string    `json:"key" zh:"字段"`
	Label    string    `json:"label" zh:"字段名称"`
	Type     FieldType `json:"type" zh:"字段类型"`
	Required bool      `json:"required" zh:"必填"`
	// Options are the choices of an enum, in the order they are shown.
	Options []string `json:"options,omitempty" zh:"选项"`
}

// FieldType decides how a field's value is checked.
type FieldType string

// The field types. Every value travels as a string: numbers as plain decimals,
// dates as YYYY-MM-DD, so that no float ever enters the ledger.
const (
	TypeString   FieldType = "string"
	TypeText     FieldType = "text"
	TypeNumber   FieldType = "number"
	TypeDate     FieldType = "date"
	TypeEnum     FieldType = "enum"
	TypeIDNumber FieldType = "id_number"
	TypeUSCC     FieldType = "uscc"
	TypePhone    FieldType = "phone"
	TypeAddress  FieldType = "address"
)

// Valid reports whether t is a known field type.
func (t FieldType) Valid() bool {
	switch t {
	case TypeString, TypeText, TypeNumber, TypeDate, TypeEnum,
		TypeIDNumber, TypeUSCC, TypePhone, TypeAddress:
		return true
	}
	return false
}

// Keys with a meaning of their own in every form.
const (
	KeyApplicantType = "applicant_type"
	KeyIDNumber      = "id_number"
	// KeyIDType is which document a person shows, for items that take others
	// than the resident ID card; its options name them.
	KeyIDType    = "id_type"
	KeyUSCC      = "uscc"
	KeyStartDate = "start_date"
	KeyEndDate   = "end_date"
)

// The options of applicant_type, which decide between id_number and uscc.
const (
	ApplicantNatural = "自然人"
	ApplicantLegal   = "法人或其他组织"
)

// ResidentIDCard is the option of id_type that the standard's number goes with.
const ResidentIDCard = "居民身份证"

// FieldValue is one filled-in field. A form travels as an ordered slice of
// these because ledgered data holds no maps.
type FieldValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}
