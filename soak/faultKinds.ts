/** Faults of a window, which are set at its beginning, and how long it takes by the local clock. */
export interface FaultKind {
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

const COLLECT = { function: 'sluice-local-collect' };
/** The functions behind queues that every deployment has. */
const WORKERS = ['write', 'register'].map((name) => ({ function: `sluice-local-${name}` }));
const WRITER = { function: 'sluice-local-write' };
/** The folder of the tables. */
const TABLES = 'sluice-soak/statsig/';
const DAY_MINUTES = 26 * 60;

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
  // The first call, so that no kind passes without a strike, and then a part of them.
  const some = (fault: string, rate: number, members: object = {}) => [
    { fault, ...members, nth: 1 },
    { fault, ...members, rate, seed },
  ];
  const everyOther = (fault: string, members: object = {}) => [
    { fault, ...members, nth: 1 },
    { fault, ...members, every: 2 },
  ];
  const lambda = (fault: string, rate: number, on: readonly object[], members: object = {}) => ({
    lambda: on.flatMap((part) => some(fault, rate, { ...part, ...members })),
  });
  const gateway = (members: object) => ({ gateway: some('failCalls', 0.1, members) });
  const puts = { operations: ['PutRecord'] };
  const writes = { operations: ['PutObject'] };
  const noDelivery = { firehose: [{ fault: 'failDeliveries', calls: 'all' }] };
  return [
    kind('none', {}),
    // Bad objects hold up no other object.
    { ...kind('bad-objects', {}), badObjects: true },
    // Foreign records cost no record around them.
    { ...kind('foreign-records', {}), foreignRecords: true },
    kind('collect-killed', lambda('killInvocations', 0.1, [COLLECT])),
    kind('collect-killed-on-the-way', lambda('killInvocations', 0.1, [COLLECT], { afterMs: 3 })),
    kind('collect-timed-out', lambda('timeOutInvocations', 0.05, [COLLECT], { afterMs: 250 })),
    kind('collect-throttled', lambda('throttleInvocations', 0.3, [COLLECT])),
    kind('collect-frozen', lambda('freezeAfterAnswer', 0.5, [COLLECT])),
    kind('collect-cold', lambda('startCold', 0.1, [COLLECT])),
    kind('workers-killed', lambda('killInvocations', 0.5, WORKERS), { minutes: 20 }),
    kind('workers-timed-out', lambda('timeOutInvocations', 0.5, WORKERS, { afterMs: 50 }), { minutes: 20 }),
    kind('workers-throttled', lambda('throttleInvocations', 0.5, WORKERS), { minutes: 20 }),
    kind('workers-frozen', lambda('freezeAfterAnswer', 0.5, WORKERS), { minutes: 20 }),
    // At each step: it fetches, decodes, writes files, deletes.
    kind(
      'writer-killed',
      {
        lambda: [5, 20, 60, 150, 400].map((afterMs) => ({
          fault: 'killInvocations',
          ...WRITER,
          afterMs,
          rate: 0.2,
          seed: seed + afterMs,
        })),
      },
      { minutes: 30 },
    ),
    kind(
      'writer-down-for-a-day',
      { lambda: [{ fault: 'throttleInvocations', ...WRITER, calls: 'all' }] },
      { minutes: DAY_MINUTES },
    ),
    kind('files-refused', { s3: some('failCalls', 0.5, { ...writes, key: `${TABLES}*` }) }, { minutes: 30 }),
    kind(
      'files-written-unseen',
      { s3: some('loseResponse', 0.5, { ...writes, key: `${TABLES}*` }) },
      { minutes: 30 },
    ),
    kind('landing-not-deleted', {
      s3: some('failCalls', 0.5, { operations: ['DeleteObjects'] }),
    }),
    kind('events-lost', { events: some('loseEvents', 0.5) }),
    kind('events-twice', { events: some('repeatEvents', 0.5) }),
    kind('events-late', { events: some('delayEvents', 0.5, { ms: 1_200_000 }) }),
    kind('messages-again', {
      sqs: [...some('repeatMessages', 0.5), ...some('repeatMessages', 0.5, { afterwards: true })],
    }),
    kind('deliveries-fail', { firehose: some('failDeliveries', 0.5) }, { minutes: 20 }),
    kind(
      'deliveries-unseen',
      { firehose: everyOther('failDeliveries', { afterwards: true }) },
      { minutes: 20 },
    ),
    kind('deliveries-expire', { firehose: everyOther('expireDeliveries') }, { may: ['expire'] }),
    kind('no-delivery-for-a-day', noDelivery, { minutes: DAY_MINUTES, may: ['expire'] }),
    kind('key-off', { kms: [{ fault: 'disableKey' }] }, { minutes: 120 }),
    kind('key-off-for-a-day', { kms: [{ fault: 'disableKey' }] }, { minutes: DAY_MINUTES, may: ['expire'] }),
    kind('gateway-429', gateway({ status: 429 }), { may: ['drop'] }),
    kind('gateway-413', gateway({ status: 413 }), { may: ['drop'] }),
    kind('gateway-503', gateway({ status: 503, afterwards: true })),
    kind('answers-lost', { gateway: some('loseResponse', 0.1) }),
    kind('connections-reset', {
      gateway: some('resetConnection', 0.1),
      firehose: some('resetConnection', 0.1, puts),
      s3: some('resetConnection', 0.1),
    }),
    kind(
      'firehose-throttles',
      { firehose: [{ fault: 'failCalls', ...puts, calls: 'all' }] },
      { minutes: 20 },
    ),
    kind('firehose-hangs', {
      firehose: [
        { fault: 'delayCalls', ms: 600_000, ...puts, nth: 1 },
        { fault: 'delayCalls', ms: 600_000, ...puts, rate: 0.05, seed, calls: 4 },
      ],
    }),
    kind('firehose-answers-lost', { firehose: some('loseResponse', 0.2, puts) }),
    kind('s3-slow-down', {
      firehose: some('failCalls', 0.5, puts),
      s3: some('failCalls', 0.3),
    }),
    kind('s3-answers-lost', {
      firehose: some('failCalls', 0.5, puts),
      s3: some('loseResponse', 0.3, writes),
    }),
    // Glue is called for new days and by the registrar's hourly run.
    kind('glue-throttles', { glue: some('failCalls', 0.5) }, { minutes: 130 }),
  ];
}
