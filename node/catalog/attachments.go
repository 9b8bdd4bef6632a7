package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits bound what one case may carry. They are settings of the county, and
// the browser is told them, so that people learn of them before an upload.
type Limits struct {
	AttachmentBytes int64    // of one attachment
	CaseBytes       int64    // of all attachments of a case, each content once
	PerMaterial     int      // attachments of one submitted material
	Types           []string // media types
}

// What any node can be set to take, and so what every node holds and every copy
// of the ledger lets pass: a paper that one node acknowledged is refused by none
// above it. Settings are held against these.
const (
	CeilingBytes     int64 = 1 << 30  // of one attachment
	CaseCeilingBytes int64 = 10 << 30 // of all attachments of a case
)

// DefaultLimits are 20 MB an attachment and 200 MB a case. The types are those
// that scanners and phones produce and an examiner's browser shows without
// running anything in them, and OFD (GB/T 33190), in which electronic licences
// are issued. GIF, SVG and office documents are left out: an animation or a
// file with macros is no evidence.
func DefaultLimits() Limits {
	return Limits{
		AttachmentBytes: 20 << 20,
		CaseBytes:       200 << 20,
		PerMaterial:     50,
		Types:           []string{"image/jpeg", "image/png", "image/webp", "application/pdf", "application/ofd"},
	}
}

// extensions a file name may end in, by media type. A name that ends in
// anything else is opened by something else once it is downloaded.
var extensions = []struct {
	mediaType string
	endings   []string
}{
	{"image/jpeg", []string{".jpg", ".jpeg"}},
	{"image/png", []string{".png"}},
	{"image/webp", []string{".webp"}},
	{"application/pdf", []string{".pdf"}},
	{"application/ofd", []string{".ofd"}},
}

var contentHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckAttachment says what is wrong with one attachment on its own, with
// paths relative to it.
func CheckAttachment(a AttachmentRef, limits Limits) []Fault {
	var faults []Fault
	if !contentHash.MatchString(a.Hash) {
		faults = append(faults, newFault("hash", FaultFormat, "附件校验值应为64位小写十六进制SHA-256", "the hash must be a SHA-256 in 64 lower-case hex digits"))
	}
	switch {
	case a.Size < 1:
		faults = append(faults, newFault("size", FaultRange, "附件“%s”是空文件", "attachment %q is empty", show(a.Name)))
	case a.Size > limits.AttachmentBytes:
		faults = append(faults, newFault("size", FaultLimit, "附件“%s”超过%s，请压缩或拆分后上传", "attachment %q is larger than %s", show(a.Name), inMB(limits.AttachmentBytes)))
	}
	if !slices.Contains(limits.Types, a.Type) {
		faults = append(faults, newFault("type", FaultType, "附件“%[1]s”的格式不在允许之列（%[3]s）", "attachment %[1]q is of type %[2]q; allowed are %[3]s",
			show(a.Name), show(a.Type), strings.Join(limits.Types, ", ")))
	}
	return append(faults, checkFileName(a)...)
}

// checkAttachments checks the attachments of one material and adds the size of
// each content not seen before to the case.
func checkAttachments(material int, attachments []AttachmentRef, limits Limits, sum *contents) []Fault {
	if len(attachments) > limits.PerMaterial {
		return []Fault{newFault(fmt.Sprintf("materials[%d].attachments", material), FaultLimit,
			"一份材料的附件多于%d个", "a material has more than %d attachments", limits.PerMaterial)}
	}
	var faults []Fault
	seen := make([]string, 0, len(attachments))
	for i, a := range attachments {
		path := fmt.Sprintf("materials[%d].attachments[%d]", material, i)
		wrong := CheckAttachment(a, limits)
		faults = append(faults, at(path, wrong)...)
		if slices.Contains(seen, a.Hash) {
			faults = append(faults, newFault(path+".hash", FaultDuplicate, "附件“%s”在同一份材料中重复", "attachment %q is given twice in one material", show(a.Name)))
		}
		seen = append(seen, a.Hash)
		if len(wrong) == 0 && !sum.add(a) {
			faults = append(faults, newFault(path+".size", FaultConflict, "同一内容的附件大小不一致", "the same content is given with another size"))
		}
	}
	return faults
}

// contents adds up a case's attachments; the same content is stored and sent
// once however often it is named.
type contents struct {
	sizes map[string]int64
	total int64
}

func (c *contents) add(a AttachmentRef) bool {
	if size, ok := c.sizes[a.Hash]; ok {
		return size == a.Size
	}
	c.sizes[a.Hash] = a.Size
	c.total += a.Size
	return true
}

// maxFileName is what every file system a download may land on can hold.
const maxFileName = 200 // bytes

// unsafeRunes may separate paths, name drives or streams, or be wild cards on
// some system; the full-width ones turn into them in some conversions.
const unsafeRunes = `/\:*?"<>|／＼：＊？＂＜＞｜`

// checkFileName refuses names that could do harm where somebody saves the
// file. The server itself never uses them: content is stored by its hash.
func checkFileName(a AttachmentRef) []Fault {
	fail := func(code FaultCode, zh, en string) []Fault {
		return []Fault{newFault("name", code, "文件名“%s”"+zh, "file name %q "+en, show(a.Name))}
	}
	stem, _, _ := strings.Cut(a.Name, ".")
	switch {
	case a.Name == "" || len(a.Name) > maxFileName:
		return fail(FaultLength, fmt.Sprintf("应为1至%d字节", maxFileName), fmt.Sprintf("must have 1 to %d bytes", maxFileName))
	case !utf8.ValidString(a.Name) || !printable(a.Name):
		return fail(FaultText, "含有控制字符或不可见字符", "holds control or invisible characters")
	case strings.ContainsAny(a.Name, unsafeRunes) || strings.Contains(a.Name, ".."):
		return fail(FaultFormat, "含有路径或特殊符号，请改名后上传", "holds path or special characters")
	case strings.TrimSpace(a.Name) != a.Name || strings.HasPrefix(a.Name, ".") || strings.HasSuffix(a.Name, "."):
		return fail(FaultFormat, "首尾不能是空格或句点", "must not begin or end with a space or a dot")
	case deviceName(strings.TrimSpace(stem)):
		return fail(FaultFormat, "是系统保留名称", "is reserved by Windows")
	}
	name := strings.ToLower(a.Name)
	for _, e := range extensions {
		if e.mediaType == a.Type && !slices.ContainsFunc(e.endings, func(s string) bool { return strings.HasSuffix(name, s) }) {
			return fail(FaultConflict, "的扩展名与文件格式不符，应为"+strings.Join(e.endings, "或"), "must end in "+strings.Join(e.endings, " or "))
		}
	}
	return nil
}

// Extension is the usual ending of a file of an allowed media type.
func Extension(mediaType string) string {
	for _, e := range extensions {
		if e.mediaType == mediaType {
			return e.endings[0]
		}
	}
	return ""
}

func deviceName(stem string) bool {
	stem = strings.ToUpper(stem)
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	rest, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		rest, ok = strings.CutPrefix(stem, "LPT")
	}
	return ok && utf8.RuneCountInString(rest) == 1 && strings.ContainsAny(rest, "0123456789¹²³")
}

func inMB(bytes int64) string { return fmt.Sprintf("%dMB", bytes>>20) }
