import { MetricsError } from '../lib/aws/metricData.ts';
import type { ErrorEntry } from '../lib/base/errors.ts';
import { QueueError } from '../lib/base/queue.ts';
import { CollectError } from '../lib/collect/CollectError.ts';
import { ConfigError } from '../lib/config/ConfigError.ts';
import { CurateError } from '../lib/curate/CurateError.ts';
import { IngestError } from '../lib/drops/IngestError.ts';
import { ReceiptError } from '../lib/drops/load/end/sendReceipt.ts';
import { LoadError } from '../lib/drops/load/LoadError.ts';
import { TriggerError, TriggerFailure } from '../lib/drops/plan/trigger.ts';
import { rowReasons } from '../lib/drops/rowReasons.ts';
import { SourceError } from '../lib/drops/SourceError.ts';
import { EraseError } from '../lib/erase/EraseError.ts';
import { ExportError } from '../lib/export/ExportError.ts';
import { GroupsError } from '../lib/groups/GroupsError.ts';
import { LambdaError } from '../lib/lambda/middlewares.ts';
import { CatalogError } from '../lib/landing/catalog/CatalogError.ts';
import { LandedError } from '../lib/landing/lines/LandedObject.ts';
import { RowFailure } from '../lib/landing/quarantineReasons.ts';
import { WriteError } from '../lib/landing/write/WriteError.ts';
import { LedgerError } from '../lib/ledger/LedgerError.ts';
import { EngineError } from '../lib/parquet/EngineError.ts';
import { FileError } from '../lib/parquet/FileError.ts';
import { ReconcileError } from '../lib/reconcile/ReconcileError.ts';
import { RelayError } from '../lib/relay/RelayError.ts';
import { EventError } from '../lib/wire/EventError.ts';
import { KeysError } from '../lib/wire/keys/Keyring.ts';
import { RequestError } from '../lib/wire/RequestError.ts';

/** A code with what it means and what to do: empty texts in the JSON of a code that this version does not know. */
export interface ExplainedCode extends Pick<ErrorEntry, 'cause' | 'cure'> {
  /** The stable code: SLUICE_…. */
  readonly code: string;
}

// Of what runs in a deployment. Codes that only commands print are in cli/commands/commandErrors.ts; a test holds both
// together, so that each code is explained.
const families = [
  RequestError,
  EventError,
  RowFailure,
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
  [...families.map((family) => family.entries), rowReasons].flatMap((known) =>
    Object.entries<ErrorEntry>(known),
  ),
);

/**
 * Explains a code that a function of the deployment answers, logs or stores.
 *
 * @returns Undefined of any other code, also of one that a later version has stored.
 */
export function explainCode(code: string): ExplainedCode | undefined {
  const entry = entries.get(code);
  return entry === undefined ? undefined : { code, cause: entry.cause, cure: entry.cure };
}

/** Explains a code of a stored row, file or day, whose members the JSON of an answer always has: see {@link ExplainedCode}. */
export function explainStoredCode(code: string): ExplainedCode {
  return explainCode(code) ?? { code, cause: '', cure: '' };
}
