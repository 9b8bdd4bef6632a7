package rating

import "github.com/tongban/tongban/node/ledger"

// Figures count ratings. They never forget one: a malicious rating counts, and
// how many were marked stands beside it.
type Figures struct {
	// Closed are the cases decided in the same time, which could have been rated.
	Closed int64 `json:"closed"`
	// Rated are ratings, Satisfied those of them with no bad grade, Bad the others.
	Rated     int64 `json:"rated"`
	Satisfied int64 `json:"satisfied"`
	Bad       int64 `json:"bad"`
	// Rectified are the bad ones that were put right; Malicious those marked.
	Rectified int64 `json:"rectified"`
	Malicious int64 `json:"malicious"`
	// Grades counts the institution's grades, from 1 to 5.
	Grades [5]int64 `json:"grades"`
}

// Add counts one rating.
func (f *Figures) Add(r *Rating, fix *Rectification) {
	f.Rated++
	if r.Institution.Valid() {
		f.Grades[r.Institution-1]++
	}
	if r.Mark != nil {
		f.Malicious++
	}
	if !r.Bad() {
		f.Satisfied++
		return
	}
	f.Bad++
	if fix != nil && fix.DoneMS != 0 {
		f.Rectified++
	}
}

// PerMille is a share in thousandths, rounded down; -1 where there is nothing to
// have a share of. Whole numbers are the same on every node.
func PerMille(part, whole int64) int64 {
	if whole <= 0 {
		return -1
	}
	return part * 1000 / whole
}

// Rate is rated of closed (评价率), Satisfaction grades 3 to 5 of rated (好评率),
// Rectification rectified of bad (整改率), all in thousandths.
func (f Figures) Rate() int64          { return PerMille(f.Rated, f.Closed) }
func (f Figures) Satisfaction() int64  { return PerMille(f.Satisfied, f.Rated) }
func (f Figures) Rectification() int64 { return PerMille(f.Rectified, f.Bad) }

// GradeZH is what a grade is called.
func GradeZH(g ledger.Grade) string {
	return [...]string{"", "非常不满意", "不满意", "基本满意", "满意", "非常满意"}[max(0, min(g, 5))]
}
