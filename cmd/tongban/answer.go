package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/tongban/tongban/api/client"
)

// answer is what a node answered: decoded for the tables, and as it came for
// --json, so that programs see fields that are newer than this client.
type answer[T any] struct {
	value T
	raw   []byte
}

// mostAnswer bounds an answer that is read into memory.
const mostAnswer = 256 << 20

// answered reads the answer to a request, as the client's methods return it.
// The error is a *refusal for what the node refused, a *unreachable when
// nobody answered.
func answered[T any](res *http.Response, err error) (answer[T], error) {
	var a answer[T]
	err = readAnswer(res, err, &a.raw, &a.value)
	return a, err
}

// readAnswer is answered, once for all types.
func readAnswer(res *http.Response, err error, raw *[]byte, value any) error {
	if err := accepted(res, err); err != nil {
		return err
	}
	defer res.Body.Close()
	if *raw, err = io.ReadAll(io.LimitReader(res.Body, mostAnswer)); err != nil {
		return &unreachable{err}
	}
	if err := json.Unmarshal(*raw, value); err != nil {
		return foreign(res, err)
	}
	return nil
}

// done is answered for answers without a body.
func done(res *http.Response, err error) error {
	if err := accepted(res, err); err != nil {
		return err
	}
	return res.Body.Close()
}

// passOn writes the body of an answer as it is.
func passOn(c *connection, res *http.Response, err error) error {
	if err := accepted(res, err); err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(c.out, res.Body)
	return err
}

// accepted turns everything but a success into an error, and then closes the
// body.
func accepted(res *http.Response, err error) error {
	if err != nil {
		return sendError(err)
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	defer res.Body.Close()
	const mostProblem = 4 << 20
	body, err := io.ReadAll(io.LimitReader(res.Body, mostProblem))
	if err != nil {
		return &unreachable{err}
	}
	var p client.Problem
	if kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind != "application/problem+json" {
		return foreign(res, nil)
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return foreign(res, err)
	}
	return &refusal{Problem: p, raw: body}
}

// foreign is an answer that no tongban node gives: another program listens at
// the address, or a proxy stands between.
func foreign(res *http.Response, err error) error {
	if err == nil {
		return fmt.Errorf("该地址没有按通办接口回答，请核对 --node (the address does not answer as a tongban node): HTTP %s", res.Status)
	}
	return fmt.Errorf("该地址没有按通办接口回答，请核对 --node (the address does not answer as a tongban node): HTTP %s: %w", res.Status, err)
}

// show prints an answer: as JSON where --json asks for it, else as people
// writes it.
func (a answer[T]) show(p printer, people func(w io.Writer, v *T)) error {
	if p.json {
		return p.showJSON(a.raw)
	}
	var text bytes.Buffer
	people(&text, &a.value)
	_, err := p.out.Write(text.Bytes())
	return err
}

// showJSON prints JSON indented, its fields as they came.
func (p printer) showJSON(raw []byte) error {
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", "  "); err != nil {
		return fmt.Errorf("indent the answer: %w", err)
	}
	text.WriteByte('\n')
	_, err := p.out.Write(text.Bytes())
	return err
}

// showValue is show for what did not come from a node.
func (p printer) showValue(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return p.showJSON(raw)
}
