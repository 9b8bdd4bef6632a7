package federation_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/store/storetest"
)

func firstHub(t *testing.T) *federation.Membership {
	t.Helper()
	m, err := federation.NewCounty(rand.Reader, storetest.Code, "county-1", "县中心", []string{"127.0.0.1"}, federation.Genesis{Login: "admin", Name: "管理员", PasswordHash: "first"}, time.Now())
	must(t, err)
	return m
}

// An init that is cut off at any moment is done by running it again: with new keys
// while no membership says that the county has any, else with those it has.
func TestInitCutOff(t *testing.T) {
	for at, kept := range map[string]bool{"init.node.keys": false, "init.county.keys": false, "init.membership": true, "": true} {
		t.Run(at, func(t *testing.T) {
			dir := t.TempDir()
			first := firstHub(t)
			func() {
				defer federation.AtPoint(func(name string) {
					if name == at {
						panic(death{})
					}
				})()
				defer func() {
					if dead := recover() != nil; dead != (at != "") {
						t.Errorf("died: %v", dead)
					}
				}()
				must(t, first.Save(dir))
			}()
			m, err := federation.Unfounded(dir)
			must(t, err)
			if (m != nil) != kept {
				t.Fatalf("found %v", m)
			}
			again := federation.Genesis{Login: "admin2", Name: "管理员", PasswordHash: "second"}
			if kept {
				must(t, m.FoundAnew(rand.Reader, dir, "县中心", []string{"127.0.0.1", "hub.local"}, again, time.Now()))
			} else {
				must(t, federation.Vacant(dir))
				m, err = federation.NewCounty(rand.Reader, storetest.Code, "county-1", "县中心", []string{"127.0.0.1"}, again, time.Now())
				must(t, err)
				must(t, m.Save(dir))
			}
			got, err := federation.LoadMembership(dir)
			must(t, err)
			if got.Genesis == nil || got.Genesis.Login != "admin2" || (got.Founding == first.Founding) != kept || got.County == nil || !got.Keys.SignPublic().Equal(m.Keys.SignPublic()) {
				t.Errorf("%+v", got)
			}
			must(t, got.MayFound(dir))
			copied := t.TempDir()
			must(t, os.CopyFS(filepath.Join(copied, "keys"), os.DirFS(filepath.Join(dir, "keys"))))
			if err := got.MayFound(copied); !errors.Is(err, federation.ErrFoundedElsewhere) {
				t.Errorf("from a copy of keys and membership alone: %v", err)
			}
			must(t, os.WriteFile(filepath.Join(copied, "state.db"), []byte("restored"), 0o600))
			must(t, got.MayFound(copied))
			// Once it was started it is a county, and stays.
			must(t, got.Founded(dir))
			if m, err := federation.Unfounded(dir); m != nil || err != nil {
				t.Errorf("founded: %v, %v", m, err)
			}
			if err := federation.Vacant(dir); !errors.Is(err, federation.ErrEnrolled) {
				t.Errorf("founded: %v", err)
			}
		})
	}
}
