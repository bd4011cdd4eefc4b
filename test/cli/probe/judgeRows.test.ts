import { describe, expect, it } from '@jest/globals';
import { reportText } from '../../../cli/probe/reportText.ts';
import { judgeBodies, judgeTimes, type Row } from '../../../cli/probe/rows.ts';
import type { Reply } from '../../../cli/probe/sendRequest.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const time = Date.UTC(2026, 10, 20, 10, 15, 30, 123);
const row = (more: Partial<Row>): Row => ({
  part: 'plain_json',
  eventId: 'e1',
  value: null,
  metadata: '{"text":"another"}',
  environment: 'sluice-probe',
  timestamp: '2026-11-20 10:15:30.123',
  ds: '2026-11-20',
  file: 's3://bucket/file.parquet',
  ...more,
});
const accepted: Reply = { status: 202, headers: new Headers(), json: { success: true } };
const sent = { replies: new Map([['plain_json', accepted]]), overLimits: new Map(), sentAt: time };

const plainJson = (rows: readonly Row[], redact: Record<string, 'drop' | 'hash'> = {}) =>
  judgeBodies(
    sent,
    rows,
    defineConfig({ bucket: 'acme-bucket', privacy: { redact, salt: 'sixteen characters' } }),
  ).find(({ code }) => code === 'SLUICE_PROBE_PLAIN_JSON');

describe('judgeBodies', () => {
  it('compares the text, unless redaction can have removed it', () => {
    expect(plainJson([row({})])).toMatchObject({ verdict: 'otherwise' });
    expect(plainJson([row({ metadata: null })])).toMatchObject({ verdict: 'otherwise' });
    expect(plainJson([row({})], { 'metadata.text': 'drop' })).toMatchObject({ verdict: 'expected' });
  });

  it('accepts several rows of one event, but not of two', () => {
    const redact = { 'metadata.text': 'drop' } as const;
    expect(plainJson([row({}), row({})], redact)).toMatchObject({
      verdict: 'expected',
      found: '202, 2 rows of 1 event',
    });
    expect(plainJson([row({}), row({ eventId: 'e2' })], redact)).toMatchObject({ verdict: 'otherwise' });
  });
});

describe('judgeTimes', () => {
  const run = { id: '0', collector: 'http://127.0.0.1', key: 'client-x', time };
  const verdicts = (rows: readonly Row[]) => judgeTimes(rows, run).map(({ verdict }) => verdict);

  it('compares the day and each millisecond', () => {
    expect(verdicts([row({}), row({})])).toEqual(['expected', 'expected']);
    expect(verdicts([row({}), row({ ds: '2026-11-19' })])).toEqual(['otherwise', 'expected']);
    expect(verdicts([row({ timestamp: '2026-11-20 10:15:30.000' })])).toEqual(['expected', 'otherwise']);
    expect(verdicts([])).toEqual(['unanswered', 'unanswered']);
  });
});

describe('the report', () => {
  it('reports rows that views include', () => {
    const text = reportText(
      {
        run: '0',
        collector: 'http://127.0.0.1',
        answers: [],
        cleanUp: {
          ...{ deletedFiles: 0, deletedRows: 0, remainingFiles: 2, remainingRows: 7, deletedResults: 1 },
          hiddenFromViews: false,
          problems: [],
        },
      },
      [],
    );
    expect(text).toContain('7 in 2; views include them because redaction removed their environment.');
  });
});
