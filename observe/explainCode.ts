import type { ErrorEntry } from '../lib/base/errors.ts';
import { SourceError } from '../lib/drops/CustomerBucket.ts';
import { EngineError } from '../lib/drops/engine/EngineError.ts';
import { FileError, rowReasons } from '../lib/drops/engine/FileError.ts';
import { IngestError } from '../lib/drops/IngestError.ts';
import { LoadError } from '../lib/drops/load/LoadError.ts';
import { ExportError } from '../lib/export/ExportError.ts';
import { CatalogError } from '../lib/landing/catalog/CatalogError.ts';
import { quarantineReasons } from '../lib/landing/quarantineReasons.ts';

/** A code with what it means and what to do. */
export interface ExplainedCode extends ErrorEntry {
  readonly code: string;
}

const entries = new Map<string, ErrorEntry>(
  [
    ...[SourceError, EngineError, FileError, IngestError, LoadError, ExportError, CatalogError].map(
      (family) => family.entries,
    ),
    rowReasons,
    quarantineReasons,
  ].flatMap((family) => Object.entries<ErrorEntry>(family)),
);

/**
 * Explains a code that the ledger or quarantine stores: of a failed day or file, or of a refused event or row.
 *
 * @returns The code alone, with empty texts, if this version does not know it: a later version may have written it.
 */
export function explainCode(code: string): ExplainedCode {
  return { code, ...(entries.get(code) ?? { cause: '', cure: '' }) };
}
