import type { QueryCall } from '../engine/QueryCall.ts';
import type { StatementRunner } from '../engine/StatementRunner.ts';
import type { Execution, Outcome } from './Execution.ts';
import type { ResultStore } from './ResultStore.ts';
import { ScanLimitError } from './ScanLimitError.ts';
import { writeResult } from './writeResult.ts';

/** What an execution that succeeded has more than one that runs. */
export interface Ran {
  readonly outcome: Outcome;
  readonly outputLocation: string;
  readonly statementType: Execution['statementType'];
  readonly substatementType: string;
}

/**
 * Runs a statement and writes its result.
 *
 * @param onBegun Told what answers the bytes scanned so far, once there is something that scans.
 * @throws StatementError; ScanLimitError beyond `cutoffBytes`; what the signal's abort makes of it.
 */
export async function runExecution(
  execution: Execution,
  options: {
    readonly runner: StatementRunner;
    readonly results: ResultStore;
    readonly signal: AbortSignal;
    readonly cutoffBytes: number | undefined;
    readonly onCall: (call: QueryCall) => void;
    readonly onBegun: (scannedBytes: () => number) => void;
  },
): Promise<Ran> {
  const { runner, results, signal, cutoffBytes = Number.POSITIVE_INFINITY, onCall, onBegun } = options;
  const { id, catalog, database, parameters, workGroup } = execution;
  const folder = execution.results.OutputLocation;
  const stopped = new AbortController();
  const result = await runner.run(execution.query, {
    catalog,
    database,
    parameters,
    executionId: id,
    outputLocation: folder,
    workGroup,
    onCall,
    signal: AbortSignal.any([signal, stopped.signal]),
  });
  onBegun(result.scannedBytes);
  const check = () => {
    signal.throwIfAborted();
    if (result.scannedBytes() > cutoffBytes) throw new ScanLimitError();
  };
  try {
    const { outcome, location } = await writeResult(result, {
      write: (place, body) => results.write(place, body, onCall),
      folder,
      id,
      check,
    });
    return {
      outcome,
      outputLocation: location,
      statementType: result.statementType,
      substatementType: result.substatementType,
    };
  } catch (error) {
    // The statement may still be at work on rows that nobody will read.
    stopped.abort();
    throw error;
  }
}
