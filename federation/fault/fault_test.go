package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/tongban/tongban/federation/fault"
)

type here struct{}

func (here) Area() string { return "here" }

type there struct{}

func (there) Area() string { return "there" }

func TestFault(t *testing.T) {
	full := &fault.Fault[here]{Code: "full", ZH: "已满", EN: "it is full"}
	err := fmt.Errorf("write: %w", full.Becausef("page 3: %w", io.ErrShortWrite))
	if !errors.Is(err, full) || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("%v is not what it is made of", err)
	}
	for _, other := range []error{&fault.Fault[here]{Code: "empty"}, &fault.Fault[there]{Code: "full"}} {
		if errors.Is(err, other) {
			t.Errorf("%v is taken for %#v", err, other)
		}
	}
	var elsewhere *fault.Fault[there]
	if errors.As(err, &elsewhere) {
		t.Error("a fault of one area is taken for one of another")
	}
	if want := "write: here: it is full (已满): page 3: short write"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if full.Err != nil {
		t.Error("the cause was written into the fault itself")
	}
	raw, err := json.Marshal(full.Because(io.ErrShortWrite))
	if err != nil || string(raw) != `{"code":"full","zh":"已满","en":"it is full"}` {
		t.Errorf("%s, %v", raw, err)
	}
}
