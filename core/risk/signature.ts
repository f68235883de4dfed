/** Whoever lets trading go on or changes its limits, and why. */
export interface Signer {
  readonly by: string;
  /** At least ten characters. */
  readonly reason: string;
}

/** Why something may not be done under this signature, or null. @param act what is done, as "resuming" */
export function signatureProblem(act: string, { by, reason }: Signer): string | null {
  return by.trim() === '' || reason.trim().length < 10
    ? `${act} needs the name of a person and a reason of at least ten characters`
    : null;
}
