import { LONGEST_SENTENCE } from '#contracts/primitives.ts';

/** As much of a text as a sentence of an event or a record holds: one that could not be journaled would hold up all behind it. */
export const sentenceOf = (text: string): string => text.slice(0, LONGEST_SENTENCE);
