import { writeSync } from 'node:fs';

/** Writes every byte: the kernel may take a part of them at a time. */
export function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written);
  }
}
