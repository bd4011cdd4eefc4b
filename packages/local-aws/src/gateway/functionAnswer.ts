import { z } from 'zod';

/** An HTTP answer. */
export interface Answer {
  /** Status of HTTP. */
  readonly status: number;
  /** Headers by names in lower case; a list for a header that is sent several times. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The body; empty without one. */
  readonly body: string | Buffer;
}

/**
 * A function's result in payload format 2.0 when it sets its own status.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
const functionResponseSchema = z.object({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  cookies: z.array(z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

/**
 * The answer that a function's result in payload format 2.0 describes. A result without `statusCode` is the body of a 200.
 * The type of a body whose header is missing is assumed, and so is that `cookies` replace a header `set-cookie`: no page of AWS
 * says either.
 *
 * @param result JSON.
 * @throws Error for an invalid result.
 */
export function functionAnswer(result: string): Answer {
  const value: unknown = JSON.parse(result);
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: result };
  }
  const {
    statusCode,
    headers = {},
    cookies,
    body = '',
    isBase64Encoded,
  } = functionResponseSchema.parse(value);
  const functionHeaders = Object.entries(headers)
    .map(([name, text]): [string, string] => [name.toLowerCase(), String(text)])
    // Whoever sends the answer counts its bytes.
    .filter(([name]) => name !== 'content-length');
  return {
    status: statusCode,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(functionHeaders),
      ...(cookies === undefined ? {} : { 'set-cookie': cookies }),
    },
    body: isBase64Encoded === true ? Buffer.from(body, 'base64') : body,
  };
}
