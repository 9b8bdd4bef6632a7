package catalog

import (
	"os"
	"testing"
)

func TestRealItemsPass(t *testing.T) {
	items := realItems(t)
	if len(items) != 226 {
		t.Fatalf("%d items, want 226", len(items))
	}
}

func realItems(t testing.TB) []Item {
	t.Helper()
	items, faults := ParseItems(mustRead(t, "items.json"))
	for _, f := range faults {
		t.Error(f)
	}
	if len(faults) > 0 {
		t.FailNow()
	}
	return items
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
