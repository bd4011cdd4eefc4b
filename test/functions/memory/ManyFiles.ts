import type { ObjectText } from '../../../lib/base/ObjectStore.ts';
import type { FileFate } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

/** A ledger whose entries name many files: each is made when it is read, and nothing is kept that is written. */
export class ManyFiles extends MemoryObjects {
  readonly #texts = new Map<number, Buffer>();
  readonly #filesOf: (dataset: string, day: string) => number;

  constructor(filesOf: (dataset: string, day: string) => number) {
    super();
    this.#filesOf = filesOf;
  }

  /** A file as Spark names it. */
  static file(dataset: string, day: string, number: number, written: string) {
    const part = String(number).padStart(5, '0');
    return {
      key: `${dataset}/${day}/part-${part}-4f2c1a6e-9d0b-4b58-8a53-6c2f7d1e0a94-c000.snappy.parquet`,
      size: 123_456,
      eTag: `"${written.padEnd(27, '0')}${part}"`,
    };
  }

  override async read(key: string): Promise<ObjectText | null> {
    const [, dataset = '', day = ''] = /^ledger\/acme\/(\w+)\/([\d-]+)\.json$/.exec(key) ?? [];
    const count = day === '' ? 0 : this.#filesOf(dataset, day);
    if (count === 0) return null;
    const rows = { in: 1_000, out: 1_000, refused: 0 };
    const entry = ledgerEntry({ dataset, day, table: `acme_${dataset}`, version: 'v1', rows });
    const text = JSON.stringify(entry).replace('"files":[]', `"files":[${this.#filesText(count)}]`);
    return { text, eTag: '"1"' };
  }

  /** What entries name, the same of each day: beside the heap, as the bytes that a client reads are. */
  #filesText(count: number): string {
    let bytes = this.#texts.get(count);
    if (bytes === undefined) {
      const rows = { in: 10, out: 10, refused: 0 };
      const files = Array.from({ length: count }, (_, i): FileFate => {
        return { ...ManyFiles.file('d0', '2026-11-19', i, 'old'), fate: 'loaded', rows };
      });
      bytes = Buffer.from(JSON.stringify(files).slice(1, -1));
      this.#texts.set(count, bytes);
    }
    return bytes.toString('latin1');
  }

  override async write(): Promise<string> {
    return '"2"';
  }
}
