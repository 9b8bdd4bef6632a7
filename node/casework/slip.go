package casework

import "github.com/tongban/tongban/node/ledger"

// How far two writings of one name or number may be apart and still be a slip of
// whoever typed it *(convention)*: in a number a digit, or two that were swapped,
// with the check digit that follows from them; in a name a character, and one more
// for every four.
const (
	slipsOfNumber = 3
	nameRunes     = 4
)

// sameApplicant reports whether two writings are of one person, or organisation:
// the name is the same and the number a slip away, or the other way round.
func sameApplicant(was, now ledger.Applicant) bool {
	if was.Name == now.Name {
		return was.IDNumber != "" && now.IDNumber != "" && apart([]rune(was.IDNumber), []rune(now.IDNumber)) <= slipsOfNumber
	}
	name := []rune(was.Name)
	return was.IDNumber == now.IDNumber && apart(name, []rune(now.Name)) <= 1+len(name)/nameRunes
}

// CheckCorrection refuses a correction that makes another person of an applicant: both
// the name and the number are others, and not by a slip in each.
func CheckCorrection(was, now ledger.Applicant) error {
	name := []rune(was.Name)
	switch {
	case was.Name == now.Name, was.IDNumber == now.IDNumber, was.IDNumber == "":
		return nil
	case apart(name, []rune(now.Name)) <= 1+len(name)/nameRunes && apart([]rune(was.IDNumber), []rune(now.IDNumber)) <= slipsOfNumber:
		return nil
	}
	return refuse("applicant_swapped", "姓名和证件号码都改为他人的，不是更正：请撤回本件，由本人重新申请",
		"to make both the name and the number another person's is no correction: withdraw the case, and have that person apply anew")
}

// apart is how many characters have to be changed, put in or left out to make one
// text of another.
func apart(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		corner := row[0]
		row[0] = i + 1
		for j := range b {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
