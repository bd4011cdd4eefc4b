import { MetricsError } from '../lib/aws/metricData.ts';
import type { ErrorEntry } from '../lib/base/errors.ts';
import { QueueError } from '../lib/base/queue.ts';
import { CollectError } from '../lib/collect/CollectError.ts';
import { ConfigError } from '../lib/config/ConfigError.ts';
import { CurateError } from '../lib/curate/CurateError.ts';
import { IngestError } from '../lib/drops/IngestError.ts';
import { LoadError } from '../lib/drops/load/LoadError.ts';
import { ReceiptError } from '../lib/drops/load/sendReceipt.ts';
import { TriggerError, TriggerFailure } from '../lib/drops/plan/trigger.ts';
import { rowReasons } from '../lib/drops/rowReasons.ts';
import { SourceError } from '../lib/drops/SourceError.ts';
import { EraseError } from '../lib/erase/EraseError.ts';
import { ExportError } from '../lib/export/ExportError.ts';
import { GroupsError } from '../lib/groups/GroupsError.ts';
import { LambdaError } from '../lib/lambda/middlewares.ts';
import { CatalogError } from '../lib/landing/catalog/CatalogError.ts';
import { LandedError } from '../lib/landing/lines/LandedObject.ts';
import { quarantineReasons } from '../lib/landing/quarantineReasons.ts';
import { WriteError } from '../lib/landing/write/WriteError.ts';
import { LedgerError } from '../lib/ledger/LedgerError.ts';
import { EngineError } from '../lib/parquet/EngineError.ts';
import { FileError } from '../lib/parquet/FileError.ts';
import { ReconcileError } from '../lib/reconcile/ReconcileError.ts';
import { RelayError } from '../lib/relay/RelayError.ts';
import { EventError } from '../lib/wire/EventError.ts';
import { KeysError } from '../lib/wire/keys/Keyring.ts';
import { RequestError } from '../lib/wire/RequestError.ts';

/** A code with what it means and what to do. */
export interface ExplainedCode extends Pick<ErrorEntry, 'cause' | 'cure'> {
  /** The stable code: SLUICE_…. */
  readonly code: string;
}

const families = [
  RequestError,
  EventError,
  CollectError,
  KeysError,
  LandedError,
  WriteError,
  CatalogError,
  QueueError,
  GroupsError,
  SourceError,
  FileError,
  IngestError,
  LedgerError,
  LoadError,
  ReceiptError,
  TriggerError,
  TriggerFailure,
  ConfigError,
  LambdaError,
  EngineError,
  ExportError,
  CurateError,
  ReconcileError,
  RelayError,
  EraseError,
  MetricsError,
];
const entries = new Map<string, ErrorEntry>(
  [...families.map((family) => family.entries), rowReasons, quarantineReasons].flatMap((family) =>
    Object.entries<ErrorEntry>(family),
  ),
);

/**
 * Explains a code that the ledger or quarantine stores: of a failed day or file, or of a refused event or row.
 *
 * @returns The code alone, with empty texts, if this version does not know it: a later version may have written it.
 */
export function explainCode(code: string): ExplainedCode {
  const { cause, cure } = entries.get(code) ?? { cause: '', cure: '' };
  return { code, cause, cure };
}
