package catalog

import (
	"errors"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identifier"
)

// checkNumber says what is wrong with an identifying number, and nothing if it
// is sound and spelled as NormaliseForm spells it: a number kept in two
// spellings would be two applicants.
func checkNumber(t FieldType, value string, today calendar.Date) (zh, en string) {
	var spelled string
	var err error
	switch t {
	case TypeIDNumber:
		var id identifier.IDNumber
		id, err = identifier.ParseIDNumber(value, today)
		spelled = id.Number
	case TypeUSCC:
		var code identifier.USCC
		code, err = identifier.ParseUSCC(value)
		spelled = code.Code
	default:
		var phone identifier.Phone
		phone, err = identifier.ParsePhone(value)
		spelled = phone.Number
	}
	var wrong *identifier.Error
	switch {
	case errors.As(err, &wrong):
		return "填写有误：" + wrong.Chinese(), "is wrong: " + wrong.English()
	case err != nil:
		return "填写有误", "is wrong: " + err.Error()
	case spelled != value:
		return "应使用半角大写，中间无空格", "must be in ASCII capitals without spaces"
	}
	return "", ""
}
