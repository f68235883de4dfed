import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { type PyramidingPlanned, planPyramiding, type StopMove } from '#core/risk/pyramiding.ts';
import type { MarketFacts } from './market-facts.ts';

/**
 * Plans layers and stop moves after the bars of one instant, by the live desk's rule. A layer is asked for once a session,
 * whatever comes of it: live, the journal takes an intent of a session once.
 */
export class LayerPlanner {
  readonly #market: MarketFacts;
  readonly #policy: RiskPolicy;
  /** The session that each layer was last asked for in, by intent. */
  readonly #asked = new Map<string, string>();

  constructor(market: MarketFacts, policy: RiskPolicy) {
    this.#market = market;
    this.#policy = policy;
  }

  /** Instruments of one calendar are planned together, because they share the session and what is left of the gross limit. */
  plan(value: EventData<'PortfolioRevalued'>, now: number): PyramidingPlanned {
    const intents: Intent[] = [];
    const stopMoves: StopMove[] = [];
    const templateOf = ({ instrument }: { readonly instrument: string }) =>
      this.#market.find(instrument)?.sessionTemplate;
    for (const template of new Set(value.positions.map(templateOf))) {
      const positions = value.positions.filter((position) => templateOf(position) === template);
      const i = this.#market.indexOf(positions[0]?.instrument ?? '');
      if (i === undefined) continue;
      const planned = this.#planOn(i, { ...value, positions }, now);
      stopMoves.push(...planned.stopMoves);
      intents.push(...planned.intents.filter((intent) => this.#isNew(intent)).map(this.#priced));
    }
    return { intents, stopMoves };
  }

  #planOn(i: number, value: EventData<'PortfolioRevalued'>, now: number): PyramidingPlanned {
    const session = this.#market.session(i, now);
    return planPyramiding(value, this.#policy, {
      now,
      session: session.date,
      sessionClose: session.close,
      instrument: (id) => this.#market.find(id),
      expectedVolume: (id) => this.#market.expectedVolume(this.#market.indexOf(id) as number) ?? undefined,
    });
  }

  #isNew({ intentId, session }: Intent): boolean {
    if (this.#asked.get(intentId) === session) return false;
    this.#asked.set(intentId, session);
    return true;
  }

  readonly #priced = (intent: Intent): Intent => ({
    ...intent,
    expectedSlippage: this.#market.slippage(
      this.#market.indexOf(intent.instrument) as number,
      Number(intent.quantity),
    ),
  });
}
