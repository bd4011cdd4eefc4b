import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';

/** https://nodejs.org/api/diagnostics_channel.html#http */
const CHANNEL = 'http.client.request.start';

/** A call that a client of AWS makes. */
interface AwsCall {
  /** The access key that signs it. */
  readonly accessKeyId: string;
  /** The operation, as `AWSGlue.GetTable`; of S3 the method and the path, as `GET /bucket/key`. */
  readonly name: string;
}

/** Hands over each call that this process makes from now on. @returns Ends it. */
export function onAwsCall(take: (call: AwsCall) => void): () => void {
  const started = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest };
    const [, accessKeyId] = /Credential=([^/]+)/.exec(String(request.getHeader('authorization'))) ?? [];
    if (accessKeyId === undefined) return;
    const [path] = request.path.split('?');
    const target = request.getHeader('x-amz-target');
    take({ accessKeyId, name: target === undefined ? `${request.method} ${path}` : String(target) });
  };
  subscribe(CHANNEL, started);
  return () => void unsubscribe(CHANNEL, started);
}
