package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/store/atrest"
)

func keyCommand() *cobra.Command {
	return group("key", "存储密钥：查看、生成、锁定、更换 (the storage key that seals this node's data)",
		"  tongban key show --config village.yaml\n  tongban key lock --config village.yaml",
		keyShowCommand(), keyNewCommand(), keySealCommand(), keyLockCommand(), keyUnlockCommand(), keyRotateCommand())
}

// atKey is a command about the storage key of the node that the settings name.
func atKey(use, short, long, example string, run func(context.Context, *keyWork) error) *cobra.Command {
	var config string
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Example: example, Args: noArguments}
	configFlag(cmd, &config)
	jsonFlag(cmd)
	cmd.Flags().String("password-file", "", "口令文件，- 为标准输入 (file with the passphrase)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadSettings(config)
		if err != nil {
			return err
		}
		p := printerOf(cmd)
		w := &keyWork{c: c, out: p.words(), words: passwordSource(cmd), is: keyState{File: c.Storage.KeyFile}}
		if err := run(cmd.Context(), w); err != nil {
			return err
		}
		return p.forPrograms(w.is)
	}
	return cmd
}

type keyWork struct {
	c     configs.Config
	out   io.Writer
	words passwords
	is    keyState
}

// keyState is a storage key as a command left it, for programs: what it did not
// look at is left out.
type keyState struct {
	File   string `json:"file"`
	ID     string `json:"id,omitempty"`
	Locked *bool  `json:"locked,omitempty"`
	// Data is sealed, clear, or rotating while a change of keys is under way.
	Data string `json:"data,omitempty"`
}

func (w *keyWork) locked(yes bool) { w.is.Locked = &yes }

func (w *keyWork) say(format string, args ...any) { fmt.Fprintf(w.out, format+"\n", args...) }

func (w *keyWork) ask(prompt string) (string, error) {
	if w.words.file != "" {
		return passwordFromFile(w.words.file, w.words.stdin)
	}
	return w.words.hidden(prompt)
}

// open reads the present key, with its passphrase where it has one.
func (w *keyWork) open() (keys atrest.Keys, passphrase []byte, err error) {
	keys, err = openStorageKey(w.c, func() (string, error) {
		text, err := w.ask("存储密钥的口令 passphrase of the storage key: ")
		passphrase = []byte(text)
		return text, err
	})
	if err == nil && passphrase == nil && w.c.Storage.PassphraseFile != "" {
		if data, unread := os.ReadFile(w.c.Storage.KeyFile); unread == nil && atrest.KeyFileLocked(data) {
			passphrase, err = configs.ReadSecret(w.c.Storage.PassphraseFile)
		}
	}
	return keys, passphrase, err
}

func (w *keyWork) save(keys atrest.Keys, passphrase []byte) error {
	data, err := keys.Encode(rand.Reader, passphrase)
	if err != nil {
		return err
	}
	return placeFile(w.c.Storage.KeyFile, data)
}

// stopped keeps the node from running meanwhile.
func (w *keyWork) stopped(do func() error) error {
	if _, err := os.Stat(w.c.DataDir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", w.c.DataDir, federation.ErrNotEnrolled)
	}
	unlock, err := lockData(w.c.DataDir)
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

func keyShowCommand() *cobra.Command {
	return atKey("show", "存储密钥与数据的加密状态 (the key, and whether the data is sealed with it)",
		`显示存储密钥的编号、是否用口令锁定，以及本机数据是否已用它加密。不显示密钥本身。
Shows the key's id, whether it is locked with a passphrase, and whether this node's data is sealed with it.`,
		"  tongban key show --config village.yaml",
		func(_ context.Context, w *keyWork) error {
			data, err := configs.ReadSecret(w.c.Storage.KeyFile)
			if err != nil {
				return err
			}
			keys, _, err := w.open()
			if err != nil {
				return err
			}
			w.is.ID, w.is.Data = keys.Key.ID(), "sealed"
			w.locked(atrest.KeyFileLocked(data))
			w.say("存储密钥 storage key  %s  %s", keys.Key.ID(), w.c.Storage.KeyFile)
			w.say("口令锁定 locked       %v", atrest.KeyFileLocked(data))
			switch err := federation.Sealed(w.c.DataDir, keys.Key); {
			case keys.Previous != nil:
				w.is.Data = "rotating"
				w.say("数据 data             更换密钥尚未完成：下次启动或 tongban key rotate 继续 (a change of keys is under way: the next start or key rotate goes on)")
			case errors.Is(err, atrest.ErrClear):
				w.is.Data = "clear"
				w.say("数据 data             未加密：下次启动时加密 (in the clear: the next start seals it)")
			case err != nil:
				return err
			default:
				w.say("数据 data             已加密 (sealed)")
			}
			return nil
		})
}

func keyNewCommand() *cobra.Command {
	return atKey("new", "为还没有存储密钥的节点生成一把 (make one for a node that has none)",
		`为还没有存储密钥的节点生成一把；init、join、enroll、restore 会自动生成，一般用不着。
Makes the key of a node that has none; init, join, enroll and restore do so by themselves.`,
		"  tongban key new --config village.yaml",
		func(_ context.Context, w *keyWork) error {
			return w.stopped(func() error {
				if _, err := os.Stat(w.c.Storage.KeyFile); err == nil {
					return fmt.Errorf("%s 已存在 (is there already)", w.c.Storage.KeyFile)
				}
				mark, err := sealedWith(w.c.DataDir)
				if err != nil {
					return err
				}
				if mark != "" {
					return errNoKey
				}
				return newStorageKey(w.c, w.out)
			})
		})
}

func keySealCommand() *cobra.Command {
	return atKey("seal", "加密已停止节点的明文数据 (seal a stopped node's data that stands in the clear)",
		`用存储密钥加密已停止节点的数据：数据库、附件、县中心日志。serve 启动时也会自动做。可随时中断再运行。
Seals a stopped node's databases, attachments and log with its storage key, as serve does when it starts. It may be
interrupted and run again.`,
		"  tongban key seal --config village.yaml",
		func(ctx context.Context, w *keyWork) error {
			return w.stopped(func() error {
				keys, _, err := w.open()
				if err != nil {
					return err
				}
				if keys.Previous != nil {
					err = rotateTo(ctx, w.c, keys)
				} else if err = federation.Reseal(ctx, w.c.DataDir, nil, keys.Key); err == nil {
					if err = sealOwnKeys(w.c, keys); err == nil {
						err = markSealed(w.c.DataDir, keys.Key)
					}
				}
				if err == nil {
					w.is.ID, w.is.Data = keys.Key.ID(), "sealed"
					w.say("数据已加密 (the data is sealed)：%s", keys.Key.ID())
				}
				return err
			})
		})
}

func keyLockCommand() *cobra.Command {
	return atKey("lock", "用口令锁定存储密钥文件 (lock the key file with a passphrase)",
		`用口令锁定存储密钥文件（Argon2id），或更换口令。之后启动节点时要在终端输入口令，或在 storage.passphrase_file 给出；
两者都没有时，节点等待并报告未就绪。忘记口令等于丢失密钥。
Locks the key file with a passphrase (Argon2id), or changes it. From then on a start wants it at the terminal or in
storage.passphrase_file; without either the node waits and reports that it is not ready. A lost passphrase is a lost key.`,
		"  tongban key lock --config village.yaml\n  tongban key lock --config village.yaml --password-file passphrase",
		func(_ context.Context, w *keyWork) error {
			keys, _, err := openKeyAtHand(w)
			if err != nil {
				return err
			}
			text, err := w.ask("新口令 new passphrase: ")
			if err != nil {
				return err
			}
			if len([]rune(text)) < 12 {
				return fmt.Errorf("口令至少 12 个字：拿到磁盘和密钥文件的人可以不限次数地试 (at least 12 characters: who has the disk and the key file may try as often as they like)")
			}
			if w.words.file == "" {
				again, err := w.ask("再输入一次 once more: ")
				if err != nil {
					return err
				}
				if again != text {
					return fmt.Errorf("两次输入不同 (they differ)")
				}
			}
			if err := w.save(keys, []byte(text)); err != nil {
				return err
			}
			w.is.ID = keys.Key.ID()
			w.locked(true)
			w.say("存储密钥文件已锁定，请离线保存新的文件和口令，并销毁旧的副本 (locked; keep the new file and the passphrase offline and destroy old copies)")
			return nil
		})
}

// openKeyAtHand opens the present key for a command whose --password-file is the
// new passphrase, so that a locked key is opened from the terminal or the settings.
func openKeyAtHand(w *keyWork) (atrest.Keys, []byte, error) {
	present := *w
	present.words.file = ""
	return present.open()
}

func keyUnlockCommand() *cobra.Command {
	return atKey("unlock", "取消存储密钥文件的口令 (take the passphrase off the key file)",
		`取消存储密钥文件的口令：之后节点无人值守也能启动，但拿到密钥文件的人就能读取数据。
Takes the passphrase off: the node then starts without anybody, and whoever has the key file can read the data.`,
		"  tongban key unlock --config village.yaml",
		func(_ context.Context, w *keyWork) error {
			keys, _, err := w.open()
			if err != nil {
				return err
			}
			if err := w.save(keys, nil); err != nil {
				return err
			}
			w.is.ID = keys.Key.ID()
			w.locked(false)
			w.say("存储密钥文件已解锁 (unlocked)：%s", w.c.Storage.KeyFile)
			return nil
		})
}

func keyRotateCommand() *cobra.Command {
	return atKey("rotate", "更换已停止节点的存储密钥 (change a stopped node's storage key)",
		`为已停止的节点生成新的存储密钥，并用它重新加密全部数据。可随时中断：再次运行或启动节点会继续做完；其间密钥文件同时含有新旧两把。
做完后请离线保存新的密钥文件。
Makes a new storage key for a stopped node and seals all its data anew. It may be interrupted: running it again, or
starting the node, goes on; meanwhile the key file holds both keys. Keep a copy of the new file offline afterwards.`,
		"  tongban key rotate --config village.yaml",
		func(ctx context.Context, w *keyWork) error {
			return w.stopped(func() error {
				keys, passphrase, err := w.open()
				if err != nil {
					return err
				}
				if keys.Previous == nil {
					next, err := atrest.NewKey(rand.Reader)
					if err != nil {
						return err
					}
					keys = atrest.Keys{Key: next, Previous: keys.Key}
					if err := w.save(keys, passphrase); err != nil {
						return err
					}
				}
				if err := rotate(ctx, w.c, keys, passphrase); err != nil {
					return err
				}
				w.is.ID, w.is.Data = keys.Key.ID(), "sealed"
				w.say("已更换为存储密钥 %s，数据已重新加密；请离线保存新的 %s (changed, and the data sealed anew; keep a copy of the new file offline)", keys.Key.ID(), w.c.Storage.KeyFile)
				return nil
			})
		})
}

// rotateTo finishes a change of keys that was begun, at a start. A locked key
// file keeps its former key until key rotate is run, which has the passphrase.
func rotateTo(ctx context.Context, c configs.Config, keys atrest.Keys) error {
	data, err := os.ReadFile(c.Storage.KeyFile)
	if err != nil {
		return err
	}
	if atrest.KeyFileLocked(data) {
		if err := federation.Reseal(ctx, c.DataDir, keys.Previous, keys.Key); err != nil {
			return err
		}
		return markSealed(c.DataDir, keys.Key)
	}
	return rotate(ctx, c, keys, nil)
}

// rotate seals everything anew and lets the former key go only after that.
func rotate(ctx context.Context, c configs.Config, keys atrest.Keys, passphrase []byte) error {
	if err := federation.Reseal(ctx, c.DataDir, keys.Previous, keys.Key); err != nil {
		return err
	}
	if err := sealOwnKeys(c, keys); err != nil {
		return err
	}
	if err := markSealed(c.DataDir, keys.Key); err != nil {
		return err
	}
	data, err := atrest.Keys{Key: keys.Key}.Encode(rand.Reader, passphrase)
	if err != nil {
		return err
	}
	return placeFile(c.Storage.KeyFile, data)
}
