// What Chromium 86 has not and a library of ours calls: the stores' asks
// Object.hasOwn. Loaded before everything else; old.mjs finds what else there may be.
if (!('hasOwn' in Object)) {
  Object.defineProperty(Object, 'hasOwn', {
    value: (of: object, key: PropertyKey): boolean => Object.prototype.hasOwnProperty.call(of, key),
    configurable: true,
    writable: true,
  })
}

export {}
