import * as z from 'zod';
import { baseUrl } from './fields/baseUrl.ts';
import { flag, queueConcurrency } from './formats.ts';
import { named, noted } from './noted.ts';

/** The form of a header's name: RFC 9110, 5.6.2. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** The form of a header's value: printable ASCII and spaces, no space at either end. RFC 9110, 5.5 */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** Headers that belong to the connection, or that relay sends by itself. RFC 9110, 7.6.1 */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Settings of every target: which data is relayed, and what happens if its copy cannot be kept. */
const common = {
  required: noted(
    flag().default(false),
    'Answer 503 when the copy of a request cannot be kept, so that its SDK sends it again.',
  ),
  redacted: noted(
    flag().default(false),
    'Relay requests without what `privacy.redact` names, and without private attributes.',
  ),
  concurrency: noted(
    queueConcurrency(),
    'Executions at once of the function that delivers: 2 deliver some 200 requests a second to a target that answers within 100 ms.',
  ),
};

/** Headers that are added to what is sent. */
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

/** The target to which every accepted request is delivered as well: docs/relay.md. */
export const relaySchema = named(
  'RelayInput',
  z.union(
    [
      named(
        'StatsigRelayInput',
        z.strictObject({
          statsig: noted(
            z.literal(true, 'true: leave `relay` out to relay nothing'),
            'To Statsig: https://events.statsigapi.net, with the key of each request.',
          ),
          ...common,
        }),
      ),
      named(
        'TargetRelayInput',
        z.strictObject({
          url: noted(baseUrl(), 'To this address: the path and the query of each request are put behind it.'),
          headers: noted(
            headers,
            'Headers that are added to each request, in place of equal ones that its SDK sent.',
          ),
          ...common,
        }),
      ),
    ],
    '{ statsig: true } or { url }, with what is relayed',
  ),
).optional();

/** `relay` of a configuration that has one. */
type Relay = NonNullable<z.output<typeof relaySchema>>;

/** The target that requests are delivered to. */
export type RelayTarget =
  | { readonly statsig: true }
  | { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** Settings that select the data to relay. */
export type RelayChoice = Pick<Relay, 'required' | 'redacted'>;
