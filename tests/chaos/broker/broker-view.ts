import type { BrokerView } from './verdict.ts';

/** The broker's own books, asked for at its control port. */
export async function brokerView(controlPort: number): Promise<BrokerView> {
  const answer = await fetch(`http://127.0.0.1:${controlPort}/`);
  return (await answer.json()) as BrokerView;
}
