package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation/oidc"
)

// identityProvider is the one that a hub's settings name; nil for none.
func identityProvider(c configs.Config) (*oidc.Client, error) {
	o := c.OIDC
	if c.Tier != configs.County || o.Issuer == "" {
		return nil, nil
	}
	secret, err := configs.ReadSecret(o.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("oidc.secret_file: %w", err)
	}
	if len(secret) < oidc.MinSecret {
		return nil, fmt.Errorf("%s: 客户端密钥至少 %d 字节，请在身份认证系统中重新生成 (the client's secret has at least %[2]d bytes; have the provider make a new one)", o.SecretFile, oidc.MinSecret)
	}
	roots, err := rootsOf(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("oidc.ca_file: %w", err)
	}
	return oidc.New(oidc.Options{
		Issuer: o.Issuer, ClientID: o.ClientID, Secret: secret, Roots: roots, Scopes: o.Scopes, Addresses: o.Addresses,
		Claims:   oidc.Claims{Name: o.Claims.Name, Number: o.Claims.Number, Mobile: o.Claims.Mobile, UserInfo: o.Claims.UserInfo},
		RealName: oidc.RealName{Trusted: o.RealName.Trusted, Claim: o.RealName.Claim, Values: o.RealName.Values},
		LabelZH:  o.LabelZH, LabelEN: o.LabelEN,
	})
}

// provider looks whether the identity provider answers as a login needs it to.
func (d *diagnosis) provider() {
	p, err := identityProvider(d.c)
	switch {
	case err != nil:
		d.fault("oidc", "统一身份认证的设置无法使用", "the settings of the identity provider cannot be used", err)
		return
	case p == nil:
		return
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(d.ctx, 15*time.Second)
	defer cancel()
	warnings, err := p.Check(ctx)
	switch {
	case err != nil:
		d.fault("oidc", "统一身份认证 "+d.c.OIDC.Issuer+" 无法使用：请检查地址（须与对方公布的 issuer 完全一致）、防火墙和证书（oidc.ca_file）；期间可用密码登录", "the identity provider cannot be used: look at its address (to the letter the issuer that it publishes), the firewall and its certificate (oidc.ca_file); people can log in with a password meanwhile", err)
		return
	case len(warnings) > 0:
		d.add("oidc", "warning", "统一身份认证可用，但对方没有说明支持 "+strings.Join(warnings, "、")+"：请与对方确认", "the provider answers, but does not say that it knows "+strings.Join(warnings, ", ")+"; ask whoever runs it")
		return
	}
	d.add("oidc", "ok", "统一身份认证 "+d.c.OIDC.Issuer+" 可用；请确认对方登记了回调地址 "+strings.Join(returns(d.c.OIDC.Addresses), "、"), "the identity provider answers; see that it has the addresses to return to: "+strings.Join(returns(d.c.OIDC.Addresses), ", "))
}

func returns(addresses []string) []string {
	all := make([]string, len(addresses))
	for i, a := range addresses {
		all[i] = a + oidc.ReturnPath
	}
	return all
}
