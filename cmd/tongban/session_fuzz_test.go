package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// Whatever a session file holds, logging in keeps the new session and those of
// everybody else, and what is written is read again as it was.
func FuzzSessionFile(f *testing.F) {
	for _, text := range []string{``, `{}`, `null`, `[]`, `{"sessions":null}`, `{"current":"a","sessions":[{"node":"a","user":"u","access_token":"x","expires_at":1}]}`,
		`{"sessions":[{"node":"a","user":"u"},{"node":"a","user":"u"},{"node":"b","user":""}]}`, `{"sessions":[{"expires_at":1e400}]}`, `{"current":1}`, "\x00\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := &sessionFile{filepath.Join(t.TempDir(), "sessions.json")}
		if err := os.WriteFile(file.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := file.read()
		if err != nil {
			t.Fatal(err)
		}
		others := 0
		for _, s := range list.Sessions {
			if s.Node != "http://n" || s.User != "u" {
				others++
			}
		}
		mine := savedSession{Node: "http://n", User: "u", Access: "t", ExpiresAt: 1}
		list.put(mine)
		list.lead(mine.Node, mine.User)
		if err := file.write(list); err != nil {
			t.Fatal(err)
		}
		again, err := file.read()
		if err != nil || !reflect.DeepEqual(again, list) {
			t.Fatalf("%q: wrote %+v, read %+v, %v", data, list, again, err)
		}
		if again.Current != mine.Node || again.find(mine.Node, mine.User) != mine || again.find(mine.Node, "") != mine || len(again.Sessions) != others+1 {
			t.Fatalf("%q: %+v", data, again)
		}
	})
}
