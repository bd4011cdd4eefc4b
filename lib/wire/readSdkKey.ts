import { MAX_KEY_LENGTH } from './limits.ts';

/** Statsig's two classes of key; printable ASCII without space. */
const SDK_KEY = /^(?:client|secret)-[\x21-\x7e]+$/;

/**
 * The SDK key of a request: header `STATSIG-API-KEY`, else query parameter `k`, which is all that the
 * js-client family and every beacon send. What has not the shape `client-…` or `secret-…` is passed over, so that
 * a header which a proxy has emptied doesn't hide the query's key. Null when neither has it.
 *
 * @param headers Names in lower case.
 */
export function readSdkKey(
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
): string | null {
  const header = headers['statsig-api-key'];
  if (header !== undefined && isSdkKey(header)) return header;
  const parameter = query.get('k');
  return parameter !== null && isSdkKey(parameter) ? parameter : null;
}

function isSdkKey(text: string): boolean {
  return text.length <= MAX_KEY_LENGTH && SDK_KEY.test(text);
}
