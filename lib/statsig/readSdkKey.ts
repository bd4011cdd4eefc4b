import { MAX_KEY_LENGTH } from './limits.ts';

/** Statsig's two classes of key; printable ASCII without space. */
const SDK_KEY = /^(?:client|secret)-[\x21-\x7e]+$/;

/**
 * The SDK key of a request: header `STATSIG-API-KEY`, else query parameter `k`, which is all that the
 * js-client family and every beacon send. Null when there is none of the shape `client-…` or `secret-…`.
 *
 * @param headers Names in lower case.
 */
export function readSdkKey(
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
): string | null {
  const key = headers['statsig-api-key'] ?? query.get('k') ?? '';
  return key.length <= MAX_KEY_LENGTH && SDK_KEY.test(key) ? key : null;
}
