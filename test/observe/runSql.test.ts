import { AthenaClient, InvalidRequestException } from '@aws-sdk/client-athena';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { requireReading, startSql } from '../../observe/runSql.ts';
import { answeredBy, answering } from '../harness/answering.ts';

describe('a statement', () => {
  it.each([
    { what: 'SELECT', sql: 'SELECT 1' },
    { what: 'SELECT behind comments and brackets', sql: '  -- why\n /* ; DROP TABLE x */ ((select 1))' },
    { what: 'WITH', sql: 'WITH a AS (SELECT 1) SELECT * FROM a' },
    { what: 'VALUES', sql: 'VALUES 1' },
    { what: 'TABLE', sql: 'TABLE a' },
    { what: 'SHOW in lower case', sql: 'show tables' },
    { what: 'DESCRIBE', sql: 'DESCRIBE a' },
    { what: 'DESC', sql: 'DESC a' },
    // One expression for all comments would try every way to divide them, and never end.
    { what: 'SELECT behind a thousand comments', sql: `${'/* a */\n'.repeat(1_000)}SELECT 1` },
  ])('that reads is taken: $what', ({ sql }) => {
    expect(() => requireReading(sql)).not.toThrow();
  });

  it.each([
    { what: 'INSERT', sql: 'INSERT INTO a SELECT 1', word: 'INSERT' },
    { what: 'DROP behind a comment', sql: '-- SELECT\ndrop table a', word: 'DROP' },
    {
      what: 'EXPLAIN, which runs what it explains',
      sql: 'EXPLAIN ANALYZE INSERT INTO a SELECT 1',
      word: 'EXPLAIN',
    },
    // Athena ends the comment at the carriage return.
    {
      what: 'INSERT behind a carriage return',
      sql: '-- why\rINSERT INTO a --\nSELECT * FROM b',
      word: 'INSERT',
    },
    {
      what: 'a number behind a thousand comments',
      sql: `${'/* a */'.repeat(1_000)}1`,
      word: 'no first word',
    },
    { what: 'a word that begins like SELECT', sql: 'SELECTED', word: 'SELECTED' },
    { what: 'nothing', sql: '', word: 'no first word' },
  ])('that does more than read is refused by its first word: $what', ({ sql, word }) => {
    expect(() => requireReading(sql)).toThrow(
      expect.objectContaining({ code: 'SLUICE_SQL_WRITES', detail: expect.stringContaining(word) }),
    );
  });

  it.each([
    { what: 'fails, where Athena cannot read it', code: 'MALFORMED_QUERY', state: 'failed' },
    { what: 'throws, where Athena refuses for another reason', code: 'INVALID_INPUT', state: undefined },
  ])('that Athena does not take $what', async ({ code, state }) => {
    const refused = new InvalidRequestException({
      message: 'line 1:8: no',
      AthenaErrorCode: code,
      $metadata: {},
    });
    const athena = answeredBy(AthenaClient, () => {
      throw refused;
    });
    const started = startSql({ athena, config: defineConfig({ bucket: 'acme' }) }, { sql: 'SELECT x' });
    const outcome = await started.catch((error: unknown) => error);
    if (state === undefined) expect(outcome).toBe(refused);
    else expect(outcome).toMatchObject({ id: null, state, problem: 'line 1:8: no' });
  });

  it('that does more than read is sent to Athena only if it may write', async () => {
    const { client: athena, asked } = answering(AthenaClient, { QueryExecutionId: 'q' });
    const deployment = { athena, config: defineConfig({ bucket: 'acme' }) };
    const sql = 'INSERT INTO a SELECT 1';
    await expect(startSql(deployment, { sql })).rejects.toMatchObject({ code: 'SLUICE_SQL_WRITES' });
    expect(asked).toEqual([]);
    expect(await startSql(deployment, { sql, mayWrite: true })).toMatchObject({ id: 'q', state: 'queued' });
  });
});
