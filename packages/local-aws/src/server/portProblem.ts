import { LocalCloudError } from '../base/errors.ts';

/** Turns the error of a port that is taken into one that names the option; others pass as they are. */
export function portProblem(option: string, port: number): (error: unknown) => never {
  return (error) => {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'EADDRINUSE' || error.code === 'EACCES')
    ) {
      throw new LocalCloudError('LOCAL_PORT_IN_USE', `${option} ${port}: ${error.code}.`, {
        cause: error,
      });
    }
    throw error;
  };
}
