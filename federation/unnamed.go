package federation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// An upload that came whole and that nothing ever named stays on the disk of the
// node that took it. It is removed when a look at the node's entries, once a day,
// has found it unnamed on so many days in a row. Whatever leaves a doubt keeps it:
//
//   - a node whose history was written anew, restored from a backup or gone back
//     with its county, removes nothing: what named a file may have been lost there;
//   - a look counts only where this node has all that it may see of what the county
//     has recorded, by its read index at a hub, by a current line below; and a line
//     that was down for an hour has all counts begin anew (doubts.go);
//   - what nodes did that are still to send it is waited for: each node below was
//     heard with an empty outbox after the file had been unnamed for long enough, and
//     a village's township has one;
//   - at a hub the other hubs refuse from then on to name what is to be removed, and
//     have finished what they were about to record;
//   - whoever was told that a file is here, or was about to name it, made the count
//     begin anew (blob.Store.Naming);
//   - before the first is removed all entries are looked through for its hash, of
//     whatever kind and state, and those that came meanwhile under the file's lock.

const (
	// lookUnnamed is between two looks, mentionsEvery between two times that all
	// entries are looked through.
	lookUnnamed   = 24 * time.Hour
	mentionsEvery = 7 * 24 * time.Hour
	// unnamedPage is how many files are compared at once, mostUnnamed how many are
	// removed after one look.
	unnamedPage, mostUnnamed = 1000, 10_000

	lookedSetting   = "unnamed_looked"
	mentionsSetting = "unnamed_mentions"
)

// errPaperGone refuses to name what was removed.
var errPaperGone = &store.Refused{Code: "paper_removed", ZH: "附件上传后长期未使用，已被清理，请重新上传后再提交", EN: "a file was uploaded long ago, nothing used it and it was removed; upload it again, then repeat this"}

// namePapers makes sure that what an action names is not removed before the
// action is recorded, nor was before. done is called when it is.
func (n *Node) namePapers(ctx context.Context, bodies ...ledger.Body) (done func(), err error) {
	var files []catalog.AttachmentRef
	for _, b := range bodies {
		files = append(files, store.FilesOf(b)...)
	}
	if len(files) == 0 {
		return func() {}, nil
	}
	n.naming.RLock()
	for _, f := range files {
		if err := n.namePaper(ctx, f); err != nil {
			n.naming.RUnlock()
			return nil, err
		}
	}
	return n.naming.RUnlock, nil
}

func (n *Node) namePaper(ctx context.Context, f catalog.AttachmentRef) error {
	for again := n.hub != nil; ; again = false {
		switch err := n.Blobs.Naming(f.Hash); {
		case errors.Is(err, blob.ErrGone):
			// Another hub may have it again.
			if !again || n.fetchPaper(ctx, f.Hash, f.Size) != nil {
				return errPaperGone
			}
			continue
		case errors.Is(err, blob.ErrBadHash): // the ledger's rules refuse it
			return nil
		default:
			return err
		}
	}
}

// removeUnnamed makes a look, when one is due, and removes what is to go.
func (n *Node) removeUnnamed(ctx context.Context) error {
	if n.unnamedDays <= 0 {
		return nil
	}
	n.looking.Lock()
	defer n.looking.Unlock()
	if doubt, err := n.historyAnew(ctx); doubt || err != nil {
		return err
	}
	d, err := n.readDoubts(ctx)
	if err != nil {
		return err
	}
	current := n.allIsHere(ctx)
	if err := n.noteDoubts(ctx, d, current); err != nil {
		return err
	}
	due, err := n.due(ctx, lookedSetting, lookUnnamed)
	if !due || err != nil || !current {
		return err // cut off: at the next tidying
	}
	// Before the count: a stop in between costs a look, and never makes one more.
	if err := n.looked(ctx, d); err != nil {
		return err
	}
	ripe, err := n.lookForUnnamed(ctx, d)
	if err != nil || len(ripe) == 0 {
		return err
	}
	if due, err := n.due(ctx, mentionsSetting, mentionsEvery); !due || err != nil {
		return err
	}
	if err := n.done(ctx, mentionsSetting); err != nil {
		return err
	}
	return n.removeRipe(ctx, ripe)
}

// historyAnew tells whether what this node once recorded or saw may be missing
// from its entries.
func (n *Node) historyAnew(ctx context.Context) (bool, error) {
	restored, err := n.Store.Restored(ctx)
	if restored || err != nil {
		return true, err
	}
	before, err := n.Store.Predecessors(ctx, n.self.Node)
	if len(before) > 0 || err != nil {
		return true, err
	}
	epoch, err := n.Store.Epoch(ctx)
	return epoch.At != 0, err
}

// due tells whether so much time has passed since a local setting noted it. A
// clock that was set back begins anew.
func (n *Node) due(ctx context.Context, setting string, every time.Duration) (bool, error) {
	last, ever, err := n.noted(ctx, setting)
	if !ever || err != nil {
		return !ever, err
	}
	since := n.now().Sub(time.UnixMilli(last))
	if since < 0 {
		return false, n.done(ctx, setting)
	}
	return since >= every, nil
}

func (n *Node) noted(ctx context.Context, setting string) (at int64, ever bool, err error) {
	text, err := n.Store.Setting(ctx, setting)
	if err != nil {
		return 0, false, err
	}
	at, err = strconv.ParseInt(text, 10, 64)
	return at, err == nil, nil
}

func (n *Node) done(ctx context.Context, setting string) error {
	return n.Store.SetSetting(ctx, setting, strconv.FormatInt(n.now().UnixMilli(), 10))
}

// lookForUnnamed counts what nothing names, and gives what was found so on enough
// days.
func (n *Node) lookForUnnamed(ctx context.Context, d *doubts) (ripe map[string]bool, err error) {
	ripe = map[string]bool{}
	settled, err := n.settledFor(ctx, d)
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		page, err := n.Blobs.Hashes(after, unnamedPage)
		if err != nil || len(page) == 0 {
			return ripe, err
		}
		after = page[len(page)-1]
		named, err := n.Store.NamedBetween(ctx, page[0], after)
		if err != nil {
			return nil, err
		}
		for _, hash := range page {
			if named[hash] {
				if err := n.Blobs.Named(hash); err != nil {
					return nil, err
				}
				continue
			}
			looks, err := n.Blobs.Unnamed(hash)
			if errors.Is(err, blob.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if enough := n.unnamedDays; looks >= enough && d.Looks-d.Broken >= enough && looks-enough >= settled && len(ripe) < mostUnnamed {
				ripe[hash] = true
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// removeRipe removes what no entry mentions.
func (n *Node) removeRipe(ctx context.Context, ripe map[string]bool) error {
	if err := n.forsaken(ctx, ripe); err != nil {
		n.log.Info("uploads that nothing names are kept until all hubs can be asked", "error", err)
		return nil
	}
	through, err := n.Store.Mentioned(ctx, 0, ripe)
	if err != nil {
		return err
	}
	removed, bytes := 0, int64(0)
	for hash := range ripe {
		freed, err := n.Blobs.RemoveUnnamed(hash, n.unnamedDays, func() (bool, error) { return n.mentionedSince(ctx, hash, through) })
		if err != nil {
			return errors.Join(fmt.Errorf("remove what nothing names: %w", err), ctx.Err())
		}
		if freed > 0 {
			removed, bytes = removed+1, bytes+freed
			n.unnamedRemoved.Add(1)
			n.unnamedBytes.Add(freed)
		}
	}
	if removed > 0 {
		n.log.Info("removed uploads that nothing had named", "files", removed, "bytes", bytes, "days", n.unnamedDays)
	}
	return nil
}

// mentionedSince looks again, at what has come meanwhile; at a hub at all that the
// county has recorded by now.
func (n *Node) mentionedSince(ctx context.Context, hash string, through int64) (bool, error) {
	if err := n.Fresh(ctx); err != nil {
		return true, err
	}
	if uses, err := n.Store.AttachmentUses(ctx, hash); len(uses) > 0 || err != nil {
		return true, err
	}
	if anew, err := n.historyAnew(ctx); anew || err != nil {
		return true, err
	}
	left := map[string]bool{hash: true}
	_, err := n.Store.Mentioned(ctx, through, left)
	return !left[hash], err
}

// UnnamedRemoved is how many uploads, and bytes, were removed since the start
// because nothing had named them.
func (n *Node) UnnamedRemoved() (files, bytes int64) {
	return n.unnamedRemoved.Load(), n.unnamedBytes.Load()
}
