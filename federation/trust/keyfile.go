package trust

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxKeyFile bounds what is read from a key file.
const maxKeyFile = 1 << 20

// writeKeyFile puts data into dir/name so that after a crash the file is
// either as before or complete. With replace false an existing file is left
// alone and reported as ErrKeysExist.
//
// All keys of one owner are in one file: a rotation changes several of them,
// and a crash must not leave a mixture.
func writeKeyFile(dir, name string, data []byte, replace bool) error {
	if err := makeKeyDir(dir); err != nil {
		return err
	}
	final := filepath.Join(dir, name)
	tmp, err := os.CreateTemp(dir, "."+name+"-*") // 0600 by contract
	if err != nil {
		return fmt.Errorf("create key file: %w", err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(sealKeyFile(dir, name, data)); err != nil {
		tmp.Close()
		return fmt.Errorf("write key file: %w", err)
	}
	if err := tmp.Sync(); err != nil {
		tmp.Close()
		return fmt.Errorf("sync key file: %w", err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("close key file: %w", err)
	}
	if replace {
		err = os.Rename(tmp.Name(), final)
	} else {
		// Unlike a rename, a link never takes the place of another file.
		err = os.Link(tmp.Name(), final)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", final, ErrKeysExist)
	}
	if err != nil {
		return fmt.Errorf("place key file: %w", err)
	}
	return syncDir(dir)
}

// readKeyFile reads dir/name and refuses it when others could read it too.
func readKeyFile(dir, name string) ([]byte, error) {
	if err := checkMode(dir, true); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	if err := checkMode(path, false); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if len(data) > maxKeyFile {
		return nil, fmt.Errorf("key file %s: %w: larger than %d bytes", path, ErrMalformed, maxKeyFile)
	}
	return openKeyFile(path, data)
}

func makeKeyDir(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create key folder: %w", err)
		}
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return checkMode(dir, true)
}

// checkMode refuses what group or others have any right to. A link is
// refused too, because its target could be changed by others.
func checkMode(path string, wantDir bool) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at keys: %w", err)
	}
	if wantDir && !info.IsDir() || !wantDir && !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a plain file or folder 不是普通文件或目录", ErrPermissions, path)
	}
	if runtime.GOOS == "windows" { // rights are in ACLs, the mode says nothing
		return nil
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		want := "600"
		if wantDir {
			want = "700"
		}
		return fmt.Errorf("%w: %s has mode %04o; run: chmod %s %s 密钥权限过宽，请执行上述命令",
			ErrPermissions, path, mode, want, path)
	}
	return nil
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open key folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync key folder: %w", err)
	}
	return nil
}
