package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// lineTime is how long another node may take to answer.
const lineTime = 10 * time.Second

// lines looks at every node above, at a hub at every other hub: whether it
// answers, proves to be what it should be, and how far its clock is off. All
// are asked side by side.
func (d *diagnosis) lines() {
	if d.m == nil {
		return
	}
	hubs, known := d.otherHubs()
	ups := map[string][]node.Tier{}
	for _, u := range append(d.c.Upstream.Township, d.m.Township...) {
		ups[u] = []node.Tier{node.Township}
	}
	above := d.c.Upstream.County
	if !d.isHub() || !known {
		above = append(above, d.m.Hubs...)
	}
	for _, u := range above {
		ups[u] = []node.Tier{node.County}
	}
	var asks []func(*diagnosis)
	for _, address := range slices.Sorted(maps.Keys(ups)) {
		asks = append(asks, func(of *diagnosis) { of.line(address, ups[address]) })
	}
	for _, id := range slices.Sorted(maps.Keys(hubs)) {
		asks = append(asks, func(of *diagnosis) { of.hub(id, hubs[id]) })
	}
	switch {
	case d.isHub() && !known:
		d.add("line", "warning", "读不到数据库，本机也没有运行，不知道县中心有哪些其他主机，与它们的线路未检查", "neither the database nor this hub can be asked which other hubs the county has; the lines to them were not checked")
	case len(asks) == 0:
		d.add("clock", "ok", "本机没有别的节点可连，时钟无从比对，请自行与标准时间核对", "there is no other node to reach, so nothing to compare this clock with; hold it against the standard time yourself")
	}
	answers := make([]chan []finding, len(asks))
	for i, ask := range asks {
		answers[i] = make(chan []finding, 1)
		go func() {
			one := &diagnosis{ctx: d.ctx, c: d.c, m: d.m, within: d.within}
			ask(one)
			answers[i] <- one.found
		}()
	}
	for _, a := range answers {
		for _, f := range <-a {
			if f.Check != "standing" || !d.saidCastOut() {
				d.found = append(d.found, f)
			}
		}
	}
}

func (d *diagnosis) isHub() bool { return d.m.Credential.Credential.Tier == node.County }

func (d *diagnosis) patience() time.Duration {
	if d.within > 0 {
		return d.within
	}
	return lineTime
}

// otherHubs are the peer addresses of the county's other hubs, by id: those
// that this hub names while it runs, else those of its ledger. It is not known
// which they are where neither can be read.
func (d *diagnosis) otherHubs() (hubs map[string]string, known bool) {
	if !d.isHub() {
		return nil, true
	}
	self := d.m.Credential.Credential
	hubs = map[string]string{}
	own := d.c.Advertise.Peer
	var enrolled []store.Node
	if d.key != nil && !slices.ContainsFunc(d.found, func(f finding) bool { return f.Check == "database" && f.Verdict != "ok" }) {
		var err error
		if enrolled, err = store.InspectHubs(d.ctx, d.c.DataDir, d.key, self.Division); err == nil {
			known = true
		}
	}
	for _, n := range enrolled {
		switch {
		case n.Node == self.Node && own == "":
			own = n.Peer
		case n.Node != self.Node && n.RevokedAt == 0 && n.Peer != "":
			hubs[n.Node] = n.Peer
		}
	}
	if own == "" {
		return hubs, known
	}
	is, _, err := d.askHub(self.Node, own)
	if err != nil || len(is.Members) == 0 {
		return hubs, known
	}
	hubs = map[string]string{}
	for _, m := range is.Members {
		if m.ID != self.Node {
			hubs[m.ID] = m.Address
		}
	}
	return hubs, true
}

func (d *diagnosis) tlsTo(want trust.Expect) (*tls.Config, error) {
	certificate, err := d.m.Keys.Certificate(d.m.Certificate)
	if err != nil {
		return nil, err
	}
	return trust.ClientConfig(trust.TLSOptions{Trust: func() trust.CountyTrust { return d.m.Trust },
		Certificate: func() *tls.Certificate { return certificate }, Now: time.Now}, want), nil
}

func (d *diagnosis) askHub(id, address string) (county.Status, time.Time, error) {
	config, err := d.tlsTo(trust.Expect{Node: id, Tiers: []node.Tier{node.County}})
	if err != nil {
		return county.Status{}, time.Time{}, err
	}
	ctx, cancel := context.WithTimeout(d.ctx, d.patience())
	defer cancel()
	return county.Ask(ctx, address, config)
}

// hub looks at another hub's peer port.
func (d *diagnosis) hub(id, address string) {
	began := time.Now()
	is, theirs, err := d.askHub(id, address)
	if err != nil {
		d.unanswered("主机 "+id+"（"+address+"）", "hub "+id+" ("+address+")", err, "；县中心其余主机过半时照常办理，否则暂停；已不再使用的主机请运行 tongban raft remove", "; the county works on while more than half of its hubs do. Remove one that is not used any more with tongban raft remove")
		return
	}
	took := time.Since(began)
	d.add("line", "ok", fmt.Sprintf("主机 %s（%s）可达，%d 毫秒", id, address, took.Milliseconds()), fmt.Sprintf("hub %s (%s) answers in %d ms", id, address, took.Milliseconds()))
	if is.Problem != "" {
		d.add("line", "warning", "主机 "+id+" 暂不能服务："+is.Problem+"；请在那台机器上运行 doctor", "hub "+id+" does not serve at the moment: "+is.Problem+"; run doctor there")
	}
	d.clock("主机 "+id, "hub "+id, theirs, took)
}

// line looks at the federation port of a node above.
func (d *diagnosis) line(address string, tiers []node.Tier) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		d.add("line", "fault", "上级地址有误："+address, "not an address: "+address)
		return
	}
	config, err := d.tlsTo(trust.Expect{Tiers: tiers})
	if err != nil {
		d.fault("line", "本机证书无法使用，请重新登记", "this machine's certificate cannot be used; enroll again", err)
		return
	}
	way := &http.Transport{TLSClientConfig: config}
	if proxy := proxyOf(d.c); proxy != nil {
		way.Proxy = http.ProxyURL(proxy)
	}
	defer way.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(d.ctx, d.patience())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/federation/v1/origins", nil)
	if err != nil {
		d.fault("line", "上级地址有误："+address, "the address of a node above is wrong", err)
		return
	}
	began := time.Now()
	resp, err := way.RoundTrip(req)
	if err != nil {
		d.unanswered(address, address, err, "；期间的办件保存在本机", "; what is handed in meanwhile stays on this machine")
		return
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	took := time.Since(began)
	if cast, err := federation.ReadRevocation(answer, d.m.Trust, d.m.Credential.Credential.Node, time.Now()); err == nil {
		d.castOut(cast)
		return
	}
	if err != nil {
		d.fault("line", address+" 的应答中断，请检查线路", "the answer broke off; look at the line", err)
		return
	}
	d.add("line", "ok", fmt.Sprintf("%s 可达，%d 毫秒", address, took.Milliseconds()), fmt.Sprintf("%s answers in %d ms", address, took.Milliseconds()))
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	d.clock(address, address, theirs, took)
}

// unanswered says why another node could not be asked: it is not there, it
// does not answer, or it is not what it should be.
func (d *diagnosis) unanswered(zh, en string, err error, meanwhileZH, meanwhileEN string) {
	var refused *net.OpError
	var slow interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		seconds := max(1, int(d.patience().Seconds()))
		d.add("line", "fault", fmt.Sprintf("%s 在 %d 秒内没有应答：请检查线路和防火墙，并看那台机器是否死机、休眠或过载%s", zh, seconds, meanwhileZH),
			fmt.Sprintf("%s does not answer within %d s: look at the line and the firewalls, and whether that machine hangs, sleeps or is overloaded%s", en, seconds, meanwhileEN))
	case errors.As(err, &refused) && refused.Op != "remote error":
		d.add("line", "fault", "连不上 "+zh+"：请检查网线、地址和防火墙，确认对方已启动"+meanwhileZH,
			"cannot connect to "+en+": look at the line, the address and the firewalls, and whether it was started"+meanwhileEN+": "+err.Error())
	default:
		d.add("line", "fault", zh+" 不是应连接的节点，或本机证书不被接受；请核对地址，必要时联系县中心",
			en+" is not the node it should be, or does not accept this node's certificate; compare the address, and ask the county if that is right: "+err.Error())
	}
}

// clock compares this clock with another node's.
func (d *diagnosis) clock(zh, en string, theirs time.Time, took time.Duration) {
	if theirs.IsZero() {
		return
	}
	if skew := time.Since(theirs.Add(took / 2)); skew.Abs() > d.c.Sync.SkewWarn {
		d.add("clock", "warning", fmt.Sprintf("本机时钟与 %s 相差约 %d 秒，请校准时间", zh, int(skew.Seconds())), fmt.Sprintf("this clock differs from %s by about %d s; set it", en, int(skew.Seconds())))
		return
	}
	d.add("clock", "ok", "本机时钟与 "+zh+" 一致", "this clock agrees with "+en)
}
