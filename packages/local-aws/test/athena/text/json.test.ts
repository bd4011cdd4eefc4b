import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPEN_X, openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

const lines = (...documents: readonly string[]) => ({ 'rows.json': `${documents.join('\n')}\n` });

describe('tables of OpenX JSON', () => {
  it('reads a document a line, by keys in any case, with nested values', async () => {
    const name = await texts.table(
      'userid string, n bigint, tags array<string>, place struct<city:string,zip:int>, counts map<string,double>',
      OPEN_X,
      lines(
        '{"userId":"u","N":9223372036854775807,"tags":["a",null,1.50],"place":{"CITY":"Wien","zip":"0x10"},"counts":{"x":1}}',
        '{"tags":"one","place":null}{"userid":"a second document"}',
        '',
      ),
    );
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['u', '9223372036854775807', '[a, null, 1.50]', '{city=Wien, zip=16}', '{x=1.0}'],
      [undefined, undefined, '[one]', undefined, undefined],
      [undefined, undefined, undefined, undefined, undefined],
    ]);
  });

  it('reads what is not a text as its JSON, with its digits', async () => {
    const name = await texts.table(
      'a string',
      OPEN_X,
      lines('{"a":{"b":[1.50,"x",null]}}', '{"a":12345678901234567890}', '{"a":true}'),
    );
    expect(await texts.rows(`SELECT a FROM ${name}`)).toEqual([
      ['{"b":[1.50,"x",null]}'],
      ['12345678901234567890'],
      ['true'],
    ]);
  });

  it('reads times of many forms', async () => {
    const name = await texts.table(
      'a timestamp, b date',
      OPEN_X,
      lines(
        '{"a":"2020-01-05 10:11:12.5","b":"2020-01-05"}',
        '{"a":"2020-01-05T10:11:12+02:00","b":18276}',
        '{"a":1579059880123}',
        '{"a":1579059880}',
        '{"a":1579059880.5}',
      ),
    );
    expect(await texts.rows(`SELECT * FROM ${name}`)).toEqual([
      ['2020-01-05 10:11:12.500', '2020-01-05'],
      ['2020-01-05 08:11:12.000', '2020-01-15'],
      ['2020-01-15 03:44:40.123', undefined],
      ['2020-01-15 03:44:40.000', undefined],
      ['2020-01-15 03:44:40.500', undefined],
    ]);
  });

  it('fails for a line that is not JSON, unless it is told to ignore it', async () => {
    const name = await texts.table('a int', OPEN_X, lines('{"a":1}', '{', '"a":2}'));
    expect(await texts.failure(`SELECT count(*) FROM ${name}`)).toBe(
      'HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Unexpected end of the text at character 1',
    );
    const twice = await texts.table('url string', OPEN_X, lines('{"URL":"a","Url":"b"}'));
    expect(await texts.failure(`SELECT * FROM ${twice}`)).toBe(
      'HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key "url"',
    );
    const ignoring = await texts.table(
      'a int',
      `${OPEN_X} WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')`,
      lines('{"a":1}', '{oops', '{"a":2}'),
    );
    expect(await texts.rows(`SELECT a FROM ${ignoring}`)).toEqual([['1'], [undefined], ['2']]);
  });

  it('fails for a value of another type, and only if its column is read', async () => {
    const name = await texts.table(
      'a int, b timestamp, c struct<d:int>',
      OPEN_X,
      lines('{"a":"x","b":"yesterday","c":[1]}', '{"c":7}'),
    );
    expect(await texts.failure(`SELECT a FROM ${name}`)).toBe(
      `HIVE_BAD_DATA: Error parsing field value 'x' for field 0: For input string: "x"`,
    );
    expect(await texts.failure(`SELECT b FROM ${name}`)).toBe(
      "HIVE_BAD_DATA: Error parsing field value 'yesterday' for field 1: Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]",
    );
    expect(await texts.failure(`SELECT c FROM ${name}`)).toBe(
      "HIVE_BAD_DATA: Error parsing field value '7' for field 2: Primitive can not be coerced to a ROW",
    );
    expect(await texts.rows(`SELECT count(*) FROM ${name}`)).toEqual([['2']]);
  });

  it.each(["'mapping.url' = 'URL'", "'case.insensitive' = 'FALSE'", "'dots.in.keys' = 'TRUE'"])(
    'refuses the property %s by name',
    async (property) => {
      const name = await texts.table('url string', `${OPEN_X} WITH SERDEPROPERTIES (${property})`, {});
      expect(await texts.failure(`SELECT * FROM ${name}`)).toMatch(
        /^NOT_SUPPORTED: The property [\w.]+ is not emulated/,
      );
    },
  );
});
