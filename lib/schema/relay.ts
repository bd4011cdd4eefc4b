import * as z from 'zod';
import { KEY_FORMATS } from './AcceptedKey.ts';
import { nameLists } from './formats.ts';
import { forwardedKinds } from './kinds.ts';

/** Hosts to which copies and receipts may go without TLS: those of this machine. */
export const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** RFC 9110, 5.6.2 */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** RFC 9110, 5.5: printable ASCII and spaces, none at the ends. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Headers of the connection, or of what relay sends by itself. RFC 9110, 7.6.1 */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...['connection', 'content-encoding', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** What is relayed, and what happens if its copy cannot be kept: of every target. */
const common = {
  /**
   * Answer 503 when the copy of a request cannot be kept, so that its SDK sends it again. Default false: the answer is 202,
   * the copy is counted as not kept, and an alarm rings.
   */
  required: z.boolean('true or false').default(false),
  /** Relay requests without what `privacy.redact` names, and without private attributes. Default false: as they were sent. */
  redacted: z.boolean('true or false').default(false),
  /** Kinds of events to relay. Default both. */
  kinds: z
    .array(z.enum(forwardedKinds, 'exposures or events'), 'a list of exposures, events')
    .min(1, 'at least one of exposures, events')
    .default([...forwardedKinds]),
  /** Custom events to relay, by name, as the configuration's `events`. Default all. */
  events: nameLists(),
  /** Exposures to relay, by gate, config, experiment or layer, as the configuration's `exposures`. Default all. */
  exposures: nameLists(),
  /** Keys whose requests are relayed: labels, or SHA-256 in hexadecimal. Default all. */
  keys: z
    .array(z.string('a label or a SHA-256').regex(KEY_FORMATS.label.pattern, 'a label or a SHA-256'))
    .min(1, 'at least one key')
    .nullable()
    .default(null),
  /** Part of the persons whose events are relayed, drawn by their stable ID, else their user ID. Default 1, all. */
  share: z
    .number('a number')
    .gt(0, 'more than 0: leave `relay` out to relay nothing')
    .max(1, '1 at most')
    .default(1),
  /**
   * Executions at once of the function that delivers, each with ten connections to the target. Default 2, some 200 requests a
   * second if it answers within 100 ms; what is more waits. They count against the account's: docs/limits.md.
   */
  concurrency: z.int('a whole number').min(2, '2 or more').max(1_000, '1000 at most').default(2),
  /**
   * Keep no copies any more; those that wait are delivered. The step before `relay` is removed, whose deployment is refused
   * while copies are left. Default false.
   */
  retired: z.boolean('true or false').default(false),
};

const url = z.string('an address').superRefine((text, context) => {
  const problem = addressProblem(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

/** What an address should have been, in words; null for one that fits. */
function addressProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'an address: https:// and a host';
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') return 'an address without a user: put a secret into `headers`';
  if (search !== '' || hash !== '' || text.endsWith('?') || text.endsWith('#'))
    return 'an address without ? and #: a request brings its own query';
  if (protocol === 'https:') return null;
  if (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname)) return null;
  return 'an address with https://; http:// only on this machine, 127.0.0.1 or localhost';
}

const headers = z
  .record(
    z
      .string()
      .regex(HEADER_NAME, 'a name of a header')
      .refine(
        (name) => !OWN_HEADERS.has(name.toLowerCase()),
        'another header: relay sets this one by itself',
      ),
    z.string('a text').regex(HEADER_VALUE, 'printable ASCII').max(4_096, 'at most 4096 characters'),
    'headers by name',
  )
  .default({});

/** Where every accepted request is delivered too: docs/relay.md. */
export const relaySchema = z
  .union(
    [
      z.strictObject({
        /** To Statsig: https://events.statsigapi.net, with the key of each request. */
        statsig: z.literal(true, 'true: leave `relay` out to relay nothing'),
        ...common,
      }),
      z.strictObject({
        /** To this address: the path and the query of each request are put behind it. `http://` only on this machine. */
        url,
        /** Headers that are added to each request, in place of equal ones that its SDK sent. Default none. */
        headers,
        ...common,
      }),
    ],
    '{ statsig: true } or { url }, with what is relayed',
  )
  .optional();

/** `relay` of a configuration that has one. */
export type Relay = NonNullable<z.output<typeof relaySchema>>;

/** Where requests are delivered to. */
export type RelayTarget =
  | { readonly statsig: true }
  | { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** What is relayed. */
export type RelayChoice = Pick<
  Relay,
  'required' | 'redacted' | 'kinds' | 'events' | 'exposures' | 'keys' | 'share'
>;
