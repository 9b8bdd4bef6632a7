package document

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// The proof of delivery names a refusal once: what is made out after a refusal is the
// decision itself (domain: section 3).
func TestProofOfDeliveryNamesARefusalOnce(t *testing.T) {
	s := lived(t, func(c *casework.Case) {
		decided(false)(c)
		c.Status, c.DeliveredMS, c.Recipient, c.Method = casework.Closed, c.DecidedMS, "李某", "direct"
	})
	title := Title(RefusalDecision, s.Item)
	for _, number := range []string{"", "安消不〔2026〕1号"} {
		s.Case.Documents = []ledger.IssuedDocument{{Name: title, Number: number}}
		d, err := Make(ServiceReceipt, s)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(d.Lists, func(l List) bool { return l.Heading == "送达的文书" })
		if i < 0 || len(d.Lists[i].Rows) != 1 || !strings.Contains(d.Lists[i].Rows[0], title) || !strings.Contains(d.Lists[i].Rows[0], number) {
			t.Errorf("%q: %+v", number, d.Lists)
		}
	}
}
