#include "xts.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <stdlib.h>
#include <wmmintrin.h>
#include <emmintrin.h>

#define NATIVE __attribute__((target("aes,sse2")))

enum { ROUNDS = 14, KEYS = ROUNDS + 1, SIDE = 8 };

struct xts {
  __m128i seal[KEYS], open[KEYS], tweak[KEYS];
};

/* mixed is a round key from the one two before, b, and what AESKEYGENASSIST
 * makes of the one before (FIPS 197, section 5.2). */
NATIVE static __m128i mixed(__m128i b, __m128i assist) {
  b = _mm_xor_si128(b, _mm_slli_si128(b, 4));
  b = _mm_xor_si128(b, _mm_slli_si128(b, 8));
  return _mm_xor_si128(b, assist);
}

#define EVEN(i, rcon) k[i] = mixed(k[i - 2], _mm_shuffle_epi32(_mm_aeskeygenassist_si128(k[i - 1], rcon), 0xff))
#define ODD(i) k[i] = mixed(k[i - 2], _mm_shuffle_epi32(_mm_aeskeygenassist_si128(k[i - 1], 0), 0xaa))

NATIVE static void expand(__m128i *k, const unsigned char *key) {
  k[0] = _mm_loadu_si128((const __m128i *)key);
  k[1] = _mm_loadu_si128((const __m128i *)(key + 16));
  EVEN(2, 0x01); ODD(3);
  EVEN(4, 0x02); ODD(5);
  EVEN(6, 0x04); ODD(7);
  EVEN(8, 0x08); ODD(9);
  EVEN(10, 0x10); ODD(11);
  EVEN(12, 0x20); ODD(13);
  EVEN(14, 0x40);
}

NATIVE static void invert(__m128i *to, const __m128i *from) {
  int i;
  to[0] = from[ROUNDS];
  for (i = 1; i < ROUNDS; i++) to[i] = _mm_aesimc_si128(from[ROUNDS - i]);
  to[ROUNDS] = from[0];
}

NATIVE static void schedule(xts *x, const unsigned char *key) {
  expand(x->seal, key);
  invert(x->open, x->seal);
  expand(x->tweak, key + 32);
}

xts *xts_new(const unsigned char *key) {
  void *place = 0;
  if (!__builtin_cpu_supports("aes") || posix_memalign(&place, 16, sizeof(xts)) != 0) return 0;
  schedule(place, key);
  return place;
}

NATIVE static __m128i sealed(__m128i b, const __m128i *k) {
  int r;
  b = _mm_xor_si128(b, k[0]);
  for (r = 1; r < ROUNDS; r++) b = _mm_aesenc_si128(b, k[r]);
  return _mm_aesenclast_si128(b, k[ROUNDS]);
}

NATIVE static __m128i opened(__m128i b, const __m128i *k) {
  int r;
  b = _mm_xor_si128(b, k[0]);
  for (r = 1; r < ROUNDS; r++) b = _mm_aesdec_si128(b, k[r]);
  return _mm_aesdeclast_si128(b, k[ROUNDS]);
}

/* next is a tweak times x in GF(2^128), x^128 = x^7 + x^2 + x + 1. */
NATIVE static __m128i next(__m128i t) {
  __m128i carry = _mm_and_si128(_mm_srai_epi32(_mm_shuffle_epi32(t, 0x13), 31), _mm_set_epi32(0, 1, 0, 0x87));
  return _mm_xor_si128(_mm_add_epi64(t, t), carry);
}

/* The processor works at several blocks side by side; all in registers. */
#define EACH(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
#define LOAD(i) t[i] = tweak; tweak = next(tweak); b##i = _mm_xor_si128(_mm_xor_si128(_mm_loadu_si128(p + i), t[i]), k[0]);
#define ENC(i) b##i = _mm_aesenc_si128(b##i, key);
#define DEC(i) b##i = _mm_aesdec_si128(b##i, key);
#define ENCLAST(i) _mm_storeu_si128(p + i, _mm_xor_si128(_mm_aesenclast_si128(b##i, key), t[i]));
#define DECLAST(i) _mm_storeu_si128(p + i, _mm_xor_si128(_mm_aesdeclast_si128(b##i, key), t[i]));

NATIVE void xts_crypt(const xts *x, int seal, unsigned char *bytes, int n, uint64_t unit) {
  const __m128i *k = seal ? x->seal : x->open;
  __m128i *p = (__m128i *)bytes, tweak = sealed(_mm_set_epi64x(0, (long long)unit), x->tweak);
  int blocks = n / 16, r;
  for (; blocks >= SIDE; blocks -= SIDE, p += SIDE) {
    __m128i t[SIDE], key, b0, b1, b2, b3, b4, b5, b6, b7;
    EACH(LOAD)
    if (seal) {
      for (r = 1; r < ROUNDS; r++) { key = k[r]; EACH(ENC) }
      key = k[ROUNDS];
      EACH(ENCLAST)
    } else {
      for (r = 1; r < ROUNDS; r++) { key = k[r]; EACH(DEC) }
      key = k[ROUNDS];
      EACH(DECLAST)
    }
  }
  for (; blocks > 0; blocks--, p++, tweak = next(tweak)) {
    __m128i b = _mm_xor_si128(_mm_loadu_si128(p), tweak);
    _mm_storeu_si128(p, _mm_xor_si128(seal ? sealed(b, k) : opened(b, k), tweak));
  }
}

#else

xts *xts_new(const unsigned char *key) { (void)key; return 0; }
void xts_crypt(const xts *x, int seal, unsigned char *b, int n, uint64_t unit) { (void)x, (void)seal, (void)b, (void)n, (void)unit; }

#endif
