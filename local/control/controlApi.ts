import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { SluiceError } from '../../lib/errors/SluiceError.ts';
import type { CloudStatus, FlushReport } from '../cloud/Cloud.ts';
import { ControlError } from './ControlError.ts';

/** What the control API drives. */
export interface Controlled {
  status(): CloudStatus;
  flush(): Promise<FlushReport>;
  /** Sets faults from the JSON body of a call. @throws ZodError for a body of another shape. */
  setFaults(faults: unknown): void;
  clearFaults(): void;
}

/**
 * The control API of the local cloud, `/_sluice/…` on the edge endpoint: what tests and the console use.
 * Every call and its shapes: docs/local.md.
 */
export function controlApi(controlled: Controlled) {
  const calls: Readonly<Record<string, (body: unknown) => unknown>> = {
    'GET /_sluice/status': () => controlled.status(),
    'POST /_sluice/flush': () => controlled.flush(),
    'POST /_sluice/faults': (body) => {
      controlled.setFaults(body);
      return {};
    },
    'DELETE /_sluice/faults': () => {
      controlled.clearFaults();
      return {};
    },
  };

  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      const call = calls[`${request.method} ${path}`];
      if (call === undefined)
        throw new ControlError('SLUICE_CONTROL_UNKNOWN', `Came ${request.method} ${path}.`);
      const sent = await text(request);
      answer(200, await call(sent === '' ? undefined : parse(sent)));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const status = error.code === 'SLUICE_CONTROL_UNKNOWN' ? 404 : 400;
      answer(status, { code: error.code, message: error.message, cure: error.cure });
    }
    return true;
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new ControlError('SLUICE_CONTROL_BODY', 'It is not JSON.', { cause: error });
  }
}
