package api

import (
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
)

func init() {
	everybody = append(everybody, "getLAN", "getLANCode", "getCountyCertificate", "getDemo")
	themselves = append(themselves, "addDevice", "listDevices", "getDeviceKey", "revokeDevice")
	ofApplicants = append(ofApplicants, "beginMyAttachment", "appendMyAttachment")
}

// TestDevice: a device is its owner's; once revoked it is answered with nothing,
// its key is gone and its owner's logins have ended.
func TestDevice(t *testing.T) {
	h := emptyHub(t)
	h.person("window", theCounty, socialBoard, identity.DepartmentWindow)
	h.person("other", theCounty, socialBoard, identity.DepartmentWindow)
	if r := h.as("window", "POST", "/api/v1/devices", gen.DeviceRequest{Name: "平板", Password: "not-it-2026-xx"}); r != "401 login_failed" {
		t.Fatalf("with a wrong password: %s", r)
	}
	var made, again gen.DeviceKey
	h.decode(h.must("window", "POST", "/api/v1/devices", gen.DeviceRequest{Name: " 平板 ", Password: password}, 201), &made)
	h.get("window", "/api/v1/devices/"+made.Device.Id+"/key", &again)
	if key, err := base64.RawURLEncoding.DecodeString(made.Key); err != nil || len(key) != 32 || again.Key != made.Key || made.Device.Name != "平板" {
		t.Fatalf("%+v, then %+v", made, again)
	}
	h.must("other", "GET", "/api/v1/devices/"+made.Device.Id+"/key", nil, 404)
	h.must("other", "POST", "/api/v1/devices/"+made.Device.Id+"/revoke", nil, 404)
	h.must("window", "GET", "/api/v1/devices?all=true", nil, 403)
	var list gen.DeviceList
	if h.get("operator", "/api/v1/devices", &list); len(list.Devices) != 0 {
		t.Fatalf("another's: %+v", list)
	}
	if h.get("operator", "/api/v1/devices?all=true", &list); len(list.Devices) != 1 {
		t.Fatalf("all: %+v", list)
	}

	token := h.token("window")
	from := func(device string) *httptest.ResponseRecorder {
		return h.send(request0{method: "GET", path: "/api/v1/session", token: token, header: map[string]string{deviceHeader: device}})
	}
	if r := from(made.Device.Id); r.Code != 200 {
		t.Fatalf("before: %d", r.Code)
	}
	var gone gen.Device
	h.must("operator", "POST", "/api/v1/devices/"+made.Device.Id+"/revoke", nil, 400) // of another's it says why
	h.decode(h.must("operator", "POST", "/api/v1/devices/"+made.Device.Id+"/revoke", gen.DeviceRevocation{Reason: "来电挂失"}, 200), &gone)
	if gone.RevokedAt == 0 || gone.Effect != gen.DeviceHere || gone.Reason != "来电挂失" || gone.RevokedBy == "" || gone.Owner != "李window" {
		t.Fatalf("%+v", gone)
	}
	if r := from(made.Device.Id); r.Code != 403 || !strings.Contains(r.Body.String(), "device_revoked") {
		t.Fatalf("after: %d %s", r.Code, r.Body)
	}
	if r := h.send(request0{method: "GET", path: "/api/v1/node", header: map[string]string{deviceHeader: made.Device.Id}}); r.Code != 403 {
		t.Fatalf("what anybody may ask: %d", r.Code)
	}
	if r := from(""); r.Code != 401 {
		t.Fatalf("its owner's login goes on: %d", r.Code)
	}
	kept, err := h.node.Store.Device(t.Context(), made.Device.Id)
	check(t, err)
	if len(kept.Key) != 0 {
		t.Error("its key is kept")
	}
	for range 10 {
		h.must("other", "POST", "/api/v1/devices", gen.DeviceRequest{Name: "手机", Password: password}, 201)
	}
	h.must("other", "POST", "/api/v1/devices", gen.DeviceRequest{Name: "手机", Password: password}, 409)
}

// TestDeviceRevokedAtTheCounty: a village's device that was lost is revoked at the
// county with the village's line cut; the list says that it is not in effect there
// yet, and that it is once the village has heard.
func TestDeviceRevokedAtTheCounty(t *testing.T) {
	r := newRegion(t)
	var made gen.DeviceKey
	r.village.decode(r.village.must("worker", "POST", "/api/v1/devices", gen.DeviceRequest{Name: "平板", Password: password}, 201), &made)
	token, id := r.village.token("worker"), made.Device.Id
	from := func() int {
		return r.village.send(request0{method: "GET", path: "/api/v1/node", token: token, header: map[string]string{deviceHeader: id}}).Code
	}
	listed := func() gen.Device {
		var list gen.DeviceList
		r.hub.get("operator", "/api/v1/devices?all=true", &list)
		if len(list.Devices) != 1 {
			return gen.Device{}
		}
		return list.Devices[0]
	}
	until(t, "the county to know the device", func() bool { return listed().Id == id })
	if d := listed(); d.Owner != "李worker" || d.Name != "平板" || d.Division != theVillage || d.Node != r.village.node.Self().Node || d.Effect != "" {
		t.Fatalf("%+v", d)
	}
	r.hub.cut()
	var gone gen.Device
	r.hub.decode(r.hub.must("operator", "POST", "/api/v1/devices/"+id+"/revoke", gen.DeviceRevocation{Reason: "下乡途中遗失"}, 200), &gone)
	if gone.RevokedAt == 0 || gone.Effect != gen.DeviceUnderWay {
		t.Fatalf("with the line cut: %+v", gone)
	}
	if code := from(); code != 200 {
		t.Fatalf("at the village, which has not heard: %d", code)
	}
	r.hub.heal()
	r.village.node.Kick()
	until(t, "the village to have heard", func() bool { return listed().Effect == gen.DeviceThere })
	if d := listed(); d.NodeHeardMs == 0 {
		t.Errorf("%+v", d)
	}
	r.hub.cut() // it holds with the line down
	if code := from(); code != 403 {
		t.Errorf("its device is answered %d", code)
	}
	until(t, "its half of the key to be destroyed", func() bool {
		d, err := r.village.node.Store.Device(t.Context(), id)
		return err == nil && len(d.Key) == 0 && d.RevokedAt > 0
	})
	until(t, "the owner's login there to end", func() bool {
		return r.village.send(request0{method: "GET", path: "/api/v1/session", token: token}).Code == 401
	})
	r.hub.must("operator", "POST", "/api/v1/devices/"+id+"/revoke", gen.DeviceRevocation{Reason: "再次"}, 200) // again changes nothing
	if d := listed(); d.Reason != "下乡途中遗失" {
		t.Errorf("%+v", d)
	}
}

// TestCertificateForPhones: anybody gets the authority's certificate under the
// media type that phones install, and its fingerprint to compare.
func TestCertificateForPhones(t *testing.T) {
	h := emptyHub(t)
	var lan gen.LAN
	h.get("", "/api/v1/lan", &lan)
	r := h.must("", "GET", "/api/v1/lan/ca.crt", nil, 200)
	ca, err := h.node.LANAuthority()
	check(t, err)
	if r.Header().Get("Content-Type") != "application/x-x509-ca-cert" || r.Body.String() != string(ca.Raw) || lan.Fingerprint != fingerprint(ca.Raw) || len(lan.Fingerprint) != 95 || len(lan.Addresses) != 0 {
		t.Fatalf("%v %+v", r.Header(), lan)
	}
	h.must("", "GET", "/api/v1/lan/code.svg", nil, 404)
}

// TestDemoPeople: nobody but a demonstration tells of people and a password,
// even where it was given some.
func TestDemoPeople(t *testing.T) {
	people := &gen.Demo{Password: "known-to-all", People: []gen.DemoPerson{{As: "supervisor", Login: "x", Name: "x", Address: "http://127.0.0.1:1", Place: "x"}}}
	for _, c := range []struct {
		o    Options
		want int
	}{{Options{}, 404}, {Options{People: people}, 404}, {Options{Demo: true}, 404}, {Options{Demo: true, People: people}, 200}} {
		s := &Server{o: c.o}
		_, err := s.GetDemo(t.Context(), gen.GetDemoRequestObject{})
		if (err == nil) != (c.want == 200) {
			t.Errorf("demo %v, people %v: %v", c.o.Demo, c.o.People != nil, err)
		}
	}
}

// TestCookiesOverHTTPS: what was set over https is not sent without.
func TestCookiesOverHTTPS(t *testing.T) {
	for _, secure := range []bool{false, true} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		if secure {
			r.TLS = new(tls.ConnectionState)
		}
		rec := &recorder{ResponseWriter: w, tls: r.TLS != nil}
		http.SetCookie(rec, &http.Cookie{Name: "a", Value: "b"})
		http.SetCookie(rec, &http.Cookie{Name: "c", Value: "d", Secure: true})
		rec.Write([]byte("x"))
		for _, c := range w.Result().Cookies() {
			if want := secure || c.Name == "c"; c.Secure != want {
				t.Errorf("over https %v: %s", secure, c)
			}
		}
	}
}
