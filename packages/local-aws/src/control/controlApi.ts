import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { SluiceError } from '../../../../lib/errors/SluiceError.ts';
import type { MovableClock } from '../base/MovableClock.ts';
import type { Recording } from '../record/startRecording.ts';
import type { Cloud } from './Cloud.ts';
import { ControlError } from './ControlError.ts';
import { moveClock, readClock } from './clockCalls.ts';
import { issueCredentials, readCalls } from './recordCalls.ts';
import { type SetFaultsContext, setFaults } from './setFaults.ts';

/** What the control API drives. */
export interface Controlled extends Pick<Cloud, 'status' | 'flush'>, SetFaultsContext {
  readonly clock: MovableClock;
  readonly recording: Recording;
}

type Call = (controlled: Controlled, body: unknown) => unknown;

const CALLS: Readonly<Record<string, Call>> = {
  'GET /_sluice/status': (controlled) => controlled.status(),
  'POST /_sluice/flush': (controlled) => controlled.flush(),
  'GET /_sluice/faults': ({ faults }) => ({ faults: faults.list() }),
  'POST /_sluice/faults': (controlled, body) => {
    setFaults(controlled, body);
    return { faults: controlled.faults.list() };
  },
  'DELETE /_sluice/faults': ({ faults }) => {
    faults.clear();
    return { faults: [] };
  },
  'GET /_sluice/calls': ({ recording }) => readCalls(recording),
  'DELETE /_sluice/calls': ({ recording }) => {
    recording.clear();
    return readCalls(recording);
  },
  'POST /_sluice/credentials': ({ recording }, body) => issueCredentials(recording, body),
  'GET /_sluice/clock': ({ clock }) => readClock(clock),
  'POST /_sluice/clock': ({ clock }, body) => moveClock(clock, body),
};

const STATUS: Readonly<Record<string, number>> = {
  SLUICE_CONTROL_UNKNOWN: 404,
  SLUICE_CONTROL_BODY: 400,
  SLUICE_CONTROL_NOT_READY: 503,
  SLUICE_FIREHOSE_UNDELIVERED: 503,
};

/**
 * The control API of the local cloud, `/_sluice/…` on the edge endpoint: what tests and the console use.
 * Every call and its shapes: docs/local.md.
 *
 * @param controlled Undefined as long as the cloud is starting: calls are then answered 503.
 */
export function controlApi(controlled: () => Controlled | undefined) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const name = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    try {
      const call = CALLS[name];
      if (call === undefined) throw new ControlError('SLUICE_CONTROL_UNKNOWN', `Came ${name}.`);
      const cloud = controlled();
      if (cloud === undefined) throw new ControlError('SLUICE_CONTROL_NOT_READY');
      const sent = await text(request);
      answer(200, await call(cloud, sent === '' ? undefined : parse(sent)));
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      answer(STATUS[error.code] ?? 500, { code: error.code, message: error.message, cure: error.cure });
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
