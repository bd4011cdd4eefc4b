import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FirehoseFixture, plainStream } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  await fixture.start();
});
afterEach(() => fixture.end());

const program = fileURLToPath(new URL('./serveFirehose.ts', import.meta.url));
const document = (n: number) => `{"n":${n}}`;
const numbers = (text: string) => [...text.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n));
const journal = () => readdirSync(join(fixture.directory, 'streams', 's.stream'));

/** Stops, and creates the stream again. */
async function restart(): Promise<void> {
  await fixture.stop();
  await fixture.start();
  await fixture.firehose.createStream('s', plainStream());
}

describe('an acknowledged record', () => {
  it('survives kill -9', async () => {
    const child = spawn(process.execPath, [program, fixture.directory, JSON.stringify(plainStream())], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const [endpoint]: unknown[] = await once(createInterface(child.stdout), 'line');
    const client = new FirehoseClient({
      endpoint: String(endpoint),
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    const acknowledged = new Set<number>();
    let sent = 0;
    const produce = async () => {
      for (;;) {
        const first = sent;
        sent += 2;
        const Record = { Data: Buffer.from(document(first) + document(first + 1)) };
        await client.send(new PutRecordCommand({ DeliveryStreamName: 's', Record }));
        acknowledged.add(first).add(first + 1);
        if (acknowledged.size >= 600) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled([produce(), produce(), produce()]);
    await exited;
    client.destroy();

    await fixture.firehose.createStream('s', plainStream());
    await fixture.firehose.flush();
    const landed = numbers(fixture.data());
    expect(acknowledged.size).toBeGreaterThanOrEqual(600);
    expect([...acknowledged].filter((n) => !landed.includes(n))).toEqual([]);
    expect(new Set(landed).size).toBe(landed.length);
  });

  it('survives a restart at any time, and is not delivered again once it is marked as delivered', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', document(1));
    await fixture.put('s', document(2));
    fixture.beforePut = () => {
      throw new Error('S3 is away.');
    };
    await expect(fixture.firehose.flush()).rejects.toMatchObject({ code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED' });
    // The same file has records that are delivered and one that is not.
    await fixture.put('s', document(3));
    fixture.beforePut = () => undefined;
    fixture.clock.advance(60_000);
    await fixture.pending(1);
    await restart();
    await fixture.pending(1);
    await fixture.firehose.flush();
    expect(numbers(fixture.data()).sort()).toEqual([1, 2, 3]);
    expect(journal()).toEqual([]);
  });

  it('keeps its time of arrival, which intervals and dates use after a restart', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'x');
    fixture.clock.advance(200_000);
    await restart();
    await fixture.pending(1);
    fixture.clock.advance(99_999);
    expect(fixture.keys()).toEqual([]);
    fixture.clock.advance(1);
    await fixture.pending(0);
    expect(fixture.keys()).toEqual([
      expect.stringMatching(/^data\/2026\/11\/20\/12\/s-1-2026-11-20-12-00-00-/),
    ]);
  });

  it('is never lost to a damaged byte: the stream says what it can read, and keeps the file', async () => {
    await fixture.firehose.createStream('s', plainStream());
    for (let n = 0; n < 5; n += 1) await fixture.put('s', document(n));
    await fixture.stop();
    const [name = ''] = journal();
    const file = join(fixture.directory, 'streams', 's.stream', name);
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.from(whole).fill('?', 12, 13));
    await fixture.start();
    await expect(fixture.firehose.createStream('s', plainStream())).rejects.toMatchObject({
      code: 'LOCAL_AWS_DISK_DAMAGED',
      message: expect.stringMatching(/\.records, line 1\. 4 of 5 lines can be read\.$/),
    });
    expect(readFileSync(file).length).toBe(whole.length);
    writeFileSync(file, whole);
    await fixture.firehose.createStream('s', plainStream());
    await fixture.firehose.flush();
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe([0, 1, 2, 3, 4].map(document).join(''));
  });

  it('is delivered again when S3 has it but the delivery was not recorded', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'x');
    const [file = ''] = journal();
    const path = join(fixture.directory, 'streams', 's.stream', file);
    copyFileSync(path, `${fixture.directory}/kept`);
    await fixture.firehose.flush();
    await fixture.stop();
    copyFileSync(`${fixture.directory}/kept`, path);
    await fixture.start();
    await fixture.firehose.createStream('s', plainStream());
    await fixture.firehose.flush();
    expect([...fixture.objects.values()].map(String)).toEqual(['x', 'x']);
  });
});
