/**
 * Which natural paths of a bucket are taken. Two keys can share none: `a` and `a/b` (a file is no folder), and,
 * since macOS and Windows hold them to be one name, keys that differ only by case or by Unicode form.
 */
export class Placement {
  readonly #files = new Set<string>();
  /** Folder → how many files are below it. */
  readonly #folders = new Map<string, number>();

  hasRoomFor(path: string): boolean {
    const folded = fold(path);
    return (
      !this.#files.has(folded) &&
      !this.#folders.has(folded) &&
      !parents(folded).some((folder) => this.#files.has(folder))
    );
  }

  add(path: string): void {
    const folded = fold(path);
    this.#files.add(folded);
    for (const folder of parents(folded)) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
  }

  remove(path: string): void {
    const folded = fold(path);
    this.#files.delete(folded);
    for (const folder of parents(folded)) {
      const left = (this.#folders.get(folder) ?? 1) - 1;
      if (left === 0) this.#folders.delete(folder);
      else this.#folders.set(folder, left);
    }
  }
}

function fold(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

function parents(path: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}
