import { defineErrorFamily } from '../lib/base/errors.ts';

/** Refused requests of the console. */
export const ConsoleRequestError = defineErrorFamily('user', {
  SLUICE_CONSOLE_UNKNOWN: {
    cause: 'The console has no such path or method.',
    cure: 'Compare the method and the path with docs/reference/json.md.',
  },
  SLUICE_CONSOLE_REQUEST: {
    cause: 'The request is not valid.',
    cure: 'Compare the named parameter with docs/reference/json.md.',
  },
  SLUICE_CONSOLE_READ_ONLY: {
    cause: 'The console is read-only.',
    cure: 'Start it with `sluice console --write` to allow actions.',
  },
  SLUICE_CONSOLE_LOCAL_ONLY: {
    cause: 'Only the console of a local cloud can do this.',
    cure: 'Use the console that `npm start` prints.',
  },
  SLUICE_CONSOLE_TOKEN: {
    cause: 'The token is missing or wrong.',
    cure: 'Open the address that `sluice console` printed. Programs send the token as `Authorization: Bearer …`.',
  },
  SLUICE_CONSOLE_FOREIGN: {
    cause: 'The request comes from another site, or was sent to another name.',
    cure: 'Open the console by the address that was printed. `--allow-hosts` of `sluice start` allows other names.',
  },
});

/** Errors of the console itself. */
export const ConsoleError = defineErrorFamily('system', {
  SLUICE_CONSOLE_PORT_IN_USE: {
    cause: 'The port of the console is in use.',
    cure: 'Choose another one, or 0 for any free port: `--port` of `sluice console`.',
  },
  SLUICE_CONSOLE_DEFECT: {
    cause: 'An unexpected error occurred.',
    cure: 'This is a defect of Sluice. Report the request and the stack trace that the console printed.',
  },
});
