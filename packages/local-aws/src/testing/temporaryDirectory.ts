import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes an empty directory, whose path is absolute. `remove` removes it with its content. */
export function temporaryDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'app-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
