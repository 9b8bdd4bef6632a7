package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/blob"
)

// proofHere holds the scans that prove an action (that it was served, that somebody agreed,
// asked to withdraw or was heard) against the files that are here. Nothing waits for a
// proof, and what it proves cannot be undone.
func (s *Server) proofHere(ctx context.Context, body ledger.Body) error {
	named := map[string][]catalog.AttachmentRef{}
	switch b := body.(type) {
	case *ledger.CaseDeliverV1:
		named["proof"], named["consent"] = b.Proof, b.Consent
	case *ledger.ResultServeV1:
		named["proof"], named["consent"] = b.Proof, b.Consent
	case *ledger.CaseWithdrawV1:
		named["proof"] = b.Proof
	case *ledger.RefusalStateV1:
		named["proof"] = b.Proof
	case *ledger.HearingAskV2:
		named["proof"] = b.Proof
	case *ledger.ResultStateV1:
		named["proof"] = b.Proof
	case *ledger.HearingRecordV1:
		named["record"] = b.Record
	}
	var faults []catalog.Fault
	for _, field := range []string{"proof", "consent", "record"} {
		for i, a := range named[field] {
			_, err := s.uploaded(ctx, a)
			var fault *catalog.Fault
			switch {
			case errors.Is(err, blob.ErrNotFound):
				fault = notUploaded()
			case err != nil:
				return err
			default:
				if fault, err = s.checkPaper(ctx, a); err != nil {
					return err
				}
			}
			if fault != nil {
				fault.Path = fmt.Sprintf("%s[%d]", field, i)
				faults = append(faults, *fault)
			}
		}
	}
	if len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	return nil
}

// uploadedTime bounds the search for a file at the other hubs.
const uploadedTime = 5 * time.Second

// uploaded is a file that was uploaded here, or at another hub just before: then it is
// brought here first.
func (s *Server) uploaded(ctx context.Context, a catalog.AttachmentRef) (blob.Info, error) {
	info, err := s.blobs.Stat(a.Hash)
	if !errors.Is(err, blob.ErrNotFound) || a.Size <= 0 || a.Size > s.o.Limits.AttachmentBytes {
		return info, err
	}
	ctx, cancel := context.WithTimeout(ctx, uploadedTime)
	defer cancel()
	if s.node.FetchUploaded(ctx, a.Hash, a.Size) != nil {
		return info, err
	}
	return s.blobs.Stat(a.Hash)
}

// notUploaded is said of a file that nobody brought to this node.
func notUploaded() *catalog.Fault {
	return &catalog.Fault{Code: catalog.FaultConflict, ZH: "文件尚未上传，请先上传", EN: "the file was not uploaded; upload it first"}
}
