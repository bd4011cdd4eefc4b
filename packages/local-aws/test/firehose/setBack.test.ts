import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/MovableClock.ts';
import { FirehoseFixture, plainStream } from './FirehoseFixture.ts';

const INTERVAL_MS = 60_000;

let fixture: FirehoseFixture;
beforeEach(() => {
  fixture = new FirehoseFixture();
});
afterEach(() => fixture.end());

/** Starts Firehose with a clock that goes as the machine's. */
async function start(): Promise<MovableClock> {
  const clock = new MovableClock();
  await fixture.start(clock);
  const hints = { IntervalInSeconds: INTERVAL_MS / 1_000, SizeInMBs: 1 };
  await fixture.firehose.createStream('s', plainStream({ BufferingHints: hints }));
  return clock;
}

async function setReal(clock: MovableClock): Promise<MovableClock> {
  await clock.setReal();
  return clock;
}

async function restart(): Promise<MovableClock> {
  await fixture.stop();
  return start();
}

it.each([
  { what: 'within one run', setBack: setReal },
  { what: 'by a restart', setBack: restart },
])(
  'a buffer is delivered after its interval although the clock was set back after its records arrived, $what',
  async ({ setBack }) => {
    const before = await start();
    await before.advance(10 * DAY_MS);
    await fixture.put('s', 'x');
    const clock = await setBack(before);
    // After a restart the record is read back first.
    await fixture.pending(1);
    // The clock runs on by itself, so the buffer is looked at long before it is due.
    await clock.advance(INTERVAL_MS / 2);
    await fixture.turns(20);
    expect(fixture.keys()).toEqual([]);
    await clock.advance(INTERVAL_MS / 2);
    await fixture.pending(0);
    expect(fixture.data()).toBe('x');
  },
);
