package account

import (
	"strings"
	"testing"
)

// A code belongs to one address of one account as it was named once, and to one
// quarter of an hour; how it is typed does not matter, and it tells nothing.
func TestMailCode(t *testing.T) {
	k := Account{ID: "a-1", Unconfirmed: "zhang.san@example.cn", UnconfirmedAt: 1}
	code := MailCode([]byte("secret"), &k, 7)
	if len(code) != 9 || code[4] != '-' || MailCode([]byte("secret"), &k, 7) != code {
		t.Fatalf("%q", code)
	}
	other, anew, address := k, k, k
	other.ID, anew.UnconfirmedAt, address.Unconfirmed = "a-2", 2, "li.si@example.cn"
	for name, got := range map[string]string{"another secret": MailCode([]byte("other"), &k, 7), "another quarter": MailCode([]byte("secret"), &k, 8),
		"another account": MailCode([]byte("secret"), &other, 7), "named anew": MailCode([]byte("secret"), &anew, 7), "another address": MailCode([]byte("secret"), &address, 7)} {
		if got == code {
			t.Errorf("%s has the same code", name)
		}
	}
	plain := PlainCode(code)
	for _, typed := range []string{code, strings.ToLower(code), " " + plain[:4] + " " + plain[4:], strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(plain))} {
		if PlainCode(typed) != plain {
			t.Errorf("%q is not read as %q", typed, plain)
		}
	}
}
