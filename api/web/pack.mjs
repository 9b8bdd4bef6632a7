// Leaves each built file in compressed form alone: that is how it is embedded
// and served. Prints what a first visit to the desk costs.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

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
