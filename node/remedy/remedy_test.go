package remedy

import (
	"strings"
	"testing"
)

// domain.md section 3, remedy notice: the body is named. Reconsideration Law art.
// 24 and 27: a county's government reconsiders what its own departments and the
// governments below decide, and not what those do that it does not lead.
//
// Rules: 3.13.
func TestBody(t *testing.T) {
	const government = "安吉县人民政府"
	for _, row := range []struct{ named, department, want string }{
		{"", "安吉县民政局", government},
		{"", "县市场监督管理局", government},
		{"", "梅溪镇人民政府", government},
		{"", "安吉县公安局", government},
		{"", government, "上一级人民政府"},
		{"", "国家税务总局安吉县税务局", "上一级税务机关"},
		{"", "国家税务总局县税务局", "上一级税务机关"},
		{"", "县烟草专卖局", "上一级烟草专卖行政主管部门"},
		{"", "湖州海关驻安吉办事处", "上一级海关"},
		{"", "市生态环境局县分局", "设区的市人民政府（也可以向" + government + "）"},
		{"", "湖州市生态环境局安吉分局", "设区的市人民政府（也可以向" + government + "）"},
		{"浙江省气象局", "县气象局", "浙江省气象局"},
	} {
		if got := Body(row.named, row.department, government); got != row.want {
			t.Errorf("%s: %s, want %s", row.department, got, row.want)
		}
	}
	if text := Text("上一级税务机关"); !strings.Contains(text, "上一级税务机关") || !strings.Contains(text, "六十日") || !strings.Contains(text, "六个月") {
		t.Error(text)
	}
}
