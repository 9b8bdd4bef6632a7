// Leaves each built file in compressed form alone: that is how it is embedded
// and served. Tells the service worker which files make a page that works out of
// reach, and prints what a first visit to the desk costs.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { unknownToOld } from './old.mjs'

// A file this large is of no use out of reach: charts.
const largest = 300 * 1024

const files = []
const list = (dir, name = '') => {
  for (const entry of readdirSync(dir).sort()) {
    const path = join(dir, entry)
    if (statSync(path).isDirectory()) list(path, `${name}/${entry}`)
    else if (!entry.endsWith('.gz') && !entry.startsWith('.') && entry !== 'sw.js') files.push([`${name}/${entry}`, readFileSync(path)])
  }
}
list('dist')
const faults = files.flatMap(([name, bytes]) => unknownToOld(name, bytes.toString()).map((what) => `${name} has ${what}`))
if (faults.length) throw new Error(`Chromium 86 does not understand these pages:\n${faults.join('\n')}`)
const hash = createHash('sha256')
for (const [name, bytes] of files) hash.update(name).update(bytes)
const shell = files.filter(([, bytes]) => gzipSync(bytes).length <= largest).map(([name]) => (name === '/index.html' ? '/' : name))
const worker = readFileSync('dist/sw.js', 'utf8')
writeFileSync('dist/sw.js', worker.replace('__VERSION__', hash.digest('hex').slice(0, 16)).replace("['__FILES__']", JSON.stringify(shell)))

let total = 0
const walk = (dir) => {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name)
    if (statSync(path).isDirectory()) walk(path)
    else if (!name.endsWith('.gz') && !name.startsWith('.')) {
      const packed = gzipSync(readFileSync(path), { level: 9 })
      writeFileSync(path + '.gz', packed)
      rmSync(path)
      total += packed.length
    }
  }
}
walk('dist')
console.log(`pages: ${Math.round(total / 1024)} KB compressed`)
