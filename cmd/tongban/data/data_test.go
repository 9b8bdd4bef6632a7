package data

import (
	"bytes"
	"os"
	"testing"
)

// What is carried is the file that people read and change.
func TestItemsAreTheFile(t *testing.T) {
	file, err := os.ReadFile("items.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(Items(), file) {
		t.Error("items.json.gz is not items.json; run go generate ./cmd/tongban/data")
	}
}
