import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { javaRegex } from '../../../src/athena/text/values/javaRegex.ts';
import { openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

/** The clause of RegexSerDe. @param pattern As Hive's DDL has it. */
const regex = (pattern: string, more = '') =>
  `ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe' WITH SERDEPROPERTIES ('input.regex' = '${pattern}'${more})`;

describe('tables of RegexSerDe', () => {
  it("read the access log of an Application Load Balancer by AWS's pattern", async () => {
    // https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table.html
    const pattern =
      '([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) (|[-0-9]*) (-|[-0-9]*) ([-0-9]*) ([-0-9]*) \\"([^ ]*) (.*) (- |[^ ]*)\\" \\"([^\\"]*)\\" ([A-Z0-9-_]+) ([A-Za-z0-9.-]*) ([^ ]*) \\"([^\\"]*)\\" \\"([^\\"]*)\\" \\"([^\\"]*)\\" ([-.0-9]*) ([^ ]*) \\"([^\\"]*)\\" \\"([^\\"]*)\\" \\"([^ ]*)\\" \\"([^\\\\s]+?)\\" \\"([^\\\\s]+)\\" \\"([^ ]*)\\" \\"([^ ]*)\\" ?([^ ]*)?( .*)?';
    const columns = [
      'type string, time string, elb string, client_ip string, client_port int, target_ip string, target_port int',
      'request_time double, target_time double, response_time double, elb_status int, target_status string',
      'received bigint, sent bigint, verb string, url string, proto string, agent string, cipher string, ssl string',
      'arn string, trace string, domain string, cert string, priority string, created string, actions string',
      'redirect string, reason string, targets string, statuses string, class string, class_reason string',
      'conn string, tail string',
    ];
    const name = await texts.table(columns.join(', '), regex(pattern), {
      log: [
        'http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.5 200 200 34 366 "GET http://www.example.com:80/a b HTTP/1.1" "curl/7.46.0" - - arn:aws:x "Root=1-5" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
        'no such line',
        '',
      ].join('\n'),
    });
    expect(
      await texts.rows(
        `SELECT type, client_port, response_time, target_status, sent, url, agent, statuses, conn, tail FROM ${name}`,
      ),
    ).toEqual([
      [
        'http',
        '2817',
        '0.5',
        '200',
        '366',
        'http://www.example.com:80/a b',
        'curl/7.46.0',
        '200',
        '',
        undefined,
      ],
      Array.from({ length: 10 }),
    ]);
  });

  it('have nulls for texts that are not of their type, and for groups that are missing', async () => {
    const name = await texts.table(
      'a int, b boolean, c date, d timestamp, e decimal(5,2), f varchar(2), g string',
      regex('(.*);(.*);(.*);(.*);(.*);(.*)'),
      { x: '1;TRUE;2026-01-02;2026-01-02 03:04:05;1.555;abc\nx;x;x;x;x;\n 1;;;;1e9;é😀x\n' },
    );
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['1', 'true', '2026-01-02', '2026-01-02 03:04:05.000', '1.56', 'ab', undefined],
      [undefined, 'false', undefined, undefined, undefined, '', undefined],
      [undefined, 'false', undefined, undefined, undefined, 'é😀', undefined],
    ]);
  });

  it('ignore the case of ASCII where they say so', async () => {
    const files = { x: 'GET é\nget É\n' };
    const more = ", 'input.regex.case.insensitive' = 'true'";
    const folded = await texts.table('a string', regex('(get) é', more), files);
    expect(await texts.rows(`SELECT a FROM ${folded}`)).toEqual([['GET'], [undefined]]);
    const exact = await texts.table('a string', regex('(get) .'), files);
    expect(await texts.rows(`SELECT a FROM ${exact}`)).toEqual([[undefined], ['get']]);
  });

  it.each([
    ['(a)\\\\1', 'NOT_SUPPORTED: A back reference in input.regex is not emulated'],
    ['(a)++', 'NOT_SUPPORTED: A possessive quantifier in input.regex is not emulated'],
    ['(?>a)', 'NOT_SUPPORTED: An atomic group in input.regex is not emulated'],
    ['a(?i)b', 'NOT_SUPPORTED: Flags within the pattern in input.regex is not emulated'],
    ['((a)|b)*', 'NOT_SUPPORTED: A repeated group that has groups or may match nothing in input.regex'],
    ['[a&&[b]]', 'NOT_SUPPORTED: An intersection of classes in input.regex is not emulated'],
    ['(a', 'HIVE_INVALID_METADATA: input.regex is not a regular expression: Unclosed group near index 2: (a'],
  ])('fail by name where the pattern is %s', async (pattern, reason) => {
    const name = await texts.table('a string', regex(pattern), { x: 'a' });
    expect(await texts.failure(`SELECT * FROM ${name}`)).toContain(reason);
  });

  it('fail without a pattern, with a nested type, and where rows are inserted', async () => {
    const serde = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'";
    const none = await texts.table('a string', serde, { x: 'a' });
    expect(await texts.failure(`SELECT * FROM ${none}`)).toBe(
      "HIVE_INVALID_METADATA: Schema does not have required 'input.regex' property",
    );
    const nested = await texts.table('a array<int>', regex('(.*)'), { x: 'a' });
    expect(await texts.failure(`SELECT * FROM ${nested}`)).toContain(
      'The type array of the column a with RegexSerDe is not emulated',
    );
    const table = await texts.table('a string', regex('(.*)'), {});
    expect(await texts.failure(`INSERT INTO ${table} VALUES ('x')`)).toBe(
      'NOT_SUPPORTED: Athena does not write files of org.apache.hadoop.hive.serde2.RegexSerDe',
    );
  });
});

describe('javaRegex', () => {
  // Each answer is that of java.util.regex.Pattern of Java 17. undefined: no match; null: a group without a part in it.
  it.each<[string, string, readonly (string | null)[] | undefined]>([
    ['([^ ]*)?x', 'x', ['']],
    ['(a)??(a*)', 'aa', [null, 'aa']],
    ['(a|b)+', 'ab', ['b']],
    ['([A-Z0-9-_]+)', 'A-_', ['A-_']],
    ['[]a]+(b)', ']ab', ['b']],
    ['([\\w-.]+)@(\\S+)', 'a-b.c@d', ['a-b.c', 'd']],
    ['(\\w+)', 'é', undefined],
    ['(\\s)', '\u00a0', undefined],
    ['(\\h)', '\u00a0', ['\u00a0']],
    ['(.)', '\u2028', ['\u2028']],
    ['(a)$', 'a\u2028', undefined],
    ['(a)$.', 'a\u2028', ['a']],
    ['(\\Qa.b\\E)\\x41\\u0042\\t\\061', 'a.bAB\t1', ['a.b']],
    ['(\\p{Punct}\\p{Alpha}\\pL)', '~aé', ['~aé']],
    ['(?<n>😀.)', '😀é', ['😀é']],
    ['(?i)(k[a-s]+)', 'K\u017f', undefined],
    ['(?:(a) )?(b)}', 'b}', [null, 'b']],
  ])('matches %s as Java does', (pattern, text, groups) => {
    const found = javaRegex(pattern, false).exec(text);
    expect(found?.slice(1).map((group) => group ?? null)).toEqual(groups);
  });
});
