import type { SluiceError } from '../../base/errors.ts';
import type { Clock } from '../../base/time.ts';
import type { Attempt } from '../../lambda/machine.ts';
import type { LoadInPieces } from '../../ledger/dayRunSchema.ts';
import type { Claim } from '../../ledger/Ledger.ts';
import type { Drop } from '../Drop.ts';
import type { MappedRows } from '../engine/mappedRows.ts';
import type { IngestTask } from '../plan/messageBodies.ts';
import type { DropDay, Loader } from './Loader.ts';
import type { DayPlan } from './pieces.ts';

/** The progress of a load. The ledger gets it when the load ends, with or without success. */
export class Progress {
  /** The current claim. Every write of the ledger returns a new one. */
  claim: Claim;
  /** Where the day's files are looked for. */
  readonly place: string;
  /** Undefined until the day is listed. */
  drop: Drop | undefined;
  /** Undefined until its rows are mapped. */
  mapped: MappedRows | undefined;
  /** Problems of single files, or of reading them, by key. Their rows are in no version. */
  readonly problems = new Map<string, SluiceError>();
  /** The version that this load made and queries read now. */
  version: string | undefined;
  /** Names of its files; undefined if the ledger has them. */
  filesWritten: readonly string[] | undefined;
  /** Versions that this load has replaced, with epoch milliseconds. */
  readonly replaced: { readonly version: string; readonly at: number }[] = [];
  /** Whether the day is released for the task of its next piece. */
  isHandedOver = false;
  /** When the load began, epoch milliseconds. */
  startedAt: number;
  /** Why the day is loaded. */
  reason: IngestTask['reason'];
  /** When its files were listed, or before, epoch milliseconds. */
  listedAt: number;
  readonly #clock: Clock;
  /** The state of the folder that its task, and so an acceptance, is for. */
  #accepted: string;

  constructor(claim: Claim, clock: Clock, task: Pick<IngestTask, 'reason' | 'fingerprint'>, place: string) {
    this.claim = claim;
    this.place = place;
    this.#clock = clock;
    this.startedAt = clock.now();
    this.listedAt = claim.claimedAt;
    this.reason = task.reason;
    this.#accepted = task.fingerprint;
  }

  /** Goes on with a load that another invocation has planned. */
  resume(run: LoadInPieces, { reason, listedAt, isOfTask, fingerprint }: DayPlan): void {
    this.startedAt = run.startedAt;
    this.listedAt = listedAt;
    this.reason = reason;
    this.#accepted = isOfTask ? fingerprint : '';
  }

  /** Where the files were that its rows are of. */
  get rowsPlace(): string {
    return this.claim.entry.place ?? this.place;
  }

  /** Whether that is another place, whose files are not gone. */
  get hasMoved(): boolean {
    return this.rowsPlace !== this.place;
  }

  /** Begins the day anew, of which nothing counts that was made. */
  restart(): void {
    this.startedAt = this.#clock.now();
    this.listedAt = this.startedAt;
    this.mapped = undefined;
    this.problems.clear();
  }

  /** Whether the task is for the day as it is listed now. */
  get isOfTask(): boolean {
    return this.#accepted === this.drop?.fingerprint;
  }

  /** The reason of a task that goes on with a load of these files: an acceptance of other files says nothing of them. */
  reasonFor(fingerprint: string): IngestTask['reason'] {
    const isAcceptance = this.reason === 'keep' || this.reason === 'empty';
    return isAcceptance && this.#accepted !== fingerprint ? 'changed' : this.reason;
  }

  /**
   * Whether a person accepted that rows whose files are gone stay (`keep`) or go (`empty`), of the day as it is listed
   * now.
   */
  accepts(what: 'keep' | 'empty'): boolean {
    return this.reason === what && this.isOfTask;
  }
}

/** The load of one claimed day by one invocation. */
export interface DayLoad {
  /** The ports of the function. */
  readonly loader: Loader;
  /** The invocation, with its deadline and the signal of its end. */
  readonly invocation: Attempt;
  /** The source, the dataset and the day. */
  readonly place: DropDay;
  /** The task as the queue has it. */
  readonly task: IngestTask;
  /** What the load has found and done until now. */
  readonly progress: Progress;
}
