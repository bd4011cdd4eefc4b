import { gzipSync, zstdCompressSync } from 'node:zlib';

/** Milliseconds that the function has to answer: `ANSWER_WITHIN_MS` of functions/collect/handler.ts. */
export const ANSWER_WITHIN_MS = 2_500;

/** A kind of hostile requests. */
interface HostileKind {
  /** Makes a request of the kind. */
  readonly make: () => HostileBody;
  /** The status and, if it is refused, the code that it is answered with. */
  readonly answer: string;
  /** The answer of a slow machine, on which it runs out of time. Default: it needs too little for that. */
  readonly slowAnswer?: string;
}

/** A request whose body is made to be as expensive as possible. */
export interface HostileBody {
  /** The body as it is sent. */
  readonly body: Uint8Array;
  /** Headers beside the key. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The query without its question mark. Default none. */
  readonly query?: string;
  /** Whether it is for a collector with `privacy.redact`. */
  readonly redacts?: boolean;
}

/** The response to a hostile request, and its cost. */
export interface HostileOutcome {
  /** The status of the answer. */
  readonly status: number;
  /** The code of the answer; null if it has none. */
  readonly code: string | null;
  /** CPU time of all threads, milliseconds. */
  readonly cpuMs: number;
  /** Peak memory of the process so far, MiB: that of the most expensive request until then. */
  readonly rssMib: number;
  /** Bytes in quarantine: rows, and bodies that are too large for a row. */
  readonly keptBytes: number;
  /** Bytes of the rows that landed in tables. */
  readonly landedBytes: number;
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
export const hostileBodies: Readonly<Record<string, HostileKind>> = {
  'numbers: beyond a double': {
    answer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => items(fill(INFLATED, '1e999,')),
  },
  'texts: half pairs in many': {
    answer: '202',
    slowAnswer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => items(fill(INFLATED, '"\\ud800",')),
  },
  'texts: bytes that are no UTF-8': {
    answer: '202',
    make: () => ({
      body: zip(
        Buffer.concat([
          Buffer.from(`{"events":[${NAMED},"value":"`),
          Buffer.alloc(10_000_000, 0xff),
          Buffer.from('"}]}'),
        ]),
      ),
    }),
  },
  'keys: 16 KB each, alike but for their end': {
    answer: '202',
    make: () => body(members(fillWith(INFLATED, (i) => `"${fill(16_400, 'k')}${digits(i)}":0`))),
  },
  'private attributes: once, beside numbers': {
    answer: '202',
    slowAnswer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => items(`{"privateAttributes":0},${fill(INFLATED, '0,')}`),
  },
  'private attributes: in a body nested deeply': {
    answer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => body(`[{"privateAttributes":1},${'['.repeat(1_900_000)}${']'.repeat(1_900_000)}]`),
  },
  'nodes: arrays 1.9 million deep': {
    answer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => items(`${'['.repeat(1_900_000)}${']'.repeat(1_900_000)}`),
  },
  'ends early: spaces behind a bracket': {
    answer: '400 SLUICE_BODY_NOT_JSON',
    make: () => body(`{${fill(INFLATED, ' ')}x`),
  },
  'ends early: texts without a comma between them': {
    answer: '400 SLUICE_BODY_NOT_JSON',
    make: () => body(`[${fill(INFLATED, '"a"')}`),
  },
  'ends early: arrays 1.9 million deep': {
    answer: '400 SLUICE_BODY_TRUNCATED',
    make: () => body('['.repeat(1_900_000)),
  },
  'events: with a user of 1 MB': {
    answer: '202',
    make: () =>
      body(events(INFLATED / 2, () => '', `,"user":{"userID":"u","custom":{"a":"${fill(1_030_000, 'x')}"}}`)),
  },
  'events: with a user of 400,000 letters of three bytes': {
    answer: '413 SLUICE_BODY_TOO_MANY_EVENTS',
    make: () =>
      body(events(INFLATED / 2, () => '', `,"user":{"userID":"u","custom":{"a":"${fill(400_000, '語')}"}}`)),
  },
  'events: metadata of the batch of 1,000 members, overridden by each': {
    answer: '413 SLUICE_BODY_TOO_MANY_EVENTS',
    make: () => overriding(8_000_000, Array.from({ length: 1_000 }, (_, i) => `"k${digits(i)}":0`).join()),
  },
  'events: refused, of numbers': {
    answer: '413 SLUICE_BODY_TOO_MANY_EVENTS',
    make: () => {
      const items = fill(INFLATED, `{"eventName":0,"a":[${fill(600, '0,')}0]},`).slice(0, -1);
      return body(`{"events":[${items}]}`);
    },
  },
  'redaction: a million hashes': {
    answer: '202',
    make: () =>
      redacted(
        events(INFLATED, (i) => {
          const members = Array.from({ length: 20 }, (_, k) => `"${k}":"${i}"`).join();
          return `,"user":{"userID":"${i}","custom":{${members}}}`;
        }),
      ),
  },
  'bombs: zstd of numbers': {
    answer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => ({ body: zstdCompressSync(list(fill(INFLATED, '1e999,'))) }),
  },
  'just within: numbers not held, every other pass as well': {
    answer: '202',
    slowAnswer: '413 SLUICE_BODY_TOO_COSTLY',
    make: () => items(`{"privateAttributes":0},"\\ud800",${fill(4_000_000, '1e999,')}`),
  },
  'small: different names, every pass': {
    answer: '202',
    slowAnswer: '503 SLUICE_COLLECT_OUT_OF_TIME',
    make: () => {
      const members = fillWith(2_050_000, (i) => `{"${i.toString(36)}":0}`);
      return items(`{"privateAttributes":0},"\\ud800",1e999,${members}`);
    },
  },
};
