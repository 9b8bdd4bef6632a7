package county

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// fullPipeline takes nothing until it is closed.
type fullPipeline struct {
	raft.AppendPipeline
	once   sync.Once
	closed chan struct{}
}

func (p *fullPipeline) AppendEntries(*raft.AppendEntriesRequest, *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	<-p.closed
	return nil, raft.ErrPipelineShutdown
}

func (p *fullPipeline) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func TestAPipelineDoesNotWaitForEver(t *testing.T) {
	for name, c := range map[string]struct {
		limit time.Duration
		ends  bool
	}{
		"the hub ends":            {time.Hour, true},
		"longer than it may take": {time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			life, end := context.WithCancel(t.Context())
			p := bounded(life, &fullPipeline{closed: make(chan struct{})}, c.limit)
			sent := make(chan error, 1)
			go func() {
				_, err := p.AppendEntries(nil, nil)
				sent <- err
			}()
			if c.ends {
				end()
			}
			if err := <-sent; !errors.Is(err, raft.ErrPipelineShutdown) {
				t.Error(err)
			}
			end()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
