/* A VFS that stands before the system's own and seals what passes to the disk.
 * The cipher is xts.c's where the processor has instructions for it, else Go's
 * (crypt.go, tongban_crypt); here is only where things lie.
 *
 * A file consists of units, each a whole number of 16-byte blocks (BLOCK), each
 * sealed under its number, so that any beginning of a unit can be opened alone:
 *
 *   main database  pages of PAGE bytes where they always lay
 *   WAL            its header (32 bytes), then frames: a frame's header of 24
 *                  bytes in a place of 32, its page in PAGE bytes. What SQLite
 *                  calls offset is moved by 8 a frame, lest one block belong to
 *                  two frames, of which one may be read while the other is written
 *   other          (journals, temporary files) units of 512 bytes; one writer
 *
 * The index of the WAL (-shm) is mapped memory that holds page numbers and
 * checksums of what is sealed; it passes as it is. */
#include <stdlib.h>
#include <string.h>
#include "sqlite.h"
#include "xts.h"
#include "_cgo_export.h"

enum { BLOCK = 16, PAGE = 4096, OTHER = 512, WALHEAD = 32, FRAMEHEAD = 24, FRAMEPLACE = 32,
       FRAME = FRAMEHEAD + PAGE, PLACED = FRAMEPLACE + PAGE };

/* kinds, as crypt.go has them */
enum { MAIN, WAL, JOURNAL, TEMP, KINDS };

typedef struct {
  sqlite3_file base;
  int kind;
  int key;          /* which cipher, of those crypt.go knows */
  const xts *native; /* the same one here, or none */
  sqlite3_file *real;
  /* A new frame's header is written with the page that SQLite writes next;
   * until then it is held here, sealed. New is the frame after the last one
   * that was written here: of others SQLite may write the header alone. */
  int held;
  sqlite3_int64 held_at, next;
  unsigned char frame[FRAMEPLACE + PAGE];
} sealed_file;

typedef struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *real;
  int key;
  const xts *native[KINDS];
  char name[64];
} sealed_vfs;

#define REAL(f) (((sealed_file *)(f))->real)

/* span is a part of what SQLite reads or writes that lies within one unit. */
typedef struct {
  sqlite3_int64 unit;  /* where the unit lies on the disk */
  int size;            /* of the unit */
  int from, n;         /* which of its bytes */
} span;

static span span_at(int kind, sqlite3_int64 off, int n) {
  span s;
  sqlite3_int64 r;
  switch (kind) {
  case MAIN:
    s.size = PAGE;
    s.from = (int)(off % PAGE);
    s.unit = off - s.from;
    break;
  case WAL:
    if (off < WALHEAD) {
      s.size = WALHEAD;
      s.from = (int)off;
      s.unit = 0;
      break;
    }
    r = (off - WALHEAD) % FRAME;
    s.unit = WALHEAD + (off - WALHEAD) / FRAME * PLACED;
    if (r < FRAMEHEAD) {
      s.size = FRAMEHEAD;
      s.from = (int)r;
    } else {
      s.size = PAGE;
      s.from = (int)(r - FRAMEHEAD);
      s.unit += FRAMEPLACE;
    }
    break;
  default:
    s.size = OTHER;
    s.from = (int)(off % OTHER);
    s.unit = off - s.from;
  }
  s.n = s.size - s.from;
  if (s.n > n) s.n = n;
  return s;
}

/* crypt_unit seals or opens the beginning of a unit. Where nothing was written yet the
 * system gives zeros, and so must this. */
static void crypt_unit(const sealed_file *f, int seal, unsigned char *b, int n, sqlite3_int64 unit) {
  if (!f->native) {
    tongban_crypt(f->key, f->kind, seal, b, n, unit);
    return;
  }
  if (!seal && b[0] == 0 && memcmp(b, b + 1, n - 1) == 0) return;
  xts_crypt(f->native, seal, b, n, (uint64_t)unit / BLOCK);
}

static int blocks(int n) { return (n + BLOCK - 1) / BLOCK * BLOCK; }

/* placed and plain turn SQLite's sizes into those on the disk and back. */
static sqlite3_int64 placed(int kind, sqlite3_int64 size) {
  sqlite3_int64 r;
  if (kind == MAIN) return size;
  if (kind != WAL) return (size + BLOCK - 1) / BLOCK * BLOCK;
  if (size <= WALHEAD) return size;
  r = (size - WALHEAD) % FRAME;
  return WALHEAD + (size - WALHEAD) / FRAME * PLACED + (r < FRAMEHEAD ? r : r + FRAMEPLACE - FRAMEHEAD);
}

static sqlite3_int64 plain(int kind, sqlite3_int64 size) {
  sqlite3_int64 r;
  if (kind != WAL || size <= WALHEAD) return size;
  r = (size - WALHEAD) % PLACED;
  if (r >= FRAMEPLACE) r -= FRAMEPLACE - FRAMEHEAD;
  else if (r > FRAMEHEAD) r = FRAMEHEAD;
  return WALHEAD + (size - WALHEAD) / PLACED * FRAME + r;
}

/* read_unit reads the first n bytes of a unit, n whole blocks; got is how many
 * there are, whole blocks again. What is not there is zero. */
static int read_unit(sealed_file *f, sqlite3_int64 unit, unsigned char *b, int n, int *got) {
  int rc = f->real->pMethods->xRead(f->real, b, n, unit);
  *got = n;
  if (rc == SQLITE_IOERR_SHORT_READ) {
    sqlite3_int64 size, have;
    rc = f->real->pMethods->xFileSize(f->real, &size);
    if (rc != SQLITE_OK) return rc;
    have = size - unit;
    if (have < 0) have = 0;
    if (have > n) have = n;
    *got = (int)have / BLOCK * BLOCK;
    memset(b + *got, 0, n - *got);
  }
  if (rc == SQLITE_OK && *got > 0) crypt_unit(f, 0, b, *got, unit);
  return rc;
}

/* let_go writes the header that is held. */
static int let_go(sealed_file *f) {
  if (!f->held) return SQLITE_OK;
  f->held = 0;
  return f->real->pMethods->xWrite(f->real, f->frame, FRAMEPLACE, f->held_at);
}

static int sealed_read(sqlite3_file *file, void *buf, int n, sqlite3_int64 off) {
  sealed_file *f = (sealed_file *)file;
  unsigned char unit[PAGE], *to = buf;
  int shortened = 0, held = let_go(f);
  if (held != SQLITE_OK) return held;
  while (n > 0) {
    span s = span_at(f->kind, off, n);
    int whole = blocks(s.from + s.n), got, rc;
    /* a whole page goes where it is wanted, the rest by way of unit */
    unsigned char *b = s.from == 0 && whole == s.n ? to : unit;
    rc = read_unit(f, s.unit, b, whole, &got);
    if (rc != SQLITE_OK) return rc;
    if (b == unit) memcpy(to, unit + s.from, s.n);
    if (got < s.from + s.n) shortened = 1;
    to += s.n;
    off += s.n;
    n -= s.n;
  }
  return shortened ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int sealed_write(sqlite3_file *file, const void *buf, int n, sqlite3_int64 off) {
  sealed_file *f = (sealed_file *)file;
  unsigned char unit[PAGE];
  const unsigned char *from = buf;
  int held;
  if (f->kind == WAL) {
    span s = span_at(WAL, off, n);
    if (off == 0) f->next = WALHEAD;
    if (s.unit == f->next && s.from == 0 && n == FRAMEHEAD && !f->held) {
      memcpy(f->frame, buf, FRAMEHEAD);
      memset(f->frame + FRAMEHEAD, 0, FRAMEPLACE - FRAMEHEAD);
      crypt_unit(f, 1, f->frame, FRAMEPLACE, s.unit);
      f->held = 1;
      f->held_at = s.unit;
      return SQLITE_OK;
    }
    if (s.from == 0 && n == PAGE && s.n == PAGE) {
      if (s.unit + PAGE > f->next) f->next = s.unit + PAGE;
      if (f->held && s.unit == f->held_at + FRAMEPLACE) {
        memcpy(f->frame + FRAMEPLACE, buf, PAGE);
        crypt_unit(f, 1, f->frame + FRAMEPLACE, PAGE, s.unit);
        f->held = 0;
        return f->real->pMethods->xWrite(f->real, f->frame, FRAMEPLACE + PAGE, f->held_at);
      }
    }
  }
  held = let_go(f);
  if (held != SQLITE_OK) return held;
  while (n > 0) {
    span s = span_at(f->kind, off, n);
    int whole = blocks(s.from + s.n), first = s.from / BLOCK * BLOCK, rc;
    if (s.from > 0 || (s.n % BLOCK > 0 && s.from + s.n < s.size)) {
      /* the blocks at the edges have other bytes, too */
      int got;
      rc = read_unit(f, s.unit, unit, whole, &got);
      if (rc != SQLITE_OK) return rc;
      if (got < first) first = got; /* nothing unsealed is left in between */
    } else {
      memset(unit + s.n, 0, whole - s.n);
    }
    memcpy(unit + s.from, from, s.n);
    crypt_unit(f, 1, unit, whole, s.unit);
    rc = f->real->pMethods->xWrite(f->real, unit + first, whole - first, s.unit + first);
    if (rc != SQLITE_OK) return rc;
    from += s.n;
    off += s.n;
    n -= s.n;
  }
  return SQLITE_OK;
}

static int sealed_close(sqlite3_file *file) {
  int held = let_go((sealed_file *)file), rc = REAL(file)->pMethods->xClose(REAL(file));
  return rc == SQLITE_OK ? held : rc;
}

static int sealed_truncate(sqlite3_file *file, sqlite3_int64 size) {
  int held = let_go((sealed_file *)file);
  if (held != SQLITE_OK) return held;
  return REAL(file)->pMethods->xTruncate(REAL(file), placed(((sealed_file *)file)->kind, size));
}

static int sealed_sync(sqlite3_file *file, int flags) {
  int held = let_go((sealed_file *)file);
  return held == SQLITE_OK ? REAL(file)->pMethods->xSync(REAL(file), flags) : held;
}

static int sealed_size(sqlite3_file *file, sqlite3_int64 *size) {
  int rc = let_go((sealed_file *)file);
  if (rc == SQLITE_OK) rc = REAL(file)->pMethods->xFileSize(REAL(file), size);
  if (rc == SQLITE_OK) *size = plain(((sealed_file *)file)->kind, *size);
  return rc;
}

static int sealed_lock(sqlite3_file *file, int level) { return REAL(file)->pMethods->xLock(REAL(file), level); }
static int sealed_unlock(sqlite3_file *file, int level) { return REAL(file)->pMethods->xUnlock(REAL(file), level); }
static int sealed_reserved(sqlite3_file *file, int *out) { return REAL(file)->pMethods->xCheckReservedLock(REAL(file), out); }

static int sealed_control(sqlite3_file *file, int op, void *arg) {
  switch (op) { /* what would fill the file past SQLite, or map it */
  case SQLITE_FCNTL_SIZE_HINT:
  case SQLITE_FCNTL_CHUNK_SIZE:
  case SQLITE_FCNTL_MMAP_SIZE:
    return SQLITE_NOTFOUND;
  }
  return REAL(file)->pMethods->xFileControl(REAL(file), op, arg);
}

static int sealed_sector(sqlite3_file *file) { return REAL(file)->pMethods->xSectorSize(REAL(file)); }

static int sealed_device(sqlite3_file *file) {
  /* of what the disk may promise, what still holds with this in between */
  return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file)) & (SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | SQLITE_IOCAP_POWERSAFE_OVERWRITE);
}

static int sealed_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
  return REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, out);
}
static int sealed_shm_lock(sqlite3_file *file, int offset, int n, int flags) { return REAL(file)->pMethods->xShmLock(REAL(file), offset, n, flags); }
static void sealed_shm_barrier(sqlite3_file *file) { REAL(file)->pMethods->xShmBarrier(REAL(file)); }
static int sealed_shm_unmap(sqlite3_file *file, int remove) { return REAL(file)->pMethods->xShmUnmap(REAL(file), remove); }

/* Version 2: shared memory, and no xFetch. */
static const sqlite3_io_methods methods = {
  2, sealed_close, sealed_read, sealed_write, sealed_truncate, sealed_sync, sealed_size, sealed_lock, sealed_unlock,
  sealed_reserved, sealed_control, sealed_sector, sealed_device, sealed_shm_map, sealed_shm_lock, sealed_shm_barrier, sealed_shm_unmap,
};

#define UNDER(v) (((sealed_vfs *)(v))->real)

static int sealed_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  sealed_file *f = (sealed_file *)file;
  int rc;
  f->base.pMethods = 0;
  f->key = ((sealed_vfs *)vfs)->key;
  f->real = (sqlite3_file *)(f + 1);
  f->held = 0;
  f->next = -1;
  f->kind = TEMP;
  if (flags & SQLITE_OPEN_MAIN_DB && name) f->kind = MAIN;
  else if (flags & SQLITE_OPEN_WAL) f->kind = WAL;
  else if (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) f->kind = JOURNAL;
  f->native = ((sealed_vfs *)vfs)->native[f->kind];
  rc = UNDER(vfs)->xOpen(UNDER(vfs), name, f->real, flags, out);
  if (rc != SQLITE_OK) {
    if (f->real->pMethods) f->real->pMethods->xClose(f->real);
    return rc;
  }
  f->base.pMethods = &methods;
  return SQLITE_OK;
}

static int sealed_delete(sqlite3_vfs *v, const char *name, int sync) { return UNDER(v)->xDelete(UNDER(v), name, sync); }
static int sealed_access(sqlite3_vfs *v, const char *name, int flags, int *out) { return UNDER(v)->xAccess(UNDER(v), name, flags, out); }
static int sealed_path(sqlite3_vfs *v, const char *name, int n, char *out) { return UNDER(v)->xFullPathname(UNDER(v), name, n, out); }
static void *sealed_dlopen(sqlite3_vfs *v, const char *name) { return UNDER(v)->xDlOpen(UNDER(v), name); }
static void sealed_dlerror(sqlite3_vfs *v, int n, char *out) { UNDER(v)->xDlError(UNDER(v), n, out); }
static void (*sealed_dlsym(sqlite3_vfs *v, void *h, const char *name))(void) { return UNDER(v)->xDlSym(UNDER(v), h, name); }
static void sealed_dlclose(sqlite3_vfs *v, void *h) { UNDER(v)->xDlClose(UNDER(v), h); }
static int sealed_random(sqlite3_vfs *v, int n, char *out) { return UNDER(v)->xRandomness(UNDER(v), n, out); }
static int sealed_sleep(sqlite3_vfs *v, int us) { return UNDER(v)->xSleep(UNDER(v), us); }
static int sealed_time(sqlite3_vfs *v, double *out) { return UNDER(v)->xCurrentTime(UNDER(v), out); }
static int sealed_last(sqlite3_vfs *v, int n, char *out) { return UNDER(v)->xGetLastError(UNDER(v), n, out); }
static int sealed_time64(sqlite3_vfs *v, sqlite3_int64 *out) { return UNDER(v)->xCurrentTimeInt64(UNDER(v), out); }

/* tongban_configure says how many bytes SQLite may keep in memory of what one statement
 * would have to take back, before it writes them to a temporary file, and spares it
 * to count its memory under a lock, which nobody asks for. It works only before
 * anything else of SQLite is used. */
int tongban_configure(int spill) {
  int rc = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  return rc == SQLITE_OK ? sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, spill) : rc;
}

/* tongban_register makes a VFS of this name for one key, of which it is given the
 * keys of all kinds, 64 bytes each; it stays as long as the process. */
int tongban_register(const char *name, int key, const unsigned char *keys) {
  int i;
  sqlite3_vfs *real = sqlite3_vfs_find(0);
  sealed_vfs *v = calloc(1, sizeof *v);
  if (!real || !v || real->iVersion < 2 || strlen(name) >= sizeof v->name) return SQLITE_IOERR;
  strcpy(v->name, name);
  v->real = real;
  v->key = key;
  for (i = 0; i < KINDS; i++) v->native[i] = xts_new(keys + 64 * i);
  v->vfs.iVersion = 2;
  v->vfs.szOsFile = sizeof(sealed_file) + real->szOsFile;
  v->vfs.mxPathname = real->mxPathname;
  v->vfs.zName = v->name;
  v->vfs.xOpen = sealed_open;
  v->vfs.xDelete = sealed_delete;
  v->vfs.xAccess = sealed_access;
  v->vfs.xFullPathname = sealed_path;
  v->vfs.xDlOpen = sealed_dlopen;
  v->vfs.xDlError = sealed_dlerror;
  v->vfs.xDlSym = sealed_dlsym;
  v->vfs.xDlClose = sealed_dlclose;
  v->vfs.xRandomness = sealed_random;
  v->vfs.xSleep = sealed_sleep;
  v->vfs.xCurrentTime = sealed_time;
  v->vfs.xGetLastError = sealed_last;
  v->vfs.xCurrentTimeInt64 = sealed_time64;
  return sqlite3_vfs_register(&v->vfs, 0);
}
