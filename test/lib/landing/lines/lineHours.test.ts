import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { LandedObject } from '../../../../lib/landing/lines/LandedObject.ts';
import { hourIn } from '../../../../lib/landing/lines/receivedHours.ts';
import { encodeLines } from '../../../../lib/landing/store/encodeLines.ts';
import { DAY, flip, line, member } from './landedBytes.ts';

/** Hours that do not exist. */
const NO_HOURS = ['2026-11-25T24', '2026-11-25T27', '2026-02-30T07', '2026-99-99T77'];

describe('the hour of a line', () => {
  /** The hours of the lines of a member. */
  const hoursOf = (text: string) =>
    [...new LandedObject(gzipSync(text)).parts()].flatMap(({ lines }) => lines.map(({ hour }) => hour));
  const row = { day: DAY, json: '{"event_id":"a","received_at":"2026-11-25T09:10:00.000Z"}' };
  const rows = { events: [row, { ...row, hour: '2026-11-25T08' }], quarantine: [row] };
  /** Lines of a release that says the hour of a request, and of an earlier one that does not. */
  const textOf = (hour: string | null) => String(gunzipSync(encodeLines(rows, hour) ?? Buffer.of()));
  const saying = textOf('2026-11-25T07');
  const earlier = textOf(null);

  it('is that of its row, or else of its request', () => {
    expect(hoursOf(saying)).toEqual(['2026-11-25T07', '2026-11-25T08', '2026-11-25T07']);
  });

  it('is read beside what a newer release says before its row', () => {
    const newer = saying.replaceAll('"row":{', '"v":2,"by":"1.2.0-a","row":{');
    expect(hoursOf(newer)).toEqual(hoursOf(saying));
    expect(hoursOf(earlier.replaceAll('"row":{', '"v":2,"row":{'))).toEqual(hoursOf(earlier));
  });

  it.each(NO_HOURS)('is unknown if there is no such hour: %s', (hour) => {
    expect(hoursOf(saying.replaceAll('2026-11-25T07', hour))).toEqual([null, '2026-11-25T08', null]);
  });

  it('is known of a line that is no row', () => {
    const newer = '{"kind":"orders","ds":"2026-11-25","hour":"2026-11-25T05","row":{}}\n';
    const object = new LandedObject(gzipSync(newer));
    for (const { lines } of object.parts()) expect(lines).toEqual([]);
    expect([...(object.skipped.hours ?? [])]).toEqual(['2026-11-25T05']);
  });
});

describe('the hours of skipped bytes', () => {
  /** The hours of rows in what is skipped of an object; null if it may be any. */
  const hoursOf = (bytes: Buffer) => {
    const object = new LandedObject(bytes);
    for (const part of object.parts()) expect(part.bytes.length).toBeGreaterThan(0);
    return object.skipped.hours && [...object.skipped.hours];
  };
  /** A line of a newer release, which is skipped. @param more Further members of its row. */
  const newer = (more: string) => `{"kind":"events","ds":"2026-11-25","row":{"event_id":"n"${more}},"v":2}\n`;
  const receivedAt = (hour: string) => newer(`,"received_at":"2026-11-25T${hour}:10:00.000Z"`);
  const manyLines = 'x\n'.repeat(1_001);
  const ofTwoHours = gzipSync(`${line('a')}${receivedAt('07')}hello\n${receivedAt('09')}${receivedAt('07')}`);

  it('are those of its lines that were inflated', () => {
    expect(hoursOf(ofTwoHours)).toEqual(['2026-11-25T07', '2026-11-25T09']);
    expect(hoursOf(gzipSync(`${manyLines}${receivedAt('08')}`))).toEqual(['2026-11-25T08']);
  });

  it.each([
    { what: 'bytes that are not compressed', bytes: Buffer.from('{"TICKER":1}') },
    { what: 'a line', bytes: gzipSync('hello\n') },
  ])('are none if nothing in them is like a row: $what', ({ bytes }) => {
    expect(hoursOf(bytes)).toEqual([]);
  });

  it.each([
    { what: 'lacks its time', text: newer('') },
    { what: 'has a time that is none', text: newer(',"received_at":"of old times"') },
    { what: 'lacks its time, beside one that has it', text: `${newer('')}${receivedAt('08')}` },
    {
      what: 'lacks its time, and has the head of another line in it',
      text: newer(',"o":{"kind":"events","ds":"2026-11-25","hour":"2026-11-25T05","row":{}}'),
    },
    { what: 'lacks its time, among many lines', text: `${manyLines}${newer('')}${receivedAt('08')}` },
  ])('may be any if a line $what', ({ text }) => {
    expect(hoursOf(gzipSync(text))).toBeNull();
  });

  it.each(NO_HOURS)('may be any if there is no such hour: %s', (hour) => {
    const text = newer(`,"received_at":"${hour}:10:00.000Z"`);
    expect(hoursOf(gzipSync(text))).toBeNull();
    expect(hoursOf(gzipSync(text.replace('"row"', `"hour":"${hour}","row"`)))).toBeNull();
  });

  it('are read from the column of that name alone', () => {
    const timeless = Buffer.from('{"event_id":"2026-11-25T07"}');
    expect(hourIn(timeless, 0, timeless.length)).toBeNull();
    const similar = newer(',"own_received_at":"2026-11-25T05","received_at":"2026-11-25T07"');
    expect(hoursOf(gzipSync(similar))).toEqual(['2026-11-25T07']);
  });

  it.each([
    { what: 'a member that is cut', other: member('b').subarray(0, -10) },
    { what: 'a member with a broken byte', other: flip(member('b'), 20) },
    { what: 'a member with a wrong checksum', other: flip(member('b'), member('b').length - 6) },
    { what: 'a row that is not compressed', other: Buffer.from(receivedAt('07')) },
    { what: 'a header with a broken byte 0', other: flip(member('b'), 0) },
    { what: 'a header with a broken byte 1', other: flip(member('b'), 1) },
    { what: 'a header with a broken byte 2', other: flip(member('b'), 2) },
  ])('may be any beside $what', ({ other }) => {
    expect(hoursOf(Buffer.concat([ofTwoHours, other]))).toBeNull();
  });
});
