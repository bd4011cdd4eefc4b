import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSegment, recordHeader, SEGMENT_MARK } from '../../src/firehose/segmentFormat.ts';
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

async function restart(properties: object = plainStream()): Promise<void> {
  await fixture.stop();
  await fixture.start();
  await fixture.firehose.createStream('s', properties);
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
        sent += 6;
        const Records = [0, 2, 4].map((at) => ({
          Data: Buffer.from(document(first + at) + document(first + at + 1)),
        }));
        await client.send(new PutRecordBatchCommand({ DeliveryStreamName: 's', Records }));
        for (let n = first; n < first + 6; n += 1) acknowledged.add(n);
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
    await fixture.put('s', document(1), document(2));
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
    await restart(plainStream());
    await fixture.pending(1);
    fixture.clock.advance(99_999);
    expect(fixture.keys()).toEqual([]);
    fixture.clock.advance(1);
    await fixture.pending(0);
    expect(fixture.keys()).toEqual([
      expect.stringMatching(/^data\/2026\/11\/20\/12\/s-1-2026-11-20-12-00-00-/),
    ]);
  });

  it('is not damaged by a write that a kill interrupts', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'whole');
    await fixture.stop();
    const [file = ''] = journal();
    appendFileSync(join(fixture.directory, 'streams', 's.stream', file), Buffer.from([9, 0, 0, 0, 1, 2, 3]));
    appendFileSync(join(fixture.directory, 'streams', 's.stream', `${file}.delivered`), '[[0');
    await fixture.start();
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', ' and new');
    await fixture.firehose.flush();
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('whole and new');
    expect(journal()).toEqual([]);
  });

  it('is never lost to a damaged byte: the stream says what it can read, and keeps the file', async () => {
    await fixture.firehose.createStream('s', plainStream());
    for (let n = 0; n < 5; n += 1) await fixture.put('s', document(n));
    await fixture.stop();
    const [name = ''] = journal();
    const file = join(fixture.directory, 'streams', 's.stream', name);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(whole.readUInt8(at) ^ 4, at);
      writeFileSync(file, damaged);
      const { records, damage } = readSegment(damaged);
      expect([at, damage === undefined]).toEqual([at, false]);
      expect([at, records.length + (damage?.after ?? 0)]).toEqual([at, at < 4 ? 5 : 4]);
    }
    await fixture.start();
    await expect(fixture.firehose.createStream('s', plainStream())).rejects.toMatchObject({
      code: 'LOCAL_AWS_DISK_DAMAGED',
      message: expect.stringMatching(
        /\.journal, byte \d+\. 4 records before it and 0 after it can be read\.$/,
      ),
    });
    expect(readFileSync(file).length).toBe(whole.length);
    writeFileSync(file, whole);
    await fixture.firehose.createStream('s', plainStream());
    await fixture.firehose.flush();
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe([0, 1, 2, 3, 4].map(document).join(''));
  });

  it.each([
    ['one', 1],
    ['several', 3],
  ])('is never lost to a damaged mark or header, whatever became of the byte: %s', (_, count) => {
    const record = (n: number) => [recordHeader(Buffer.from(document(n)), 7), Buffer.from(document(n))];
    const whole = Buffer.concat([
      SEGMENT_MARK,
      ...Array.from({ length: count }, (__, n) => record(n)).flat(),
    ]);
    for (let at = 0; at < 24; at += 1) {
      for (let change = 1; change < 256; change += 1) {
        const damaged = Buffer.from(whole);
        damaged.writeUInt8(whole.readUInt8(at) ^ change, at);
        const { records, damage } = readSegment(damaged);
        const readable = at < SEGMENT_MARK.length ? count : count - 1;
        expect([at, change, records.length, damage?.after]).toEqual([at, change, 0, readable]);
      }
    }
  });

  it('that was acknowledged is missed wherever its file is cut', async () => {
    await fixture.firehose.createStream('s', plainStream());
    for (let n = 0; n < 5; n += 1) await fixture.put('s', document(n));
    await fixture.stop();
    const file = join(fixture.directory, 'streams', 's.stream', '0000000001.journal');
    const whole = readFileSync(file);
    await fixture.start();
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(file, whole.subarray(0, length));
      const there = readSegment(whole.subarray(0, length)).records.length;
      await expect(fixture.firehose.createStream('s', plainStream())).rejects.toMatchObject({
        code: 'LOCAL_AWS_DISK_DAMAGED',
        message: expect.stringContaining(
          `${file}, byte ${length}. ${there} of at least 5 records are there.`,
        ),
      });
    }
    const count = `${file}.acknowledged`;
    const counted = readFileSync(count);
    writeFileSync(file, whole);
    for (const damaged of [counted.subarray(0, 4), Buffer.from(counted).fill(9, 0, 1)]) {
      writeFileSync(count, damaged);
      await expect(fixture.firehose.createStream('s', plainStream())).rejects.toMatchObject({
        message: expect.stringContaining(count),
      });
    }
    writeFileSync(count, counted);
    await fixture.firehose.createStream('s', plainStream());
    await fixture.firehose.flush();
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe([0, 1, 2, 3, 4].map(document).join(''));
  });

  it('that is damaged while it waits is not delivered as if it were right', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', document(1) + document(2));
    await fixture.pending(1);
    const [name = ''] = journal();
    const file = join(fixture.directory, 'streams', 's.stream', name);
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.from(whole.toString('latin1').replace('"n":2', '"n":7'), 'latin1'));
    await expect(fixture.firehose.flush()).rejects.toMatchObject({
      code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED',
      message: expect.stringContaining(`${file}, byte 4.`),
    });
    expect(fixture.failures).toEqual([expect.objectContaining({ code: 'LOCAL_AWS_DISK_DAMAGED' })]);
    expect(fixture.objects.size).toBe(0);
    writeFileSync(file, whole);
    await fixture.firehose.flush();
    expect(numbers(fixture.data())).toEqual([1, 2]);
  });

  it('is whole wherever a kill cuts the records after it', () => {
    const pieces = ['one', 'two', ''].map((text) => [recordHeader(Buffer.from(text), 7), Buffer.from(text)]);
    const whole = Buffer.concat([SEGMENT_MARK, ...pieces.flat()]);
    const ends = pieces.map(
      (_, i) =>
        4 +
        pieces
          .slice(0, i + 1)
          .flat()
          .reduce((sum, { length }) => sum + length, 0),
    );
    for (let length = 0; length <= whole.length; length += 1) {
      const complete = ends.filter((end) => end <= length).length;
      const { records, damage } = readSegment(whole.subarray(0, length));
      expect([records.length, damage]).toEqual([complete, undefined]);
    }
  });

  it('is delivered again when S3 has it but the delivery was not recorded', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'x');
    const [file = ''] = journal();
    const { copyFileSync } = await import('node:fs');
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

  it('leaves nothing on disk once it is delivered', async () => {
    await fixture.firehose.createStream('s', plainStream());
    for (let n = 0; n < 20; n += 1) await fixture.put('s', document(n));
    await fixture.firehose.flush();
    expect(journal()).toEqual([]);
    expect(numbers(fixture.data())).toHaveLength(20);
  });
});
