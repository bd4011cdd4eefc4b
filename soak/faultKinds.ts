/** Faults of a window, which are set at its beginning, and how long it takes by the local clock. */
export interface FaultKind {
  /** Its name in the report. */
  readonly name: string;
  /** The body of `POST /_sluice/faults`: docs/local.md. */
  readonly faults: object;
  /** Minutes by the local clock, with events coming in. */
  readonly minutes: number;
  /** Whether objects that nobody can write come into the landing. Default false. */
  readonly badObjects?: boolean;
  /** Whether others put records into the stream while requests come in. Default false. */
  readonly foreignRecords?: boolean;
  /** Further outcomes of events, besides landing, that are allowed when Sluice keeps all its promises. */
  readonly may: readonly Consequence[];
}

/**
 * `expire`: Firehose drops events after 24 hours. `drop`: SDKs drop them after the gateway's answer.
 */
export type Consequence = 'expire' | 'drop';

/** The collector. */
const COLLECT = { function: 'sluice-local-collect' };
/** The functions behind queues that every deployment has. */
const WORKERS = ['write', 'register'].map((name) => ({ function: `sluice-local-${name}` }));
/** The writer. */
const WRITER = { function: 'sluice-local-write' };
/** The folder of the tables. */
const TABLES = 'sluice-soak/statsig/';
/** Longer than Firehose keeps what it can't deliver. */
const DAY_MINUTES = 26 * 60;
/** Calls that put a record into the stream. */
const PUTS = { operations: ['PutRecord'] };
/** Calls that put an object into the bucket. */
const WRITES = { operations: ['PutObject'] };

/** A window of ten minutes, unless it says otherwise. */
function kind(
  name: string,
  faults: object,
  { minutes = 10, may = [] }: Partial<Pick<FaultKind, 'minutes' | 'may'>> = {},
): FaultKind {
  return { name, faults, minutes, may };
}

/**
 * Faults that the local cloud has, each as hard as a window of it can be passed. Athena and the API of SQS are not among
 * them, because in the deployment of the soak no function calls them; single partitions that Glue refuses neither, because
 * a window may have no new day.
 *
 * @param seed Selects which calls the faults strike.
 */
export function faultKinds(seed: number): readonly FaultKind[] {
  const strikes = new Strikes(seed);
  return [
    ...inputKinds(),
    ...collectorKinds(strikes),
    ...workerKinds(strikes),
    ...writingKinds(strikes),
    ...deliveryKinds(strikes),
    ...connectionKinds(strikes),
    // Glue is called for new days and by the registrar's hourly run.
    kind('glue-throttles', { glue: strikes.some('failCalls', 0.5) }, { minutes: 130 }),
  ];
}

/** Faults that strike a part of the calls. */
class Strikes {
  /** Draws the faults. */
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Strikes the first call, so that no kind passes without a strike, and then a part of them. */
  some(fault: string, rate: number, members: object = {}): readonly object[] {
    return [
      { fault, ...members, nth: 1 },
      { fault, ...members, rate, seed: this.seed },
    ];
  }

  /** Strikes the first call, and then each other one. */
  everyOther(fault: string, members: object = {}): readonly object[] {
    return [
      { fault, ...members, nth: 1 },
      { fault, ...members, every: 2 },
    ];
  }

  /** Strikes some invocations of functions. */
  invocations(fault: string, rate: number, on: readonly object[], members: object = {}): object {
    return { lambda: on.flatMap((part) => this.some(fault, rate, { ...part, ...members })) };
  }
}

/** Nothing fails, or others write what is not Sluice's. */
function inputKinds(): readonly FaultKind[] {
  return [
    kind('none', {}),
    // Bad objects hold up no other object.
    { ...kind('bad-objects', {}), badObjects: true },
    // Foreign records cost no record around them.
    { ...kind('foreign-records', {}), foreignRecords: true },
  ];
}

/** Environments of the collector end, freeze or are refused. */
function collectorKinds(strikes: Strikes): readonly FaultKind[] {
  return [
    kind('collect-killed', strikes.invocations('killInvocations', 0.1, [COLLECT])),
    kind('collect-killed-on-the-way', strikes.invocations('killInvocations', 0.1, [COLLECT], { afterMs: 3 })),
    kind('collect-timed-out', strikes.invocations('timeOutInvocations', 0.05, [COLLECT], { afterMs: 250 })),
    kind('collect-throttled', strikes.invocations('throttleInvocations', 0.3, [COLLECT])),
    kind('collect-frozen', strikes.invocations('freezeAfterAnswer', 0.5, [COLLECT])),
    kind('collect-cold', strikes.invocations('startCold', 0.1, [COLLECT])),
  ];
}

/** Environments of the writer and the registrar end, freeze or are refused. */
function workerKinds(strikes: Strikes): readonly FaultKind[] {
  return [
    kind('workers-killed', strikes.invocations('killInvocations', 0.5, WORKERS), { minutes: 20 }),
    kind('workers-timed-out', strikes.invocations('timeOutInvocations', 0.5, WORKERS, { afterMs: 50 }), {
      minutes: 20,
    }),
    kind('workers-throttled', strikes.invocations('throttleInvocations', 0.5, WORKERS), { minutes: 20 }),
    kind('workers-frozen', strikes.invocations('freezeAfterAnswer', 0.5, WORKERS), { minutes: 20 }),
    // At each step: it fetches, decodes, writes files, deletes.
    kind(
      'writer-killed',
      {
        lambda: [5, 20, 60, 150, 400].map((afterMs) => ({
          fault: 'killInvocations',
          ...WRITER,
          afterMs,
          rate: 0.2,
          seed: strikes.seed + afterMs,
        })),
      },
      { minutes: 30 },
    ),
    kind(
      'writer-down-for-a-day',
      { lambda: [{ fault: 'throttleInvocations', ...WRITER, calls: 'all' }] },
      { minutes: DAY_MINUTES },
    ),
  ];
}

/** Files can't be written, and notifications and messages come otherwise than once. */
function writingKinds(strikes: Strikes): readonly FaultKind[] {
  return [
    kind(
      'files-refused',
      { s3: strikes.some('failCalls', 0.5, { ...WRITES, key: `${TABLES}*` }) },
      { minutes: 30 },
    ),
    kind(
      'files-written-unseen',
      { s3: strikes.some('loseResponse', 0.5, { ...WRITES, key: `${TABLES}*` }) },
      { minutes: 30 },
    ),
    kind('landing-not-deleted', {
      s3: strikes.some('failCalls', 0.5, { operations: ['DeleteObjects'] }),
    }),
    kind('events-lost', { events: strikes.some('loseEvents', 0.5) }),
    kind('events-twice', { events: strikes.some('repeatEvents', 0.5) }),
    kind('events-late', { events: strikes.some('delayEvents', 0.5, { ms: 1_200_000 }) }),
    kind('messages-again', {
      sqs: [
        ...strikes.some('repeatMessages', 0.5),
        ...strikes.some('repeatMessages', 0.5, { afterwards: true }),
      ],
    }),
  ];
}

/** Firehose doesn't deliver, because of itself or of the key. */
function deliveryKinds(strikes: Strikes): readonly FaultKind[] {
  return [
    kind('deliveries-fail', { firehose: strikes.some('failDeliveries', 0.5) }, { minutes: 20 }),
    kind(
      'deliveries-unseen',
      { firehose: strikes.everyOther('failDeliveries', { afterwards: true }) },
      { minutes: 20 },
    ),
    kind('deliveries-expire', { firehose: strikes.everyOther('expireDeliveries') }, { may: ['expire'] }),
    kind(
      'no-delivery-for-a-day',
      { firehose: [{ fault: 'failDeliveries', calls: 'all' }] },
      { minutes: DAY_MINUTES, may: ['expire'] },
    ),
    kind('key-off', { kms: [{ fault: 'disableKey' }] }, { minutes: 120 }),
    kind('key-off-for-a-day', { kms: [{ fault: 'disableKey' }] }, { minutes: DAY_MINUTES, may: ['expire'] }),
  ];
}

/** Requests to the collector, and its calls, fail or get no answer. */
function connectionKinds(strikes: Strikes): readonly FaultKind[] {
  return [
    kind('gateway-429', { gateway: strikes.some('failCalls', 0.1, { status: 429 }) }, { may: ['drop'] }),
    kind('gateway-413', { gateway: strikes.some('failCalls', 0.1, { status: 413 }) }, { may: ['drop'] }),
    kind('gateway-503', { gateway: strikes.some('failCalls', 0.1, { status: 503, afterwards: true }) }),
    kind('answers-lost', { gateway: strikes.some('loseResponse', 0.1) }),
    kind('connections-reset', {
      gateway: strikes.some('resetConnection', 0.1),
      firehose: strikes.some('resetConnection', 0.1, PUTS),
      s3: strikes.some('resetConnection', 0.1),
    }),
    kind(
      'firehose-throttles',
      { firehose: [{ fault: 'failCalls', ...PUTS, calls: 'all' }] },
      { minutes: 20 },
    ),
    kind('firehose-hangs', {
      firehose: [
        { fault: 'delayCalls', ms: 600_000, ...PUTS, nth: 1 },
        { fault: 'delayCalls', ms: 600_000, ...PUTS, rate: 0.05, seed: strikes.seed, calls: 4 },
      ],
    }),
    kind('firehose-answers-lost', { firehose: strikes.some('loseResponse', 0.2, PUTS) }),
    kind('s3-slow-down', {
      firehose: strikes.some('failCalls', 0.5, PUTS),
      s3: strikes.some('failCalls', 0.3),
    }),
    kind('s3-answers-lost', {
      firehose: strikes.some('failCalls', 0.5, PUTS),
      s3: strikes.some('loseResponse', 0.3, WRITES),
    }),
  ];
}
