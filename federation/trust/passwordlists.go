package trust

import "strings"

// commonPasswords are passwords and stems of passwords seen most often in
// leaks, Chinese sites' included (520 and 1314 sound like "I love you, for
// ever"), and the words nearest at hand in a government service hall. They are
// in lower case.
var commonPasswords = wordSet(`
000000 00000000 0123456789 0987654321 111111 11111111 112233 11223344 1122334455 123123 123321 12341234
123454321 1234554321 123456 12345678 123456789 1234567890 12345678910 1234qwer 123698745 123qwe 123qweasd
123qweasdzxc 1314520 13145200 1314521 147258369 1472583690 159357 168168 16888888 1q2w3e 1q2w3e4r
1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc 31415926 314159265 3141592653 518518 5201314 520131400 520520 5211314
5555555555 584520 5845201314 666666 66666666 741852963 7777777777 789456123 888888 88888888 987654321
9876543210 a123456 a12345678 a123456789 aa123456 aa12345678 abc123 abc12345 abc123456 abc123456789
abcd1234 abcd123456 abcdef123456 admin admin123 administrator alipay anji anjixian aptx4869 as123456
asd123 asd123456 asdfasdf asdfgh asdfghjkl baidu banshi baseball beijing caonima changeme china dearbook
default dragon football guest hangzhou huzhou iloveyou kaimen letmein li123456 liuwei lj123456 login
ls123456 master michael mima mima123 mimamima monkey nihao nihaoma ok123456 p@ssw0rd p@ssword passw0rd
password password1 princess q123456 q12345678 qazwsx qazwsxedc qq123456 qq123456789 qqqq1111 qwe123
qwe123456 qweasdzxc qwer1234 qwerty qwerty123 qwertyuiop root shadow shanghai sunshine superman taobao
tencent test test123 tongban toor user wang1234 wangwei wangyut2 wechat weixin welcome welcome1 wj123456
wo123456 woailaopo woaini woaini123 woaini1314 woaini520 woaini521 woaiwojia woaizhongguo wodemima
woshishui xiaoming yu123456 zaq12wsx zhang123 zhangwei zhejiang zhengwu zhengwufuwu zhimakaimen zhongguo
zxc123 zxc123456 zxcvbn zxcvbnm zz123456 你好 密码 密码是密码 我爱中国 我爱你
`)

// syllables are 256 different syllables of pinyin that can be read out.
var syllables = strings.Fields(`
ba bai ban bang bao bei ben beng bian biao bin bing bo bu pai pan pang pao pen peng pian piao pie pin po
pu ma mai man mang mao mei men meng mi mian miao mie min ming mo mu fa fan fang fei fen fo fu da dai dan
dang dao de di dian diao die ding dong dou du duan dui dun duo ta tai tan tao te ti tian tiao tie ting
tong tou tu tuan tui tun tuo na nai nan nang nao nei neng ni nian niao nin ning nong nu nuan nuo la lai
lan lang lao lei leng li lian liao lie lin ling long lou lu luan ga gai gang gao ge gen geng gong gu gua
guai guan guang guo ka kai kan kang kao ke ken keng kong ku kua kuai kuan kuang kui kun kuo ha hai han
hang hao he hen heng hong hou hu hua huai huan huang hun huo ji jia jian jiang jiao jie jin jing ju juan
jue jun qi qia qian qiang qiao qie qin qing qu quan qun xi xia xian xiang xiao xie xin xing xu xuan xue
xun zha zhai zhan zhang zhao zhe zhen zheng zhi zhong zhu zhuan zhuang zhui zhun zhuo cha chai chan chang
chao che chen cheng chong chou chu chuan chuang chui chun chuo shai shao she shen sheng shou shu shuan
shuang shui shun shuo ran rang rao re ren reng rong rou ru ruan rui run
`)

func wordSet(words string) map[string]struct{} {
	m := make(map[string]struct{})
	for _, w := range strings.Fields(words) {
		m[w] = struct{}{}
	}
	return m
}
