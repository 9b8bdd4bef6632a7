package casework

import "github.com/tongban/tongban/node/ledger"

// checkGround holds a refusal to accept against the grounds of art. 32: whoever is not
// competent says who is.
func checkGround(b *ledger.CaseRejectV1) error {
	switch {
	case b.Ground == "":
		return refuse("ground_missing", "请选择不予受理的情形：依法不需要许可、不属于本机关职权范围，或其他", "say on which ground it is not accepted: it takes no licence, it is another authority's matter, or another one")
	case b.Ground == ledger.RejectCompetence && b.Authority == "":
		return refuse("right_authority", "不属于本机关职权范围的，须告知申请人向哪个行政机关申请，请填写该机关", "where the matter is another authority's, the applicant is told which one to apply to; name it")
	}
	return nil
}
