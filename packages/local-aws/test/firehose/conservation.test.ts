import { afterEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FirehoseFixture, partitionedStream } from './FirehoseFixture.ts';

let fixture: FirehoseFixture | undefined;
afterEach(() => fixture?.end());

/** How a document is made; each gets a number of its own, by which it is found again. */
const kind = fc.constantFrom('good', 'good', 'good', 'huge', 'no key', 'misfit', 'malformed', 'unclosed');
const day = fc.constantFrom('2026-11-18', '2026-11-19', '2026-11-20');
const record = fc.array(fc.tuple(kind, day), { minLength: 1, maxLength: 6 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: fc.array(record, { minLength: 1, maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.constant('flush' as const) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
  { weight: 1, arbitrary: fc.constant('time' as const) },
  { weight: 1, arbitrary: fc.constant('outage' as const) },
);

function makeDocument(kindOf: string, ds: string, n: number): string {
  switch (kindOf) {
    case 'huge':
      return `{"ds":"${ds}","n":${n},"pad":"${'é'.repeat(60_000)}"}`;
    case 'no key':
      return `{"n":${n}}`;
    case 'misfit':
      return `{"ds":"${ds}","n":"oops ${n}"}`;
    case 'malformed':
      return `{"ds":"${ds}","n":${n},}`;
    case 'unclosed':
      return `{"ds":"${ds}","n":${n},"x":"`;
    default:
      return `{"ds":"${ds}","n":${n}}`;
  }
}

it('every acknowledged document ends up in exactly one place, whatever faults happen', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      await fixture?.end();
      fixture = new FirehoseFixture();
      const run = fixture;
      const start = async () => {
        await run.start();
        await run.firehose.createStream('s', partitionedStream({ BufferingHints: { SizeInMBs: 64 } }));
      };
      run.tables.set('db.events', { columns: [{ name: 'n', type: 'int' }] });
      await start();
      const good = new Map<string, string[]>();
      const bad: string[] = [];
      let n = 0;
      for (const each of steps) {
        if (each === 'restart') {
          await run.stop();
          await start();
        } else if (each === 'time') run.clock.advance(301_000);
        else if (each === 'outage') {
          let left = 2;
          run.beforePut = () => {
            left -= 1;
            if (left >= 0) throw new Error('S3 is away.');
          };
        } else if (each === 'flush') await run.firehose.flush().catch(() => undefined);
        else {
          const records = each.put.map((documents) =>
            documents.map(([kindOf, ds]) => {
              n += 1;
              const document = makeDocument(kindOf, ds, n);
              if (kindOf === 'good' || kindOf === 'huge') good.set(ds, [...(good.get(ds) ?? []), String(n)]);
              else bad.push(document);
              return document;
            }),
          );
          expect(
            (await run.put('s', ...records.map((documents) => documents.join('\n')))).FailedPutCount,
          ).toBe(0);
        }
      }
      run.beforePut = () => undefined;
      await run.firehose.flush();
      expect(run.firehose.pending()).toEqual([]);
      for (const [ds, numbers] of good) {
        const landed = (await run.rows(`data/${ds}/`)).map((row) => String(row['n']));
        expect(landed.sort()).toEqual(numbers.sort());
      }
      const all = [...good.values()].reduce((sum, numbers) => sum + numbers.length, 0);
      expect((await run.rows()).length).toBe(all);
      expect(
        run
          .errors()
          .map(({ text }) => text)
          .sort(),
      ).toEqual(bad.sort());
    }),
    { numRuns: 15 },
  );
});
