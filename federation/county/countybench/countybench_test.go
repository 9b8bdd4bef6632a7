package countybench_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/county/countybench"
)

func TestRun(t *testing.T) {
	var peers []string
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		peers = append(peers, l.Addr().String())
		l.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	var loads []countybench.Load
	for _, p := range peers {
		o := countybench.Options{Address: p, Peers: peers, Dir: t.TempDir(), Clients: []int{1, 4}, During: 20 * time.Millisecond, CommandBytes: 2048}
		wg.Go(func() {
			if err := countybench.Run(ctx, o, func(l []countybench.Load) { loads = l; cancel() }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(loads) != 2 || loads[1].Clients != 4 || len(loads[0].Took) == 0 {
		t.Fatalf("%d loads", len(loads))
	}
}
