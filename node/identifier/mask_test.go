package identifier

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Rules: 9.5, 9.6, 9.7, 9.9.
func TestMasks(t *testing.T) {
	rows := []struct {
		name       string
		mask       func(string) string
		text, want string
	}{
		{"name", MaskName, "张三", "张*"},
		{"name", MaskName, "张三丰", "张**"},
		{"name", MaskName, " 欧阳修文 ", "欧**"},
		{"name", MaskName, "阿不都热合曼·买买提", "阿**"},
		{"name", MaskName, "张", "*"},
		{"name", MaskName, "", ""},
		{"name", MaskName, "\xff张三", "*"},
		{"ID in the hall", MaskIDNumberInHall, "33059919850412005X", "330599********005X"},
		{"ID in the hall", MaskIDNumberInHall, "33059919850412005x", "330599********005X"},
		{"ID in the hall", MaskIDNumberInHall, "330599850412005", "****"},
		{"ID", MaskIDNumber, "33059919850412005X", "**************005X"},
		{"ID", MaskIDNumber, "3305991985", "****"},
		{"ID", MaskIDNumber, "", ""},
		{"phone", MaskPhone, "13800000000", "138****0000"},
		{"phone", MaskPhone, "0572-5123467", "0572-*****67"},
		{"phone", MaskPhone, "05725123467", "0572-*****67"},
		{"phone", MaskPhone, "010-12345678", "010-******78"},
		{"phone", MaskPhone, "01012345678", "010-******78"},
		{"phone", MaskPhone, "1380000", "****"},
		{"phone", MaskPhone, "", ""},
		{"account", MaskBankAccount, "6222021205001234567", "***************4567"},
		{"account", MaskBankAccount, "6222 0212 0500 1234 567", "***************4567"},
		{"account", MaskBankAccount, "1234567", "****"},
		{"account", MaskBankAccount, "张三的账户6222021205001234567", "****"},
		{"address", MaskAddress, "浙江省湖州市安吉县梅溪镇荆湾村3组12号", "浙江省湖州市安吉县梅溪镇荆湾村***"},
		{"address", MaskAddress, "安吉县梅溪镇荆湾村三组", "安吉县梅溪镇荆湾村***"},
		{"address", MaskAddress, "安吉县 梅溪镇　荆湾村 3组", "安吉县梅溪镇荆湾村***"},
		{"address", MaskAddress, "安吉县梅溪镇荆湾村", "安吉县梅溪镇荆湾村"},
		{"address", MaskAddress, "安吉县递铺街道东村社区５幢２单元", "安吉县递铺街道东村社区***"},
		{"address", MaskAddress, "递铺街道苕秀社区天荒坪南路88号", "递铺街道苕秀社区***"},
		{"address", MaskAddress, "安吉县章村镇长潭村5号", "安吉县章村镇长潭村***"},
		{"address", MaskAddress, "安吉县章村镇5号", "安吉县章村镇***"},
		{"address", MaskAddress, "安吉县梅溪镇人民路1号镇政府宿舍", "安吉县梅溪镇***"},
		{"address", MaskAddress, "安吉县梅溪镇石龙路村前小区3幢", "安吉县梅溪镇***"},
		{"address", MaskAddress, "宁波市镇海区招宝山街道白龙社区10号", "宁波市镇海区招宝山街道白龙社区***"},
		{"address", MaskAddress, "安吉县梅溪镇荆湾村王家自然村12号", "安吉县梅溪镇荆湾村***"},
		{"address", MaskAddress, "安吉县梅溪镇老街12号", "安吉县梅溪镇***"},
		{"address", MaskAddress, "荆湾村张三家", "荆湾村***"},
		{"address", MaskAddress, "12号", "***"},
		{"address", MaskAddress, "No. 12", "***"},
		{"address", MaskAddress, "", ""},
	}
	for _, row := range rows {
		if got := row.mask(row.text); got != row.want {
			t.Errorf("mask of %s %q = %q, want %q", row.name, row.text, got, row.want)
		}
	}
}

// However a house is written after its village, nothing of it stays.
//
// Rules: 9.8.
func TestMaskAddressHidesTheHouse(t *testing.T) {
	villages := []string{"浙江省安吉县梅溪镇荆湾村", "安吉县递铺街道苕秀社区", "溪龙乡黄杜村", "安吉县章村镇章里村"}
	houses := []string{"%d号", "%d组", "大竹园%d号", "人民路%d号", "第%d小区", "王家弄%d号", "张三家%d楼"}
	rapid.Check(t, func(t *rapid.T) {
		village := rapid.SampledFrom(villages).Draw(t, "village")
		house := fmt.Sprintf(rapid.SampledFrom(houses).Draw(t, "house"), rapid.IntRange(1, 9999).Draw(t, "number"))
		if got := MaskAddress(village + house); got != village+"***" {
			t.Fatalf("MaskAddress(%s) = %s", village+house, got)
		}
	})
}

// Whatever stands in a field, a mask shows no more than it promises.
func FuzzMasks(f *testing.F) {
	for _, seed := range []string{"33059919850412005X", "13800000000", "0572-5123456", "张三", "安吉县梅溪镇荆湾村3组", "6222021205001234567", "", "\xff", "村", "社区镇乡街道"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := func(masked string) int { return utf8.RuneCountInString(strings.ReplaceAll(masked, "*", "")) }
		limits := []struct {
			name   string
			masked string
			most   int
		}{
			{"name", MaskName(text), 1},
			{"ID", MaskIDNumber(text), 4},
			{"ID in the hall", MaskIDNumberInHall(text), 10},
			{"phone", MaskPhone(text), 7},
			{"account", MaskBankAccount(text), 4},
		}
		for _, limit := range limits {
			if shown(limit.masked) > limit.most {
				t.Fatalf("mask of %s %q shows %q", limit.name, text, limit.masked)
			}
		}
		if masked := strings.TrimSuffix(MaskAddress(text), "***"); strings.ContainsFunc(masked, unicode.IsDigit) ||
			!strings.HasPrefix(strings.Join(strings.Fields(text), ""), masked) {
			t.Fatalf("MaskAddress(%q) shows %q", text, masked)
		}
	})
}
