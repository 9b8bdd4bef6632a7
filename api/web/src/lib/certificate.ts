/** Whether a result is a certificate by its name, which has a number (api/numbered.go). */
export function isCertificate(name: string): boolean {
  const plain = name.trim().split('（')[0]
  return !plain.endsWith('凭证') && ['证', '证书', '执照', '牌照', '证明书', '许可证明'].some((end) => plain.endsWith(end))
}
