import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Signer } from '../../iam/Caller.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { StatementError } from '../engine/StatementError.ts';
import type { QueryCall, StatementKind, StatementRunner } from '../engine/StatementRunner.ts';
import { type Execution, isFinished } from './Execution.ts';
import { ExecutionJournal } from './ExecutionJournal.ts';
import { executionNotFound, invalidRequest, noOutputBucket, tooManyQueries } from './errors.ts';
import { ATHENA_LIMITS as LIMITS } from './limits.ts';
import type { ResultStore } from './results/ResultStore.ts';
import { outputLocation, parseResultLocation, resolveResultConfiguration } from './results/resultLocation.ts';
import { type RunOutcome, runExecution, ScanLimitError } from './runExecution.ts';
import type { WorkGroups } from './WorkGroups.ts';
import type { ResultConfiguration } from './workGroupConfiguration.ts';

/** "Internal service error". https://docs.aws.amazon.com/athena/latest/ug/error-reference.html */
const INTERNAL_ERROR = { category: 1, type: 100, retryable: false } as const;

/** Options of {@link Executions}. */
interface ExecutionsOptions {
  /** Folder of the history. */
  readonly directory: string;
  /** The clock of times of executions. */
  readonly clock: Clock;
  /** Parses and runs statements. */
  readonly runner: StatementRunner;
  /** The workgroups, whose settings a query takes. */
  readonly workGroups: WorkGroups;
  /** The local S3, which has the bucket of results. */
  readonly store: ObjectStore;
  /** Writes results. */
  readonly results: ResultStore;
  /** The number of the deployment's account. */
  readonly account: string;
  /** Receives the calls that a query makes to Glue and S3, and its caller: see `AthenaOptions`. */
  readonly onCall: (caller: Signer, call: QueryCall) => void;
  /** Receives internal errors. */
  readonly onDefect: (error: unknown) => void;
}

/** A submitted query. */
interface Submission {
  /** The query runs with the permissions of its caller. */
  readonly caller: Signer;
  /** The statement's text. */
  readonly query: string;
  /** The catalog of names without one. */
  readonly catalog: string;
  /** The database of names without one; undefined for none. */
  readonly database?: string | undefined;
  /** Values of the parameters `?`, in SQL. */
  readonly parameters: readonly string[];
  /** The name of the workgroup. */
  readonly workGroup: string;
  /** The client's own place of the result. Default: the workgroup's. */
  readonly results?: ResultConfiguration | undefined;
  /** How old a result of the same query may be that is answered again. It is kept and shown: here every query runs. */
  readonly reuse?: Execution['reuse'] | undefined;
  /** `ClientRequestToken`: the same token submits the query once. Default: each call submits one. */
  readonly token?: string | undefined;
}

/** Query executions: queued, running, and the history of the last 45 days, which is on disk. */
export class Executions {
  readonly #options: ExecutionsOptions;
  readonly #journal: ExecutionJournal;
  /** IDs of the queued queries, the oldest first. */
  readonly #waiting: string[] = [];
  /** The running queries, by ID. */
  readonly #running = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  /** IDs of queries by the idempotency token of their submission. */
  readonly #byToken = new Map<string, string>();
  #closed = false;

  private constructor(options: ExecutionsOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#journal = ExecutionJournal.open(join(options.directory, 'executions.ndjson'), now);
    for (const execution of this.#journal.executions.values()) {
      if (execution.token !== undefined) this.#byToken.set(execution.token, execution.id);
      // Its statement ended with the process that ran it.
      if (!isFinished(execution)) this.#finish(execution, this.#interruption());
    }
  }

  /** Opens the executions in `directory`. Those that an earlier process left unfinished have failed. */
  static open(options: ExecutionsOptions): Executions {
    return new Executions(options);
  }

  /**
   * Submits a query, which runs in the background.
   *
   * @throws AwsError InvalidRequestException for a statement that cannot be parsed, a workgroup that does not exist
   *   or is disabled, or an invalid location; TooManyRequestsException.
   */
  async start(submission: Submission): Promise<Execution> {
    // Nothing is awaited after this call, so that a second call with the same token finds the first.
    const kind = await this.#classify(submission.query);
    const digest = digestOf(submission);
    const earlier = this.#earlier(submission.token);
    if (earlier !== undefined) {
      if (earlier.digest !== digest) throw invalidRequest('Idempotent parameters do not match');
      return earlier;
    }
    const results = this.#resultsOf(submission);
    if (this.#waiting.length >= LIMITS.queuedQueries) throw tooManyQueries();
    const { caller, query, catalog, database, parameters, workGroup, reuse, token } = submission;
    const id = randomUUID();
    const execution = this.#save({
      id,
      query,
      ...kind,
      catalog,
      ...(database === undefined ? {} : { database }),
      parameters,
      workGroup,
      results,
      ...(reuse === undefined ? {} : { reuse }),
      ...(token === undefined ? {} : { token }),
      caller: caller.accessKeyId,
      ...(caller.session === undefined ? {} : { session: caller.session }),
      digest,
      state: 'QUEUED',
      submittedAt: this.#options.clock.now(),
      scannedBytes: 0,
      outputLocation: outputLocation(results.OutputLocation, id, kind),
    });
    if (token !== undefined) this.#byToken.set(token, id);
    this.#waiting.push(id);
    this.#runNext();
    return execution;
  }

  /** The query that was submitted with a token; undefined for none, and without a token. */
  #earlier(token: string | undefined): Execution | undefined {
    const id = token === undefined ? undefined : this.#byToken.get(token);
    return id === undefined ? undefined : this.get(id);
  }

  /** Where and how the result of a query is to be written. @throws AwsError InvalidRequestException */
  #resultsOf({ caller, workGroup, results }: Submission): Execution['results'] {
    const group = this.#options.workGroups.find(workGroup);
    if (group.state === 'DISABLED') throw invalidRequest(`WorkGroup ${workGroup} is disabled.`);
    const resolved = resolveResultConfiguration(group.configuration, results, this.#options);
    this.#requireBucket(caller, resolved.OutputLocation);
    return resolved;
  }

  /** A query; undefined for an ID that is unknown, or too old to be kept. */
  get(id: string): Execution | undefined {
    return this.#journal.executions.get(id);
  }

  /** A query by its ID. @throws AwsError InvalidRequestException for one that {@link get} does not know. */
  find(id: string): Execution {
    const execution = this.get(id);
    if (execution === undefined) throw executionNotFound(id);
    return execution;
  }

  /** The executions of a workgroup, newest first. */
  list(workGroup: string): Execution[] {
    return [...this.#journal.executions.values()]
      .filter((execution) => execution.workGroup === workGroup)
      .reverse();
  }

  /** Cancels a query. A finished query does not change. @throws AwsError InvalidRequestException */
  stop(id: string): void {
    const execution = this.find(id);
    if (isFinished(execution)) return;
    this.#save(this.#ended(execution, { state: 'CANCELLED', reason: 'Query cancelled by user' }));
    const waiting = this.#waiting.indexOf(id);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
    this.#running.get(id)?.abort.abort();
  }

  /** Stops and removes all executions of a workgroup. */
  removeAll(workGroup: string): void {
    const ids = this.list(workGroup).map(({ id }) => id);
    for (const id of ids) this.stop(id);
    this.#journal.remove(ids);
  }

  /** The numbers of queued and running queries. */
  pending(): { readonly queued: number; readonly running: number } {
    return { queued: this.#waiting.length, running: this.#running.size };
  }

  /** Resolves when no query is queued or running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Aborts running queries and starts no more. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort();
    await Promise.all(running.map(({ done }) => done));
    for (const id of this.#waiting.splice(0)) {
      const execution = this.get(id);
      if (execution !== undefined) this.#finish(execution, this.#interruption());
    }
    this.#journal.close();
  }

  /** Athena asks where the bucket of the results is before it accepts a query. @throws AwsError InvalidRequestException */
  #requireBucket(caller: Signer, location: string): void {
    const { bucket } = parseResultLocation(location);
    try {
      this.#options.onCall(caller, { service: 's3', operation: 'GetBucketLocation', bucket, key: '' });
    } catch (error) {
      throw error instanceof AwsError ? noOutputBucket(bucket) : error;
    }
  }

  /** The type of a statement. @throws AwsError InvalidRequestException for a text that is not one. */
  async #classify(query: string): Promise<StatementKind> {
    try {
      const { statementType, substatementType } = await this.#options.runner.classify(query);
      return { statementType, substatementType };
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      // StartQueryExecution reports the message without the error's name.
      throw invalidRequest(error.message.replace(/^SYNTAX_ERROR: /, ''), 'MALFORMED_QUERY');
    }
  }

  /** Starts queued queries while Athena's limit of running ones allows. */
  #runNext(): void {
    while (!this.#closed && this.#running.size < LIMITS.runningQueries) {
      const id = this.#waiting.shift();
      if (id === undefined) return;
      const waiting = this.get(id);
      // The execution has become too old to be kept.
      if (waiting === undefined) continue;
      const execution = this.#note({
        ...waiting,
        state: 'RUNNING',
        startedAt: this.#options.clock.now(),
      });
      const abort = new AbortController();
      const done = this.#run(execution, abort.signal)
        .catch(this.#options.onDefect)
        .finally(() => {
          this.#running.delete(id);
          this.#runNext();
        })
        .catch(this.#options.onDefect);
      this.#running.set(id, { abort, done });
    }
  }

  /** Runs a query to its end. @throws what is a defect of the emulator. */
  async #run(execution: Execution, signal: AbortSignal): Promise<void> {
    const { runner, workGroups, results, onCall } = this.#options;
    let runOutcome: RunOutcome | undefined;
    let scannedBytes = () => 0;
    let end: FinalState;
    try {
      const { configuration } = workGroups.find(execution.workGroup);
      const ownCall = (call: QueryCall) =>
        onCall({ accessKeyId: execution.caller, session: execution.session }, call);
      runOutcome = await runExecution(execution, {
        runner,
        results,
        signal,
        cutoffBytes: configuration.BytesScannedCutoffPerQuery,
        onCall: ownCall,
        onStarted: (bytes) => {
          scannedBytes = bytes;
        },
      });
      end = { state: 'SUCCEEDED' };
    } catch (error) {
      end = this.#finalState(error, signal);
    }
    // A query that was stopped, or whose workgroup was deleted, is finished already.
    const now = this.#journal.executions.get(execution.id);
    if (now !== undefined && !isFinished(now))
      this.#finish({ ...now, scannedBytes: scannedBytes(), ...runOutcome }, end);
  }

  /** How a query ends that failed or was stopped. */
  #finalState(error: unknown, signal: AbortSignal): FinalState {
    if (error instanceof ScanLimitError) return { state: 'CANCELLED', reason: error.message };
    if (signal.aborted) return this.#interruption();
    if (error instanceof StatementError) {
      const { message: reason, category, type, retryable } = error;
      return { state: 'FAILED', reason, error: { category, type, retryable } };
    }
    this.#options.onDefect(error);
    const reason = `GENERIC_INTERNAL_ERROR: ${messageOf(error)}`;
    return { state: 'FAILED', reason, error: INTERNAL_ERROR };
  }

  /** The end of a query that was not over when the local cloud stopped. */
  #interruption(): FinalState {
    const reason = 'GENERIC_INTERNAL_ERROR: The local cloud was stopped while the query ran.';
    return { state: 'FAILED', reason, error: { ...INTERNAL_ERROR, retryable: true } };
  }

  /** An execution with its end. */
  #ended(execution: Execution, end: FinalState): Execution {
    return { ...execution, ...end, completedAt: this.#options.clock.now() };
  }

  /** Takes the end of an execution. */
  #finish(execution: Execution, end: FinalState): void {
    this.#note(this.#ended(execution, end));
  }

  /** Stores what a call asks for. It throws when the disk is full; then nothing has changed. */
  #save(execution: Execution): Execution {
    this.#journal.append(execution, this.#options.clock.now());
    return execution;
  }

  /** Takes a state that a query has reached in any case. On a full disk it is stored later. */
  #note(execution: Execution): Execution {
    try {
      this.#journal.note(execution, this.#options.clock.now());
    } catch (error) {
      this.#options.onDefect(error);
    }
    return execution;
  }
}

/** What the end of a query sets. */
type FinalState = Pick<Execution, 'state' | 'reason' | 'error'>;

/** A hash of what is submitted, without who submits it. */
function digestOf({ caller: _, ...request }: Submission): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}
