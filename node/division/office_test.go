package division

import "testing"

// Documents are signed by an office there is, not by the catalog's words for any.
func TestOffices(t *testing.T) {
	county := Division{Code: "330523", Name: "安吉县", Kind: KindCounty}
	town := Division{Code: "330523110", Name: "梅溪镇", Kind: KindTown}
	street := Division{Code: "330523001", Name: "递铺街道", Kind: KindStreet}
	rural := Division{Code: "330523200", Name: "溪龙乡", Kind: KindTownship}
	village := Division{Code: "330523110200", Name: "荆湾村", Kind: KindVillage}
	community := Division{Code: "330523001001", Name: "苕秀社区", Kind: KindCommunity}
	for _, row := range []struct{ got, want string }{
		{county.Government(), "安吉县人民政府"}, {town.Government(), "梅溪镇人民政府"}, {rural.Government(), "溪龙乡人民政府"},
		{street.Government(), "递铺街道办事处"}, {village.Government(), "荆湾村便民服务站"},
		{county.Centre(), "安吉县政务服务中心"}, {town.Centre(), "梅溪镇便民服务中心"}, {street.Centre(), "递铺街道便民服务中心"},
		{village.Centre(), "荆湾村便民服务站"}, {community.Centre(), "苕秀社区便民服务站"},
		{Authority("乡镇人民政府（街道办事处）", county, town), "梅溪镇人民政府"},
		{Authority("乡镇人民政府（街道办事处）", county, street), "递铺街道办事处"},
		{Authority("乡镇人民政府（街道办事处）", county, Division{}), "乡镇人民政府（街道办事处）"},
		{Authority("县公安局", county, town), "安吉县公安局"},
		{Authority("县公安局", Division{}, Division{}), "县公安局"},
		{Authority("安吉县公安局", county, town), "安吉县公安局"},
		{Authority("国家税务总局县税务局", county, town), "国家税务总局安吉县税务局"},
		{Authority("市生态环境局县分局", county, town), "市生态环境局县分局"},
		{Authority("县事业单位登记管理局（县委编办）", county, town), "安吉县事业单位登记管理局（县委编办）"},
	} {
		if row.got != row.want {
			t.Errorf("got %s, want %s", row.got, row.want)
		}
	}
}
