package notice

import "fmt"

// CodeText is the message with the code that confirms a mail address. It names
// nobody, no case and no number: whose mailbox it is is not known yet.
func CodeText(code string, l Language) string {
	text := fmt.Sprintf("政务服务邮箱确认码：%s，15 分钟内有效。请登录后在“收到的告知”中填写，不要告诉他人。如非本人操作，请勿理会，以后不会再收到邮件。", code)
	if l == English {
		text += fmt.Sprintf("\nCode to confirm your mail address: %s, valid for 15 minutes. Log in and enter it; tell nobody. If you did not ask for it, ignore it, and no more mail will come.", code)
	}
	return text
}
