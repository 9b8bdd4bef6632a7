package federation

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
)

func (n *Node) startHub(o Options) (err error) {
	server, client := trust.PeerConfigs(n.tlsOptions())
	n.hub, err = county.Open(county.Options{
		ID: n.self.Node, Cluster: string(n.self.County()), Dir: filepath.Join(o.Dir, "raft"), Key: o.Key,
		Listener: o.Peer, Advertise: o.PeerAdvertise, Dial: o.PeerDial,
		ServerTLS: server, ClientTLS: client, VerifyPeer: n.verifyHub,
		StateMachine: machine{n.Store}, Logger: n.log, Bootstrap: o.Genesis != nil, Timing: o.Timing,
		OnFatal: n.stopFor, HTTP: n.peerRoutes(), Now: n.now,
	})
	if err != nil {
		return err
	}
	n.spread, err = papers.NewSpread(papers.SpreadOptions{Store: n.Blobs, Unconfirmed: attachments{n}, Self: n.self.Node, Voters: n.voters,
		Pace: papers.Pace{Backoff: betweenHubs}})
	if err != nil {
		return err
	}
	lacking := &lacking{store: n.Store, blobs: n.Blobs, now: n.now}
	n.gather, err = papers.NewGather(papers.GatherOptions{Store: n.Blobs, Lacking: lacking.list, Hubs: n.voters, Self: n.self.Node,
		Pace: papers.Pace{Backoff: betweenHubs, Idle: lookWhole}})
	if err != nil {
		return err
	}
	n.run(func(ctx context.Context) { n.ended("attachments", n.spread.Run(ctx)) })
	n.run(func(ctx context.Context) { n.ended("attachments", n.gather.Run(ctx)) })
	n.run(n.wakeOnChange(n.spread.Wake))
	n.run(n.wakeOnChange(n.gather.Wake))
	n.run(n.beatHubs)
	n.run(n.supervise)
	return n.startFeedServer(feed.NewLedger(n.Store, feed.Signer{Store: n.Store, Keys: n.county, Now: n.now}, feed.LedgerOptions{Heard: n.hub.Heard, Clock: o.FeedClock}), o)
}

// betweenHubs is shorter than over the lines to townships and villages: hubs
// stand side by side, and one that comes back is not told of to the others.
var betweenHubs = papers.Backoff{First: 250 * time.Millisecond, Most: 5 * time.Second}

func (n *Node) startBelow(o Options) (err error) {
	m := o.Membership
	township, hubs := o.Township, o.County
	if len(township) == 0 {
		township = m.Township
	}
	if len(hubs) == 0 {
		hubs = m.Hubs
	}
	if n.self.Tier != node.Village {
		township = nil
	}
	var ups []feed.Upstream
	for _, url := range township {
		ups = append(ups, feed.Upstream{Name: url, Tier: node.Township, BaseURL: url})
	}
	for _, url := range hubs {
		ups = append(ups, feed.Upstream{Name: url, Tier: node.County, BaseURL: url})
	}
	if len(ups) == 0 {
		return errors.New("no node above is known: set upstream in the settings")
	}
	for i := range ups {
		ups[i].Client = n.clientTo(ups[i].Tier, 0)
		n.upstreams = append(n.upstreams, outbox.Upstream{Name: ups[i].Name, Tier: string(ups[i].Tier), BaseURL: ups[i].BaseURL, Client: n.clientTo(ups[i].Tier, 30*time.Second)})
	}
	n.follower = feed.NewFollower(n.Store, feed.FollowerOptions{Upstreams: ups, Trust: n.Trust, Verified: &n.verified, Renew: n.renewTrust, NewEpoch: n.newEpoch, Version: n.version, Level: n.ownLevel,
		BackoffMax: o.BackoffMax, SkewWarning: n.skewWarn, Clock: o.FeedClock, Logger: n.log})
	n.auditor = feed.NewAuditor(n.Store, feed.AuditorOptions{Upstreams: atTheCounty(ups), Trust: n.Trust, Clock: o.FeedClock, Logger: n.log})
	n.sender = outbox.NewSender(outbox.Options{Self: n.self.Node, Store: n.Store, Upstreams: n.upstreams, WentBack: n.follower.WentBack, Logger: n.log, Now: n.clock, After: n.after,
		BackoffMax: o.BackoffMax, MaxEntries: o.BatchEntries, MaxBytes: o.BatchBytes})
	n.courier, err = papers.NewCourier(papers.CourierOptions{Store: n.Blobs, Outstanding: attachments{n}, Upstream: n.papersAbove})
	if err != nil {
		return err
	}
	n.run(func(ctx context.Context) { n.ended("feed", n.follower.Run(ctx)) })
	n.run(func(ctx context.Context) { n.follower.KeepContact(ctx, n.after) })
	n.run(n.sender.Run)
	n.run(n.settleRestored)
	n.run(n.tellLost)
	n.run(func(ctx context.Context) { n.ended("audit", n.auditor.Run(ctx)) })
	n.run(func(ctx context.Context) { n.ended("attachments", n.courier.Run(ctx)) })
	n.run(n.wakeOnChange(n.sender.Wake))
	n.run(n.wakeOnChange(n.courier.Wake))
	n.run(n.beat)
	if n.self.Tier == node.Village {
		n.run(n.foresee)
	}
	if n.self.Tier == node.Township {
		return n.startFeedServer(n.follower, o)
	}
	return nil
}

// atTheCounty are the upstreams that are hubs: they alone can prove what is in
// the county's ledger.
func atTheCounty(ups []feed.Upstream) []feed.Upstream {
	return slices.DeleteFunc(slices.Clone(ups), func(u feed.Upstream) bool { return u.Tier != node.County })
}

func (n *Node) startFeedServer(c feed.County, o Options) error {
	n.server = feed.NewServer(n.Store, feed.ServerOptions{Peer: feed.TLSPeer, County: c, Version: n.version, Heartbeat: o.Heartbeat, Clock: o.FeedClock, Logger: n.log})
	return nil
}
