package document

import (
	"cmp"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/remedy"
)

// The Administrative Licence Law governs licences. What is no licence goes the
// same way, with limits of its own (domain: section 2), and its papers say the
// rules that it stands on instead.

const licenceLaw = "《中华人民共和国行政许可法》"

func (s Subject) licence() bool { return s.Item.Type == catalog.Licence }

// under says by which rule something is done, article being that of the
// Administrative Licence Law for a licence.
func (s Subject) under(article string) string {
	if s.licence() {
		return "依照" + licenceLaw + article
	}
	return "按照本事项的办理规定"
}

// bases are the laws that a step rests on.
func (s Subject) bases(article string) []string {
	if s.licence() {
		return []string{licenceLaw + article}
	}
	return bases(s.Item)
}

// notCounted tells of the special procedures to come.
func (s Subject) notCounted() string {
	if s.licence() {
		return "特别程序所需时间依法不计算在期限内，将另行书面告知。"
	}
	return "特别程序所需时间不计算在期限内，将另行书面告知。"
}

// reviewer is who reconsiders what was decided in the case.
func (s Subject) reviewer() string {
	return remedy.Body(s.Item.ReviewBody, cmp.Or(s.Issuer.Department, s.Case.Department), s.Government)
}
