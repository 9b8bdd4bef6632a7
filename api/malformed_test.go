package api

import "testing"

func TestMalformedIsSaidInChinese(t *testing.T) {
	for _, c := range [][3]string{
		{"内容格式有误：ledger: malformed entry: case.return v1: reason has 4500 characters, at most 4000", "ledger: malformed entry: case.return v1: reason has 4500 characters, at most 4000", "内容格式有误：“理由（reason）”过长（4500 字，最多 4000 字）"},
		{"内容格式有误：ledger: malformed entry: fee.pay v1: bill is empty", "ledger: malformed entry: fee.pay v1: bill is empty", "内容格式有误：“票据号码（bill）”未填写"},
		{"内容格式有误：ledger: malformed entry: case.accept v1: 41 supplements", "ledger: malformed entry: case.accept v1: 41 supplements", "内容格式有误"},
		{"内容格式有误：case.submit v1: applicant.name is empty", "case.submit v1: applicant.name is empty", "内容格式有误：“申请人姓名或名称（applicant.name）”未填写"},
		{"内容格式有误：case.x v1: password_hash is empty", "case.x v1: password_hash is empty", "内容格式有误：“password_hash”未填写"},
		{"区划代码有误", "the code is not one", "区划代码有误"},
	} {
		if p := refusal("malformed", c[0], c[1], nil); p.zh != c[2] || p.en != c[1] || p.status != 422 {
			t.Errorf("%s: %d %s", c[1], p.status, p.zh)
		}
	}
}
