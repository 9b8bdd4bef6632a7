package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

// required marks flags that a command cannot do without.
func required(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that was just misspelt above
		}
	}
}

// recordedOf is a request about one thing with a body, ready to be sent.
func recordedOf[B any](send func(context.Context, string, B, ...client.RequestEditorFn) (*http.Response, error), id string, body B) func(context.Context) (*http.Response, error) {
	return func(ctx context.Context) (*http.Response, error) { return send(ctx, id, body) }
}

// record sends what is answered with how far the record has come, and prints
// that.
func (c *connection) record(ctx context.Context, send func(context.Context) (*http.Response, error)) error {
	if err := c.loggedIn(ctx); err != nil {
		return err
	}
	a, err := answered[client.Recorded](send(ctx))
	if err != nil {
		return err
	}
	return a.show(c.printer, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
}

// do sends what is answered with nothing but success, and says that it was
// done.
func (c *connection) do(ctx context.Context, zh, en string, send func(context.Context) (*http.Response, error)) error {
	if err := c.loggedIn(ctx); err != nil {
		return err
	}
	if err := done(send(ctx)); err != nil {
		return err
	}
	if c.json {
		return c.showValue(struct {
			OK bool `json:"ok"`
		}{true})
	}
	_, err := fmt.Fprintln(c.out, c.pick(zh, en))
	return err
}

// ask asks what is answered only to people who are logged in, and prints it.
func ask[T any](ctx context.Context, c *connection, send func() (*http.Response, error), people func(w io.Writer, v *T)) error {
	if err := c.loggedIn(ctx); err != nil {
		return err
	}
	return look(c, send, people)
}

// look is ask for what anybody may know.
func look[T any](c *connection, send func() (*http.Response, error), people func(w io.Writer, v *T)) error {
	a, err := answered[T](send())
	if err != nil {
		return err
	}
	return a.show(c.printer, people)
}
