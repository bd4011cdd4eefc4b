import { z } from 'zod';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * A `blob` member of an AWS JSON request: base64 on the wire, bytes for the operation. Text that isn't
 * base64 is refused: `Buffer` alone would skip what it doesn't know and so change the data.
 */
export const blob = z.string().transform((text, context): Uint8Array => {
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    context.issues.push({ code: 'custom', message: 'not base64', input: text, params: { wrongType: true } });
    return z.NEVER;
  }
  return Buffer.from(text, 'base64');
});
