import { useEffect, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';

/** Values of an address; undefined, empty and false ones are left out. */
export type Params = Readonly<Record<string, string | number | boolean | undefined>>;

/** An error of the API, with its code, cause and cure. */
class ApiError extends Error {
  /** The error as the console's server answered it. */
  readonly object: ErrorObject;
  constructor(object: ErrorObject) {
    super(object.message);
    this.object = object;
  }
}

/** The error shown when nothing listens at the console's address. */
const UNREACHABLE: ErrorObject = {
  code: 'SLUICE_CONSOLE_UNREACHABLE',
  message: 'The console does not answer.',
  cause: 'The console does not answer.',
  cure: 'Is `npm start` or `sluice console` still running? Start it again and reload this page.',
};

/** The name of the token in the storage of this tab. */
const TOKEN = 'sluice-token';

/** Takes the token out of the address, where it would stay in the history, and keeps it for this tab. */
export function keepToken(): void {
  const url = new URL(location.href);
  const token = url.searchParams.get('token');
  if (token === null) return;
  sessionStorage.setItem(TOKEN, token);
  url.searchParams.delete('token');
  history.replaceState(null, '', url);
}

/** What a call of the API sends. */
interface CallOptions {
  /** Parameters of the address. Default: none. */
  readonly params?: Params;
  /** The body of a POST, as JSON. Without it the call is a GET. */
  readonly body?: unknown;
  /** Cancels the call when it is aborted. Default: it is not cancelled. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls the API.
 *
 * @returns What the console answered. The caller names its type, which the console's server has.
 * @throws ApiError with the error that the console answered, or `SLUICE_CONSOLE_UNREACHABLE`; the signal's reason.
 */
export async function callApi<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
  const { params = {}, body, signal } = options;
  const token = sessionStorage.getItem(TOKEN);
  const fail = (reason: unknown): never => {
    if (signal?.aborted) throw reason;
    throw new ApiError(UNREACHABLE);
  };
  const response = await fetch(addressOf(path, params), {
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    signal: signal ?? null,
  }).catch(fail);
  // What stands between may answer, too: a page, or JSON without an error of the console, is of a proxy.
  const answered = await response.json().catch(fail);
  if (response.ok) return answered;
  const { error }: { readonly error?: ErrorObject } = answered ?? {};
  throw new ApiError(typeof error?.code === 'string' ? error : UNREACHABLE);
}

/** The path with those parameters that say something: not empty, not undefined, and not false, which is the default of each. */
export function addressOf(path: string, params: Params): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined || value === '' || value === false ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** The state of {@link useApi}. */
export interface ApiState<Answer> {
  /** The last answer, also while it is asked again. */
  readonly answer: Answer | undefined;
  /** Why the last call failed; undefined if it did not. */
  readonly error: ErrorObject | undefined;
  /** Whether it is being asked. */
  readonly isLoading: boolean;
  /** Asks again at once. */
  readonly reload: () => void;
}

/** What became of the calls of an address. */
interface Asked<Answer> {
  /** The address that was asked. */
  readonly address: string;
  /** The last answer; absent before the first. */
  readonly answer?: Answer;
  /** Why the last call failed; absent if it did not. */
  readonly error?: ErrorObject;
}

/** What is known after a call has failed: the last answer stays only if it is of the same address. */
export function failedCall<Answer>(
  before: Asked<Answer>,
  address: string,
  error: ErrorObject,
): Asked<Answer> {
  return before.address === address ? { ...before, error } : { address, error };
}

/**
 * The answer of a GET call, asked again when its parameters change. A call that nobody waits for is cancelled, and with it
 * the work on the server.
 *
 * @param options.every Milliseconds after an answer until it is asked again; not while the page is hidden. Default: never.
 * @param options.isOff Whether nothing is asked. Default false.
 */
export function useApi<Answer>(
  path: string,
  params: Params = {},
  { every, isOff = false }: { readonly every?: number; readonly isOff?: boolean } = {},
): ApiState<Answer> {
  const address = addressOf(path, params);
  const [state, setState] = useState<Asked<Answer>>({ address: '' });
  const [turn, setTurn] = useState(0);
  const [isLoading, setLoading] = useState(!isOff);
  // The address stands for path and params, and turn for a reload.
  useEffect(() => {
    if (isOff) return undefined;
    const leaving = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      setLoading(true);
      try {
        const answer = await callApi<Answer>(path, { params, signal: leaving.signal });
        if (leaving.signal.aborted) return;
        setState({ address, answer });
      } catch (error) {
        if (leaving.signal.aborted) return;
        const object = asErrorObject(error);
        setState((before) => failedCall(before, address, object));
      }
      setLoading(false);
      if (every !== undefined) timer = window.setTimeout(again, every);
    };
    const again = () => {
      if (!document.hidden) void ask();
      else document.addEventListener('visibilitychange', again, { once: true });
    };
    void ask();
    return () => {
      leaving.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [address, every, isOff, turn]);
  return {
    answer: state.answer,
    error: state.error,
    isLoading,
    reload: () => setTurn((before) => before + 1),
  };
}

/** Any error as the page shows it. */
export function asErrorObject(error: unknown): ErrorObject {
  if (error instanceof ApiError) return error.object;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'SLUICE_CONSOLE_DEFECT',
    message,
    cause: 'An unexpected error occurred.',
    cure: 'This is a defect of Sluice. Report it.',
  };
}

/** State of {@link useAction}. */
export interface ActionState<Answer> {
  /** What the last call answered; undefined before it, and after an error. */
  readonly answer: Answer | undefined;
  /** Why the last call failed. */
  readonly error: ErrorObject | undefined;
  /** Whether a call has not ended yet. */
  readonly isRunning: boolean;
  /** Calls the API with this body; resolves with its answer, or undefined after an error. */
  readonly run: (body: unknown) => Promise<Answer | undefined>;
  /** Forgets answer and error. */
  readonly clear: () => void;
}

/** An action that nobody has started. */
const IDLE = { answer: undefined, error: undefined, isRunning: false };

/** A POST call that a person starts. */
export function useAction<Answer>(path: string): ActionState<Answer> {
  const [state, setState] = useState<Omit<ActionState<Answer>, 'run' | 'clear'>>(IDLE);
  return {
    ...state,
    async run(body) {
      setState({ ...IDLE, isRunning: true });
      try {
        const answer = await callApi<Answer>(path, { body });
        setState({ ...IDLE, answer });
        return answer;
      } catch (error) {
        setState({ ...IDLE, error: asErrorObject(error) });
        return undefined;
      }
    },
    clear: () => setState(IDLE),
  };
}
