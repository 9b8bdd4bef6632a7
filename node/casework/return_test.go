package casework

import "testing"

// domain.md section 5: a case returned with no reason is found. What only says
// that there is one is none.
//
// Rules: 5.9.
func TestReasonsThatSaySomething(t *testing.T) {
	for reason, want := range map[string]bool{
		"退回": false, "无": false, "。。。": false, "-- 12 --": false, "同上，略": false, "退回，无理由": false,
		"身份证照片不清晰": true, "无身份证": true, "退回补正户口簿": true, "scan is cut off": true,
	} {
		if got := SaysSomething(reason); got != want {
			t.Errorf("%q says something: %v", reason, got)
		}
	}
}
