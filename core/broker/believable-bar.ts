import { valueProblem } from '#core/market/bar-rules.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { BrokerBar } from './broker-port.ts';

/**
 * Why a bar of the broker's cannot be believed, or null. Where it has no price it sends −1, or an empty field, which reads
 * as zero: as a close either would be a mark, and halve the account. A volume it does not know is no reason.
 */
export function barProblem(instrument: Instrument, { open, high, low, close }: BrokerBar): string | null {
  const observed = { source: 0, time: 0, open, high, low, close, volume: Number.NaN };
  return valueProblem(observed, instrument)?.[1] ?? null;
}
