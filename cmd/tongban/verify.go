package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/proof"
)

func verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [CODE]",
		Short: "核验文书真伪，可离线 (what a document is worth; works without a node)",
		Long: `CODE 为扫描文书二维码所得文字，- 表示从标准输入读取；或用 --file 给出打印时保存的 JSON，连同内容一起核验。
给出 --trust 县信任文件（tongban trust keys 取得）时不连接任何节点；否则向节点查询，并得知是否已换发或作废。
文书真实有效时退出码 0，否则 1 并说明原因；所问节点没有签发单位的证书又连不上上级时退出码 3，不作结论；离线核验只证明签发时真实，是否仍有效须联网（JSON 中 online_needed 为 true）。
CODE is what a scanner reads off the QR code, - is standard input; or --file names the JSON that came
with the print, whose content is checked too. With --trust no node is asked. Ends with 0 for a document
that is genuine and in force, else with 1 and the reasons; with 3 when the node lacks the signer's
certificate and cannot ask above for it, which says nothing of the document. Offline it tells that the document was good
when it was signed; whether it still is takes a node (online_needed in the JSON).`,
		Example: `  tongban verify TB1:AEAQC... --trust anji-trust.json
  tongban verify --file notice.json --trust anji-trust.json --fingerprint 3f9a61c2d05b7e8894a1b6c7d8e9f0
  tongban verify TB1:AEAQC... --node http://127.0.0.1:8080`,
		Args: arguments(0, 1, "CODE"),
	}
	file := cmd.Flags().String("file", "", "打印时保存的 JSON 文件 (JSON of a print)")
	trustFile := cmd.Flags().String("trust", "", "县信任文件，离线核验 (the county's trust file; checks offline)")
	fingerprint := cmd.Flags().String("fingerprint", "", "县信任文件应有的指纹 (the fingerprint the trust file must have)")
	return atNodeMaybe(cmd, func(cmd *cobra.Command, args []string) error {
		code, content, err := evidence(cmd, args, *file)
		if err != nil {
			return err
		}
		if *trustFile != "" {
			return verifyOffline(printerOf(cmd), code, content, *trustFile, *fingerprint)
		}
		if *fingerprint != "" {
			return usagef("--fingerprint 与 --trust 同用 (goes with --trust)")
		}
		c, err := connect(cmd)
		if err != nil {
			return err
		}
		return verifyAtNode(cmd, c, code, content)
	})
}

// atNodeMaybe is atNode for a command that may need no node.
func atNodeMaybe(cmd *cobra.Command, work func(cmd *cobra.Command, args []string) error) *cobra.Command {
	connectionFlags(cmd)
	cmd.RunE = work
	return cmd
}

// evidence is the code and, from a file, the document's JSON.
func evidence(cmd *cobra.Command, args []string, file string) (code string, content json.RawMessage, err error) {
	if (len(args) == 1) == (file != "") {
		return "", nil, usagef("请给出 CODE 或 --file 之一 (give CODE or --file)")
	}
	if file == "" {
		if args[0] != "-" {
			return args[0], nil, nil
		}
		text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 64<<10))
		return string(text), nil, err
	}
	text, err := readBounded(file, 1<<20)
	if err != nil {
		return "", nil, err
	}
	var printed struct {
		Code     string          `json:"code"`
		Document json.RawMessage `json:"document"`
	}
	if err := json.Unmarshal(text, &printed); err != nil || printed.Code == "" || len(printed.Document) == 0 {
		return "", nil, fmt.Errorf("%s 不是打印文书得到的 JSON，应含 document 与 code (is not the JSON of a printed document)", file)
	}
	return printed.Code, printed.Document, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usagef("无法打开文件 (cannot open the file): %v", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s 过大 (is too large)", path)
	}
	return data, err
}

func verifyOffline(p printer, text string, content json.RawMessage, path, fingerprint string) error {
	data, err := readBounded(path, 32<<20)
	if err != nil {
		return err
	}
	ring, err := trust.DecodeKeyring(data)
	if err != nil {
		return fmt.Errorf("%s 不是县信任文件 (is not a county's trust file): %w", path, err)
	}
	keys, err := ring.Keys()
	if err != nil {
		return fmt.Errorf("%s 不可信：其中的密钥未经该县签发或被改动 (is not to be trusted): %w", path, err)
	}
	fp, err := ring.Fingerprint()
	if err != nil {
		return err
	}
	if fingerprint != "" && !strings.EqualFold(fingerprint, fp.String()) {
		return fmt.Errorf("%s 的指纹是 %s，不是 --fingerprint 所给 (has another fingerprint)", path, fp)
	}
	report := client.VerifyReport{AsOf: ring.AsOf}
	code, err := proof.Parse(text)
	if err != nil {
		report.Verdict = proof.Forged
		report.Reasons = []proof.Reason{{Code: "malformed", ZH: "不是本系统的文书二维码，或扫描不完整、被改动", EN: "not the code of a document, or cut off or changed"}}
		return sayVerdict(p, report)
	}
	canonical, strange := canonicalText(content)
	r := proof.Judge(code, keys, canonical, nil)
	if strange && r.Key != nil {
		r.Verdict, r.Reasons = proof.Forged, []proof.Reason{{Code: "content", ZH: "所附内容不是文书的规范内容", EN: "what came with the code is not a document as a node gives it"}}
	}
	report.Verdict, report.Reasons = r.Verdict, r.Reasons
	if r.Key != nil {
		report.Kind, report.Title, report.Number, report.Item, report.Applicant = string(code.Kind), code.Kind.Name(), code.Number(), code.Item, code.Applicant
		report.Date, report.Signer, report.Key, report.Sealed = code.Date, r.Key.Holder, code.Key, r.Key.Seal
		if !code.Case.IsZero() {
			report.Case = code.Case.String()
		}
	}
	return sayVerdictOf(p, offlineReport{report, r.Verdict == proof.Genuine})
}

// offlineReport is what can be told without a node: not whether a document was
// voided or replaced since.
type offlineReport struct {
	client.VerifyReport
	OnlineNeeded bool `json:"online_needed"`
}

// signedZH is what is told of a document whose signature holds, where no ledger
// was asked.
const (
	signedZH = "签名有效，签发时真实；是否仍有效请联网核验"
	signedEN = "signed and genuine when it was issued; check online whether it still holds"
)

func canonicalText(content json.RawMessage) (text []byte, strange bool) {
	if content == nil {
		return nil, false
	}
	d, err := document.Parse(content)
	if err != nil {
		return nil, true
	}
	text, err = d.Canonical()
	return text, err != nil
}

func verifyAtNode(cmd *cobra.Command, c *connection, code string, content json.RawMessage) error {
	a, err := answered[client.VerifyReport](c.api.VerifyDocument(cmd.Context(), client.VerifyDocumentJSONRequestBody{Code: strings.TrimSpace(code), Document: string(content)}))
	if err != nil {
		return err
	}
	return sayVerdict(c.printer, a.value)
}

var verdictZH = map[proof.Verdict]string{
	proof.Genuine: "真实有效", proof.Superseded: "真实，但已换发新文书", proof.Revoked: "已作废或签名已吊销",
	proof.Unsealed: "未加盖电子印章，无效", proof.UnknownKey: "无法确认签名者", proof.NotHere: "本机暂时无法核验", proof.Forged: "伪造或被改动",
}

// sayVerdict prints a report, and fails unless the document is good.
func sayVerdict(p printer, r client.VerifyReport) error {
	return sayVerdictOf(p, offlineReport{r, false})
}

func sayVerdictOf(p printer, r offlineReport) error {
	r.VerdictZh = verdictZH[r.Verdict]
	verdictEN := string(r.Verdict)
	if r.OnlineNeeded {
		r.VerdictZh, verdictEN = signedZH, signedEN
	}
	if r.Reasons == nil {
		r.Reasons = []proof.Reason{}
	}
	if p.json {
		if err := p.showValue(r); err != nil {
			return err
		}
	} else {
		t := newTable("", "")
		t.row(p.pick("结论", "verdict"), p.pick(r.VerdictZh, verdictEN))
		for _, why := range r.Reasons {
			t.row(p.pick("说明", "because"), clean(p.pick(why.ZH, why.EN)))
		}
		for _, row := range [][2]string{{p.pick("文书", "document"), r.Title}, {p.pick("文号", "number"), r.Number}, {p.pick("办件编号", "case"), r.Case},
			{p.pick("事项", "item"), strings.TrimSpace(r.Item + " " + r.ItemName)}, {p.pick("申请人", "applicant"), r.Applicant}, {p.pick("签名者", "signed by"), r.Signer}} {
			if row[1] != "" {
				t.row(row[0], clean(row[1]))
			}
		}
		if !r.Date.IsZero() {
			t.row(p.pick("日期", "date"), r.Date.String())
		}
		t.row(p.pick("数据截至", "as of"), moment(r.AsOf))
		t.write(p.out, p.language)
	}
	switch r.Verdict {
	case proof.Genuine:
		return nil
	case proof.NotHere:
		return toldUnreachable{}
	}
	return toldAlready
}

// toldUnreachable ends a command with 3 when what it printed says what could not
// be asked.
type toldUnreachable struct{}

func (toldUnreachable) Error() string        { return toldAlready.Error() }
func (toldUnreachable) Is(target error) bool { return target == toldAlready }
func (toldUnreachable) ExitCode() int        { return exitUnreachable }

func trustKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "取得县信任文件，供离线核验文书 (the county's trust file, for tongban verify)",
		Long: `县信任文件含本县公钥、各节点与电子印章的公钥及其证明，以及截至取得时的吊销情况，不含任何私钥，可以公开。
在县中心取得的最全；吊销之后请重新取得。
Public keys alone, each with its proof, and what was revoked until now. The one from the county has all.`,
		Example: "  tongban trust keys --out anji-trust.json",
		Args:    noArguments,
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.GetKeyring(cmd.Context()) }
		return writePage(c, send, *out)
	})
}
