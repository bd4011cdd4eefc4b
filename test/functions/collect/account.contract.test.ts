import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AwsWire, startAwsWire } from '../../harness/startAwsWire.ts';
import { makePost, NOW, type Posted, type Request } from './postEvents.ts';

let wire: AwsWire;
let post: (request: Request) => Promise<Posted>;

beforeAll(async () => {
  wire = await startAwsWire();
  post = makePost(wire);
});
afterAll(() => wire.close());

/** The account of a request, from its first EMF line. */
function accountOf({ metrics: [line = {}] }: Posted) {
  const count = (name: string) => Number(line[name] ?? 0);
  return {
    received: count('received'),
    told: ['exposures_landed', 'events_landed', 'quarantined', 'overflowed', 'ignored'].reduce(
      (sum, name) => sum + count(name),
      0,
    ),
    quarantined: count('quarantined'),
    overflowed: count('overflowed'),
  };
}

const KINDS = {
  good: { eventName: 'e', time: NOW },
  exposure: { eventName: 'statsig::gate_exposure', metadata: { gate: 'g' }, time: NOW },
  telemetry: { eventName: 'statsig::diagnostics', time: NOW },
  refused: { eventName: '' },
};

it('every request answered 202 balances: received events are landed, quarantined, overflowed or ignored', async () => {
  const events = fc.array(fc.constantFrom<keyof typeof KINDS>('good', 'exposure', 'telemetry', 'refused'), {
    maxLength: 30,
  });
  const down = { error: 'ServiceUnavailableException', status: 503 };
  await fc.assert(
    fc.asyncProperty(
      events,
      // Refused events with a user of 600 kB share a row from the seventh on.
      fc.constantFrom(10, 600_000),
      fc.constantFrom(0, 1, 100),
      async (kinds, userLength, failures) => {
        wire.answers = Array(failures).fill(down);
        const refused = kinds.filter((kind) => kind === 'refused');
        const posted = await post({
          body: JSON.stringify({
            events: kinds.map((kind) => (kind === 'refused' ? KINDS.refused : { ...KINDS[kind], user: {} })),
            user: { userID: 'u'.repeat(userLength) },
          }),
        });
        const account = accountOf(posted);
        expect([posted.status, account.received]).toEqual([202, kinds.length]);
        expect(account.told).toBe(kinds.length);
        // All of a request is in the stream, or an object.
        expect(account.quarantined).toBe(account.overflowed > 0 ? 0 : refused.length);
        expect(posted.log['quarantined'] ?? 0).toBe(account.quarantined);
        expect(posted.log['overflowed'] ?? 0).toBe(account.overflowed);
      },
    ),
    {
      numRuns: 40,
      examples: [
        [Array(10).fill('refused'), 600_000, 0],
        [Array(10).fill('refused'), 600_000, 100],
      ],
    },
  );
  wire.answers = [];
}, 120_000);

it('an SDK’s own error report balances', async () => {
  expect(accountOf(await post({ path: '/v1/sdk_exception', body: '{}' }))).toMatchObject({
    received: 1,
    told: 1,
  });
});
