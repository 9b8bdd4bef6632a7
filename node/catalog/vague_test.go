package catalog

import (
	"slices"
	"strings"
	"testing"
)

// 优化营商环境条例 art. 35: a guide says in detail what is asked for, so a paper
// that is called something like "other materials" is no paper.
func TestMaterialsNameAPaper(t *testing.T) {
	for name, vague := range map[string]bool{
		"其他材料": true, "其它材料": true, "其他需要的材料": true, "相关材料": true, "有关证明文件": true, "证明材料": true, "申请材料": true,
		"法律法规规定的其他材料": true, "法律、法规规定的其他材料": true, "法律、行政法规、规章规定应当提交的其他文件": true, "审批机关要求提交的其他材料": true,
		"窗口工作人员认为需要补充的材料": true, "身份证、户口簿等材料": true, "营业执照等相关证明材料": true, "其 他 材 料": true, "其他材料（视情况）": true,
		"申请书及其他相关材料": true, "营业执照、其他证明文件": true, "材料": true, "所需手续": true,

		"居民身份证": false, "身份证明": false, "与纠纷有关的证据材料": false, "相关前置许可文件": false, "爆破作业单位许可证或其他合法使用证明": false,
		"其他卫生技术人员名录及执业证书": false, "有关管理制度目录及文本": false, "项目核准、备案或立项文件": false, "残疾人证、低保证等身份证明": false,
		"燃气设施消防、特种设备等验收材料": false, "用途说明材料": false, "收入证明材料": false, "劳务派遣管理制度（劳动合同、社会保险等）": false,
		"业务主管单位的批准文件": false, "申请表": false, "法定代表人证件": false, "技艺特点、成就及相关证明材料": false, "不能建设防空地下室的地质勘察等证明": false,
	} {
		if got := namesNothing(name); got != vague {
			t.Errorf("namesNothing(%q) = %v", name, got)
		}
	}
}

func TestCheckRefusesAmbiguousMaterials(t *testing.T) {
	item := sample()
	item.Materials = slices.Clone(item.Materials)
	item.Materials[0].Name = "法律法规规定的其他材料"
	twin := item.Materials[1]
	twin.Name = " " + strings.ToLower(twin.Name) // as a list pasted from elsewhere has it
	item.Materials = append(item.Materials, twin)
	faults := Check(item)
	i := slices.IndexFunc(faults, func(f Fault) bool { return f.Path == "materials[0].name" })
	if i < 0 || faults[i].Code != FaultLaw || !strings.Contains(faults[i].ZH, "逐项列出") || !strings.Contains(faults[i].EN, "name each paper") {
		t.Errorf("%v", faults)
	}
	if !slices.ContainsFunc(faults, func(f Fault) bool {
		return f.Path == "materials["+string(rune('0'+len(item.Materials)-1))+"].name" && f.Code == FaultDuplicate
	}) {
		t.Errorf("two papers that differ in nothing one can see: %v", faults)
	}
	mustBeTold(t, faults)
}
