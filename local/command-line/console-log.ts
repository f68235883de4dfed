import type { HostLog } from '#local/host/kernel.ts';

/** The host's log for people: from a level upwards, one line each. */
export function consoleLog(from: 'info' | 'warn', write: (line: string) => void): HostLog {
  const line = (level: string, message: string, fields?: Readonly<Record<string, unknown>>) =>
    write(
      `${level}: ${message}${fields === undefined || Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`}`,
    );
  return {
    info: (message, fields) => {
      if (from === 'info') line('info', message, fields);
    },
    warn: (message, fields) => line('warning', message, fields),
    error: (message, fields) => line('error', message, fields),
  };
}
