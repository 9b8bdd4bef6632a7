package importfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// MaxBytes bounds an import file; the county's 226 items take 1 MB.
const MaxBytes = 16 << 20

// text is a file's bytes as UTF-8 without byte order mark, or why it is none.
func text(data []byte) ([]byte, *Fault) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // Windows editors write one
	whole := func(code Code, zh, en string) *Fault { return &Fault{Path: "$", Code: code, ZH: zh, EN: en} }
	switch {
	case len(data) > MaxBytes:
		return nil, whole(Limit, fmt.Sprintf("文件超过 %d MB，可能选错了文件", MaxBytes>>20), fmt.Sprintf("the file is larger than %d MB; is it the right one?", MaxBytes>>20))
	case len(bytes.TrimSpace(data)) == 0:
		f := whole(Syntax, "文件是空的（第 1 行第 1 列）：请核对是否选错，或导出时没有写完；应为一份 JSON 文件", "the file is empty (line 1, column 1): is it the right one, and was it written to its end? A JSON file is needed")
		f.Line = 1
		return nil, f
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, whole(Syntax, "这是 Excel、Word 或压缩文件，请导入 JSON 文件", "this is a spreadsheet, a document or an archive; a JSON file is needed")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, whole(Syntax, "文件是 UTF-16（记事本的“Unicode”）编码，请另存为 UTF-8", "the file is UTF-16 (Notepad's “Unicode”); save it as UTF-8")
	case bytes.IndexByte(data[:min(len(data), 4096)], 0) >= 0:
		return nil, whole(Syntax, "这不是文本文件，请核对是否选错了文件；文本请存为 UTF-8", "this is no text file; is it the right one? Text is saved as UTF-8")
	case !utf8.Valid(data):
		line, _ := place(data, firstInvalid(data))
		f := whole(Syntax, fmt.Sprintf("文件不是 UTF-8 编码（自第 %d 行起），请另存为 UTF-8", line), fmt.Sprintf("the file is not UTF-8 (from line %d on); save it as UTF-8", line))
		if looksGBK(data) {
			f.ZH = fmt.Sprintf("文件是 GBK（记事本的“ANSI”）编码，不是 UTF-8（自第 %d 行起）：请在编辑器中另存为 UTF-8 后再导入", line)
			f.EN = fmt.Sprintf("the file is GBK (Notepad's “ANSI”), not UTF-8 (from line %d on); save it as UTF-8 and import it again", line)
		}
		f.Line = line
		return nil, f
	}
	return data, nil
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// looksGBK reports whether all bytes beyond ASCII pair up as GBK has them.
func looksGBK(data []byte) bool {
	pairs := 0
	for i := 0; i < len(data); i++ {
		if data[i] < 0x80 {
			continue
		}
		if data[i] == 0x80 || data[i] == 0xff || i+1 == len(data) {
			return false
		}
		if i++; data[i] < 0x40 || data[i] == 0x7f || data[i] == 0xff {
			return false
		}
		pairs++
	}
	return pairs > 0
}

// place turns an offset into a line and a column, both counted from 1, the
// column in characters.
func place(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset, 0), len(data))]
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}
