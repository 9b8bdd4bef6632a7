/* SQLite's own page cache, asked less. While it balances a tree, SQLite numbers a
 * page for a moment as the one that holds its lock byte, far beyond the end of any
 * database of ours (https://www.sqlite.org/fileformat2.html#the_lock_byte_page), and
 * its cache remembers that as the highest number it has seen. At each commit SQLite
 * has the cache drop what lies beyond the database's end; as far as the cache knows
 * there may be something, so it looks at every page it holds. Here is known that
 * there is nothing. */
#include <stdlib.h>

typedef struct sqlite3_pcache sqlite3_pcache;
typedef struct sqlite3_pcache_page sqlite3_pcache_page;

/* As https://www.sqlite.org/c3ref/pcache_methods2.html gives it, unchanged since 3.7.10. */
typedef struct {
  int iVersion;
  void *pArg;
  int (*xInit)(void *);
  void (*xShutdown)(void *);
  sqlite3_pcache *(*xCreate)(int szPage, int szExtra, int bPurgeable);
  void (*xCachesize)(sqlite3_pcache *, int nCachesize);
  int (*xPagecount)(sqlite3_pcache *);
  sqlite3_pcache_page *(*xFetch)(sqlite3_pcache *, unsigned key, int createFlag);
  void (*xUnpin)(sqlite3_pcache *, sqlite3_pcache_page *, int discard);
  void (*xRekey)(sqlite3_pcache *, sqlite3_pcache_page *, unsigned oldKey, unsigned newKey);
  void (*xTruncate)(sqlite3_pcache *, unsigned iLimit);
  void (*xDestroy)(sqlite3_pcache *);
  void (*xShrink)(sqlite3_pcache *);
} methods;

#define SQLITE_CONFIG_PCACHE2 18
#define SQLITE_CONFIG_GETPCACHE2 19

extern int sqlite3_config(int, ...) __attribute__((weak));

static methods own; /* SQLite's */

typedef struct {
  sqlite3_pcache *own;
  unsigned lock;    /* the number of the page with the lock byte */
  unsigned highest; /* no page has a higher number, but for one numbered lock */
  int parked;       /* a page may be numbered lock */
} cache;

#define OF(p) ((cache *)(p))

static void seen(cache *c, unsigned key) {
  if (key == c->lock) c->parked = 1;
  else if (key > c->highest) c->highest = key;
}

static sqlite3_pcache *create(int page, int extra, int purgeable) {
  cache *c = calloc(1, sizeof *c);
  if (!c) return 0;
  if (!(c->own = own.xCreate(page, extra, purgeable))) {
    free(c);
    return 0;
  }
  c->lock = 0x40000000u / (unsigned)page + 1;
  return (sqlite3_pcache *)c;
}

static void destroy(sqlite3_pcache *p) {
  own.xDestroy(OF(p)->own);
  free(p);
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *p, unsigned key, int create) {
  if (create) seen(OF(p), key);
  return own.xFetch(OF(p)->own, key, create);
}

static void rekey(sqlite3_pcache *p, sqlite3_pcache_page *page, unsigned from, unsigned to) {
  cache *c = OF(p);
  own.xRekey(c->own, page, from, to);
  if (from == c->lock) c->parked = 0;
  seen(c, to);
}

static void cut(sqlite3_pcache *p, unsigned limit) {
  cache *c = OF(p);
  if (limit > c->highest && !(c->parked && limit <= c->lock)) return;
  own.xTruncate(c->own, limit);
  if (limit <= c->highest) c->highest = limit ? limit - 1 : 0;
  if (limit <= c->lock) c->parked = 0;
}

static int count(sqlite3_pcache *p) { return own.xPagecount(OF(p)->own); }
static void resize(sqlite3_pcache *p, int pages) { own.xCachesize(OF(p)->own, pages); }
static void unpin(sqlite3_pcache *p, sqlite3_pcache_page *page, int discard) { own.xUnpin(OF(p)->own, page, discard); }
static void shrink(sqlite3_pcache *p) { own.xShrink(OF(p)->own); }

/* tongban_pagecache has SQLite use this cache. It works only before anything else
 * of SQLite is used. */
int tongban_pagecache(void) {
  methods m;
  int rc;
  if (!sqlite3_config) return 0; /* linked without SQLite, while this package is built */
  rc = sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &own);
  if (rc) return rc;
  m = own;
  m.xCreate = create;
  m.xDestroy = destroy;
  m.xFetch = fetch;
  m.xRekey = rekey;
  m.xTruncate = cut;
  m.xPagecount = count;
  m.xCachesize = resize;
  m.xUnpin = unpin;
  m.xShrink = shrink;
  return sqlite3_config(SQLITE_CONFIG_PCACHE2, &m);
}
