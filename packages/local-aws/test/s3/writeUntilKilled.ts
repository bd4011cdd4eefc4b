import { writeSync } from 'node:fs';
import { realClock } from '../../src/base/clock.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';

/** Started by the test as a process of its own: writes, replaces and deletes, saying what it has done, until it is killed. */
const store = ObjectStore.open({ directory: process.argv[2] ?? '', clock: realClock });
const say = (line: string) => writeSync(1, `${line}\n`);

async function write(worker: number): Promise<void> {
  for (let round = 0; ; round++) {
    const key = `w${worker}/${round % 7}`;
    // A line for what is about to happen and one for what has: the kill may fall between them.
    say(`begin ${key} ${round}`);
    if (round % 5 === 4) store.delete('durable', key);
    else await store.put('durable', key, `${round} `.repeat(1000));
    say(`done ${key} ${round}`);
  }
}

await Promise.all([0, 1, 2, 3].map(write));
