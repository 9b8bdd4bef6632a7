package configs

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Validate checks settings that were made in code as Load checks those it
// reads, short of looking at files. The error is a Faults.
func (c Config) Validate() error {
	check := checker{c: &c, settings: newSettings()}
	check.all()
	return check.settings.faults.orNil()
}

var (
	nodePattern  = regexp.MustCompile(`^[a-z0-9-]{3,40}$`)
	phonePattern = regexp.MustCompile(`^[0-9+][0-9 -]{2,23}$`)
	hostPattern  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)
)

// divisionDigits is the length of each tier's division code (GB/T 2260 and
// the statistical codes below the county).
var divisionDigits = map[Tier]int{County: 6, Township: 9, Village: 12}

// checker holds the laws between settings.
type checker struct {
	c        *Config
	settings *settings
}

// fault reports what is wrong with a key once: a value that could not be read
// is not also reported as missing.
func (k *checker) fault(name, zh, en string) {
	if !k.settings.bad[name] {
		k.oneMore(name, zh, en)
	}
}

// oneMore reports what is wrong with a key beside what else is: with each value of
// a list.
func (k *checker) oneMore(name, zh, en string) {
	source := k.settings.file
	if v, ok := k.settings.values[name]; ok {
		source = v.source
	}
	k.settings.fault(name, source, zh, en)
}

func (k *checker) has(tiers []Tier) bool { return slices.Contains(tiers, k.c.Tier) }

func (k *checker) all() {
	k.identity()
	if !k.has(everyTier) {
		return
	}
	k.listeners()
	k.advertised()
	k.lan()
	k.tls()
	k.upstream()
	k.raft()
	k.bounds()
	k.demo()
	k.metrics()
	k.notices()
	k.oidc()
}

func (k *checker) identity() {
	c := k.c
	digits, known := divisionDigits[c.Tier]
	if !known {
		k.fault("tier", "必须填写 county（县）、township（乡镇）或 village（村）", "must be county, township or village")
	}
	if c.Node != "" && !nodePattern.MatchString(c.Node) {
		k.fault("node", "只能用 3 至 40 个小写字母、数字和连字符，如 village-01", "must be 3 to 40 lower-case letters, digits and hyphens, such as village-01")
	}
	if known && (len(c.Division) != digits || strings.Trim(c.Division, "0123456789") != "") {
		k.fault("division",
			fmt.Sprintf("必须填写 %d 位数字的区划代码，现为 %s", digits, quote(c.Division)),
			fmt.Sprintf("must be the division code of %d digits, is %s", digits, quote(c.Division)))
	}
	if c.Name == "" {
		k.fault("name", "必须填写中心（站）名称，它印在各种文书上", "must be the centre's name; it is printed on documents")
	}
	if c.DataDir == "" {
		k.fault("data_dir", "必须填写数据目录，如 /var/lib/tongban", "must be the data folder, such as /var/lib/tongban")
	}
	if rel, err := filepath.Rel(c.DataDir, c.Storage.KeyFile); c.DataDir != "" && c.Storage.KeyFile != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		k.fault("storage.key_file", "不能放在 data_dir 之内：复制数据目录就会连密钥一起带走", "must not lie within data_dir: whoever copies the data would have the key with it")
	}
	if c.Centre.SupervisionPhone != "" && !phonePattern.MatchString(c.Centre.SupervisionPhone) {
		k.fault("centre.supervision_phone", "必须是电话号码，如 0572-5123456", "must be a telephone number, such as 0572-5123456")
	}
	if a := c.Centre.Address; a != "" && !publicAddress(a) {
		k.fault("centre.address", "必须是群众访问网上办事的地址，只含 http(s)://主机[:端口]，如 https://zwfw.example.cn", "must be the address at which applicants reach the county, http(s)://host[:port] alone, such as https://zwfw.example.cn")
	}
}

// publicAddress reports whether an address is a scheme and a host, with a port or not.
func publicAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && s == u.Scheme+"://"+u.Host
}

func (k *checker) listeners() {
	used := map[int]string{}
	for _, l := range k.opened() {
		if !k.has(l.tiers) {
			if l.listen != "" {
				k.fault(l.name, fmt.Sprintf("%s 节点没有此项", k.c.Tier), fmt.Sprintf("a %s node has no such setting", k.c.Tier))
			}
			continue
		}
		if l.listen == "" && l.name == "listen.lan" {
			continue // no phones
		}
		a, ok := parseAddress(l.listen)
		if !ok {
			k.fault(l.name,
				"必须写成 主机:端口，如 127.0.0.1:8080，现为 "+quote(l.listen),
				"must be host:port, such as 127.0.0.1:8080, is "+quote(l.listen))
			continue
		}
		if other := used[a.port]; other != "" && a.port != 0 {
			k.fault(l.name,
				fmt.Sprintf("端口 %d 已用于 %s，请换一个", a.port, other),
				fmt.Sprintf("port %d is taken by %s; choose another", a.port, other))
			continue
		}
		used[a.port] = l.name
	}
}

func (k *checker) advertised() {
	for _, l := range k.opened() {
		if l.advertised == "" || !k.has(l.tiers) {
			continue
		}
		if a, ok := parseAddress(l.advertise); l.advertise != "" {
			if !ok || a.everywhere() || a.port == 0 {
				k.fault(l.advertised,
					"必须写成其他节点能连到的 主机:端口，如 10.1.2.3:8443，现为 "+quote(l.advertise),
					"must be a host:port that other nodes can dial, such as 10.1.2.3:8443, is "+quote(l.advertise))
			}
			continue
		}
		// A port chosen by the system is known, and advertised, only once open.
		if a, ok := parseAddress(l.listen); ok && a.everywhere() && a.port != 0 {
			k.fault(l.advertised,
				fmt.Sprintf("%s 监听所有网卡，必须写明其他节点连接的 主机:端口，如 10.1.2.3:%d", l.name, a.port),
				fmt.Sprintf("%s opens every interface, so say the host:port that other nodes dial, such as 10.1.2.3:%d", l.name, a.port))
		}
	}
}

// lanDomains are the names that exist on local networks only.
var lanDomains = []string{"local", "lan", "internal", "home.arpa", "localhost"}

// lan checks what phones on the local network reach the node by. The county's
// authority signs for local names and private addresses alone.
func (k *checker) lan() {
	c := k.c
	if (c.Listen.LAN == "") != (len(c.Advertise.LAN) == 0) {
		k.fault("advertise.lan",
			"listen.lan 与 advertise.lan 须同时填写：手机访问本机用的局域网地址或名称，如 192.168.1.10",
			"listen.lan and advertise.lan go together: the local addresses or names by which phones reach this node, such as 192.168.1.10")
	}
	if k.settings.bad["advertise.lan"] {
		return
	}
	seen := map[string]bool{}
	for _, name := range c.Advertise.LAN {
		switch {
		case !localName(name):
			k.oneMore("advertise.lan",
				"只能是局域网地址或 .local、.lan、.internal、.home.arpa 名称，不含端口，现有 "+quote(name),
				"must be private addresses or names under .local, .lan, .internal or .home.arpa, without a port; found "+quote(name))
		case seen[name]:
			k.oneMore("advertise.lan", "地址重复："+quote(name), "an address stands twice: "+quote(name))
		}
		seen[name] = true
	}
}

func localName(s string) bool {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Zone() == "" && (ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast())
	}
	return validHost(s) && slices.ContainsFunc(lanDomains, func(d string) bool { return s == d || strings.HasSuffix(strings.ToLower(s), "."+d) })
}

func (k *checker) tls() {
	t := k.c.TLS
	files := []struct{ name, path string }{{"tls.cert_file", t.CertFile}, {"tls.key_file", t.KeyFile}}
	switch t.Mode {
	case TLSOff:
		if a, ok := parseAddress(k.c.Listen.API); ok && !a.loopback() && !t.BehindGateway {
			k.fault("tls.mode",
				"listen.api 对外开放，不能用 off：请改为 node 或 files；前面有网关终结 TLS 时设 behind_gateway: true",
				"listen.api is open to others, so off is refused: use node or files, or set behind_gateway: true when a gateway in front ends TLS")
		}
	case TLSNode, TLSFiles:
	default:
		k.fault("tls.mode", "必须是 off、node、files 之一", "must be one of off, node, files")
	}
	for _, f := range files {
		if t.Mode == TLSFiles && f.path == "" {
			k.fault(f.name, "tls.mode 为 files 时必须填写文件路径", "must be the path of a file when tls.mode is files")
		}
		if t.Mode != TLSFiles && f.path != "" {
			k.fault(f.name, "只在 tls.mode 为 files 时使用；请删去或改 tls.mode", "is used only when tls.mode is files; remove it or change tls.mode")
		}
	}
}

func (k *checker) upstream() {
	u := k.c.Upstream
	k.urls("upstream.township", u.Township)
	k.urls("upstream.county", u.County)
	if u.Proxy != "" && !validURL(u.Proxy, "http", "https") {
		k.fault("upstream.proxy", "必须是 none 或 http://主机:端口，且不含用户名密码", "must be none or http://host:port without a user name")
	}
	switch {
	case k.c.Tier == Township && len(u.County) == 0:
		k.fault("upstream.county", "必须列出县中心各节点的地址，如 - https://10.1.2.3:8443", "must list the county hubs' addresses, such as - https://10.1.2.3:8443")
	case k.c.Tier == Village && len(u.Township)+len(u.County) == 0:
		k.fault("upstream.township", "必须列出所属乡镇的地址，如 - https://10.1.3.1:8443", "must list the township's addresses, such as - https://10.1.3.1:8443")
	}
}

func (k *checker) urls(name string, urls []string) {
	if k.settings.bad[name] {
		return
	}
	seen := map[string]bool{}
	for _, u := range urls {
		if !validURL(u, "https") {
			k.oneMore(name,
				"每个地址都必须写成 https://主机:端口，现有 "+quote(withoutUser(u)),
				"every address must be https://host:port; found "+quote(withoutUser(u)))
		} else if seen[u] {
			k.oneMore(name, "地址重复："+quote(u), "an address stands twice: "+quote(u))
		}
		seen[u] = true
	}
}

func (k *checker) raft() {
	r := k.c.Raft
	if k.c.Tier != County {
		return
	}
	if r.Lease > r.Heartbeat {
		k.fault("raft.lease_ms", "不能大于 raft.heartbeat_ms，否则两个节点可能同时自认为首领", "must not be over raft.heartbeat_ms, or two hubs may both believe they lead")
	}
	if r.Heartbeat > r.Election {
		k.fault("raft.election_ms", "不能小于 raft.heartbeat_ms", "must not be under raft.heartbeat_ms")
	}
}

func (k *checker) bounds() {
	c := k.c
	for _, p := range []struct {
		name string
		n    int64
	}{
		{"limits.body_mb", c.Limits.BodyBytes}, {"limits.attachment_mb", c.Limits.AttachmentBytes},
		{"limits.request_seconds", int64(c.Limits.Request)}, {"limits.login_hashes", int64(c.Limits.LoginHashes)},
		{"session.access_minutes", int64(c.Session.Access)},
		{"sync.heartbeat_seconds", int64(c.Sync.Heartbeat)}, {"sync.backoff_max_seconds", int64(c.Sync.BackoffMax)},
		{"sync.batch_entries", int64(c.Sync.BatchEntries)}, {"sync.batch_bytes", c.Sync.BatchBytes},
		{"sync.skew_warn_seconds", int64(c.Sync.SkewWarn)}, {"disk.low_mb", c.Disk.LowBytes},
	} {
		if p.n <= 0 {
			k.fault(p.name, "必须大于 0", "must be over 0")
		}
	}
	if d := c.Limits.UnnamedDays; d < 0 || d > 0 && d < 7 {
		k.fault("limits.unnamed_days", "不能少于 7 天；0 表示从不清理", "must be 7 or more; 0 removes nothing")
	}
	if c.Limits.CaseAttachmentsBytes < c.Limits.AttachmentBytes {
		k.fault("limits.case_attachments_mb", "不能小于 limits.attachment_mb", "must not be under limits.attachment_mb")
	}
	if c.Session.Refresh <= c.Session.Access {
		k.fault("session.refresh_hours", "必须长于 session.access_minutes", "must be longer than session.access_minutes")
	}
	if c.Disk.WarnBytes < c.Disk.LowBytes {
		k.fault("disk.warn_mb", "不能小于 disk.low_mb：应先提醒，后停止收件", "must not be under disk.low_mb: the warning comes before the stop")
	}
}

// demo keeps known passwords away from real people and from the network.
func (k *checker) demo() {
	if !k.c.Demo {
		return
	}
	if k.c.Production {
		k.fault("demo", "演示模式口令公开，不能与 production: true 同用", "has publicly known passwords and is refused together with production: true")
	}
	for _, l := range k.opened() {
		if a, ok := parseAddress(l.listen); ok && !a.loopback() && k.has(l.tiers) {
			k.fault(l.name, "demo: true 时只能监听本机，如 127.0.0.1", "must be on this machine only, such as 127.0.0.1, while demo is true")
		}
	}
}

func (k *checker) metrics() {
	m := k.c.Metrics
	a, ok := parseAddress(k.c.Listen.API)
	if m.Enabled && m.TokenFile == "" && (ok && !a.loopback() || k.c.TLS.BehindGateway) {
		k.fault("metrics.token_file",
			"listen.api 对外开放时，必须填写口令文件，或设 metrics.enabled: false",
			"must name a token file while others can reach listen.api; or set metrics.enabled: false")
	}
}

// listener is one address the node opens, with what it advertises for it.
type listener struct {
	name, listen          string
	advertised, advertise string
	tiers                 []Tier
}

func (k *checker) opened() []listener {
	c := k.c
	return []listener{
		{"listen.api", c.Listen.API, "", "", everyTier},
		{"listen.lan", c.Listen.LAN, "", "", everyTier},
		{"listen.federation", c.Listen.Federation, "advertise.federation", c.Advertise.Federation, aboveOther},
		{"listen.peer", c.Listen.Peer, "advertise.peer", c.Advertise.Peer, hubs},
	}
}

// address is a host and port; an empty host is every interface.
type address struct {
	host string
	port int
}

// parseAddress reads host:port with a numeric port, an IPv6 host in brackets.
func parseAddress(s string) (address, bool) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return address{}, false
	}
	host, digits := s[:colon], s[colon+1:]
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return address{}, false
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return address{inner, int(port)}, closed && err == nil && ip.Is6()
	}
	return address{host, int(port)}, host == "" || validHost(host)
}

func (a address) everywhere() bool {
	ip, err := netip.ParseAddr(a.host)
	return a.host == "" || err == nil && ip.IsUnspecified()
}

func (a address) loopback() bool {
	ip, err := netip.ParseAddr(a.host)
	return a.host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// validHost accepts an IPv4 address or a host name. All-numeric names such as
// 10.1.2 or 300.1.1.1 are mistyped addresses.
func validHost(host string) bool {
	if strings.Trim(host, "0123456789.") == "" {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.Is4()
	}
	return len(host) <= 253 && hostPattern.MatchString(host)
}

// validURL accepts scheme://host[:port] and nothing after it. A user name is
// refused because a password would come with it.
func validURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.User != nil || u.Opaque != "" ||
		u.Path != "" && u.Path != "/" || strings.ContainsAny(s, "?#") {
		return false
	}
	host := u.Host
	if u.Port() == "" {
		host = strings.TrimSuffix(host, ":") + ":443"
	}
	a, ok := parseAddress(host)
	return ok && !a.everywhere() && a.port != 0
}

// withoutUser drops what stands before an @, lest a password be shown.
func withoutUser(s string) string { return s[strings.LastIndexByte(s, '@')+1:] }
