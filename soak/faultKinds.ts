/** What happens in a window: the faults that are set at its beginning, and how long it takes by the local clock. */
export interface FaultKind {
  readonly name: string;
  /** The body of `POST /_sluice/faults`: docs/local.md. */
  readonly faults: object;
  /** Minutes by the local clock, with events coming in. */
  readonly minutes: number;
}

const COLLECT = { function: 'sluice-local-collect' };
/** The functions behind queues that every deployment has. */
const WORKERS = ['redrive', 'register', 'hold'].map((name) => ({ function: `sluice-local-${name}` }));
const DAY_MINUTES = 26 * 60;

/** A window of ten minutes, unless it says otherwise. */
function kind(name: string, faults: object, minutes = 10): FaultKind {
  return { name, faults, minutes };
}

/**
 * Every fault that the local cloud has for what Sluice uses, each as hard as a window of it can be passed.
 *
 * @param seed Selects which calls the faults strike.
 */
export function faultKinds(seed: number): readonly FaultKind[] {
  const some = (rate: number) => ({ rate, seed });
  const lambda = (fault: string, on: readonly object[], more: object) => ({
    lambda: on.map((one) => ({ fault, ...one, ...more })),
  });
  const events = (fault: string, more: object = {}) => ({ events: [{ fault, ...some(0.5), ...more }] });
  const gateway = (more: object) => ({ gateway: [{ fault: 'failCalls', ...some(0.1), ...more }] });
  const puts = { operations: ['PutRecordBatch'] };
  const writes = { operations: ['PutObject'] };
  return [
    kind('none', {}),
    kind('collect-killed', lambda('killInvocations', [COLLECT], some(0.1))),
    kind('collect-killed-on-the-way', lambda('killInvocations', [COLLECT], { ...some(0.1), afterMs: 3 })),
    kind('collect-timed-out', lambda('timeOutInvocations', [COLLECT], { ...some(0.05), afterMs: 250 })),
    kind('collect-throttled', lambda('throttleInvocations', [COLLECT], some(0.3))),
    kind('collect-frozen', lambda('freezeAfterAnswer', [COLLECT], some(0.5))),
    kind('collect-cold', lambda('startCold', [COLLECT], some(0.1))),
    kind('workers-killed', lambda('killInvocations', WORKERS, some(0.5)), 20),
    kind('workers-timed-out', lambda('timeOutInvocations', WORKERS, { ...some(0.5), afterMs: 50 }), 20),
    kind('workers-throttled', lambda('throttleInvocations', WORKERS, some(0.5)), 20),
    kind('workers-frozen', lambda('freezeAfterAnswer', WORKERS, some(0.5)), 20),
    kind('events-lost', events('loseEvents')),
    kind('events-twice', events('repeatEvents')),
    kind('events-late', events('delayEvents', { ms: 1_200_000 })),
    kind('messages-again', {
      sqs: [
        { fault: 'repeatMessages', ...some(0.5) },
        { fault: 'repeatMessages', ...some(0.5), afterwards: true },
      ],
    }),
    kind('deliveries-fail', { firehose: [{ fault: 'failDeliveries', ...some(0.5) }] }, 20),
    kind('deliveries-unseen', { firehose: [{ fault: 'failDeliveries', every: 2, afterwards: true }] }, 20),
    // Not of the quarantine stream: its rows can't go to quarantine, and are parked for a manual check (docs/redrive.md).
    kind('retry-window-ends', {
      firehose: ['events', 'exposures'].map((name) => ({
        fault: 'endRetryWindow',
        stream: `sluice-local-${name}`,
        every: 2,
      })),
    }),
    kind('deliveries-expire', { firehose: [{ fault: 'expireDeliveries', every: 2 }] }),
    kind('no-delivery-for-a-day', { firehose: [{ fault: 'failDeliveries', calls: 'all' }] }, DAY_MINUTES),
    kind('key-off', { kms: [{ fault: 'disableKey' }] }, 120),
    kind('key-off-for-a-day', { kms: [{ fault: 'disableKey' }] }, DAY_MINUTES),
    kind('gateway-429', gateway({ status: 429 })),
    kind('gateway-413', gateway({ status: 413 })),
    kind('gateway-503', gateway({ status: 503, afterwards: true })),
    kind('answers-lost', { gateway: [{ fault: 'loseResponse', ...some(0.1) }] }),
    kind('firehose-throttles', { firehose: [{ fault: 'failCalls', ...puts, calls: 'all' }] }, 20),
    kind('firehose-hangs', {
      firehose: [{ fault: 'delayCalls', ms: 600_000, ...puts, ...some(0.05), calls: 4 }],
    }),
    kind('firehose-fails-records', { firehose: [{ fault: 'failRecords', ...some(0.3), calls: 'all' }] }),
    kind('firehose-answers-lost', { firehose: [{ fault: 'loseResponse', ...puts, ...some(0.2) }] }),
    kind('s3-slow-down', {
      firehose: [{ fault: 'failCalls', ...puts, ...some(0.5) }],
      s3: [{ fault: 'failCalls', ...some(0.3) }],
    }),
    kind('s3-answers-lost', {
      firehose: [{ fault: 'failCalls', ...puts, ...some(0.5) }],
      s3: [{ fault: 'loseResponse', ...writes, ...some(0.3) }],
    }),
    // Glue is called for new days and by the registrar's hourly run.
    kind('glue-throttles', { glue: [{ fault: 'failCalls', ...some(0.5) }] }, 130),
  ];
}
