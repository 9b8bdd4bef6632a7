package county

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
)

// hashicorp/raft (v1.7.3) reads a follower's answers in one goroutine and sends in
// another. Told of a newer term, the first ends; if the second is then about to
// send, with as much on its way as may be, it waits for ever, and so does a
// shutdown, which waits for it. So what sends ends with the hub, and when it has
// waited for longer than any answer may take.

// pipeline is one of raft's pipelines that does not wait for ever.
type pipeline struct {
	raft.AppendPipeline
	limit time.Duration
	// forget ends that it is closed with the hub.
	forget func() bool
}

// AppendEntriesPipeline implements raft.Transport.
func (t *transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	p, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	return bounded(t.sending, p, t.limit), nil
}

func bounded(life context.Context, p raft.AppendPipeline, limit time.Duration) *pipeline {
	return &pipeline{AppendPipeline: p, limit: limit, forget: context.AfterFunc(life, func() { p.Close() })}
}

// AppendEntries implements raft.AppendPipeline.
func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	stuck := time.AfterFunc(p.limit, func() { p.AppendPipeline.Close() })
	defer stuck.Stop()
	return p.AppendPipeline.AppendEntries(args, resp)
}

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.forget()
	return p.AppendPipeline.Close()
}
