package division

import (
	"strings"

	"github.com/tongban/tongban/node"
)

// Government is the authority that governs a division, as documents name it:
// a county's, town's or township's people's government, or a street's office. A
// village has none; its service point is named.
func (d Division) Government() string {
	switch d.Kind {
	case KindStreet:
		return strings.TrimSuffix(d.Name, "街道") + "街道办事处"
	case KindCounty, KindTown, KindTownship:
		return d.Name + "人民政府"
	}
	return d.Centre()
}

// Centre is a division's service centre or service point, as documents and signs
// name it.
func (d Division) Centre() string {
	switch d.Code.Tier() {
	case node.County:
		return d.Name + "政务服务中心"
	case node.Township:
		return d.Name + "便民服务中心"
	}
	return d.Name + "便民服务站"
}

// anyTownship is how the catalog, which is the same for all of them, names the
// authority of whichever township a matter belongs to.
const anyTownship = "乡镇人民政府（街道办事处）"

// Authority is the real name of an authority that the catalog names for any
// county: that of the township a matter belongs to, or the county's own
// department. A division that is not known (zero) leaves the catalog's words.
func Authority(department string, county, township Division) string {
	switch {
	case department == anyTownship && township.Name != "":
		return township.Government()
	case department == anyTownship || county.Name == "" || strings.Contains(department, county.Name) || strings.HasPrefix(department, "市"):
		return department
	}
	return strings.Replace(department, "县", county.Name, 1)
}
