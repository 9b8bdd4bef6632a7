package storebench_test

import (
	"context"
	"testing"
	"time"

	"github.com/tongban/tongban/store/storebench"
)

func TestDurable(t *testing.T) {
	took, err := storebench.Durable(context.Background(), t.TempDir(), 2048, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(took) == 0 {
		t.Fatal("not one transaction")
	}
}

func TestDurableRefusesNoDisk(t *testing.T) {
	if _, err := storebench.Durable(context.Background(), t.TempDir()+"/absent", 2048, time.Millisecond); err == nil {
		t.Fatal("a database in a directory that is not there")
	}
}
