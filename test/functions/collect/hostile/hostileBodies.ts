import { brotliCompressSync, constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { collectBodies } from '../../../../bench/collect/collectBodies.ts';

/** A request whose body is made to be as expensive as possible. */
export interface HostileBody {
  /** The body as it is sent, at most 6 MB. */
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Whether it is for a collector with `privacy.redact`. */
  readonly redacts?: boolean;
}

/** Paths under `privacy.redact` of a collector that redacts. */
export const HOSTILE_REDACT = {
  'user.custom.*': 'hash',
  'metadata.*.secret': 'drop',
  'statsigMetadata.page': 'hash',
} as const;

const TIME = Date.UTC(2026, 10, 20, 7, 32);
const NAMED = `{"eventName":"e","time":${TIME}`;

/** Uncompressed bytes of a body, slightly below the limit of 10 MiB. */
const INFLATED = 10_000_000;
/** Bytes of an uncompressed body. */
const SENT = 6_000_000;

/** Repeats a text up to a length. */
function fill(characters: number, piece: string): string {
  return piece.repeat(Math.max(1, Math.floor(characters / piece.length)));
}

/** Joins different pieces up to a length. */
function fillWith(characters: number, piece: (i: number) => string): string {
  const pieces: string[] = [];
  for (let i = 0, length = 0; length < characters; i += 1) {
    const next = piece(i);
    pieces.push(next);
    length += next.length + 1;
  }
  return pieces.join();
}

function zip(text: string | Uint8Array): Uint8Array {
  return gzipSync(text, { level: 1 });
}

/** A low quality, which compresses quickly. */
function brotli(input: string | Uint8Array): Uint8Array {
  return brotliCompressSync(input, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}

/** One event whose metadata has a list of these items. */
function list(items: string): string {
  return `{"events":[${NAMED},"metadata":{"a":[${items.endsWith(',') ? items.slice(0, -1) : items}]}}]}`;
}

/** One event whose metadata has these members. */
function members(all: string): string {
  return `{"events":[${NAMED},"metadata":{${all}}}]}`;
}

/** Events with a name, a time and these JSON members, and additional members of the body. */
function events(characters: number, piece: (i: number) => string, beside = ''): string {
  let count = 0;
  const all = fillWith(characters, (i) => {
    count += 1;
    return count > 9_999 ? '' : `${NAMED}${piece(i)}}`;
  });
  // Not by a regular expression: it needs a stack frame for each of up to millions of commas.
  let end = all.length;
  while (all[end - 1] === ',') end -= 1;
  return `{"events":[${all.slice(0, end)}]${beside}}`;
}

function items(text: string): HostileBody {
  return { body: zip(list(text)) };
}

function body(text: string): HostileBody {
  return { body: zip(text) };
}

/** Events that each override a member of the batch's metadata. */
function overriding(characters: number, batch: string): HostileBody {
  return body(
    events(characters, (i) => `,"statsigMetadata":{"0":${i}}`, `,"statsigMetadata":{"0":0,${batch}}`),
  );
}

function redacted(text: string): HostileBody {
  return { body: zip(text), redacts: true };
}

/** Decimal digits that do not repeat within a body. */
function digits(i: number): string {
  return String((Math.imul(i, 0x9e3779b1) >>> 0) + 10 ** 9);
}

/** Every kind by its name. Each is as large as the size limits allow, so that other limits have to bound its cost. */
export const hostileBodies: Readonly<Record<string, () => HostileBody>> = {
  'numbers: integers beyond 2^53': () => items(fill(INFLATED, '12345678901234567890,')),
  'numbers: different integers beyond 2^53': () =>
    items(fillWith(14_000_000, (i) => `${digits(i)}${digits(i + 7)}`)),
  'numbers: beyond a double': () => items(fill(INFLATED, '1e999,')),
  'numbers: 6 KB of gzip': () => items(fill(6_000_000, '9e999,')),
  'numbers: one of 30 million digits': () => items(fill(10_000_000, '7')),
  'numbers: 1,000 digits each': () => items(fill(INFLATED, `${fill(1_000, '7')},`)),
  'numbers: exponents of 1,000 digits': () => items(fill(INFLATED, `1e${fill(1_000, '7')},`)),
  'numbers: not held, with keys of their own': () =>
    body(members(fillWith(INFLATED, (i) => `"k${i}":1e999`))),
  'numbers: not held, in objects of one member': () => items(fill(19_000_000, '{"a":1e999},')),
  'numbers: not held, in 100,000 events': () =>
    body(events(INFLATED, (i) => `,"value":9007199254740993${i % 10}`)),
  'numbers: not held, in the last event alone': () =>
    body(
      events(INFLATED - 100, (i) => `,"metadata":{"a":"${digits(i)}"},"value":${i > 99_990 ? '1e999' : '1'}`),
    ),
  'numbers: not held, sent twice': () =>
    body(
      `${list(fill(INFLATED / 2, '1e999,')).slice(0, -2)},${list(fill(INFLATED / 3, '1e999,')).slice(11)}`,
    ),
  'numbers: zeros': () => items(fill(INFLATED, '0,')),
  'numbers: fractions': () => items(fill(INFLATED, '0.5,')),
  'numbers: fractions of 30 digits': () =>
    items(fillWith(20_000_000, (i) => `0.${digits(i)}${digits(i + 1)}${digits(i + 2)}`)),
  'numbers: the smallest there are': () => items(fillWith(10_000_000, (i) => `4.${digits(i)}e-310`)),
  'numbers: times that are none': () => body(events(INFLATED, () => ',"time":1e999')),
  'texts: empty': () => items(fill(INFLATED, '"",')),
  'texts: of one letter': () => items(fill(INFLATED, '"a",')),
  'texts: different': () => items(fillWith(18_000_000, (i) => `"${i.toString(36)}"`)),
  'texts: one of 30 MB': () => items(`"${fill(10_000_000, 'x')}"`),
  'texts: all escapes': () => items(`"${fill(10_000_000, '\\u0041')}"`),
  'texts: quotes and backslashes': () => items(`"${fill(10_000_000, '\\"\\\\')}"`),
  'texts: escapes in short texts': () => items(fill(INFLATED, '"\\n\\"",')),
  'texts: control characters': () => items(fill(INFLATED, '"\\u0001\\u0002",')),
  'texts: half pairs in one': () => items(`"${fill(10_000_000, '\\ud800')}"`),
  'texts: half pairs in many': () => items(fill(INFLATED, '"\\ud800",')),
  'texts: half pairs in keys': () => body(members(fillWith(INFLATED, (i) => `"\\ud800${i}":0`))),
  'texts: half pairs in objects of one member': () => items(fill(24_000_000, '{"\\ud800":0},')),
  'texts: three bytes a character': () => items(`"${fill(10_000_000, '語')}"`),
  'texts: short, three bytes a character': () => items(fill(12_000_000, '"語",')),
  'texts: emoji': () => items(`"${fill(10_000_000, '😀')}"`),
  'texts: bytes that are no UTF-8': () => ({
    body: zip(
      Buffer.concat([
        Buffer.from(`{"events":[${NAMED},"value":"`),
        Buffer.alloc(10_000_000, 0xff),
        Buffer.from('"}]}'),
      ]),
    ),
  }),
  'texts: separators escaped by other readers': () => items(`"${fill(10_000_000, '\u2028')}"`),
  'keys: different, in one object': () => body(members(fillWith(24_000_000, (i) => `"${i.toString(36)}":0`))),
  'keys: different, in falling order': () =>
    body(members(fillWith(INFLATED, (i) => `"${(10 ** 9 - i).toString()}x":0`))),
  'keys: different, in many objects': () => items(fillWith(28_000_000, (i) => `{"${i.toString(36)}":0}`)),
  'keys: ten different, in many objects': () =>
    items(
      fillWith(
        22_000_000,
        (i) => `{${Array.from({ length: 10 }, (_, k) => `"${(i * 10 + k).toString(36)}":0`).join()}}`,
      ),
    ),
  'keys: the same, shuffled': () =>
    items(
      fillWith(INFLATED, (i) => {
        const order = [...'abcdefghij'].map(
          (key, k) => [(Math.imul(i + 1, (k + 3) * 0x9e3779b1) >>> 8) % 1000, key] as const,
        );
        return `{${order
          .sort(([a], [b]) => a - b)
          .map(([, key]) => `"${key}":0`)
          .join()}}`;
      }),
    ),
  'keys: 33 of them, in many objects': () =>
    items(
      fill(
        INFLATED,
        `{${Array.from({ length: 33 }, (_, k) => `"${(97 * (33 - k)).toString(36)}":0`).join()}},`,
      ),
    ),
  'keys: indexes': () => body(members(fillWith(13_000_000, (i) => `"${digits(i).slice(0, 9)}":0`))),
  'keys: indexes far apart': () => items(fillWith(22_000_000, (i) => `{"${(i * 997) % 4_000_000_000}":0}`)),
  'keys: __proto__': () => items(fill(INFLATED, '{"__proto__":0},')),
  'keys: __proto__ and numbers not held': () => items(fill(26_000_000, '{"__proto__":1e999},')),
  'keys: one, repeated': () => body(members(fill(INFLATED, '"a":0,').slice(0, -1))),
  'keys: one, repeated with objects': () => body(members(fill(12_000_000, '"a":{},').slice(0, -1))),
  'keys: 64 KB each': () => body(members(fillWith(INFLATED, (i) => `"${i}${fill(65_000, 'k')}":0`))),
  'keys: 16 KB each, alike but for their end': () =>
    body(members(fillWith(INFLATED, (i) => `"${fill(16_400, 'k')}${digits(i)}":0`))),
  'keys: 64 KB each, in sorted events': () => body(events(INFLATED, (i) => `,"${i}${fill(65_000, 'k')}":0`)),
  'private attributes: in each object': () => items(fill(INFLATED, '{"privateAttributes":1,"a":2},')),
  'private attributes: once, beside numbers': () => items(`{"privateAttributes":0},${fill(INFLATED, '0,')}`),
  'private attributes: once, beside texts': () => items(`{"privateAttributes":0},${fill(INFLATED, '"a",')}`),
  'private attributes: in each of the users': () =>
    body(events(INFLATED, (i) => `,"user":{"userID":"${i}","privateAttributes":{"a":${i}}}`)),
  'private attributes: spelled by escapes': () => items(fill(INFLATED, '{"\\u0070rivateAttributes":1},')),
  'private attributes: in a body of no shape': () =>
    body(`{"privateAttributes":1,"events":{"a":[${fill(INFLATED, '1e999,').slice(0, -1)}]}}`),
  'private attributes: in a body that is no JSON': () =>
    body(`${list(`{"privateAttributes":1},${fill(INFLATED - 100, '0,')}`)}]`),
  'private attributes: in a body nested deeply': () =>
    body(`[{"privateAttributes":1},${'['.repeat(1_900_000)}${']'.repeat(1_900_000)}]`),
  'nodes: two million empty objects': () => items(fill(5_999_000, '{},')),
  'nodes: two million empty arrays': () => items(fill(5_999_000, '[],')),
  'nodes: objects with a text': () => items(fill(22_000_000, '{"a":"b"},')),
  'nodes: sixteen million': () => items(fill(INFLATED, '[],')),
  'nodes: arrays 1.9 million deep': () => items(`${'['.repeat(1_900_000)}${']'.repeat(1_900_000)}`),
  'nodes: objects 1.9 million deep': () => items(`${'{"a":'.repeat(1_900_000)}0${'}'.repeat(1_900_000)}`),
  'nodes: 60 levels, over and over': () => items(fill(INFLATED / 8, `${'['.repeat(60)}${']'.repeat(60)},`)),
  'nodes: 70 levels, in each event': () =>
    body(events(INFLATED / 3, () => `,"value":${'['.repeat(70)}${']'.repeat(70)}`)),
  'nodes: unclosed': () => body('['.repeat(1_990_000)),
  'events: zeros': () => body(`{"events":[${fill(199_998, '0,')}0]}`),
  'events: three million zeros': () => body(`{"events":[${fill(6_000_000, '0,')}0]}`),
  'events: a hundred thousand small ones': () => body(events(INFLATED, () => '')),
  'events: as SDKs send them': () => {
    const [sent = new Uint8Array()] = collectBodies(40_000, 1, 7);
    return { body: sent };
  },
  'events: as servers send them': () => {
    const [, sent = new Uint8Array()] = collectBodies(30_000, 2, 7);
    return { body: sent };
  },
  'events: with a user of 600 bytes': () =>
    body(events(INFLATED, () => '', `,"user":{"userID":"u","custom":{"a":"${fill(600, 'x')}"}}`)),
  'events: with a user of 1 MB': () =>
    body(events(INFLATED / 2, () => '', `,"user":{"userID":"u","custom":{"a":"${fill(1_030_000, 'x')}"}}`)),
  'events: with a user of 900,000 small members': () =>
    body(
      events(
        INFLATED / 2,
        () => '',
        `,"user":{"userID":"u","custom":{${fillWith(12_000_000, (i) => `"${i.toString(36)}":0`)}}}`,
      ),
    ),
  'events: with a user nested deeply': () =>
    body(
      events(
        INFLATED / 2,
        () => '',
        `,"user":{"userID":"u","a":[${fill(10_000_000, '0,')}${'['.repeat(70)}${']'.repeat(70)}]}`,
      ),
    ),
  'events: each with its own user': () =>
    body(events(INFLATED, (i) => `,"user":{"userID":"${i}","custom":{"a":${i},"b":"${digits(i)}"}}`)),
  'events: two users in turn': () =>
    body(events(INFLATED, (i) => `,"user":{"userID":"${fill(40_000, 'ab')}${i % 2}"}`)),
  'events: users alike but for their end': () =>
    body(events(INFLATED, (i) => `,"user":{"userID":"${fill(30_000, 'a')}${digits(i)}"}`)),
  'events: one user, then users alike but for their end': () =>
    body(events(INFLATED, (i) => `,"user":{"userID":"${i < 10 ? '' : `${fill(20_000, 'a')}${digits(i)}`}"}`)),
  'events: pages alike but for their end': () =>
    body(events(INFLATED, (i) => `,"statsigMetadata":{"page":"${fill(20_000, 'a')}${digits(i)}"}`)),
  'events: users within users': () =>
    body(events(INFLATED, (i) => `,"user":{"userID":"u"},"metadata":{"a":1,"user":{"userID":"u${i % 3}"}}`)),
  'events: members under names of ours': () =>
    body(
      events(
        8_000_000,
        () => ',"x":1',
        `,"statsigMetadata":{${Array.from({ length: 900 }, (_, i) => `"event${'_'.repeat(i)}":0`).join()}}`,
      ),
    ),
  'events: metadata of the batch, overridden by each': () =>
    overriding(8_000_000, `"b":"${fill(1_010_000, 'x')}"`),
  'events: metadata of the batch of many members, overridden by each': () =>
    overriding(
      8_000_000,
      fillWith(5_000_000, (i) => `"${i}":"${i}"`),
    ),
  'events: metadata of the batch of 1,000 members, overridden by each': () =>
    overriding(8_000_000, Array.from({ length: 1_000 }, (_, i) => `"k${digits(i)}":0`).join()),
  'events: metadata of the batch of 30 members, overridden by each': () =>
    overriding(INFLATED, Array.from({ length: 30 }, (_, i) => `"k${(i * 7) % 30}":0`).join()),
  'events: members of names of their own': () =>
    body(events(5_900_000, (i) => Array.from({ length: 30 }, (_, k) => `,"x${k}_${i}":0`).join(''))),
  'events: refused, with a large user': () =>
    body(
      `{"events":[${fill(1_900_000, '{"eventName":0},').slice(0, -1)}],"user":{"a":"${fill(900_000, 'x')}"}}`,
    ),
  'events: refused one by one': () =>
    body(`{"events":[${fill(INFLATED, `{"eventName":0,"a":"${fill(300, 'x')}"},`).slice(0, -1)}]}`),
  'events: refused, of numbers': () =>
    body(`{"events":[${fill(INFLATED, `{"eventName":0,"a":[${fill(600, '0,')}0]},`).slice(0, -1)}]}`),
  'events: refused, of characters of three bytes': () =>
    body(`{"events":[${fill(12_000_000, `{"eventName":0,"a":"${fill(300, '語')}"},`).slice(0, -1)}]}`),
  'events: too large for a row': () =>
    body(events(INFLATED, () => `,"metadata":{"a":"${fill(1_030_000, 'x')}"}`)),
  'events: too large for a row, of members': () =>
    body(events(INFLATED, () => `,"metadata":{${fillWith(2_000_000, (i) => `"${i.toString(36)}":"x"`)}}`)),
  'events: telemetry': () =>
    body(
      `{"events":[${fill(INFLATED, `{"eventName":"statsig::diagnostics","metadata":{"markers":[${fill(260, '{"a":1},')}0]}},`).slice(0, -1)}]}`,
    ),
  'events: custom exposures': () =>
    body(
      `{"exposures":[${fillWith(INFLATED - 300, (i) =>
        i > 99_998
          ? '0'
          : `{"user":{"userID":"${i}"},"experimentName":"e","group":"g","metadata":{"a":"${digits(i)}"}}`,
      )
        .slice(0, 9_900_000)
        .replace(/,[^,]*,[^,]*,[^,]*,[^,]*$/, '')}]}`,
    ),
  'exposures: as many members as fit': () =>
    body(
      `{"events":[${fill(INFLATED, `{"eventName":"statsig::gate_exposure","metadata":{"gate":"g","gateValue":"true","ruleID":"r","rulePassed":"true","reason":"Network","configVersion":"1","lcut":"1","receivedAt":"1","time":"1"}},`).slice(0, -1)}]}`,
    ),
  'exposures: each evaluation new': () =>
    body(
      `{"events":[${fillWith(INFLATED, (i) => `{"eventName":"statsig::gate_exposure","time":${TIME},"metadata":{"gate":"g${i}","gateValue":"true","ruleID":"${digits(i)}","reason":"Network","lcut":"1"}}`)}]}`,
    ),
  'exposures: with many gates': () =>
    body(
      events(
        INFLATED,
        () =>
          `,"eventName":"statsig::gate_exposure","metadata":{"gate":"g"},"secondaryExposures":[${fill(20_000, '{"gate":"g","gateValue":"true","ruleID":"r"},').slice(0, -1)}]`,
      ),
    ),
  'exposures: metadata that begins again and again': () =>
    items(fill(INFLATED, '{"a":0,"metadata":{"gate":"g","gate":""}},')),
  'redaction: a million hashes': () =>
    redacted(
      events(
        INFLATED,
        (i) =>
          `,"user":{"userID":"${i}","custom":{${Array.from({ length: 20 }, (_, k) => `"${k}":"${i}"`).join()}}}`,
      ),
    ),
  'redaction: a million hashes of one user': () =>
    redacted(
      events(1_000, () => `,"user":{"custom":{${fillWith(INFLATED, (i) => `"${i.toString(36)}":"x"`)}}}`),
    ),
  'redaction: a list of objects': () =>
    redacted(events(1_000, () => `,"metadata":{"a":[${fill(22_000_000, '{"a":"b"},').slice(0, -1)}]}`)),
  'redaction: refused events': () =>
    redacted(
      `{"events":[${fill(INFLATED, `{"eventName":0,"user":{"custom":[${fill(300, '"x",')}0]}},`).slice(0, -1)}]}`,
    ),
  'redaction: a hashed page of each event': () =>
    redacted(events(INFLATED, (i) => `,"statsigMetadata":{"page":"${fill(200, 'x')}${i}"}`)),
  'redaction: a body that is no JSON': () => ({ body: Buffer.from(fill(SENT, '[')), redacts: true }),
  'bombs: gzip beyond 32 MiB': () => ({ body: gzipSync(Buffer.alloc(400_000_000, 0x20), { level: 1 }) }),
  'bombs: gzip in gzip in gzip': () => ({
    body: gzipSync(gzipSync(gzipSync(Buffer.alloc(33_000_000, 0x20)))),
  }),
  'bombs: gzip that is four deep': () => ({
    body: gzipSync(gzipSync(gzipSync(gzipSync(Buffer.alloc(33_000_000, 0x20))))),
  }),
  'bombs: 290,000 empty gzip members': () => ({ body: Buffer.concat(Array(290_000).fill(gzipSync(''))) }),
  'bombs: gzip members of one byte': () => ({ body: Buffer.concat(Array(280_000).fill(gzipSync(' '))) }),
  'bombs: 4,096 zstd frames': () => ({
    body: Buffer.concat(Array(4_096).fill(zstdCompressSync(Buffer.alloc(8_000, 0x20)))),
  }),
  'bombs: 400,000 empty zstd frames': () => ({
    body: Buffer.concat(Array(400_000).fill(zstdCompressSync(''))),
  }),
  'bombs: zstd of numbers': () => ({ body: zstdCompressSync(list(fill(INFLATED, '1e999,'))) }),
  'bombs: brotli of numbers': () => ({
    body: brotli(list(fill(INFLATED, '1e999,'))),
    headers: { 'content-encoding': 'br' },
  }),
  'bombs: brotli beyond 32 MiB': () => ({
    body: brotli(Buffer.alloc(100_000_000, 0x20)),
    headers: { 'content-encoding': 'br' },
  }),
  'bombs: deflate beyond 32 MiB': () => ({
    body: deflateRawSync(Buffer.alloc(100_000_000, 0x20), { level: 1 }),
    headers: { 'content-encoding': 'deflate' },
  }),
  'plain: said to be brotli, and six million brackets': () => ({
    body: Buffer.from(fill(SENT, '[')),
    headers: { 'content-encoding': 'br' },
  }),
  'plain: said to be brotli, and zeros': () => ({
    body: Buffer.from(list(fill(SENT - 100, '0,'))),
    headers: { 'content-encoding': 'br' },
  }),
  'plain: bytes without any order': () => {
    const bytes = Buffer.alloc(SENT);
    for (let i = 0, seed = 1; i < bytes.length; i += 1, seed = Math.imul(seed, 48_271) >>> 0)
      bytes[i] = (seed >>> 16) | 0x80;
    return { body: bytes };
  },
  "encoded in Statsig's own way": () => ({
    body: zip(Buffer.from(Buffer.from(list(fill(23_000_000, '1e999,'))).toString('base64')).reverse()),
    query: 'se=1',
  }),
  'just within: names of 16 KB, alike but for their end': () =>
    body(members(fillWith(4_900_000, (i) => `"${fill(16_400, 'k')}${digits(i)}":0`))),
  'just within: zeros': () => items(fill(9_900_000, '0,')),
  'just within: numbers not held': () => items(fill(4_200_000, '1e999,')),
  'just within: numbers not held, every other pass as well': () =>
    items(`{"privateAttributes":0},"\\ud800",${fill(4_000_000, '1e999,')}`),
  'just within: different short texts': () => items(fillWith(8_500_000, (i) => `"${i.toString(36)}"`)),
  'just within: different short texts, every other pass as well': () =>
    items(`{"privateAttributes":0},"\\ud800",1e999,${fillWith(8_000_000, (i) => `"${i.toString(36)}"`)}`),
  'just within: texts with escapes': () => items(fill(18_000_000, '"\\n\\"",')),
  'just within: half pairs': () => items(fill(24_000_000, '"\\ud800",')),
  'just within: different names in one object': () =>
    body(members(fillWith(3_500_000, (i) => `"${i.toString(36)}":0`))),
  'just within: different names in many objects': () =>
    items(fillWith(4_000_000, (i) => `{"${i.toString(36)}":0}`)),
  'just within: different names in many objects, every other pass as well': () =>
    items(`{"privateAttributes":0},"\\ud800",1e999,${fillWith(3_900_000, (i) => `{"${i.toString(36)}":0}`)}`),
  'just within: the same names in many objects': () => items(fill(13_000_000, '{"a":0,"b":1},')),
  'just within: half pairs in names': () => items(fill(7_000_000, '{"\\ud800":0},')),
  'just within: private attributes in each object': () => items(fill(22_000_000, '{"privateAttributes":1},')),
  'just within: __proto__': () => items(fill(18_000_000, '{"__proto__":0},')),
  'just within: refused events of small members': () =>
    body(
      `{"events":[${fill(20_000_000, `{"eventName":0,${Array.from({ length: 30 }, (_, i) => `"${i}":"${i}"`).join()}},`).slice(0, -1)}]}`,
    ),
  'just within: hashes': () =>
    redacted(
      events(
        9_000_000,
        (i) =>
          `,"user":{"userID":"${i}","custom":{${Array.from({ length: 20 }, (_, k) => `"${k}":"${i}"`).join()}}}`,
      ),
    ),
  'small: different names, every pass': () =>
    items(`{"privateAttributes":0},"\\ud800",1e999,${fillWith(2_050_000, (i) => `{"${i.toString(36)}":0}`)}`),
  'small: numbers not held, every pass': () =>
    items(`{"privateAttributes":0},"\\ud800",${fill(2_050_000, '1e999,')}`),
  'small: short numbers not held, refused': () =>
    body(`{"events":[${fill(2_050_000, '{"eventName":1e999},').slice(0, -1)}]}`),
  'small: nested 500,000 deep, every pass': () =>
    items(`{"privateAttributes":0},"\\ud800",1e999,${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`),
  'small: a user of 1 MB for 50,000 events': () =>
    body(events(2_000_000, () => '', `,"user":{"userID":"u","custom":{"a":"${fill(30_000, 'x')}"}}`)),
  'small: metadata of the batch, overridden by each': () =>
    overriding(1_000_000, `"b":"${fill(1_010_000, 'x')}"`),
  'small: names of members that grow': () =>
    body(
      events(
        1_000_000,
        () => ',"x":1',
        `,"statsigMetadata":{${Array.from({ length: 1_200 }, (_, i) => `"event${'_'.repeat(i)}":0`).join()}}`,
      ),
    ),
};
