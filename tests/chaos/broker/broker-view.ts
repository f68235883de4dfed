import type { RunSettings } from './settings.ts';
import type { BrokerView } from './verdict.ts';

/** The broker's own books, asked for at its control port. */
export async function brokerView(settings: RunSettings): Promise<BrokerView> {
  const answer = await fetch(`http://127.0.0.1:${settings.controlPort}/`);
  return (await answer.json()) as BrokerView;
}
