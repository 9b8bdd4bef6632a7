// Package papers moves attachments between nodes: the scanned papers of a case
// travel by their hash, apart from the ledger's entries and never in their way.
//
// # Protocol
//
// Mounted at /federation/v1/attachments; HASH is a SHA-256 as 64 lower-case
// hex digits. Numbers are bytes, in decimal.
//
//	HEAD /HASH           200  complete: Content-Length, Content-Type, Upload-Complete: ?1
//	                     204  under way: Upload-Offset, Upload-Length, Upload-Complete: ?0
//	                     404  nothing is here
//	PATCH /HASH?size=N   Upload-Offset: where the body's bytes belong
//	                     204  Upload-Offset: bytes that are durably here now, and Upload-Complete
//	                     409  offset_mismatch; Upload-Offset tells where to go on
//	GET /HASH            200, 206  the content; Range as in RFC 9110
//
// Upload-Offset and Upload-Complete mean what they mean in the IETF's
// resumable uploads draft; creation is implied by the first PATCH at offset 0.
// A body that is cut off is kept as far as it came. After the last byte the
// receiver checks hash and type; what does not pass is deleted (422
// hash_mismatch, 415 type_refused). A PATCH of complete content is answered
// 204 and changes nothing.
//
// Errors are problems (RFC 9457) with a stable code, see Code.
//
// # Who moves what
//
// A Courier at a village or a township pushes what its ledger names and the
// county has not confirmed to the node above. A Spread at a hub copies to the
// other hubs and has the county's ledger say so once a majority of the voters
// holds the content. A Gather at a hub fetches what was confirmed without it.
//
// # Crash story
//
// Neither keeps a file of its own: what is outstanding is in the ledger's
// tables, what has arrived is in the receiver's blob store. A restart asks the
// first and then, by HEAD, the second. Nothing here deletes content.
package papers
