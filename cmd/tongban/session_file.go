package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// savedSession is a login kept between commands.
type savedSession struct {
	Node      string `json:"node"`
	User      string `json:"user"`
	CA        string `json:"ca,omitempty"`
	Access    string `json:"access_token,omitempty"`
	Refresh   string `json:"refresh_token,omitempty"`
	ExpiresAt int64  `json:"expires_at,omitempty"` // Unix ms, of the access token
}

// sessionList is what the session file holds. Current is the node that was
// logged in to last; of several people at one node the first is the last one
// to have logged in.
type sessionList struct {
	Current  string         `json:"current,omitempty"`
	Sessions []savedSession `json:"sessions"`
}

// find is the session of a user at a node, of whoever was there last when user
// is empty. Without one it is the place where one would be.
func (l sessionList) find(node, user string) savedSession {
	ca := ""
	for _, s := range l.Sessions {
		if s.Node != node {
			continue
		}
		if user == "" || s.User == user {
			return s
		}
		if ca == "" {
			ca = s.CA
		}
	}
	return savedSession{Node: node, User: user, CA: ca}
}

// put keeps a session where one of the same person was, else behind the
// others: renewing a token must not change who the next command is.
func (l *sessionList) put(s savedSession) {
	if l.Current == "" {
		l.Current = s.Node
	}
	for i, known := range l.Sessions {
		if known.Node == s.Node && known.User == s.User {
			l.Sessions[i] = s
			return
		}
	}
	l.Sessions = append(l.Sessions, s)
}

// lead makes a session the one that is used unless another is named.
func (l *sessionList) lead(node, user string) {
	s := l.find(node, user)
	l.remove(node, user)
	l.Sessions = append([]savedSession{s}, l.Sessions...)
	l.Current = node
}

func (l *sessionList) remove(node, user string) {
	kept := l.Sessions[:0:0]
	for _, s := range l.Sessions {
		if s.Node != node || s.User != user {
			kept = append(kept, s)
		}
	}
	l.Sessions = kept
}

// sessionFile keeps logins in the user's configuration folder. Whoever can
// read it is the person, so nobody else may.
type sessionFile struct{ path string }

// openSessionFile finds the file; it need not exist.
func openSessionFile() (*sessionFile, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("找不到用户配置目录 (find the user's configuration folder): %w", err)
	}
	return &sessionFile{filepath.Join(folder, "tongban", "sessions.json")}, nil
}

// ofApplicants is the file for the logins of applicants, which are another thing
// than those of staff: no command takes one for the other.
func (f *sessionFile) ofApplicants() *sessionFile {
	return &sessionFile{filepath.Join(filepath.Dir(f.path), "applicants.json")}
}

func (f *sessionFile) read() (sessionList, error) {
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return sessionList{}, nil
	}
	if err != nil {
		return sessionList{}, fmt.Errorf("read sessions: %w", err)
	}
	return parseSessions(data), nil
}

// parseSessions reads the content of a session file. A torn or foreign one costs
// a login, no more.
func parseSessions(data []byte) sessionList {
	var list sessionList
	if json.Unmarshal(data, &list) != nil {
		return sessionList{}
	}
	return list
}

// write replaces the file in one step, so that a reader finds the old or the
// new one.
func (f *sessionFile) write(list sessionList) error {
	data, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return fmt.Errorf("encode sessions: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	// CreateTemp makes the file 0600.
	draft, err := os.CreateTemp(filepath.Dir(f.path), ".sessions-*")
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(data)
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	return nil
}

const (
	lockStale = time.Minute           // a holder that died; renewing takes seconds
	lockPause = 25 * time.Millisecond // between two tries
)

// lock keeps other commands from renewing a session at the same time. A lock
// file is used because it works alike on every system.
func (f *sessionFile) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, fmt.Errorf("lock sessions: %w", err)
	}
	name := f.path + ".lock"
	for {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			file.Close()
			return func() { os.Remove(name) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("lock sessions: %w", err)
		}
		if about, err := os.Stat(name); err == nil && time.Since(about.ModTime()) > lockStale {
			os.Remove(name)
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}
