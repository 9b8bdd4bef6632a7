export function unknownToOld(name: string, text: string): string[]
