package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"

	"github.com/boombuler/barcode/qr"

	"github.com/tongban/tongban/api/gen"
)

// How a phone on the local network comes to trust this node:
//
//	GET /api/v1/lan           GetLAN
//	GET /api/v1/lan/ca.crt    GetCountyCertificate
//	GET /api/v1/lan/code.svg  GetLANCode

var errNoLAN = &problem{http.StatusNotFound, "no_lan", "this node serves no local network, or the county has not signed for it yet", "本机没有开通局域网加密访问，或县中心尚未签发证书", "请管理员设置 listen.lan 与 advertise.lan，并检查线路", nil, 0}

// trustPage is the page that walks a phone through it.
const trustPage = "/trust"

// GetLAN tells where the local network is served.
func (s *Server) GetLAN(_ context.Context, _ gen.GetLANRequestObject) (gen.GetLANResponseObject, error) {
	ca, err := s.lanAuthority()
	if err != nil {
		return nil, err
	}
	out := gen.GetLAN200JSONResponse{Addresses: []string{}, County: s.self.County(), Fingerprint: fingerprint(ca.Raw), CaExpiresAt: ca.NotAfter.UnixMilli()}
	if c := s.node.LANCertificate(); c != nil {
		out.Addresses, out.ExpiresAt = append(out.Addresses, s.o.LAN...), c.Leaf.NotAfter.UnixMilli()
	}
	return out, nil
}

// GetCountyCertificate gives what a phone has to trust.
func (s *Server) GetCountyCertificate(_ context.Context, _ gen.GetCountyCertificateRequestObject) (gen.GetCountyCertificateResponseObject, error) {
	ca, err := s.lanAuthority()
	if err != nil {
		return nil, err
	}
	return caFile(ca.Raw), nil
}

// GetLANCode is the address of the page for a phone, to be scanned.
func (s *Server) GetLANCode(_ context.Context, _ gen.GetLANCodeRequestObject) (gen.GetLANCodeResponseObject, error) {
	if s.node.LANCertificate() == nil || len(s.o.LAN) == 0 {
		return nil, errNoLAN
	}
	full, path, err := qrPath(s.o.LAN[0]+trustPage, qr.Unicode)
	if err != nil {
		return nil, err
	}
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="240" height="240" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="%s"/></svg>`, full, full, full, full, path)
	return gen.GetLANCode200ImagesvgXmlResponse{Body: strings.NewReader(svg), ContentLength: int64(len(svg))}, nil
}

func (s *Server) lanAuthority() (*x509.Certificate, error) {
	ca, err := s.node.LANAuthority()
	if err == nil && ca == nil {
		err = errNoLAN
	}
	return ca, err
}

// fingerprint is a SHA-256 as phones show it.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// caFile is a certificate under the media type at which phones offer to install
// it.
type caFile []byte

// VisitGetCountyCertificateResponse implements gen.GetCountyCertificateResponseObject.
func (c caFile) VisitGetCountyCertificateResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Header().Set("Content-Disposition", `attachment; filename="tongban-ca.crt"`)
	_, err := bytes.NewReader(c).WriteTo(w)
	return err
}
