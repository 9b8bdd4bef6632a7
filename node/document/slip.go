package document

import (
	"time"

	"github.com/tongban/tongban/node/calendar"
)

// ActivationSlip is the kind of the slip with which an account is activated.
const ActivationSlip Kind = "activation_slip" // 网上办事激活单

// Slip is handed to somebody whose ID was looked at: the code with which they
// activate their account. It belongs to no case. number shows only as much of
// their number as they need to know it for theirs, address is where they go on.
func Slip(issuer Issuer, name, number, code string, until time.Time, on calendar.Date, address string) *Document {
	d := &Document{Kind: ActivationSlip, Template: Template, Title: "网上办事账户激活单", Issuer: issuer, To: name, Date: on}
	d.add("证件号码", number).add("激活码", code).add("有效期至", until.In(beijing).Format("2006年1月2日 15:04"))
	entry := "请在县政务服务网上办事入口"
	if address != "" {
		d.add("网上办事地址", address)
		entry = "请用手机扫描二维码，或在浏览器中打开上述地址，点“激活账户”"
	}
	d.Text = []string{
		entry + "，用证件号码和激活码激活账户，并设置密码。激活码只能使用一次，请勿告诉他人，工作人员不会向您索取。",
		"线路中断时由村（社区）出具的激活码，待数据上报后即可使用。忘记密码的，请持证件到任一窗口重新领取激活码。",
	}
	d.Signatures = []string{"领取人签字"}
	return d
}

var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)
