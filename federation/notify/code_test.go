package notify

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/notice"
)

// A code goes by mail where there is a server, else into the file, with the address
// masked; without either, or by text message alone, it goes nowhere.
func TestSendCode(t *testing.T) {
	dir := t.TempDir()
	file := NewFileSink(FileOptions{Dir: dir})
	s := NewSender(Options{Settings: Settings{Channels: []Channel{file}}})
	if err := s.SendCode(t.Context(), "1", "zhang.san@example.cn", notice.Chinese, notice.CodeText("7K2M-PQ4X", notice.Chinese)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	line, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if text := string(line); !strings.Contains(text, "7K2M-PQ4X") || !strings.Contains(text, `"kind":"code"`) || strings.Contains(text, "zhang.san") {
		t.Errorf("%s", text)
	}
	none := NewSender(Options{})
	if err := none.SendCode(t.Context(), "1", "a@example.cn", notice.Chinese, "x"); !errors.Is(err, ErrNoMail) {
		t.Errorf("without a channel: %v", err)
	}
	mail := SMTP{}
	mail.o.From = "centre@example.cn"
	if a, b := mail.subject(&Message{Kind: KindCode}), mail.subject(&Message{}); a == b {
		t.Error("a code comes under the subject of a notice")
	}
}
