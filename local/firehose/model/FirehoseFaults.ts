import { type FaultOptions, type FirehoseFault, firehoseFaultSchema } from './faultSchema.ts';

/** How one record fails. */
export interface RecordFault {
  readonly ErrorCode: 'ServiceUnavailableException' | 'InternalFailure';
  readonly ErrorMessage: string;
}

/** What happens to one call. */
export interface CallFate {
  /** The whole call fails and nothing of it is taken. */
  readonly unavailable: boolean;
  /** The records are taken but the answer never arrives. */
  readonly responseLost: boolean;
  /** How the record at an index of the call fails, if it does. */
  readonly recordFault: (index: number) => RecordFault | undefined;
}

/**
 * Failures on demand, to try producers against what Firehose really does. Faults add up; each is used up by
 * the calls that it hits.
 *
 * @example
 * faults.failRecords({ indexes: [0, 3], calls: 2 });
 * faults.failCalls({ calls: 1 });
 * faults.loseResponse({ calls: 1 });
 */
export class FirehoseFaults {
  readonly #faults: { readonly fault: FirehoseFault; left: number; readonly random: () => number }[] = [];

  /** Sets a fault given as JSON. @throws ZodError when it is not one. */
  set(input: unknown): void {
    const fault = firehoseFaultSchema.parse(input);
    const seed = fault.fault === 'failRecords' ? fault.seed : 0;
    this.#faults.push({ fault, left: fault.calls, random: seededRandom(seed) });
  }

  /** Answers 200 with failed records, as Firehose does when it is throttled. */
  failRecords(options: FaultOptions<'failRecords'> = {}): void {
    this.set({ fault: 'failRecords', ...options });
  }

  /** Answers ServiceUnavailableException. The SDKs send such calls again by themselves, at once. */
  failCalls(options: FaultOptions<'failCalls'> = {}): void {
    this.set({ fault: 'failCalls', ...options });
  }

  /** Takes the records and cuts the connection. The SDKs send such calls again: the records arrive twice. */
  loseResponse(options: FaultOptions<'loseResponse'> = {}): void {
    this.set({ fault: 'loseResponse', ...options });
  }

  /** Ends every fault. */
  clear(): void {
    this.#faults.length = 0;
  }

  /** Uses up one call of what hits a call to `stream`: a failed call leaves the other faults for the next. */
  take(stream: string): CallFate {
    const hits = this.#faults.filter(
      ({ fault, left }) => left > 0 && (fault.stream === undefined || fault.stream === stream),
    );
    const unavailable = hits.find(({ fault }) => fault.fault === 'failCalls');
    if (unavailable !== undefined) {
      unavailable.left -= 1;
      return { unavailable: true, responseLost: false, recordFault: () => undefined };
    }
    for (const hit of hits) hit.left -= 1;
    return {
      unavailable: false,
      responseLost: hits.some(({ fault }) => fault.fault === 'loseResponse'),
      recordFault(index) {
        for (const { fault, random } of hits) {
          if (fault.fault === 'failRecords' && hitsRecord(fault, index, random)) {
            return { ErrorCode: fault.code, ErrorMessage: MESSAGES[fault.code] };
          }
        }
        return undefined;
      },
    };
  }
}

/** `Slow down.` is what real answers say: https://github.com/boto/boto3/issues/2804 */
const MESSAGES = {
  ServiceUnavailableException: 'Slow down.',
  InternalFailure: 'An internal error has occurred.',
} as const;

function hitsRecord(
  { indexes, every, rate }: Extract<FirehoseFault, { fault: 'failRecords' }>,
  index: number,
  random: () => number,
): boolean {
  if (indexes !== undefined) return indexes.includes(index);
  if (every !== undefined) return index % every === every - 1;
  return rate === undefined || random() < rate;
}

/** Numbers from 0 to 1 (exclusive), the same for the same seed: mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
