import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A request of an SDK, as it was sent. */
interface SdkPost {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One line about a request, without its key. Requests with the same line have the same body. */
export function describeRequest({ path, query, headers, body }: SdkPost): string {
  const sdk = headers['statsig-sdk-type'] ?? query.get('st') ?? 'unknown SDK';
  const encoding = headers['content-encoding'] ?? (query.get('gz') === '1' ? 'gzip by gz=1' : 'plain');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return [
    path.padEnd(14),
    String(sdk).padEnd(25),
    encoding.padEnd(8),
    `${body.length} B`.padStart(8),
    `  sha256 ${sha256.slice(0, 16)}`,
  ].join(' ');
}
