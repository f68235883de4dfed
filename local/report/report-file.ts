import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A report that could not be written. Exit code 3. */
export class ReportFileError extends Error {
  readonly code = 'ReportFile';
  readonly retryable = false;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReportFileError';
  }
}

/**
 * Writes a report whole or not at all: beside its place first, then moved there, so that an earlier report stays until
 * the new one is complete.
 * @throws ReportFileError where the place cannot be written to; nothing is left behind then
 */
export function writeReport(file: string, text: string): void {
  const unfinished = join(dirname(file), `.${basename(file)}.${process.pid}.unfinished`);
  try {
    writeFileSync(unfinished, text);
    renameSync(unfinished, file);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw new ReportFileError(
      `the report ${file} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); choose another place with --report`,
      { cause },
    );
  }
}
