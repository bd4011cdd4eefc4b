import { createHash, createHmac } from 'node:crypto';
import { type Agent, request } from 'node:http';

/** A request to sign and send by hand, for what the SDK would never send. */
export interface RawRequest {
  /** URL of the endpoint. */
  readonly url: string;
  /** Method of the request. Default: `GET`. */
  readonly method?: string;
  /** Path with query, exactly as it goes out. */
  readonly path: string;
  /** Headers to sign. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Body of the request. Default: none. */
  readonly body?: string | Uint8Array;
  /** The service that the signature is for. Default: `s3`. */
  readonly service?: string;
  /** The region that the signature is for. Default: `us-east-1`. */
  readonly region?: string;
  /** The secret that signs. Default: `test`. */
  readonly secret?: string;
  /** The key that signs. Default: `test`. */
  readonly accessKeyId?: string;
  /** Hash to sign in place of the body's own hash. */
  readonly payloadHash?: string;
  /** The time of the signature. Default: now. */
  readonly at?: Date;
  /** Signs the body's hash without naming it in a header. */
  readonly unnamedHash?: boolean;
  /** The agent that sends the request. Default: Node's own. */
  readonly agent?: Agent;
  /** Headers to send without signing them. */
  readonly unsigned?: Readonly<Record<string, string>>;
}

/** What the endpoint answers. */
interface RawResponse {
  /** HTTP status. */
  readonly status: number;
  /** Headers, by names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Body, as text. */
  readonly body: string;
}

/** The signature that {@link signedRequest} would give, and what chunks need to carry on from it. */
export function sign(raw: RawRequest): {
  readonly headers: Record<string, string>;
  readonly signature: string;
  readonly key: Uint8Array;
  readonly timestamp: string;
  readonly scope: string;
} {
  const {
    service = 's3',
    region = 'us-east-1',
    secret = 'test',
    accessKeyId = 'test',
    at = new Date(),
  } = raw;
  const timestamp = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${timestamp.slice(0, 8)}/${region}/${service}/aws4_request`;
  const payloadHash = raw.payloadHash ?? sha256(raw.body ?? '');
  const headers: Record<string, string> = {
    host: new URL(raw.url).host,
    'x-amz-date': timestamp,
    ...(raw.unnamedHash === true ? {} : { 'x-amz-content-sha256': payloadHash }),
    ...raw.headers,
  };
  const names = Object.keys(headers).sort();
  const [path = '', query = ''] = raw.path.split('?');
  const canonical = [
    raw.method ?? 'GET',
    path,
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const key = scope
    .split('/')
    .reduce<Uint8Array>(
      (previous, part) => createHmac('sha256', previous).update(part).digest(),
      Buffer.from(`AWS4${secret}`),
    );
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n'))
    .digest('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers: { ...headers, ...raw.unsigned }, signature, key, timestamp, scope };
}

/** Signs a request and sends it. */
export function signedRequest(raw: RawRequest): Promise<RawResponse> {
  return send(raw, sign(raw).headers);
}

/** Sends a request with these headers, as they are; each value of a list on a line of its own. */
export function send(
  raw: Pick<RawRequest, 'url' | 'path' | 'method' | 'body' | 'agent'>,
  headers: Readonly<Record<string, string | string[]>>,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(raw.url);
    const outgoing = request(
      { hostname, port, path: raw.path, method: raw.method ?? 'GET', headers, agent: raw.agent },
      (incoming) => {
        const chunks: Uint8Array[] = [];
        incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(raw.body);
  });
}

/** The SHA-256 of data, as hexadecimal digits. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
