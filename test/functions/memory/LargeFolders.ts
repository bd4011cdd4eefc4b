import type { ListedObject, ListOptions, ObjectPage } from '../../../lib/base/ObjectStore.ts';
import { landedFileName } from '../../../lib/tables/tableFolders.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const PAGE = 1_000;
/** Bytes above which a text that is written is not kept. */
const MOST_KEPT = 1_048_576;

const [BEGIN = ''] = landedFileName(0, '0'.repeat(32)).split(/0{12}\./);

/** The name of a file of a raw table. Its time is always the same: to format it takes longer than all else. */
export function landedName(number: number): string {
  return `${BEGIN}${String(number).padStart(12, '0')}.parquet`;
}

/** A folder whose objects are made whenever a page of them is listed. */
interface LargeFolder {
  /** With a slash at its end. */
  readonly prefix: string;
  /** Number of its objects. */
  readonly count: number;
  /** Its objects in the order of their keys. */
  readonly object: (number: number) => ListedObject;
}

/** A bucket with folders of very many objects, and with texts that are made whenever they are read. */
export class LargeFolders extends MemoryObjects {
  override pageKeys = PAGE;
  readonly #folders: readonly LargeFolder[];
  readonly #text: (key: string) => string | null;

  constructor(folders: readonly LargeFolder[], text: (key: string) => string | null = () => null) {
    super();
    this.#folders = folders;
    this.#text = text;
  }

  override async listPage(prefix: string, options: ListOptions = {}): Promise<ObjectPage> {
    const folder = this.#folders.find((candidate) => candidate.prefix === prefix);
    if (folder === undefined) return super.listPage(prefix, options);
    await Promise.resolve();
    const from = Number(options.token ?? 0);
    const to = Math.min(from + PAGE, folder.count);
    const items = Array.from({ length: to - from }, (_, i) => folder.object(from + i));
    return { items, next: to < folder.count ? String(to) : undefined };
  }

  override async read(key: string) {
    await Promise.resolve();
    const text = this.#text(key);
    return text === null ? super.read(key) : { text, eTag: '"1"' };
  }

  override async write(key: string, body: string | Uint8Array): Promise<string | null> {
    return body.length > MOST_KEPT ? '"2"' : super.write(key, body);
  }
}
