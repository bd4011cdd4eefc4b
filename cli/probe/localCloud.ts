import * as z from 'zod';
import { ProbeError } from './ProbeError.ts';

const status = z.object({ collector: z.string() });
const clock = z.object({ now: z.iso.datetime().transform((text) => Date.parse(text)) });

/** What of the local cloud's control API a probe needs: docs/local.md, "Control". */
export function localCloud(edge: string) {
  const call = async (method: string, path: string): Promise<unknown> => {
    try {
      const response = await fetch(new URL(path, edge), { method });
      return await response.json();
    } catch (error) {
      throw new ProbeError('SLUICE_PROBE_NO_COLLECTOR', `No local cloud at ${edge}.`, { cause: error });
    }
  };
  const read = async <Output>(path: string, schema: z.ZodType<Output>): Promise<Output> => {
    const parsed = schema.safeParse(await call('GET', path));
    if (!parsed.success)
      throw new ProbeError(
        'SLUICE_PROBE_NO_COLLECTOR',
        `${edge} answers ${path} otherwise than a local cloud.`,
      );
    return parsed.data;
  };
  return {
    collector: async () => (await read('/_sluice/status', status)).collector,
    now: async () => (await read('/_sluice/clock', clock)).now,
    flush: async () => {
      await call('POST', '/_sluice/flush');
    },
  };
}
