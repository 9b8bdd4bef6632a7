package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// mostSecret bounds a secret file; a PEM key chain has a few KB.
const mostSecret = 64 << 10

// errSecret is the kind of all refusals of a secret file that are not the
// operating system's own.
var errSecret = errors.New("secret file refused")

// ReadSecret reads a secret from a file that only its owner may read, without
// the line break an editor leaves at the end. The permissions are those of
// the file that is read, not of one that stood there a moment before. On
// Windows, which has no such mode bits, they are not looked at. The error says
// in Chinese and English what to do and never repeats the content.
func ReadSecret(path string) ([]byte, error) {
	f, err := openSecret(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostSecret+1))
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", path, err)
	}
	if len(data) > mostSecret {
		return nil, fmt.Errorf("%w: %s 超过 64 KB，可能指错了文件 / is over 64 KB; is it the right file?", errSecret, path)
	}
	if data = bytes.TrimRight(data, "\r\n"); len(data) == 0 {
		return nil, fmt.Errorf("%w: %s 是空文件 / is empty", errSecret, path)
	}
	return data, nil
}

// openSecret opens a secret file after checking what it opened.
func openSecret(path string) (*os.File, error) {
	// Opening a pipe would wait for a writer, so the kind is looked at first.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open secret: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s 不是普通文件 / is not a regular file", errSecret, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open secret: %w", err)
	}
	if info, err = f.Stat(); err == nil {
		err = private(path, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// private refuses a mode that lets others than the owner at the file.
func private(path string, mode fs.FileMode) error {
	const others = 0o077
	if runtime.GOOS == "windows" || mode.Perm()&others == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s 权限为 %04o，其他用户可以访问；请执行 chmod 600 %s / others may access it; run chmod 600 %s",
		errSecret, path, mode.Perm(), path, path)
}

// checkFiles looks at every file the settings name, so that a missing or an
// open one is reported at start and not at the first request.
func (s *settings) checkFiles(c *Config) {
	for _, f := range []struct {
		name, path string
		secret     bool
	}{
		{"tls.cert_file", c.TLS.CertFile, false},
		{"tls.key_file", c.TLS.KeyFile, true},
		{"metrics.token_file", c.Metrics.TokenFile, true},
		{"oidc.secret_file", c.OIDC.SecretFile, true},
		{"oidc.ca_file", c.OIDC.CAFile, false},
		{"notices.sms.secret_file", c.Notices.SMS.SecretFile, true},
		{"notices.sms.ca_file", c.Notices.SMS.CAFile, false},
		{"notices.mail.password_file", c.Notices.Mail.PasswordFile, true},
		{"notices.mail.ca_file", c.Notices.Mail.CAFile, false},
	} {
		if f.path == "" || s.bad[f.name] {
			continue
		}
		fault := Fault{Key: f.name, Source: s.values[f.name].source}
		if f.secret {
			_, fault.Err = ReadSecret(f.path)
			fault.ZH, fault.EN = "必须是只有本服务用户可读的文件", "must be a file that only the service's user can read"
		} else {
			var info fs.FileInfo
			if info, fault.Err = os.Stat(f.path); fault.Err == nil && !info.Mode().IsRegular() {
				fault.Err = fmt.Errorf("%s 不是普通文件 / is not a regular file", f.path)
			}
			fault.ZH, fault.EN = "必须是已有的证书文件", "must be an existing certificate file"
		}
		if fault.Err != nil {
			s.faults = append(s.faults, fault)
		}
	}
}
