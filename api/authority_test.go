package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/identity/identitytest"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// asked is what an operation takes, written by hand: the action of
// identitytest's table, and what it is on. It is what the API is held against,
// and asks nothing of it.
type asked struct {
	action string
	// on is what the right must reach: "here" the node that is asked, "case"
	// the case that is named, "some" whatever lies within the right, and "" the
	// county.
	on string
	// at home: it records something, which people do at their own office only.
	home bool
	// body is a request that would do no harm, were it let through; nil is none.
	body any
	// path says what stands for {id}, {code}, {hash} and {entry}.
	id string
}

// everybody may ask for these, or anybody about themselves.
var everybody = []string{"login", "refreshSession", "getThisNode", "listItems", "getItem", "listEditions", "listDivisions", "getCalendar", "getItemSheet", "listLifeEvents", "getPaperSample", "listPackages", "getPackage", "getDue", "giveRating", "openComplaint", "getCatalogStatistics", "getServiceRules", "listPublicRatings", "lookUpComplaint", "listPublicSamples", "getPublicSample", "getPublicPopulation", "healthz", "readyz", "metrics", "getDocument", "getDocs"}
var themselves = []string{"getSession", "logout", "changePassword", "getBrowserKey", "streamChanges"}

// endsTokens are let through in tests of their own: what is signed with the keys
// they replace is worth nothing afterwards, and a ledger that went back is
// another one.
var endsTokens = map[string]bool{"rotateTrust": true, "renewNode": true, "declareRecovery": true, "recordAgain": true}

const nowhere = "nowhere-1" // no node, and nobody

var expected = map[string]asked{
	"listNodes":  {action: "node.read", on: "some"},
	"getNode":    {action: "node.read", on: "here", id: "self"},
	"inviteNode": {action: "node.manage", home: true, body: gen.InvitationRequest{Tier: "village", Division: "330523110202", Name: "甲"}},
	"revokeNode": {action: "node.manage", home: true, body: gen.RevokeRequest{Reason: "停用"}, id: nowhere},
	"renameNode": {action: "node.manage", home: true, body: gen.RenameRequest{Name: "乙"}, id: nowhere},
	"renewNode":  {action: "backup.take", on: "here"},
	"getLevel":   {action: "node.read", on: "some"},
	"raiseLevel": {action: "hub.manage", home: true, body: gen.LevelRequest{Level: 1}},

	"listItemVersions": {action: "item.read"},
	"diffItem":         {action: "item.read"},
	"listDrafts":       {action: "item.read"},
	"validateItems":    {action: "item.draft", on: "some", body: "{}"},
	"importItems":      {action: "item.draft", on: "some", body: "{}"},
	"draftItem":        {action: "item.draft", on: "some", body: "{}"},
	"approveItems":     {action: "item.approve", home: true, body: gen.ApproveRequest{Items: []gen.ItemRef{{Code: "TB-NONE-001", Version: 1}}}},
	"publishEdition":   {action: "edition.publish", home: true, body: gen.PublishRequest{Items: []gen.ItemRef{{Code: "TB-NONE-001", Version: 1}}}},
	"cancelEdition":    {action: "edition.publish", home: true, body: `{"reason":"有误"}`},
	"withdrawItem":     {action: "edition.publish", home: true, body: gen.WithdrawRequest{Note: "停办"}, id: "TB-NONE-001"},
	"setOverlay":       {action: "overlay.set", on: "here", home: true, body: gen.OverlayRequest{Window: "1号"}},
	"importDivisions":  {action: "division.import", home: true, body: "{}"},
	"importCalendar":   {action: "calendar.import", home: true, body: "{}"},

	"listStaff":          {action: "staff.read", on: "some"},
	"addStaff":           {action: "staff.manage", home: true, body: gen.StaffRequest{Login: "planted", Name: "丙", Division: "330523", Roles: []identity.Role{identity.TownshipClerk}}},
	"setStaffRoles":      {action: "staff.manage", home: true, body: gen.RolesRequest{Roles: []identity.Role{identity.Auditor}}, id: nowhere},
	"disableStaff":       {action: "staff.manage", home: true, body: gen.DisableRequest{Reason: "离岗"}, id: nowhere},
	"resetStaffPassword": {action: "staff.manage", home: true, body: gen.PasswordReset{}, id: nowhere},

	"openAccount":          {action: "account.open", on: "here", home: true, body: gen.AccountOpening{Type: "person", Name: "甲", Number: storetest.IDNumber(99), Shown: "居民身份证"}},
	"findAccount":          {action: "account.open", on: "here", body: gen.AccountNumber{Type: "person", Number: storetest.IDNumber(98)}},
	"setAccountAgents":     {action: "account.open", on: "here", home: true, body: gen.AgentsRequest{Number: "91330599MA000TB146", Agents: []account.Agent{}}},
	"attestAccountContact": {action: "account.open", on: "here", home: true, body: gen.ContactAttest{Type: "person", Number: storetest.IDNumber(99), Email: "a@example.cn", Shown: "居民身份证"}},
	"recordConsent":        {action: "record.consent", on: "here", home: true, body: gen.ConsentRequest{Type: "person", Number: storetest.IDNumber(99), Name: "甲乙", Purposes: []gen.Purpose{gen.ForPapers}, Shown: "居民身份证"}},
	"withdrawConsent":      {action: "record.consent", on: "some", body: gen.ConsentWithdrawal{Type: "person", Number: storetest.IDNumber(98)}},
	"lookUpRecord":         {action: "record.use", on: "some", body: gen.RecordQuery{Type: "person", Number: storetest.IDNumber(98), Item: "TB-XZRZ-005"}},
	"traceRecord":          {action: "reveal.read", on: "some", body: gen.AccountNumber{Type: "person", Number: storetest.IDNumber(98)}},
	"voidPaper":            {action: "paper.void", on: "case", home: true, body: gen.PaperVoiding{Brought: "nothing", Material: "居民户口簿", Reason: "已换发"}},
	"getPaperMonths":       {action: "statistics.read", on: "some"},
	"disableAccount":       {action: "account.disable", home: true, body: gen.AccountDisabling{Type: "person", Number: storetest.IDNumber(98), Reason: "本人申请"}},

	"beginAttachment":  {action: "case.submit", on: "here", body: gen.AttachmentRequest{Hash: strings.Repeat("ab", 32), Size: 9}},
	"headAttachment":   {action: "case.submit", on: "here"},
	"appendAttachment": {action: "case.submit", on: "here", body: []byte("x")},
	"getAttachment":    {action: "case.reveal", on: "case", home: true},

	"submitCase":          {action: "case.submit", on: "here", home: true},
	"checkCase":           {action: "case.submit", on: "some"},
	"listCases":           {action: "case.read", on: "some"},
	"findCases":           {action: "case.read", on: "some", body: gen.AccountNumber{Type: "person", Number: storetest.IDNumber(98)}},
	"getCase":             {action: "case.read", on: "case"},
	"getCaseTimeline":     {action: "case.read", on: "case"},
	"listUnsealed":        {action: "case.read", on: "some"},
	"listReveals":         {action: "reveal.read", on: "some"},
	"getCaseLimits":       {action: "case.read", on: "case"},
	"listCaseDocuments":   {action: "case.read", on: "case"},
	"getCaseDocument":     {action: "case.reveal", on: "case", home: true},
	"printCaseDocument":   {action: "case.print", on: "case", home: true, body: gen.PaperRequest{}},
	"sealCaseDocument":    {action: "case.seal", on: "case", home: true, body: gen.PaperRequest{}},
	"voidCaseDocument":    {action: "case.seal", on: "case", home: true, body: gen.VoidRequest{Reason: "有误"}},
	"makeSeal":            {action: "seal.manage", on: "here", home: true, body: gen.SealRequest{Department: "县无此局"}},
	"revokeSeal":          {action: "seal.manage", on: "some", body: gen.VoidRequest{Reason: "停用"}, id: "0f0f0f0f0f0f0f0f"},
	"resubmitCase":        {action: "case.submit", on: "case", home: true, body: gen.Resubmission{}},
	"actOnCase":           {action: "each", on: "case", home: true}, // see acts
	"listGuides":          {action: "guide.read", on: "some"},
	"openGuide":           {action: "guide.do", on: "here", home: true, body: gen.GuideRequest{About: "怎么办"}},
	"actOnGuide":          {action: "guide.do", on: "some", body: gen.GuideAction{Kind: gen.GuideActAccept}}, // what each desk may: TestFirstAsked
	"getCaseArchive":      {action: "case.read", on: "case"},
	"archiveCase":         {action: "case.archive", on: "case", home: true, body: gen.ArchiveRequest{Years: 10}},
	"exportCaseArchive":   {action: "case.reveal", on: "case", home: true},
	"listArchives":        {action: "case.read", on: "some"},
	"getCaseResults":      {action: "case.read", on: "case"},
	"actOnCaseResults":    {action: "case.read", on: "some", id: nowhere, body: `{"kind":"state","proposal":"x","text":"x"}`}, // what each kind asks for: TestResults
	"listExpiring":        {action: "case.read", on: "some"},
	"getCasePapers":       {action: "case.read", on: "case"},
	"listTransfers":       {action: "case.read", on: "some"},
	"getTransfer":         {action: "case.read", on: "some"},
	"getTransferDocument": {action: "case.read", on: "some"},
	"handOver":            {action: "custody.move", on: "some", home: true, body: `{"to":"330523","cases":[{"case":"nowhere"}]}`},
	"receiveTransfer":     {action: "custody.move", on: "some", home: true, body: "{}"},

	"getStatistics":          {action: "statistics.read", on: "some"},
	"offerRating":            {action: "rating.offer", on: "case", body: gen.RatingOffer{}},
	"listRatings":            {action: "rating.read", on: "some"},
	"getRatingFigures":       {action: "rating.figures", on: "some"},
	"actOnRating":            {action: "rating.handle", home: true, body: gen.RatingAction{Kind: gen.RatingActMark, Note: "查无此事"}},
	"listRectifications":     {action: "rating.orders", on: "some"},
	"getRectificationNotice": {action: "rating.orders", on: "some"},
	"answerRectification":    {action: "rating.answer", on: "some", body: gen.RectificationAnswer{Kind: gen.AnswerRectify, Text: "已整改"}},
	"setServiceRules":        {action: "service.rules", home: true, body: ledger.ServiceRulesV1{ContactDays: 1, FinishDays: 5, ReplyDays: 5, LeastShown: 5}},
	"listComplaints":         {action: "complaint.read", on: "some"},
	"getComplaint":           {action: "complaint.read", on: "some"},
	"assignComplaint":        {action: "complaint.assign", home: true, body: gen.ComplaintAssignment{Handler: "nobody"}},
	"replyComplaint":         {action: "complaint.handle", on: "some", body: gen.ComplaintAnswer{Reply: "属实"}},
	"getComplaintNotice":     {action: "complaint.handle", on: "some"},
	"getCaseFees":            {action: "fee.read", on: "some", id: nowhere},
	"actOnCaseFees":          {action: "fee.read", on: "some", id: nowhere, body: `{"kind":"charge","lines":[{"rate":"x","quantity":1,"amount":1}]}`}, // what each kind asks for: TestFees
	"listFees":               {action: "fee.read", on: "some"},
	"getCaseNotices":         {action: "case.read", on: "case"},
	"listNotices":            {action: "notice.read", home: true},
	"getNotice":              {action: "notice.read", home: true, id: nowhere},
	"retryNotice":            {action: "notice.retry", home: true, id: nowhere, body: `{"channel":"sms"}`},
	"importPackages":         {action: "item.draft", on: "some", body: "{}"},
	"getPackageVersion":      {action: "item.read"},
	"listPackageVersions":    {action: "item.read"},
	"validatePackages":       {action: "item.draft", on: "some", body: "{}"},
	"resubmitPackage":        {action: "case.submit", on: "some", body: gen.Resubmission{}, id: nowhere},
	"submitPackage":          {action: "case.submit", on: "some", body: `{"package":"PK-99","applicant":{"type":"person","name":"王芳"},"form":[],"materials":[]}`},
	"checkPackage":           {action: "case.submit", on: "some", body: `{"package":"PK-99","applicant":{"type":"person","name":"王芳"},"form":[],"materials":[]}`},
	"listJointCases":         {action: "case.read", on: "some"},
	"getJointCase":           {action: "case.read", on: "some", id: nowhere}, // what the joint matter itself asks for: TestLifeOfAJointMatter
	"listJointDocuments":     {action: "case.read", on: "some", id: nowhere},
	"getJointDocument":       {action: "case.reveal", on: "some", id: nowhere},
	"printJointDocument":     {action: "case.print", on: "some", id: nowhere, body: gen.PaperRequest{}},
	"actOnJointCase":         {action: "case.read", on: "some", id: nowhere, body: `{"kind":"withdraw","reason":"不再开办"}`},
	"setStaffRoster":         {action: "staff.manage", home: true, body: gen.RosterRequest{Rank: "clerk", Reason: "登记"}, id: nowhere},
	"setSubstitute":          {action: "staff.manage", home: true, body: `{"from":"2026-12-07","until":"2026-12-08","reason":"休假"}`, id: nowhere},
	"getBoard":               {action: "supervision.read", on: "some"},
	"listBoardCases":         {action: "supervision.read", on: "some"},
	"getThresholds":          {action: "card.read", on: "some"},
	"setThresholds":          {action: "supervision.set", home: true, body: gen.ThresholdsRequest{RedOver: 3, Reason: "试行"}},
	"getScorecard":           {action: "appraisal.read", on: "some"},
	"setScorecard":           {action: "appraisal.manage", home: true, body: `{"from":"2020-01","offices":[{"measure":"on_time","points":10000,"none":800,"all":1000}],"persons":[{"measure":"on_time","points":10000,"none":800,"all":1000}],"reason":"试行"}`},
	"getAttendance":          {action: "appraisal.read", on: "some"},
	"recordAttendance":       {action: "attendance.record", on: "here", home: true},
	"readAttendanceTable":    {action: "attendance.record", on: "some", body: []byte("x")},
	"listAppraisals":         {action: "appraisal.read", on: "some"},
	"getMyAppraisal":         {action: "appraisal.own", on: "some"},
	"getAppraisal":           {action: "appraisal.read", on: "some"},
	"actOnAppraisal":         {action: "appraisal.manage", home: true, body: `{"kind":"publish"}`},
	"listMarks":              {action: "appraisal.read", on: "some"},
	"markAppraisal":          {action: "appraisal.manage", home: true, body: `{"of":{"kind":"person","staff":"nowhere-1"},"points":100,"reason":"表扬"}`},
	"listObjections":         {action: "appraisal.read", on: "some"},
	"objectToAppraisal":      {action: "appraisal.own", on: "some", home: true, body: `{"text":"有异议"}`},
	"answerObjection":        {action: "appraisal.manage", home: true, body: `{"text":"不成立"}`},
	"listSamples":            {action: "sample.read", on: "some"},
	"getSample":              {action: "sample.read", on: "some", id: nowhere},
	"drawSample":             {action: "sample.draw", home: true, body: `{"from":"2026-01-05","to":"2026-01-06","permille":50,"least":1,"after":20,"reason":"抽查"}`},
	"reviewSample":           {action: "sample.review", home: true, body: `{"case":"nowhere","points":[{"check":"acceptance","result":"ok"}]}`, id: nowhere},
	"listCards":              {action: "card.read", on: "some"},
	"getCard":                {action: "card.read", on: "some", id: nowhere},
	"listInquiries":          {action: "card.read", on: "some"},
	"actOnCard":              {action: "card.read", on: "some", body: `{"kind":"answer","text":"说明"}`, id: nowhere},
	"getCaseSupervision":     {action: "case.read", on: "case"},
	"superviseCase":          {action: "case.supervise", on: "case", home: true, body: `{"kind":"urge","text":"请尽快"}`},

	"getSync":          {action: "sync.read", on: "here"},
	"syncNow":          {action: "sync.read", on: "here"},
	"reconcile":        {action: "sync.read", on: "here"},
	"listAttention":    {action: "attention.read", on: "some"},
	"getAttention":     {action: "attention.read", on: "some"},
	"resolveAttention": {action: "attention.resolve", on: "some", body: gen.ResolveRequest{Note: "已处理"}},

	"listHubs":           {action: "sync.read", on: "here"},
	"addHub":             {action: "hub.manage", home: true, body: gen.HubRequest{Id: nowhere, Address: "127.0.0.1:1"}},
	"removeHub":          {action: "hub.manage", home: true, id: nowhere},
	"transferLeadership": {action: "hub.manage", home: true, body: gen.TransferRequest{To: nowhere}},

	"rotateTrust":     {action: "trust.rotate", home: true},
	"getRecovery":     {action: "ledger.prove", on: "here"},
	"declareRecovery": {action: "trust.rotate", home: true, body: gen.RecoveryRequest{Reason: "演练"}},
	"recordAgain":     {action: "trust.rotate", home: true, body: "{}"},
	"exportCarry":     {action: "carry.data", on: "here", body: gen.CarryRequest{}},
	"importCarry":     {action: "carry.data", on: "here", body: []byte("x")},
	"takeBackup":      {action: "backup.take", on: "here"},
	"getLastBackup":   {action: "backup.take", on: "here"},
	"listBackups":     {action: "backup.take", on: "here"},
	"keepBackup":      {action: "backup.take", on: "here"},
	"getKeptBackup":   {action: "backup.take", on: "here"},
	"checkBackup":     {action: "backup.take", on: "here"},
	"getCaseEvidence": {action: "ledger.prove", on: "here", id: nowhere}, // the case has to be readable besides: TestCaseEvidence
	"getCheckpoint":   {action: "sync.read", on: "here"},
	"getLedgerProof":  {action: "ledger.prove", on: "here"},
}

// acts are the kinds of action on a case: what each takes, and a request.
var acts = map[gen.CaseActionKind]asked{
	gen.ActAccept:            {action: "case.accept", body: gen.CaseAction{Kind: gen.ActAccept}},
	gen.ActReject:            {action: "case.reject", body: gen.CaseAction{Kind: gen.ActReject, Ground: gen.RejectOther, Reason: "不属于本机关"}},
	gen.ActRelay:             {action: "case.relay", body: gen.CaseAction{Kind: gen.ActRelay}},
	gen.ActReview:            {action: "case.review", body: gen.CaseAction{Kind: gen.ActReview, Opinion: "同意"}},
	gen.ActReturn:            {action: "case.return", body: gen.CaseAction{Kind: gen.ActReturn, Reason: "请核对", ToStep: new(int)}},
	gen.ActDecide:            {action: "case.decide", body: gen.CaseAction{Kind: gen.ActDecide, Opinion: "准予", Granted: new(bool)}},
	gen.ActIssue:             {action: "case.issue", body: gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "决定书", Number: "1"}}}},
	gen.ActDeliver:           {action: "case.deliver", body: gen.CaseAction{Kind: gen.ActDeliver, Recipient: "本人", Method: gen.ByDirect}},
	gen.ActRequestSupplement: {action: "case.accept", body: `{"kind":"request_supplement","points":[{"material":"身份证","problem":"missing","how":"请补交"}]}`},
	gen.ActSupplement:        {action: "case.submit", body: `{"kind":"supplement","form":[{"key":"phone","value":"13800000000"}]}`},
	gen.ActWithdraw:          {action: "case.submit", body: `{"kind":"withdraw","reason":"申请人要求"}`},
	gen.ActTerminate:         {action: "case.terminate", body: `{"kind":"terminate","cause":"withdrawn","reason":"申请人撤回"}`},
	gen.ActSuspend:           {action: "case.suspend", body: `{"kind":"suspend","procedure":"鉴定","until":"2026-12-30","reason":"需要鉴定"}`},
	gen.ActResume:            {action: "case.suspend", body: `{"kind":"resume","procedure":"鉴定","on":"2026-11-26","result":"合格"}`},
	gen.ActFinding:           {action: "case.accept", body: `{"kind":"finding","complete":true}`},
	gen.ActCorrect:           {action: "case.correct", body: `{"kind":"correct","name":"王五","id_number":"330599200103152464","shown":"居民身份证","reason":"录错一位"}`},
	gen.ActTellHearing:       {action: "case.suspend", body: `{"kind":"tell_hearing","matter":"临近住宅","before":"2099-12-30"}`},
	gen.ActAskHearing:        {action: "case.submit", body: `{"kind":"ask_hearing","party":"某人"}`},
	gen.ActConveneHearing:    {action: "case.suspend", body: `{"kind":"convene_hearing","on":"2099-12-30","time":"09:30","place":"听证室","presider":"nobody"}`},
	gen.ActRecordHearing:     {action: "case.suspend", body: `{"kind":"record_hearing","on":"2026-11-26","summary":"已质证"}`},
	gen.ActTellRefusal:       {action: "case.suspend", body: `{"kind":"tell_refusal","reason":"不符合规定条件","before":"2099-12-30"}`},
	gen.ActState:             {action: "case.submit", body: `{"kind":"state","party":"某人","text":"已按要求整改"}`},
	gen.ActExtend:            {action: "case.extend", body: `{"kind":"extend","days":5,"reason":"案情复杂"}`},
	gen.ActComment:           {action: "case.comment", body: gen.CaseAction{Kind: gen.ActComment, Text: "备注"}},
}

// somebody is a person and where they work.
type somebody struct {
	login, role string
	at          identitytest.Place
	token       string
}

// target is a case whose every field holds a canary, and where it belongs.
type target struct {
	id, number, hash string
	place            identitytest.Place
	held             map[*site]bool
}

type walk struct {
	region
	t      *testing.T
	want   *identitytest.Matrix
	sites  map[string]*site
	people []somebody
	cases  map[string]*target
	n      int
}

const (
	neighbours  division.Code = "330523110201"
	socialBoard               = "县人力资源和社会保障局"
	marketBoard               = "县市场监督管理局"
)

func newWalk(t *testing.T) *walk {
	p := plant(t)
	w := &walk{region: p.region, t: t, want: identitytest.Expected(t),
		sites: map[string]*site{"hub": p.hub, "township": p.township, "village": p.village, "next village": p.other}}
	for login, of := range map[string]struct {
		role identity.Role
		dept string
	}{"sw": {identity.DepartmentWindow, socialBoard}, "sr": {identity.DepartmentReviewer, socialBoard}, "sl": {identity.DepartmentLeader, socialBoard},
		"mw": {identity.DepartmentWindow, marketBoard}, "mr": {identity.DepartmentReviewer, marketBoard}, "ml": {identity.DepartmentLeader, marketBoard}} {
		p.hub.person(login, theCounty, of.dept, of.role)
	}
	who := func(s *site, login string, role identity.Role, at division.Code, department string) {
		w.people = append(w.people, somebody{login, string(role), identitytest.Place{Division: string(at), Department: department}, s.token(login)})
	}
	who(p.village, "worker", identity.VillageWorker, theVillage, "")
	who(p.other, "neighbour", identity.VillageWorker, neighbours, "")
	who(p.township, "clerk", identity.TownshipClerk, theTownship, "")
	who(p.township, "reviewer", identity.TownshipReviewer, theTownship, "")
	who(p.township, "leader", identity.TownshipLeader, theTownship, "")
	for login, role := range map[string]identity.Role{"w": identity.DepartmentWindow, "r": identity.DepartmentReviewer, "l": identity.DepartmentLeader} {
		who(p.hub, "s"+login, role, theCounty, socialBoard)
		who(p.hub, "m"+login, role, theCounty, marketBoard)
	}
	who(p.hub, "supervisor", identity.Supervisor, theCounty, "")
	who(p.hub, "operator", identity.CountyOperator, theCounty, "")
	who(p.hub, "auditor", identity.Auditor, theCounty, "")
	w.people = append(w.people, somebody{login: "nobody"})
	slices.SortFunc(w.people, func(a, b somebody) int { return strings.Compare(a.login, b.login) })

	w.cases = map[string]*target{
		"the village's":            {id: p.id, number: p.number, hash: p.hash, place: identitytest.Place{Division: string(theVillage), Department: socialBoard}},
		"the next village's":       w.handIn(p.other, "neighbour", "TB-RSJ-006", neighbours, socialBoard),
		"another township's":       w.handIn(p.hub, "sw", "TB-RSJ-006", "330523111200", socialBoard),
		"another department's":     w.handIn(p.hub, "mw", "TB-SCJG-001", theCounty, marketBoard),
		"another's of the village": w.handIn(p.hub, "mw", "TB-SCJG-001", theVillage, marketBoard),
	}
	for name, c := range w.cases {
		until(t, name+" case to be everywhere it belongs", func() bool {
			if here, err := p.hub.node.Blobs.Has(c.hash); err != nil || !here {
				return false
			}
			c.held = map[*site]bool{}
			for _, s := range w.sites {
				_, err := s.node.Store.Case(t.Context(), c.id)
				c.held[s] = err == nil
				if under := strings.HasPrefix(c.place.Division, string(s.node.Self().Division)); under != (err == nil) {
					return false
				}
			}
			return true
		})
	}
	for _, s := range w.sites {
		s.api.accounts, s.api.addresses = newBuckets(1e9, 1e9), newBuckets(1e9, 1e9)
	}
	return w
}

// handIn hands a case in whose every field is a canary.
func (w *walk) handIn(at *site, login, code string, of division.Code, department string) *target {
	in := at.submission(code, of)
	item, err := at.node.Store.ItemInForce(w.t.Context(), code, time.Now().UnixMilli())
	check(w.t, err)
	in.Form = nil
	for _, f := range item.Form {
		value := canaryFor(f)
		switch f.Type {
		case catalog.TypeNumber:
			value = "50"
		case catalog.TypeDate:
			value = "2026-05-01"
		}
		in.Form = append(in.Form, catalog.FieldValue{Key: f.Key, Value: value})
	}
	in.Applicant = ledger.Applicant{Type: "person", Name: canaryName, IDNumber: storetest.IDNumber(7), Phone: canaryPhone}
	scan := append(picture(w.t), []byte(code+string(of)+"知更鸟")...)
	in.Materials[0].Attachments = []catalog.AttachmentRef{at.upload(login, scan, canaryName+".png")}
	var receipt gen.CaseReceipt
	at.decode(at.must(login, "POST", "/api/v1/cases", in, 201), &receipt)
	return &target{id: receipt.Case.Id, number: receipt.Case.Number, hash: in.Materials[0].Attachments[0].Hash,
		place: identitytest.Place{Division: string(of), Department: department}}
}

// TestAuthority asks for every operation of the document as every role, at
// nodes of every tier and for cases of the person's own place, of the next
// village, of another township and of another department, and holds the answer
// against the table of identitytest, which is written by hand. Every field of
// every case is a canary: it is seen by who may unmask the case and asks to, at
// their own office, and by nobody else. What was recorded all the while is read
// back from the ledger and held against the same table.
func TestAuthority(t *testing.T) {
	w := newWalk(t)
	document, err := loadDocument()
	check(t, err)
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			id := op.OperationID
			switch e, ok := expected[id]; {
			case between(op) || slices.Contains(everybody, id):
			case slices.Contains(ofApplicants, id):
				for name, s := range w.sites {
					for _, who := range w.people {
						got := w.ask(s, who, method, strings.NewReplacer("{id}", w.cases["the village's"].id, "{hash}", w.cases["the village's"].hash, "{kind}", "receipt_slip").Replace(path), nil)
						if want := map[bool]int{true: 401, false: 409}[s == w.hub]; got.Code != want {
							t.Errorf("%s as %s at the %s: %d, want %d", id, who.login, name, got.Code, want)
						}
					}
				}
			case slices.Contains(themselves, id):
				for name, s := range w.sites {
					if got := w.ask(s, somebody{}, method, path, nil); got.Code != 401 {
						t.Errorf("%s at the %s lets nobody in: %d", id, name, got.Code)
					}
				}
			case !ok:
				t.Errorf("%s is not in this test's table: say by hand who may ask for it", id)
			default:
				w.operation(method, path, op, e)
			}
		}
	}
	if w.n < 2000 {
		t.Errorf("only %d requests", w.n)
	}
	t.Logf("%d requests", w.n)
	w.recorded()
}

func (w *walk) operation(method, path string, op *openapi3.Operation, e asked) {
	for name, s := range w.sites {
		for _, who := range w.people {
			if endsTokens[op.OperationID] && knows(s, who) && w.want.May(w.t, who.role, e.action, who.at, identitytest.Place{Division: string(s.node.Self().Division)}) {
				continue
			}
			say := fmt.Sprintf("%s as %s at the %s", op.OperationID, who.login, name)
			if e.on == "case" {
				for which, c := range w.cases {
					w.onCase(say+", "+which, s, who, method, path, op.OperationID, e, c)
				}
				continue
			}
			w.elsewhere(say, s, who, method, path, op.OperationID, e)
		}
	}
}

// elsewhere asks for what is not about one case.
func (w *walk) elsewhere(say string, s *site, who somebody, method, path, op string, e asked) {
	here := identitytest.Place{Division: string(s.node.Self().Division), Department: who.at.Department}
	allowed := knows(s, who)
	if allowed {
		switch e.on {
		case "here":
			allowed = w.want.May(w.t, who.role, e.action, who.at, here)
		case "some":
			allowed = w.want.Reach(w.t, who.role, e.action) != "-"
		default:
			allowed = w.want.May(w.t, who.role, e.action, who.at, identitytest.Place{Division: string(theCounty), Department: who.at.Department})
		}
	}
	id := e.id
	if id == "" || id == "self" {
		id = s.node.Self().Node
	}
	code := "TB-RSJ-006"
	if strings.HasPrefix(e.id, "TB-") {
		code = e.id
	}
	path = strings.NewReplacer("{id}", id, "{code}", code, "{hash}", strings.Repeat("cd", 32), "{number}", "999", "{key}", "0f0f0f0f0f0f0f0f", "{month}", "2020-01", "{file}", "none.backup", "{staff}", nowhere, "{entry}", w.cases["another department's"].id).Replace(path)
	paths := []string{path + map[string]string{"diffItem": "?from=1&to=1", "getLedgerProof": "?index=1"}[op]}
	switch op {
	case "listCases":
		paths = append(paths, path+"?view=all&query=330523", path+"?view=waiting", path+"?item=TB-SCJG-001", path+"?division=330523", path+"?division=330523111")
	case "listReveals":
		for _, c := range w.cases {
			paths = append(paths, path+"?case="+c.id)
		}
	}
	if op == "recordAttendance" {
		e.body = fmt.Sprintf(`{"division":%q,"department":%q,"days":[{"staff":"nowhere-1","day":"2026-01-05","morning":"present"}]}`, here.Division, here.Department)
	}
	if op == "exportCarry" && s == w.hub {
		e.body = gen.CarryRequest{For: w.village.node.Self().Node}
	}
	for _, p := range paths {
		if op == "submitCase" || op == "checkCase" {
			in := s.submission("TB-RSJ-006", theVillage)
			e.body, here.Department = in, socialBoard
			if op == "submitCase" {
				allowed = knows(s, who) && w.want.May(w.t, who.role, e.action, who.at, here)
			}
		}
		got := w.ask(s, who, method, p, e.body)
		loose(w.t, say, got.Body.String()+fmt.Sprint(got.Header()))
		refused := got.Code == 401 || got.Code == 403 || p != path && (got.Code == 404)
		away := e.home && who.at.Division != string(s.node.Self().Division)
		switch {
		case got.Code >= 500 && got.Code != 501 && got.Code != 503:
			w.t.Errorf("%s: %d %s", say, got.Code, got.Body)
		case allowed && !away && refused && p == paths[0]:
			w.t.Errorf("%s is refused, and ought not to be: %d %s", say, got.Code, got.Body)
		case !allowed && !refused, away && got.Code < 300:
			w.t.Errorf("%s is let through, and ought not to be: %d %.300s", say, got.Code, got.Body)
		}
		w.withinReach(say, who, e.action, got)
	}
}

// knows reports whether a node has heard of a person: those of its own place and
// of those below it. To others it is as closed as to nobody.
func knows(s *site, who somebody) bool {
	return who.role != "" && strings.HasPrefix(who.at.Division, string(s.node.Self().Division))
}

// withinReach looks for what lies outside a person's right in a list.
func (w *walk) withinReach(say string, who somebody, action string, got *httptest.ResponseRecorder) {
	text := got.Body.String()
	for name, c := range w.cases {
		if who.role != "" && (w.want.May(w.t, who.role, "case.read", who.at, c.place) || w.want.May(w.t, who.role, action, who.at, c.place)) {
			continue
		}
		for _, mark := range []string{c.id, c.number, c.hash} {
			if strings.Contains(text, mark) {
				w.t.Errorf("%s shows %s case: %.300s", say, name, text)
			}
		}
	}
	for place, login := range map[string]string{string(theVillage): "worker", string(neighbours): "neighbour", string(theTownship): "clerk", string(theCounty): "auditor"} {
		if strings.Contains(text, `"login":"`+login+`"`) && !w.want.May(w.t, who.role, "staff.read", who.at, identitytest.Place{Division: place}) {
			w.t.Errorf("%s shows the staff of %s: %.300s", say, place, text)
		}
	}
}

// onCase asks for what is about one case.
func (w *walk) onCase(say string, s *site, who somebody, method, path, op string, e asked, c *target) {
	for _, id := range []string{c.id, c.number} {
		p := strings.NewReplacer("{id}", id, "{hash}", c.hash, "{kind}", "receipt_slip").Replace(path)
		switch op {
		case "actOnCase":
			for _, kind := range slices.Sorted(maps.Keys(acts)) { // accepted before it is ended
				a := acts[kind]
				a.home = true
				w.one(say+", "+string(kind), s, who, method, p, a, c, false)
			}
		case "getCaseDocument", "printCaseDocument", "sealCaseDocument":
			w.one(say, s, who, method, p, e, c, true)
		case "getAttachment":
			w.one(say, s, who, method, p+"?case="+id, e, c, true)
		case "getCase", "getCaseTimeline":
			w.one(say, s, who, method, p, e, c, false)
			w.one(say+", unmasked", s, who, method, p+"?reveal=true", asked{action: "case.reveal", home: true}, c, true)
		default:
			w.one(say, s, who, method, p, e, c, false)
		}
	}
}

func (w *walk) one(say string, s *site, who somebody, method, path string, e asked, c *target, revealing bool) {
	allowed := knows(s, who) && c.held[s] && w.want.May(w.t, who.role, e.action, who.at, c.place) && w.want.May(w.t, who.role, "case.read", who.at, c.place)
	home := !e.home || who.at.Division == string(s.node.Self().Division)
	got := w.ask(s, who, method, path, e.body)
	text := got.Body.String()
	refused := got.Code == 401 || got.Code == 403 || got.Code == 404
	switch {
	case got.Code >= 500 && got.Code != 503:
		w.t.Errorf("%s: %d %s", say, got.Code, text)
	case allowed && home && refused:
		w.t.Errorf("%s is refused, and ought not to be: %d %s", say, got.Code, text)
	case !allowed && !refused, !home && got.Code < 300:
		w.t.Errorf("%s is let through, and ought not to be: %d %.300s", say, got.Code, text)
	}
	if !(allowed && home && revealing) {
		loose(w.t, say, text+fmt.Sprint(got.Header()))
	}
	if refused && (who.role == "" || !w.want.May(w.t, who.role, "case.read", who.at, c.place)) && strings.Contains(text, c.number) {
		w.t.Errorf("%s tells the number: %s", say, text)
	}
}

func (w *walk) ask(s *site, who somebody, method, path string, body any) *httptest.ResponseRecorder {
	w.n++
	header := map[string]string{"Idempotency-Key": fmt.Sprintf("authority-%d", w.n), "Tongban-Why": url.PathEscape("核对")}
	if _, stream := body.([]byte); stream {
		header["Content-Type"], header["Upload-Offset"] = streamType, "0"
	}
	return s.send(request0{method: method, path: path, token: who.token, body: body, header: header})
}

// takes are the kinds of entries that are called otherwise than what they take.
var takes = map[ledger.Kind]string{ledger.CaseRequestSupplement: "case.accept", ledger.CaseSupplement: "case.submit",
	ledger.CaseWithdraw: "case.submit", ledger.CaseVoid: "case.seal", ledger.CaseResume: "case.suspend", ledger.CaseUrge: "case.supervise"}

// recorded reads the county's whole ledger: nobody did what the table does not
// give them.
func (w *walk) recorded() {
	head, err := w.hub.node.Store.Head(w.t.Context())
	check(w.t, err)
	did := map[string]int{}
	for i := uint64(1); i <= head; i++ {
		line, err := w.hub.node.Store.RecordAt(w.t.Context(), i)
		check(w.t, err)
		var r ledger.Record
		check(w.t, json.Unmarshal(line, &r))
		e := r.Entry
		if e.Actor.Role == identity.System || r.Head.Outcome != ledger.Applied || !strings.HasPrefix(string(e.Kind), "case.") {
			continue
		}
		c, err := w.hub.node.Store.Case(w.t.Context(), e.Case)
		check(w.t, err)
		at, known := identitytest.Place{}, false
		for _, p := range w.people {
			if string(e.Actor.Role) == p.role && "李"+p.login == e.Actor.Name {
				at, known = p.at, true
			}
		}
		action := cmp.Or(takes[e.Kind], string(e.Kind))
		if !known || !w.want.May(w.t, string(e.Actor.Role), action, at, identitytest.Place{Division: string(c.HandedInAt), Department: c.Department}) &&
			!w.want.May(w.t, string(e.Actor.Role), action, at, identitytest.Place{Division: string(c.Division), Department: c.Department}) {
			w.t.Errorf("record %d: %s by %+v on a case of %s, %s", i, e.Kind, e.Actor, c.Division, c.Department)
		}
		did[string(e.Kind)]++
	}
	if did["case.comment"] < 20 || did["case.reveal"] < 5 || did["case.accept"] == 0 {
		w.t.Errorf("too little was done to say anything: %v", did)
	}
}
