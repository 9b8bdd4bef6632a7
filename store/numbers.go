package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/onfile"
)

// numberSecret is what people's numbers are found by: a hash under a key of the
// database's own. A plain hash would tell them, for there are few numbers. The
// key lies in the database, sealed like all of it, and goes where a copy of the
// database goes; so hashes differ between nodes, and StateHash leaves them out.
type numberSecret []byte

// numberSecretKey is where it lies in meta.
const numberSecretKey = "number_secret"

// key is what a person or an organisation is found by.
func (n numberSecret) key(kind, number string) string {
	mac := hmac.New(sha256.New, n)
	mac.Write([]byte(kind + "\n" + number))
	return hex.EncodeToString(mac.Sum(nil))
}

// ownersOf are the keys of whom a case belongs to: a number's say whose it may
// be, and the name in the case whether it is.
func (n numberSecret) ownersOf(c *casework.Case) []string {
	var owners []string
	if c.Online.Account != "" {
		owners = append(owners, accountKey(c.Online.Account))
	}
	if c.Applicant.IDNumber != "" {
		owners = append(owners, n.key(c.Applicant.Type, c.Applicant.IDNumber))
	}
	return owners
}

func (s *Store) numberKey(kind, number string) string { return s.numbers.Load().key(kind, number) }

// loadNumbers reads the secret of the database that is there now.
func (s *Store) loadNumbers(ctx context.Context) error {
	text, _, err := s.w.meta(ctx, numberSecretKey)
	if err != nil {
		return err
	}
	secret, err := hex.DecodeString(text)
	if err != nil {
		return storage("read the key of numbers", err)
	}
	known := numberSecret(secret)
	s.numbers.Store(&known)
	return nil
}

// keyNumbers makes a database's secret where it has none, and whatever cases it
// has known by it.
func keyNumbers(ctx context.Context, w *writer) error {
	if _, known, err := w.meta(ctx, numberSecretKey); err != nil || known {
		return err
	}
	secret := make(numberSecret, sha256.Size)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	if err := w.setMeta(ctx, numberSecretKey, hex.EncodeToString(secret)); err != nil {
		return err
	}
	if err := w.exec(ctx, `DELETE FROM case_owners WHERE owner NOT LIKE 'account:%'`); err != nil {
		return err
	}
	rows, err := w.query(ctx, `SELECT body FROM cases`)
	if err != nil {
		return err
	}
	var owned []ownerRow
	for rows.Next() {
		var body sql.RawBytes
		var c casework.Case
		if err := rows.Scan(&body); err != nil {
			rows.Close()
			return storage("read cases", err)
		}
		if err := json.Unmarshal(body, &c); err != nil {
			rows.Close()
			return storage("read cases", err)
		}
		for _, owner := range secret.ownersOf(&c) {
			owned = append(owned, ownerRow{owner, c.HandedInMS, c.ID})
		}
	}
	if err := rows.Close(); err != nil {
		return storage("read cases", err)
	}
	for _, o := range owned {
		if err := w.exec(ctx, insertOwners.one, o.owner, o.handedIn, o.id); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return storage("read cases", err)
	}
	return keyConsents(ctx, w, secret)
}

func keyConsents(ctx context.Context, w *writer, secret numberSecret) error {
	rows, err := w.query(ctx, `SELECT body FROM consents`)
	if err != nil {
		return err
	}
	var given []onfile.Consent
	for rows.Next() {
		var body []byte
		var c onfile.Consent
		if err := scanJSON(rows, &body, &c); err != nil {
			rows.Close()
			return storage("read consents", err)
		}
		given = append(given, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return storage("read consents", err)
	}
	for _, c := range given {
		if err := w.exec(ctx, `UPDATE consents SET owner = ? WHERE id = ?`, secret.key(c.Type, c.Number), c.ID); err != nil {
			return err
		}
	}
	return nil
}
