package federation

import "context"

// forgetDevices carries out here, as soon as it has arrived, that a device was
// revoked somewhere else in the county: this node's half of its key is destroyed
// and its owner's logins here end. Failing that it tries again with the next
// change; the device is answered with nothing all the same, for that is looked up
// in the state.
func (n *Node) forgetDevices(ctx context.Context) {
	seen, begun := uint64(0), false
	for {
		changed := n.Store.Changed()
		// Whatever revokes a device changes the rights; other changes cost nothing here.
		if rights := n.Store.Rights(); !begun || rights != seen {
			forgotten, err := n.Store.ForgetRevokedDevices(ctx, n.now().UnixMilli())
			switch {
			case err == nil:
				seen, begun = rights, true
			case ctx.Err() == nil:
				n.log.Error("a device that was revoked elsewhere is not forgotten yet", "error", err)
			}
			if forgotten > 0 {
				n.log.Info("devices that were revoked elsewhere are forgotten", "devices", forgotten)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
