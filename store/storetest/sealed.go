package storetest

import (
	"bytes"
	"database/sql"
	"net/url"
	"os"
	"strings"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/sealedvfs"
)

// Key seals what nodes in tests keep, as every node does; processes of one test
// share it. A benchmark that is to
// tell what that costs is run with TONGBAN_TEST_CLEAR=1, and there is none.
var Key = func() *atrest.Key {
	if os.Getenv("TONGBAN_TEST_CLEAR") != "" {
		return nil
	}
	k, err := atrest.NewKey(strings.NewReader("the storage key that tests share"))
	if err != nil {
		panic(err)
	}
	return k
}()

// Connect opens a node's database past the store; query is added to its address.
func Connect(k *atrest.Key, path, query string) (*sql.DB, error) {
	address := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query
	if k != nil {
		vfs, err := sealedvfs.Name(k)
		if err != nil {
			return nil, err
		}
		address += "&vfs=" + vfs
	}
	return sql.Open("sqlite3", address)
}

// Sealed is content as an attachment of a node lies on its disk.
func Sealed(tb TB, content []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := Key.Writer(&b)
	if err == nil {
		_, err = w.Write(content)
	}
	if err != nil {
		tb.Fatalf("storetest: seal: %v", err)
	}
	return b.Bytes()
}
