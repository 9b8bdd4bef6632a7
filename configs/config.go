// Package configs holds the settings of a node: their types, their defaults,
// how they are read, and what is wrong with them.
//
// A node has one YAML file, whatever its tier; county.yaml, township.yaml and
// village.yaml beside this package are complete commented examples. Each
// setting can be overridden by an environment variable: TONGBAN_ and the key
// in capitals, with a double underscore for each level, lists separated by
// commas:
//
//	listen.api               TONGBAN_LISTEN__API=127.0.0.1:8080
//	upstream.county          TONGBAN_UPSTREAM__COUNTY=https://a:8443,https://b:8443
//
// An empty variable counts as not set. An unknown key is refused, in the file
// and in the environment, because a mistyped setting that is silently ignored
// is found out on the day it was needed. All faults are reported together
// (Faults), each with its key and what would be right, in Chinese and English.
//
// Secrets never stand in the file or in the environment: a *_file key names a
// file that only its owner may read (ReadSecret).
//
// The package opens no listener and no database and imports no other room.
package configs

import (
	"log/slog"
	"time"
)

// Tier is the level a node works at. Its values are those of node.Tier; it is
// a type of its own because settings import no other room.
type Tier string

// The three tiers.
const (
	County   Tier = "county"
	Township Tier = "township"
	Village  Tier = "village"
)

// TLSMode says where the api listener's certificate comes from.
type TLSMode string

// The modes of tls.mode.
const (
	TLSOff   TLSMode = "off"   // plain HTTP: loopback only, or behind a gateway
	TLSNode  TLSMode = "node"  // the certificate the county's authority gave this node
	TLSFiles TLSMode = "files" // cert_file and key_file
)

// Config is every setting of a node. One type serves all tiers; which keys a
// tier has stands in the key table (keys.go). Fields that a tier does not have
// are zero. Paths are absolute after Load, durations and sizes carry their
// unit in the type or the name.
type Config struct {
	Tier       Tier
	Node       string // node id; empty until init or enroll gives one
	Division   string // division code: 6 digits county, 9 township, 12 village
	Name       string // the centre's name, as printed on documents
	DataDir    string
	Production bool
	Demo       bool // demonstration data and known passwords; loopback only

	Listen    Listen
	Advertise Advertise
	TLS       TLS
	Upstream  Upstream
	Raft      Raft
	Limits    Limits
	Session   Session
	Sync      Sync
	Disk      Disk
	// File is the settings file, for whoever is told what to type; empty where the
	// environment says everything.
	File string

	Storage Storage
	Backup  Backup
	Log     Log
	Centre  Centre
	Metrics Metrics
	Notices Notices
	OIDC    OIDC
}

// Listen holds the addresses (host:port) the node opens. An empty host means
// every interface; port 0 lets the system choose one.
type Listen struct {
	API        string // people and programs: all tiers
	LAN        string // the same over https for phones on the local network: all tiers; empty: none
	Federation string // lower nodes: county and township
	Peer       string // Raft and forwarding between hubs: county
}

// Advertise holds the addresses that others dial. Load fills one that is not
// set from Listen when that names a single host and a fixed port.
type Advertise struct {
	Federation string
	Peer       string
	// LAN are the host names and addresses by which phones reach Listen.LAN;
	// its certificate is good for them. The first is in the QR code.
	LAN []string
}

// TLS concerns the api listener only: federation and peer listeners always
// use the node's own certificate.
type TLS struct {
	Mode          TLSMode
	BehindGateway bool // a gateway in front ends TLS
	CertFile      string
	KeyFile       string
}

// Upstream names the nodes above, in the order they are tried.
type Upstream struct {
	Township []string // https URLs: village
	County   []string // https URLs: township, and a village's direct way
	Proxy    string   // http(s) URL; empty: none, whatever the environment says
}

// Raft holds the timing and the log keeping of the county's consensus.
type Raft struct {
	Heartbeat       time.Duration // a follower that hears nothing this long stands for election
	Election        time.Duration // a candidate without a majority tries again after this
	Lease           time.Duration // a leader without contact to a majority steps down after this
	SnapshotEntries uint64        // log entries between two snapshots
	TrailingLogs    uint64        // log entries kept behind a snapshot for slow peers
}

// Limits bound what one request or one case may cost.
type Limits struct {
	BodyBytes            int64 // a request body that is not an attachment
	AttachmentBytes      int64
	CaseAttachmentsBytes int64
	Request              time.Duration
	LoginHashes          int // password hashes computed at once
	// UnnamedDays is after how many daily looks at which nothing named it a complete
	// upload is removed; 0 keeps all.
	UnnamedDays int
}

// Session holds how long a login lasts.
type Session struct {
	Access  time.Duration
	Refresh time.Duration
}

// Sync holds the rhythm of the feed and the outbox.
type Sync struct {
	Heartbeat    time.Duration
	BackoffMax   time.Duration
	BatchEntries int
	BatchBytes   int64
	SkewWarn     time.Duration
}

// Disk holds the marks of free space on the data directory's disk.
type Disk struct {
	LowBytes  int64 // below it the node takes no cases
	WarnBytes int64 // below it the node warns
}

// Storage names what seals the data on the disk.
type Storage struct {
	KeyFile        string // the storage key; Load takes DataDir + ".key" when it is not set
	PassphraseFile string // opens a locked KeyFile
}

// Backup says where a hub keeps the backups it makes by itself.
type Backup struct {
	Folder string // Load takes "backups" within DataDir when it is not set
}

// Log says how much is logged and in which form.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Centre holds what is printed on documents beside the centre's name.
type Centre struct {
	SupervisionPhone string
	// Address is the county's public one, http(s)://host[:port], at which applicants
	// reach the pages; it stands on the slip with which they open their account.
	Address string
}

// Metrics concerns the /metrics page. Where others than this machine can reach
// the api listener, it needs a token.
type Metrics struct {
	Enabled   bool
	TokenFile string // bearer token asked of the reader
}

// Notices say how applicants are told what happened to their cases: by every
// channel that is configured. The same settings belong on every hub, for
// whichever leads sends.
type Notices struct {
	File NoticesFile
	SMS  NoticesSMS
	Mail NoticesMail
	// Quiet are the hours in Beijing in which nobody is woken, "21:00-08:00", or
	// "none".
	Quiet string
	// Expire is how long a notice is tried, RetryMax the longest pause between two
	// attempts, Timeout how long one may take, Alarm after how long a channel that
	// lets nothing through asks for attention.
	Expire, RetryMax, Timeout, Alarm time.Duration
}

// NoticesFile writes notices into files, one a day.
type NoticesFile struct {
	Enabled   bool
	Dir       string // data_dir/notices when empty
	Addresses string // "masked" or "full"
	KeepDays  int
}

// NoticesSMS is a gateway for text messages, by signed webhook; none without a
// URL.
type NoticesSMS struct {
	URL        string
	SecretFile string // of the signature
	CAFile     string // of a private authority; empty is the system's
}

// MailSecurity is how the connection to a mail server is protected.
type MailSecurity string

// The values of notices.mail.security.
const (
	MailStartTLS MailSecurity = "starttls"
	MailTLS      MailSecurity = "tls"
	MailPlain    MailSecurity = "none" // on this machine only
)

// NoticesMail is the server that mail goes out by; none without a server.
type NoticesMail struct {
	Server       string // host:port
	Security     MailSecurity
	User         string
	PasswordFile string
	From         string
	CAFile       string
}

// OIDC is an identity provider with which applicants may log in; none without an
// issuer. The same settings belong on every hub.
type OIDC struct {
	Issuer     string // https URL
	ClientID   string
	SecretFile string
	CAFile     string   // of a private authority; empty is the system's
	Scopes     []string // beside openid
	// Addresses are the county's public addresses, https://host[:port], to which
	// alone the provider sends a browser back.
	Addresses        []string
	LabelZH, LabelEN string // on the button
	Claims           OIDCClaims
	RealName         OIDCRealName
}

// OIDCClaims name where the provider puts what it knows of a person.
type OIDCClaims struct {
	Name, Number, Mobile string
	UserInfo             bool // they are asked of the userinfo endpoint
}

// OIDCRealName says whether the provider's word for who somebody is opens an
// account. With a Claim, only where that has one of Values.
type OIDCRealName struct {
	Trusted bool
	Claim   string
	Values  []string
}

const megabyte = 1 << 20

// Default returns the settings of a tier before a file is read. They are not
// complete: division, name, data_dir and, below the county, upstream are the
// operator's to give. An unknown tier gets what all tiers share.
func Default(tier Tier) Config {
	c := Config{
		Tier:   tier,
		Listen: Listen{API: "127.0.0.1:8080"},
		TLS:    TLS{Mode: TLSOff},
		Limits: Limits{
			BodyBytes:            4 * megabyte,
			AttachmentBytes:      20 * megabyte,
			CaseAttachmentsBytes: 200 * megabyte,
			Request:              30 * time.Second,
			LoginHashes:          4,
			UnnamedDays:          30,
		},
		Session: Session{Access: 15 * time.Minute, Refresh: 12 * time.Hour},
		Sync: Sync{
			Heartbeat:    10 * time.Second,
			BackoffMax:   time.Minute,
			BatchEntries: 2048,
			BatchBytes:   1 * megabyte,
			SkewWarn:     time.Minute,
		},
		Disk: Disk{LowBytes: 512 * megabyte, WarnBytes: 2048 * megabyte},
		Log:  Log{Level: slog.LevelInfo, Format: "text"},
	}
	switch tier {
	case County:
		c.Notices = Notices{
			File:  NoticesFile{Enabled: true, Addresses: "masked", KeepDays: 30},
			Mail:  NoticesMail{Security: MailStartTLS},
			Quiet: "21:00-08:00", Expire: 72 * time.Hour, RetryMax: time.Hour, Timeout: 20 * time.Second, Alarm: 30 * time.Minute,
		}
		c.OIDC = OIDC{LabelZH: "统一身份认证登录", LabelEN: "Log in with the identity provider", Claims: OIDCClaims{Name: "name", Number: "id_number"}}
		c.Listen.Federation = ":8443"
		c.Listen.Peer = ":8444"
		// A hub notices a lost leader after one to three heartbeats, and both
		// that are left must, for neither votes against a leader it believes
		// in: with the vote, within the 1.5 s promised for failover.
		c.Raft = Raft{
			Heartbeat:       350 * time.Millisecond,
			Election:        350 * time.Millisecond,
			Lease:           280 * time.Millisecond,
			SnapshotEntries: 8192,
			TrailingLogs:    10240,
		}
	case Township:
		c.Listen.Federation = ":8443"
	}
	return c
}
