package catalog

import (
	"regexp"
	"strings"

	"github.com/tongban/tongban/node/calendar"
)

var (
	mobile   = regexp.MustCompile(`^1[3-9]\d{9}$`)
	landline = regexp.MustCompile(`^0\d{2,3}-?\d{7,8}$`)
)

// checkNumber says what is wrong with an identifying number; nothing if it is
// sound.
func checkNumber(t FieldType, value string, today calendar.Date) (zh, en string) {
	switch t {
	case TypeIDNumber:
		if !soundID(value, today) {
			return "不是有效的18位居民身份证号码，请核对", "is not a valid 18-digit resident ID number"
		}
	case TypeUSCC:
		if !soundUSCC(value) {
			return "不是有效的18位统一社会信用代码，请核对", "is not a valid unified social credit code"
		}
	case TypePhone:
		if !mobile.MatchString(value) && !landline.MatchString(value) {
			return "应为11位手机号，或带区号的固定电话", "must be a mobile number or a landline with area code"
		}
	}
	return "", ""
}

var idShape = regexp.MustCompile(`^[1-9]\d{16}[0-9X]$`)

func soundID(value string, today calendar.Date) bool {
	if !idShape.MatchString(value) {
		return false
	}
	born, err := calendar.ParseCompact(value[6:14])
	if err != nil || born.After(today) {
		return false
	}
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(value[i]-'0') * weight
	}
	return value[17] == "10X98765432"[sum%11]
}

const usccDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

func soundUSCC(value string) bool {
	if len(value) != 18 {
		return false
	}
	sum := 0
	for i, weight := range []int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28} {
		n := strings.IndexByte(usccDigits, value[i])
		if n < 0 {
			return false
		}
		sum += n * weight
	}
	return value[17] == usccDigits[(31-sum%31)%31]
}
