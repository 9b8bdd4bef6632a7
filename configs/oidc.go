package configs

import (
	"net/url"
	"strings"
)

// oidc checks the identity provider: what tells who somebody is goes over https
// alone, and back to named addresses alone.
func (k *checker) oidc() {
	o := k.c.OIDC
	if k.c.Tier != County || o.Issuer == "" {
		return
	}
	if u, err := url.Parse(o.Issuer); err != nil || u.Scheme != "https" || u.RawQuery != "" || !gatewayURL(o.Issuer) {
		k.fault("oidc.issuer", "必须是 https 地址，与身份认证系统公布的 issuer 完全一致，如 https://id.example.cn", "must be an https address, exactly the issuer that the provider publishes, such as https://id.example.cn")
	}
	for _, f := range []struct{ name, value, zh, en string }{
		{"oidc.client_id", o.ClientID, "必须填写在身份认证系统登记的客户端编号", "must be the client id that is registered with the provider"},
		{"oidc.secret_file", o.SecretFile, "必须给出客户端密钥的文件", "must name the file of the client's secret"},
		{"oidc.label_zh", o.LabelZH, "必须填写登录按钮上的文字", "must be what stands on the button"},
		{"oidc.label_en", o.LabelEN, "必须填写登录按钮上的英文文字", "must be what stands on the button"},
	} {
		if f.value == "" {
			k.fault(f.name, f.zh, f.en)
		}
	}
	if len(o.Addresses) == 0 {
		k.fault("oidc.addresses", "必须列出群众访问县中心的地址，如 - https://zwfw.example.cn；登录后只回到这些地址", "must list the addresses at which people reach the county, such as - https://zwfw.example.cn; a login comes back to these alone")
	}
	k.urls("oidc.addresses", o.Addresses)
	if !o.RealName.Trusted {
		return
	}
	if o.Claims.Name == "" || o.Claims.Number == "" {
		k.fault("oidc.claims.number", "oidc.real_name.trusted 为 true 时，必须填写 oidc.claims.name 和 oidc.claims.number", "oidc.claims.name and oidc.claims.number must be given when oidc.real_name.trusted is true")
	}
	if (strings.TrimSpace(o.RealName.Claim) == "") != (len(o.RealName.Values) == 0) {
		k.fault("oidc.real_name.values", "oidc.real_name.claim 与 oidc.real_name.values 须同时填写或都不填", "oidc.real_name.claim and oidc.real_name.values go together")
	}
}
